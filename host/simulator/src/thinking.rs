//! Thinking: whether it is asked for, what is thought, and the signature that binds it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::errors::ServiceError;
use super::models::{CallableModel, Style};
use super::reply::Block;
use super::request::{ConverseRequest, Message};

/// The form in which thinking is requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Thinking {
    /// Claude's `thinking: {type: enabled, budget_tokens}`.
    Budget(i64),
    /// Claude's `thinking: {type: adaptive}`; with `display: omitted` only the signature comes.
    Adaptive { omitted: bool },
    /// `reasoning_effort` or `reasoning: {effort}` of the GPT models, `reasoningConfig` of Nova 2, or a model that always thinks.
    Effort,
}

/// The thinking that a request asks for, if any.
pub(crate) fn asked(request: &ConverseRequest, model: &CallableModel) -> Option<Thinking> {
    let fields = &request.additional_model_request_fields;
    let omitted = fields.pointer("/thinking/display").and_then(Value::as_str) == Some("omitted");
    match fields.pointer("/thinking/type").and_then(Value::as_str) {
        Some("enabled") => {
            return Some(Thinking::Budget(
                fields.pointer("/thinking/budget_tokens").and_then(Value::as_i64).unwrap_or(0),
            ));
        }
        Some("adaptive") => return Some(Thinking::Adaptive { omitted }),
        _ => {}
    }
    let effort = fields.get("reasoning_effort").or_else(|| fields.pointer("/reasoning/effort")).and_then(Value::as_str);
    let nova = fields.pointer("/reasoningConfig/type").and_then(Value::as_str) == Some("enabled");
    (effort.is_some_and(|effort| effort != "none") || nova || model.always_thinks).then_some(Thinking::Effort)
}

/// Refuses thinking options that the service refuses.
///
/// # Errors
/// 400 `ValidationException` with the first thing that is wrong.
pub(crate) fn check(request: &ConverseRequest, model: &CallableModel) -> Result<(), ServiceError> {
    let asked = asked(request, model);
    let config = &request.inference_config;
    if let Some(Thinking::Budget(budget)) = asked {
        if budget < 1024 {
            return Err(model_error("thinking.enabled.budget_tokens: Input should be greater than or equal to 1024"));
        }
        if config.max_tokens.or(model.max_tokens.map(i64::from)).is_some_and(|most| most <= budget) {
            return Err(model_error("`max_tokens` must be greater than `thinking.budget_tokens`."));
        }
        check_turn_start(request)?;
    }
    if matches!(asked, Some(Thinking::Budget(_) | Thinking::Adaptive { .. })) {
        if config.temperature.is_some_and(|temperature| temperature < 1.0) {
            return Err(model_error("`temperature` may only be set to 1 when thinking is enabled."));
        }
        // From Opus 4.8 on (langchain-ai/langchain-aws#1141). The faults stand for any model.
        let may_be_forced = model.fault.is_some() || model.requested_id.contains("claude-opus-4-8");
        let forced = request.tool_config.as_ref().and_then(|tools| tools.tool_choice.as_ref());
        if !may_be_forced && forced.is_some_and(|choice| choice.any.is_some() || choice.tool.is_some()) {
            return Err(model_error("Thinking may not be enabled when tool_choice forces tool use."));
        }
    }
    check_signatures(request)
}

/// With a budget, an assistant turn that waits for tool results must begin with the thinking that led to its calls. Later
/// messages of the turn need none: a model that does not think between its calls thinks once.
fn check_turn_start(request: &ConverseRequest) -> Result<(), ServiceError> {
    let mut rounds = request.messages.rchunks_exact(2);
    let Some([before, last]) = rounds.next() else { return Ok(()) };
    let thinks_first =
        |message: &Message| message.content.first().is_some_and(|block| block.reasoning_content.is_some());
    let only_answers = |message: &Message| {
        message.content.iter().all(|block| block.tool_result.is_some() || block.cache_point.is_some())
    };
    if last.tool_results().next().is_none() || thinks_first(before) {
        return Ok(());
    }
    let mut of_the_turn = rounds.take_while(|round| matches!(round, [_, user] if only_answers(user)));
    if of_the_turn.any(|round| matches!(round, [assistant, _] if thinks_first(assistant))) {
        return Ok(());
    }
    Err(model_error(&format!(
        "messages.{}.content.0.type: Expected `thinking` or `redacted_thinking`, but found something else. When `thinking` is enabled, a final `assistant` message must start with a thinking block.",
        request.messages.len() - 2
    )))
}

