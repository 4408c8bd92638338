//! Rendering an answer.

use super::super::thinking_token::ThinkingToken;
use super::super::{Head, Writer, sse};
use crate::contract::conversation::{Delta, Fragment, Outcome, ThinkingEnd, ToolcallEnd, ToolcallStart, TurnFailure};
use crate::json::raw::Json;
use crate::pi::events::{block_event, event, fragment_event, member};
use crate::pi::message::{AssistantMessage, Block, ToolCall, Usage, failure_reason, stop_reason};
use crate::refusal::Refusal;

/// Writes the events.
#[derive(Debug)]
pub(super) struct Events {
    asked: String,
    model: String,
    /// Tool calls that have begun and not ended, which are few at a time.
    calls: Vec<OpenCall>,
}

#[derive(Debug)]
struct OpenCall {
    start: ToolcallStart,
    has_arguments: bool,
}

impl Events {
    pub(super) fn new(asked: &str) -> Self {
        Events { asked: asked.to_owned(), model: asked.to_owned(), calls: Vec::new() }
    }

    /// What the client is to keep beside thinking; see the module above.
    fn signature(&self, signature: Option<&str>, redacted: bool) -> Option<String> {
        if redacted || self.model != self.asked {
            let token = ThinkingToken { model: self.model.clone(), signature: signature.map(str::to_owned), redacted };
            return Some(token.write());
        }
        signature.map(str::to_owned)
    }

    fn call(&mut self, index: u32) -> Option<&mut OpenCall> {
        self.calls.iter_mut().find(|call| call.start.content_index == index)
    }

    fn toolcall_end(&mut self, end: &ToolcallEnd, out: &mut Vec<u8>) {
        let ToolcallEnd { content_index, arguments, problem } = end;
        let position = self.calls.iter().position(|call| call.start.content_index == *content_index);
        // An end without a beginning is a provider's mistake, and the client would fail on it.
        let Some(call) = position.map(|position| self.calls.swap_remove(position)) else { return };
        if !call.has_arguments {
            // The client of 0.74 keeps what it parsed of the deltas, which therefore must be the whole JSON.
            let whole = Fragment { content_index: *content_index, delta: arguments.clone() };
            message(out, |out| fragment_event(out, "toolcall_delta", &whole));
        }
        let ToolcallStart { content_index: _, id, name } = call.start;
        let call = Block::ToolCall(ToolCall {
            id,
            name,
            arguments: Json(arguments.clone()),
            arguments_error: problem.clone(),
            written: String::new(),
        });
        message(out, |out| block_event(out, "toolcall_end", *content_index, |out| member(out, "toolCall", &call)));
    }

    fn write(&mut self, delta: &Delta, out: &mut Vec<u8>) {
        match delta {
            Delta::Start => message(out, |out| event(out, "start", |_| {})),
            Delta::TextStart(index) => message(out, |out| block_event(out, "text_start", *index, |_| {})),
            Delta::TextDelta(fragment) => message(out, |out| fragment_event(out, "text_delta", fragment)),
            Delta::TextEnd(index) => message(out, |out| block_event(out, "text_end", *index, |_| {})),
            Delta::ThinkingStart(index) => message(out, |out| block_event(out, "thinking_start", *index, |_| {})),
            Delta::ThinkingDelta(fragment) => message(out, |out| fragment_event(out, "thinking_delta", fragment)),
            Delta::ThinkingEnd(ThinkingEnd { content_index, signature, redacted }) => {
                let signature = self.signature(signature.as_deref(), *redacted);
                message(out, |out| {
                    block_event(out, "thinking_end", *content_index, |out| {
                        if let Some(signature) = &signature {
                            member(out, "contentSignature", signature);
                        }
                    });
                });
            }
            Delta::ToolcallStart(start) => {
                message(out, |out| {
                    block_event(out, "toolcall_start", start.content_index, |out| {
                        member(out, "id", &start.id);
                        member(out, "toolName", &start.name);
                    });
                });
                self.calls.push(OpenCall { start: start.clone(), has_arguments: false });
            }
            Delta::ToolcallDelta(fragment) => {
                if let Some(call) = self.call(fragment.content_index) {
                    call.has_arguments |= !fragment.delta.is_empty();
                }
                message(out, |out| fragment_event(out, "toolcall_delta", fragment));
            }
            Delta::ToolcallEnd(end) => self.toolcall_end(end, out),
            // The protocol has no event for them.
            Delta::Attachment(_) | Delta::Notice(_) => {}
            Delta::Done(Outcome { reason, raw_stop_reason: _, usage, details: _ }) => message(out, |out| {
                event(out, "done", |out| {
                    member(out, "reason", stop_reason(reason));
                    member(out, "usage", &Usage::from(usage));
                });
            }),
            Delta::Error(TurnFailure { failure, raw_stop_reason: _, usage, details: _ }) => message(out, |out| {
                event(out, "error", |out| {
                    member(out, "reason", failure_reason(failure));
                    member(out, "errorMessage", &Refusal::from(failure).message_with_request_id());
                    member(out, "usage", &Usage::from(usage));
                });
            }),
        }
    }
}

/// One message of the stream.
fn message(out: &mut Vec<u8>, event: impl FnOnce(&mut Vec<u8>)) {
    out.extend_from_slice(b"data: ");
    event(out);
    out.extend_from_slice(b"\n\n");
}

impl Writer for Events {
    fn begin(&mut self, head: &Head) {
        self.model.clone_from(&head.model);
    }

    fn events(&mut self, deltas: &[Delta], out: &mut Vec<u8>) {
        for delta in deltas {
            self.write(delta, out);
        }
    }

    /// A request of this format always asks for a stream; pi's message is what its answer comes to.
    fn whole(&mut self, message: &AssistantMessage, _outcome: &Outcome, out: &mut Vec<u8>) {
        sse::json(out, message);
    }
}
