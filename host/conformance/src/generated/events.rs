//! Events of ConverseStream, as they come over the wire.

use crate::contract::conversation::MessageType;
use crate::frames::OwnedFrame;

pub(super) fn event(name: &str, payload: &str) -> OwnedFrame {
    OwnedFrame { message_type: MessageType::Event, name: name.to_owned(), payload: payload.as_bytes().to_vec() }
}

pub(super) fn exception(name: &str, message: &str) -> OwnedFrame {
    let payload = format!("{{\"message\":{}}}", serde_json::Value::from(message)).into_bytes();
    OwnedFrame { message_type: MessageType::Exception, name: name.to_owned(), payload }
}

pub(super) fn start() -> OwnedFrame {
    event("messageStart", r#"{"role":"assistant"}"#)
}

pub(super) fn block_start(index: u32, start: &str) -> OwnedFrame {
    event("contentBlockStart", &format!(r#"{{"contentBlockIndex":{index},"start":{start}}}"#))
}

pub(super) fn delta(index: u32, delta: &str) -> OwnedFrame {
    event("contentBlockDelta", &format!(r#"{{"contentBlockIndex":{index},"delta":{delta},"p":"abcdefgh"}}"#))
}

pub(super) fn block_stop(index: u32) -> OwnedFrame {
    event("contentBlockStop", &format!(r#"{{"contentBlockIndex":{index}}}"#))
}

pub(super) fn stop(reason: &str) -> OwnedFrame {
    event("messageStop", &format!(r#"{{"stopReason":"{reason}"}}"#))
}

pub(super) fn metadata() -> OwnedFrame {
    event("metadata", r#"{"usage":{"inputTokens":10,"outputTokens":5,"totalTokens":15},"metrics":{"latencyMs":300}}"#)
}

/// A text block of two pieces.
pub(super) fn text(index: u32) -> Vec<OwnedFrame> {
    vec![delta(index, r#"{"text":"Rome \u00e9"}"#), delta(index, r#"{"text":" is old."}"#), block_stop(index)]
}

/// Thinking with a signature.
pub(super) fn thinking(index: u32) -> Vec<OwnedFrame> {
    vec![
        delta(index, r#"{"reasoningContent":{"text":"Hm."}}"#),
        delta(index, r#"{"reasoningContent":{"signature":"c2lnbmF0dXJl"}}"#),
        block_stop(index),
    ]
}

/// Thinking that the service hides.
pub(super) fn redacted(index: u32) -> Vec<OwnedFrame> {
    vec![delta(index, r#"{"reasoningContent":{"redactedContent":"cmVkYWN0ZWQ="}}"#), block_stop(index)]
}

/// A call whose arguments come in these pieces, each already escaped for JSON.
pub(super) fn call(index: u32, pieces: &[&str]) -> Vec<OwnedFrame> {
    let start = format!(r#"{{"toolUse":{{"toolUseId":"tooluse_{index}","name":"get-weather"}}}}"#);
    let pieces = pieces.iter().map(|piece| delta(index, &format!(r#"{{"toolUse":{{"input":"{piece}"}}}}"#)));
    [block_start(index, &start)].into_iter().chain(pieces).chain([block_stop(index)]).collect()
}

/// A call of a tool that the service runs itself, and its result.
pub(super) fn server_tool(index: u32) -> Vec<OwnedFrame> {
    vec![
        block_start(index, r#"{"toolUse":{"toolUseId":"s1","name":"nova_grounding","type":"server_tool_use"}}"#),
        delta(index, r#"{"toolUse":{"input":"{\"query\":\"Rome\"}"}}"#),
        block_stop(index),
        block_start(
            index + 1,
            r#"{"toolResult":{"toolUseId":"s1","type":"nova_grounding_result","status":"success"}}"#,
        ),
        delta(index + 1, r#"{"toolResult":[{"text":"Founded"},{"json":{"year":-753}}]}"#),
        block_stop(index + 1),
    ]
}

/// Text with a citation.
pub(super) fn cited(index: u32) -> Vec<OwnedFrame> {
    let citation = r#"{"citation":{"title":"Rome","source":"a","location":{"web":{"url":"https://rome.example/"}}}}"#;
    vec![delta(index, r#"{"text":"Rome is old."}"#), delta(index, citation), block_stop(index)]
}

/// An image that the model made.
pub(super) fn image(index: u32) -> Vec<OwnedFrame> {
    vec![
        block_start(index, r#"{"image":{"format":"png"}}"#),
        delta(index, r#"{"image":{"source":{"bytes":"iVBORw0="}}}"#),
        block_stop(index),
    ]
}