/// Thinking that the simulator signed must come back byte by byte; what another signed it cannot judge.
fn check_signatures(request: &ConverseRequest) -> Result<(), ServiceError> {
    for (number, message) in request.messages.iter().enumerate() {
        for (position, block) in message.content.iter().enumerate() {
            let Some(thought) = block.reasoning_content.as_ref().and_then(|content| content.reasoning_text.as_ref())
            else {
                continue;
            };
            let Some(signed) = thought.signature.as_deref() else { continue };
            let ours = signed.starts_with(&prefix());
            if ours && !thought.text.is_empty() && signed != signature(&thought.text) {
                return Err(model_error(&format!(
                    "messages.{number}.content.{position}: Invalid `signature` in `thinking` block"
                )));
            }
        }
    }
    Ok(())
}

/// The thinking that comes before an answer.
pub(crate) fn think(request: &ConverseRequest, model: &CallableModel, prompt: &str, plan: &str) -> Option<Block> {
    let asked = asked(request, model)?;
    if prompt.split(|letter: char| !letter.is_alphanumeric()).any(|word| word.eq_ignore_ascii_case("redacted")) {
        return Some(Block::Redacted(sealed(prompt)));
    }
    let thought = format!(
        "The user writes {} characters. There are {} messages and {} tools. {plan}",
        prompt.chars().count(),
        request.messages.len(),
        request.tool_specs().count()
    );
    let signed = (model.style == Style::Claude).then(|| signature(&thought));
    let text = if asked == (Thinking::Adaptive { omitted: true }) { String::new() } else { thought };
    Some(Block::Reasoning { text, signature: signed })
}

/// Bytes that nobody can read and that look like base64 themselves, as the service's do.
fn sealed(prompt: &str) -> Vec<u8> {
    let digest = Sha256::digest(prompt.as_bytes());
    STANDARD.encode([b"quarry simulator, redacted thinking: ".as_slice(), &digest].concat()).into_bytes()
}

const SIGNER: &[u8] = b"quarry simulator 1";

fn prefix() -> String {
    STANDARD.encode(SIGNER)
}

/// The signature of a thought.
fn signature(thought: &str) -> String {
    let digest = Sha256::digest(thought.as_bytes());
    // The signer's length is a multiple of three, so that its base64 is a prefix of the whole.
    STANDARD.encode([SIGNER, &digest].concat())
}

fn model_error(message: &str) -> ServiceError {
    ServiceError::validation(format!("The model returned the following errors: {message}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_budget_wants_the_turn_to_begin_with_thinking_and_not_each_call() {
        let thought = json!({ "reasoningContent": { "reasoningText": { "text": "hm", "signature": "s" } } });
        let asked = json!({ "role": "user", "content": [{ "text": "a" }] });
        let called = |content: Vec<Value>| {
            let call = json!({ "toolUse": { "toolUseId": "c", "name": "look", "input": {} } });
            let content = [content, vec![call]].concat();
            json!({ "role": "assistant", "content": content })
        };
        let result = json!({ "toolResult": { "toolUseId": "c", "content": [{ "text": "x" }] } });
        let answered = json!({ "role": "user", "content": [result.clone()] });
        let answered_and_asked = json!({ "role": "user", "content": [result, { "text": "b" }] });
        let of = |messages: &[&Value]| {
            let request = serde_json::from_value(json!({ "messages": messages })).expect("it is a request");
            check_turn_start(&request).is_ok()
        };
        let (thinks, calls) = (called(vec![thought]), called(Vec::new()));
        assert!(of(&[&asked, &thinks, &answered]));
        assert!(!of(&[&asked, &calls, &answered]));
        assert!(of(&[&asked, &thinks, &answered, &calls, &answered]));
        assert!(!of(&[&asked, &thinks, &answered_and_asked, &calls, &answered]));
    }
}
