//! pi's `AssistantMessageEvent`s as JSON, one a delta.
//!
//! pi's events carry a `partial` message each. It is left out here, as pi-agent-core's proxy protocol leaves it out; what
//! a reader then misses comes as that protocol has it: `id` and `toolName` on `toolcall_start`, `contentSignature` on
//! `thinking_end`.

use serde::Serialize;

use super::message::{AssistantMessage, Block, Fold, failure_reason, stop_reason};
use crate::contract::conversation::{
    Attachment, Delta, Fragment, Outcome, ThinkingEnd, ToolcallEnd, ToolcallStart, TurnFailure,
};
use crate::contract::types::Notice;
use quarry_contract::json::raw::Json;

/// Writes the event of a delta at the end of `out`, without a line break. `fold` has the delta applied already: the ends
/// of blocks carry the whole content, `done` and `error` the whole message.
pub fn write_event(out: &mut Vec<u8>, delta: &Delta, fold: &Fold) {
    match delta {
        Delta::Start => out.extend_from_slice(br#"{"type":"start"}"#),
        Delta::TextStart(index) => block_event(out, "text_start", *index, |_| {}),
        Delta::TextDelta(fragment) => fragment_event(out, "text_delta", fragment),
        Delta::TextEnd(index) => block_event(out, "text_end", *index, |out| content(out, fold, *index)),
        Delta::ThinkingStart(index) => block_event(out, "thinking_start", *index, |_| {}),
        Delta::ThinkingDelta(fragment) => fragment_event(out, "thinking_delta", fragment),
        Delta::ThinkingEnd(ThinkingEnd { content_index, signature, redacted: _ }) => {
            block_event(out, "thinking_end", *content_index, |out| {
                content(out, fold, *content_index);
                if let Some(signature) = signature {
                    member(out, "contentSignature", signature);
                }
            });
        }
        Delta::ToolcallStart(ToolcallStart { content_index, id, name }) => {
            block_event(out, "toolcall_start", *content_index, |out| {
                member(out, "id", id);
                member(out, "toolName", name);
            });
        }
        Delta::ToolcallDelta(fragment) => fragment_event(out, "toolcall_delta", fragment),
        Delta::ToolcallEnd(ToolcallEnd { content_index, arguments: _, problem: _ }) => {
            block_event(out, "toolcall_end", *content_index, |out| {
                if let Some(block @ Block::ToolCall(_)) = fold.message().content.get(*content_index as usize) {
                    member(out, "toolCall", block);
                }
            });
        }
        Delta::Attachment(attachment) => attachment_event(out, attachment),
        Delta::Notice(Notice { kind, message }) => event(out, "notice", |out| {
            member(out, "kind", kind);
            member(out, "message", message);
        }),
        Delta::Done(Outcome { reason, raw_stop_reason: _, usage: _, details: _ }) => {
            terminal_event(out, "done", stop_reason(reason), "message", fold.message());
        }
        Delta::Error(TurnFailure { failure, raw_stop_reason: _, usage: _, details: _ }) => {
            terminal_event(out, "error", failure_reason(failure), "error", fold.message());
        }
    }
}

/// The event of a delta as text, where speed does not matter.
#[must_use]
pub fn event_json(delta: &Delta, fold: &Fold) -> String {
    let mut out = Vec::new();
    write_event(&mut out, delta, fold);
    // JSON writers give UTF-8 only; what is not would be a bug there and not worth a panic here.
    String::from_utf8_lossy(&out).into_owned()
}

/// Writes `{"type": NAME` with the members that `members` adds, and closes it.
pub fn event(out: &mut Vec<u8>, name: &str, members: impl FnOnce(&mut Vec<u8>)) {
    out.extend_from_slice(br#"{"type":""#);
    out.extend_from_slice(name.as_bytes());
    out.push(b'"');
    members(out);
    out.push(b'}');
}

/// Writes an event of a content block.
pub fn block_event(out: &mut Vec<u8>, name: &str, index: u32, members: impl FnOnce(&mut Vec<u8>)) {
    event(out, name, |out| {
        member(out, "contentIndex", &index);
        members(out);
    });
}

/// Writes an event of a piece of a content block.
pub fn fragment_event(out: &mut Vec<u8>, name: &str, Fragment { content_index, delta }: &Fragment) {
    block_event(out, name, *content_index, |out| member(out, "delta", delta));
}

fn attachment_event(out: &mut Vec<u8>, Attachment { content_index, kind, value }: &Attachment) {
    event(out, "attachment", |out| {
        if let Some(index) = content_index {
            member(out, "contentIndex", index);
        }
        member(out, "kind", kind);
        member(out, "value", &Json(value.clone()));
    });
}

fn terminal_event(out: &mut Vec<u8>, name: &str, reason: &str, holder: &str, message: &AssistantMessage) {
    event(out, name, |out| {
        member(out, "reason", reason);
        member(out, holder, message);
    });
}

/// The whole content of a text or thinking block that ended.
fn content(out: &mut Vec<u8>, fold: &Fold, index: u32) {
    let text = match fold.message().content.get(index as usize) {
        Some(Block::Text { text, citations: _ }) => text,
        Some(Block::Thinking { thinking, thinking_signature: _, redacted: _ }) => thinking,
        Some(Block::ToolCall(_)) | None => "",
    };
    member(out, "content", text);
}

/// Writes `,"NAME":VALUE`.
pub fn member<T: Serialize + ?Sized>(out: &mut Vec<u8>, name: &str, value: &T) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
    let before = out.len();
    // A vector takes everything, and every value here has string keys: no error can come. If one did, the event must
    // still be JSON.
    if serde_json::to_writer(&mut *out, value).is_err() {
        out.truncate(before);
        out.extend_from_slice(b"null");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::conversation::{AnswerDetails, StopReason};
    use crate::contract::no_details;
    use crate::contract::types::{Failure, FailureKind, Usage, UsageCost};

    fn usage() -> Usage {
        let cost = UsageCost { input: 1.0, output: 0.5, cache_read: 0.0, cache_write: 0.0, total: 1.5 };
        Usage { input: 3, output: 2, cache_read: 0, cache_write: 4, cache_write_long: 4, total: 5, cost }
    }

    fn events(deltas: &[Delta]) -> Vec<String> {
        let mut fold = Fold::new("bedrock-converse-stream", "amazon-bedrock", "m", Some(7));
        deltas
            .iter()
            .map(|delta| {
                fold.apply(delta);
                event_json(delta, &fold)
            })
            .collect()
    }

    #[test]
    fn a_turn_with_text_thinking_and_a_tool() {
        let fragment = |content_index, delta: &str| Fragment { content_index, delta: delta.into() };
        let deltas = [
            Delta::Start,
            Delta::TextStart(0),
            Delta::TextDelta(fragment(0, "a \"quoted\"\nline\u{1}")),
            Delta::Attachment(Attachment {
                content_index: Some(0),
                kind: "citation".into(),
                value: "{ \"title\":\n\"t\" }".into(),
            }),
            Delta::TextEnd(0),
            Delta::ThinkingStart(1),
            Delta::ThinkingDelta(fragment(1, "hm")),
            Delta::ThinkingEnd(ThinkingEnd { content_index: 1, signature: Some("sig".into()), redacted: false }),
            Delta::ToolcallStart(ToolcallStart { content_index: 2, id: "i".into(), name: "n".into() }),
            Delta::ToolcallDelta(fragment(2, "{\"z\":1,")),
            Delta::ToolcallEnd(ToolcallEnd { content_index: 2, arguments: "{\"z\":1,\"a\":2}".into(), problem: None }),
            Delta::Done(Outcome {
                reason: StopReason::ToolUse,
                raw_stop_reason: "tool_use".into(),
                usage: usage(),
                details: AnswerDetails { metrics: Some("{\"latencyMs\":9}".into()), ..no_details() },
            }),
        ];
        let expected = [
            r#"{"type":"start"}"#,
            r#"{"type":"text_start","contentIndex":0}"#,
            r#"{"type":"text_delta","contentIndex":0,"delta":"a \"quoted\"\nline\u0001"}"#,
            r#"{"type":"attachment","contentIndex":0,"kind":"citation","value":{"title":"t"}}"#,
            r#"{"type":"text_end","contentIndex":0,"content":"a \"quoted\"\nline\u0001"}"#,
            r#"{"type":"thinking_start","contentIndex":1}"#,
            r#"{"type":"thinking_delta","contentIndex":1,"delta":"hm"}"#,
            r#"{"type":"thinking_end","contentIndex":1,"content":"hm","contentSignature":"sig"}"#,
            r#"{"type":"toolcall_start","contentIndex":2,"id":"i","toolName":"n"}"#,
            r#"{"type":"toolcall_delta","contentIndex":2,"delta":"{\"z\":1,"}"#,
            r#"{"type":"toolcall_end","contentIndex":2,"toolCall":{"type":"toolCall","id":"i","name":"n","arguments":{"z":1,"a":2}}}"#,
            concat!(
                r#"{"type":"done","reason":"toolUse","message":{"role":"assistant","content":["#,
                r#"{"type":"text","text":"a \"quoted\"\nline\u0001","citations":[{"title":"t"}]},"#,
                r#"{"type":"thinking","thinking":"hm","thinkingSignature":"sig"},"#,
                r#"{"type":"toolCall","id":"i","name":"n","arguments":{"z":1,"a":2}}],"#,
                r#""api":"bedrock-converse-stream","provider":"amazon-bedrock","model":"m","#,
                r#""usage":{"input":3,"output":2,"cacheRead":0,"cacheWrite":4,"cacheWrite1h":4,"totalTokens":5,"#,
                r#""cost":{"input":1,"output":0.5,"cacheRead":0,"cacheWrite":0,"total":1.5}},"#,
                r#""stopReason":"toolUse","rawStopReason":"tool_use","extras":{"metrics":{"latencyMs":9}},"timestamp":7}}"#
            ),
        ];
        assert_eq!(events(&deltas), expected);
    }

    #[test]
    fn a_failure_keeps_the_content_and_says_what_happened() {
        let failure = Failure {
            kind: FailureKind::Throttled,
            message: "Throttling error: slow down".into(),
            hint: None,
            retryable: true,
            retry_after_ms: None,
            code: Some("ThrottlingException".into()),
            status: None,
            request_id: Some("r".into()),
            suggestions: Vec::new(),
            repair: None,
        };
        let failed = |failure| {
            Delta::Error(TurnFailure { failure, raw_stop_reason: None, usage: usage(), details: no_details() })
        };
        let said = events(&[Delta::Start, Delta::TextStart(0), failed(failure.clone())]);
        let last = said.last().map_or("", String::as_str);
        assert!(last.starts_with(
            r#"{"type":"error","reason":"error","error":{"role":"assistant","content":[{"type":"text","text":""}]"#
        ));
        let diagnostic = concat!(
            r#""errorMessage":"Throttling error: slow down","diagnostics":[{"type":"bedrock_response_failure","timestamp":7,"#,
            r#""details":{"kind":"throttled","errorCode":"ThrottlingException","requestId":"r","retryable":true}}]"#
        );
        assert!(last.contains(diagnostic), "{last}");

        let aborted = events(&[failed(Failure { kind: FailureKind::Aborted, ..failure })]);
        let last = aborted.last().map_or("", String::as_str);
        assert!(last.starts_with(r#"{"type":"error","reason":"aborted""#) && !last.contains("diagnostics"), "{last}");
    }
}
