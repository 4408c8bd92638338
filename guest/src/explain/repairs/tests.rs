//! Messages as people reported them, and what is made of each.

use super::repair;
use crate::contract::types::Adjustment;

/// A repair as text: `-PART` is left out, `PART<=N` is bounded, `PART=FORM` is replaced; `?` behind it holds for one request.
fn told(message: &str) -> String {
    let Some(repair) = repair(message) else { return String::new() };
    let adjustments = repair.adjustments.iter().map(|adjustment| match adjustment {
        Adjustment::Omit(part) => format!("-{part}"),
        Adjustment::Limit(limit) => format!("{}<={}", limit.part, limit.most),
        Adjustment::Replace(other) => format!("{}={}", other.part, other.form),
        Adjustment::Other(other) => other.name.clone(),
    });
    let adjustments = adjustments.collect::<Vec<_>>().join(" ");
    if repair.lasting { adjustments } else { format!("{adjustments}?") }
}

#[test]
fn a_refusal_that_names_a_part_says_how_to_go_on() {
    let of_model = "The model returned the following errors: ";
    for (message, expected) in [
        (
            "This model doesn't support the temperature field. Remove temperature and try again.",
            "-inferenceConfig.temperature -additionalModelRequestFields.temperature",
        ),
        (
            "This model doesn't support the stopSequences field. Remove stopSequences and try again.",
            "-inferenceConfig.stopSequences -additionalModelRequestFields.stopSequences",
        ),
        ("This model doesn't support the image field. Remove image and try again.", "-toolResult.image"),
        (
            "This model doesn't support the toolResult.status field. Remove toolResult.status and try again.",
            "-toolResult.status",
        ),
        ("This model doesn't support the cachePoint field. Remove cachePoint and try again.", "-cachePoint"),
        (
            "This model doesn't support the reasoningContent.reasoningText.text field. Remove it and try again.",
            "-reasoningContent.reasoningText",
        ),
        (
            "This model doesn't support the toolConfig.toolChoice.tool field. Remove toolConfig.toolChoice.tool and try again.",
            "toolConfig.toolChoice=any",
        ),
        (
            "This model doesn't support the toolConfig.toolChoice.any field. Remove toolConfig.toolChoice.any and try again.",
            "toolConfig.toolChoice=auto",
        ),
        (
            "Malformed input request: #: extraneous key [top_k] is not permitted, please reformat your input and try again.",
            "-additionalModelRequestFields.top_k",
        ),
        (
            "Malformed input request: #/reasoning: extraneous key [mode] is not permitted#: extraneous key [x] is not permitted",
            "-additionalModelRequestFields.reasoning.mode -additionalModelRequestFields.x",
        ),
        ("`top_k` is deprecated for this model.", "-additionalModelRequestFields.top_k"),
        (
            "`temperature` is deprecated for this model.",
            "-inferenceConfig.temperature -additionalModelRequestFields.temperature",
        ),
        (
            "`temperature` and `top_p` cannot both be specified for this model. Please use only one.",
            "-inferenceConfig.topP",
        ),
        ("`top_k` must be unset when thinking is enabled.", "-additionalModelRequestFields.top_k?"),
        (
            "`temperature` may only be set to 1 when thinking is enabled or in adaptive mode.",
            "-inferenceConfig.temperature -additionalModelRequestFields.temperature?",
        ),
        ("Thinking may not be enabled when tool_choice forces tool use.", "toolConfig.toolChoice=auto?"),
        ("tool_choice: type \"tool\" and \"any\" are not supported for this model.", "toolConfig.toolChoice=auto"),
        ("invalid beta flag", "-additionalModelRequestFields.anthropic_beta?"),
        (
            "Unexpected value(s) `a-2025-01-01`, `b-2` for the `anthropic-beta` header. Please consult our documentation.",
            "-additionalModelRequestFields.anthropic_beta.a-2025-01-01 -additionalModelRequestFields.anthropic_beta.b-2",
        ),
        (
            "\"thinking.type.enabled\" is not supported for this model. Use \"thinking.type.adaptive\" and \"output_config.effort\" to control thinking behavior.",
            "additionalModelRequestFields.thinking.type=adaptive",
        ),
        (
            "thinking.type.disabled is not supported for this model.",
            "-additionalModelRequestFields.thinking.type.disabled",
        ),
        ("adaptive thinking is not supported on this model", "additionalModelRequestFields.thinking.type=enabled"),
        ("This model does not support the effort parameter.", "-additionalModelRequestFields.output_config.effort"),
        ("tools.0.custom.strict: Extra inputs are not permitted", "-toolConfig.tools.strict"),
        ("tools.1.custom: For 'array' type, property 'maxItems' is not supported", "-toolConfig.tools.strict?"),
        (
            "Too many strict tools (21). The maximum number of strict tools supported is 20.",
            "-toolConfig.tools.strict?",
        ),
        ("The compiled grammar is too large", "-toolConfig.tools.strict -outputConfig.textFormat?"),
        ("output_config.format: Extra inputs are not permitted", "-outputConfig.textFormat"),
        (
            "output_config.format.schema: For 'integer' type, property 'minimum' is not supported",
            "-outputConfig.textFormat?",
        ),
        (
            "thinking.adaptive.block_binding: Extra inputs are not permitted",
            "-additionalModelRequestFields.thinking.block_binding",
        ),
        ("context_management: Extra inputs are not permitted", "-additionalModelRequestFields.context_management"),
        ("system.0.cache_control: Extra inputs are not permitted", "-cachePoint"),
        (
            "The maximum tokens you requested exceeds the model limit of 64000. Try again with a maximum tokens value that is lower than 64000.",
            "inferenceConfig.maxTokens<=64000",
        ),
        (
            "max_tokens: 70000 > 64000, which is the maximum allowed number of output tokens",
            "inferenceConfig.maxTokens<=64000",
        ),
        (
            "max_tokens is too large: 128000. This model supports at most 32,768 completion tokens.",
            "inferenceConfig.maxTokens<=32768",
        ),
        (
            "input length and `max_tokens` exceed context limit: 140000 + 64000 > 200000, decrease input length or `max_tokens` and try again",
            "inferenceConfig.maxTokens<=60000?",
        ),
        (
            "The stop sequence you provided at index 0 is longer than the model limit of 10 characters. Shorten the stop sequence and try again.",
            "inferenceConfig.stopSequences<=10",
        ),
        (
            "messages.2.content: Conversation blocks and tool result blocks cannot be provided in the same turn.",
            "messages.content=tool-blocks-alone",
        ),
        (
            "This model does not support assistant message prefill. The conversation must end with a user message.",
            "messages.content=ends-with-user",
        ),
        (
            "tools.0.custom.input_schema.properties: Property keys should match pattern '^[a-zA-Z0-9_.-]{1,64}$'",
            "toolConfig.tools.inputSchema.properties=plain-keys",
        ),
        (
            "You invoked an unsupported model or your request did not allow prompt caching. See the documentation for more information.",
            "-cachePoint",
        ),
        (
            "Unsupported parameter: 'top_p' is not supported with this model.",
            "-inferenceConfig.topP -additionalModelRequestFields.top_p",
        ),
        (
            "Unsupported value: 'reasoning.effort' does not support 'minimal' with this model.",
            "-additionalModelRequestFields.reasoning.effort?",
        ),
        (
            "Encrypted content cannot be used in a different region from the one that created it",
            "-reasoningContent.redactedContent?",
        ),
    ] {
        assert_eq!(told(message), expected, "{message}");
        assert_eq!(told(&format!("{of_model}{message}")), expected, "{message}");
    }
}

#[test]
fn what_names_nothing_that_can_be_left_out_has_no_repair() {
    for message in [
        "",
        "The provided model identifier is invalid.",
        "Input is too long for requested model.",
        "This model doesn't support documents.",
        "This model doesn't support the document field. Remove document and try again.",
        "This model doesn't support the guardrailConfig field. Remove guardrailConfig and try again.",
        "This model doesn't support tool use.",
        "input length and `max_tokens` exceed context limit: 199759 + 8192 > 200000, decrease input length or `max_tokens` and try again",
        "messages.0.content.0.text: Extra inputs are not permitted",
        "tools.0.custom.input_schema: Extra inputs are not permitted",
        "This model doesn't support the  field.",
        "extraneous key [",
        "max_tokens: > ",
        "Unexpected value(s)  for the `anthropic-beta` header",
    ] {
        assert_eq!(told(message), "", "{message}");
    }
}
