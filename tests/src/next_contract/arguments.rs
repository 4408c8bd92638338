//! What a provider is given: from the host's types to those of the next contract.

use quarry::conformance::frames::{OwnedFrame, unbatch};
use quarry::contract as source;

use super::bindings::exports::quarry::provider as target;
use super::convert::{Convert, given_and_returned, record, variant};

given_and_returned!();

record!(config::Layer { name, source, content });
variant!(config::LayerContent { Json5(text), Variables(variables) });

record!(models::ListingOptions { region, refresh });
record!(models::CredentialSource { kind, label });
record!(models::Cached { value, stale, age });
record!(models::Pages { bodies, failed });
variant!(models::Supply { CredentialSource(found), Cached(value), Stored, Pages(pages) });

record!(types::ApiError { operation, model_id, region, stage, status, code, message, request_id, retry_after });
variant!(types::ApiStage {
    CredentialsMissing,
    CredentialsFailed,
    Connect,
    Timeout,
    Response,
    Unreadable,
    Aborted,
    Other(word),
});

record!(conversation::Blob { index, media_type, size });
record!(conversation::Document { blob, name, context, citations });
variant!(conversation::UserBlock {
    Text(text),
    Image(blob),
    Document(document),
    Video(blob),
    GuardedText(text),
    CachePoint(time_to_live),
    Other(json),
});
record!(conversation::AssistantText { text, citations });
record!(conversation::Thinking { text, signature, redacted });
record!(conversation::ToolCall { id, name, arguments });
variant!(conversation::AssistantBlock { Text(text), Thinking(thinking), ToolCall(call), Other(json) });
record!(conversation::AssistantMessage { content, provider, api, model, stop_reason });
record!(conversation::ToolResult { tool_call_id, tool_name, content, is_error });
variant!(conversation::Message {
    User(blocks),
    Assistant(message),
    ToolResult(result),
    System(text),
    Other(json),
});
record!(conversation::Tool { name, description, parameters, strict });
record!(conversation::Context { system_prompt, messages, tools });
variant!(conversation::ToolChoice { Auto, Any, None, Tool(name) });
record!(conversation::OutputSchema { name, description, schema });
record!(conversation::Options {
    max_tokens,
    temperature,
    top_p,
    stop_sequences,
    tool_choice,
    thinking,
    thinking_budgets,
    interleaved_thinking,
    thinking_display,
    cache_retention,
    service_tier,
    latency,
    guardrail,
    output_schema,
    request_metadata,
    prompt_variables,
    additional_request_fields,
    additional_response_field_paths,
    extras
});

// The host does not count: each turn is a first one.
record!(conversation::Opening { model, carry, request_id, extras } adding { attempt: 1 });
variant!(conversation::MessageType { Event, Exception, Error, Other(word) });
variant!(conversation::Ending { Complete, Aborted, Idle(milliseconds), Broken(why), Damaged(why), Limited(limit) });

/// A batch as frames of their own.
pub(super) fn frames(batch: &source::conversation::Batch) -> Vec<target::conversation::Frame> {
    let own = |OwnedFrame { message_type, name, payload }| target::conversation::Frame {
        message_type: Convert::convert(message_type),
        name,
        payload,
    };
    unbatch(batch).into_iter().map(own).collect()
}
