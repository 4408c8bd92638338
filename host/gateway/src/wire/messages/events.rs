//! The events of an answer. One block is open at a time: what belongs to another waits until the open one has ended.

use std::collections::VecDeque;
use std::io::Write as _;

use super::super::sse;
use super::citations;
use super::ending::{self, AskedOfEnding, Ending};
use super::error::ErrorForm;
use super::message_events::{MessageDelta, MessageStart};
use super::server_tools::{ServerBlock, ServerToolUsage, read_server_block};
use super::writer::MessageHead;
use crate::contract::conversation::{Attachment, Delta, Fragment, Outcome, ThinkingEnd, ToolcallStart};
use crate::refusal::Refusal;

/// What the provider shows in place of redacted thinking (pi's words). Whether thinking is redacted is known at its end only,
/// and its first event must say so: a block of this text alone waits until then.
const REDACTED: &str = "[Reasoning redacted]";

/// The state of a stream of events.
#[derive(Debug, Default)]
pub(super) struct Events {
    begun: bool,
    ended: bool,
    /// The index of the next block.
    next: u32,
    open: Option<Open>,
    waiting: VecDeque<Delta>,
    server_tools: ServerToolUsage,
}

/// The block that is open.
#[derive(Debug)]
struct Open {
    /// Its index in the contract.
    content_index: u32,
    kind: Kind,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Text,
    Thinking {
        /// Whether its beginning was reported.
        shown: bool,
        /// Whether a text that may be a placeholder was held back.
        held: bool,
    },
    ToolCall {
        /// Whether any of the arguments came.
        pieces: bool,
    },
}

impl Events {
    /// Renders one delta.
    pub(super) fn take(&mut self, delta: &Delta, head: &MessageHead, asked: &AskedOfEnding, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        match delta {
            Delta::Done(outcome) => self.end(outcome, head, asked, out),
            Delta::Error(failed) => match ending::of_failure(failed) {
                Some(outcome) => self.end(&outcome, head, asked, out),
                None => {
                    self.ended = true;
                    sse::event(out, "error", &ErrorForm::of(&Refusal::from(&failed.failure), &head.request_id));
                }
            },
            delta => {
                self.begin(head, out);
                if self.has_to_wait(delta) {
                    self.waiting.push_back(delta.clone());
                } else {
                    self.render(delta, out);
                    self.take_waiting(out);
                }
            }
        }
    }

    /// Renders what waited, as far as no block is open to which it does not belong.
    fn take_waiting(&mut self, out: &mut Vec<u8>) {
        if self.open.is_some() || self.waiting.is_empty() {
            return;
        }
        let mut queue = std::mem::take(&mut self.waiting);
        while let Some(delta) = queue.pop_front() {
            if self.has_to_wait(&delta) {
                self.waiting.push_back(delta);
                continue;
            }
            self.render(&delta, out);
            if self.open.is_none() && !self.waiting.is_empty() {
                // Events that were put back come before the rest of the queue.
                self.waiting.append(&mut queue);
                std::mem::swap(&mut self.waiting, &mut queue);
            }
        }
    }

    fn has_to_wait(&self, delta: &Delta) -> bool {
        let Some(open) = &self.open else { return false };
        match delta {
            Delta::TextDelta(Fragment { content_index, .. })
            | Delta::ThinkingDelta(Fragment { content_index, .. })
            | Delta::ToolcallDelta(Fragment { content_index, .. })
            | Delta::TextStart(content_index)
            | Delta::ThinkingStart(content_index)
            | Delta::TextEnd(content_index) => *content_index != open.content_index,
            Delta::ToolcallStart(start) => start.content_index != open.content_index,
            Delta::ThinkingEnd(end) => end.content_index != open.content_index,
            Delta::ToolcallEnd(end) => end.content_index != open.content_index,
            Delta::Attachment(attachment) => attachment.content_index != Some(open.content_index),
            Delta::Start | Delta::Notice(_) | Delta::Done(_) | Delta::Error(_) => false,
        }
    }

    /// Renders a delta that is of the open block, or begins one.
    fn render(&mut self, delta: &Delta, out: &mut Vec<u8>) {
        match delta {
            Delta::TextDelta(fragment) => {
                if let Some(Kind::Text) = self.kind_of(fragment.content_index) {
                    self.text_piece(&fragment.delta, out);
                }
            }
            Delta::ThinkingDelta(fragment) => self.thinking_piece(fragment, out),
            Delta::ToolcallDelta(fragment) => self.argument_piece(fragment, out),
            Delta::TextStart(index) => {
                self.open = Some(Open { content_index: *index, kind: Kind::Text });
                self.block_start(br#"{"type":"text","text":""}"#, out);
            }
            Delta::ThinkingStart(index) => {
                let kind = Kind::Thinking { shown: false, held: false };
                self.open = Some(Open { content_index: *index, kind });
            }
            Delta::ToolcallStart(ToolcallStart { content_index, id, name }) => {
                self.open = Some(Open { content_index: *content_index, kind: Kind::ToolCall { pieces: false } });
                let mut block = br#"{"type":"tool_use","id":"#.to_vec();
                sse::json(&mut block, id.as_str());
                block.extend_from_slice(br#","name":"#);
                sse::json(&mut block, name.as_str());
                block.extend_from_slice(br#","input":{}}"#);
                self.block_start(&block, out);
            }
            Delta::TextEnd(index) => self.close(*index, None, out),
            Delta::ThinkingEnd(end) => self.close(end.content_index, Some(end), out),
            Delta::ToolcallEnd(end) => self.close(end.content_index, None, out),
            Delta::Attachment(attachment) => self.attachment(attachment, out),
            Delta::Start | Delta::Notice(_) | Delta::Done(_) | Delta::Error(_) => {}
        }
    }

    fn kind_of(&self, index: u32) -> Option<Kind> {
        self.open.as_ref().filter(|open| open.content_index == index).map(|open| open.kind)
    }

    fn set_kind(&mut self, kind: Kind) {
        if let Some(open) = &mut self.open {
            open.kind = kind;
        }
    }

    fn begin(&mut self, head: &MessageHead, out: &mut Vec<u8>) {
        if !self.begun {
            self.begun = true;
            sse::event(out, "message_start", &MessageStart::new(head));
        }
    }

    fn text_piece(&self, piece: &str, out: &mut Vec<u8>) {
        if !piece.is_empty() {
            self.block_delta(br#"{"type":"text_delta","text":"#, piece, out);
        }
    }

    fn thinking_piece(&mut self, fragment: &Fragment, out: &mut Vec<u8>) {
        let Some(Kind::Thinking { held, .. }) = self.kind_of(fragment.content_index) else { return };
        if fragment.delta == REDACTED && !held {
            let shown = matches!(self.kind_of(fragment.content_index), Some(Kind::Thinking { shown: true, .. }));
            self.set_kind(Kind::Thinking { shown, held: true });
        } else if !fragment.delta.is_empty() {
            self.show_thinking(out);
            self.block_delta(THINKING_DELTA, &fragment.delta, out);
        }
    }

    /// Writes the beginning of thinking that is not redacted, and the text that was held back.
    fn show_thinking(&mut self, out: &mut Vec<u8>) {
        let Some(Open { kind: Kind::Thinking { shown, held }, .. }) = self.open else { return };
        if !shown {
            self.block_start(br#"{"type":"thinking","thinking":"","signature":""}"#, out);
        }
        if held {
            self.block_delta(THINKING_DELTA, REDACTED, out);
        }
        self.set_kind(Kind::Thinking { shown: true, held: false });
    }

    fn argument_piece(&mut self, fragment: &Fragment, out: &mut Vec<u8>) {
        let Some(Kind::ToolCall { .. }) = self.kind_of(fragment.content_index) else { return };
        if !fragment.delta.is_empty() {
            self.block_delta(INPUT_JSON_DELTA, &fragment.delta, out);
            self.set_kind(Kind::ToolCall { pieces: true });
        }
    }

    /// Ends the open block, if it is this one.
    fn close(&mut self, index: u32, thinking: Option<&ThinkingEnd>, out: &mut Vec<u8>) {
        let Some(kind) = self.kind_of(index) else { return };
        match kind {
            Kind::Text | Kind::ToolCall { pieces: true } => {}
            // The pieces must join to an object.
            Kind::ToolCall { pieces: false } => self.block_delta(INPUT_JSON_DELTA, "{}", out),
            Kind::Thinking { shown, .. } => match thinking {
                Some(ThinkingEnd { signature, redacted: true, .. }) => {
                    if shown {
                        // It was thinking before it was redacted: two blocks in this format.
                        self.block_stop(out);
                    }
                    let mut block = br#"{"type":"redacted_thinking","data":"#.to_vec();
                    sse::json(&mut block, signature.as_deref().unwrap_or_default());
                    block.push(b'}');
                    self.block_start(&block, out);
                }
                end => {
                    self.show_thinking(out);
                    if let Some(signature) = end.and_then(|end| end.signature.as_deref()) {
                        self.block_delta(br#"{"type":"signature_delta","signature":"#, signature, out);
                    }
                }
            },
        }
        self.block_stop(out);
        self.open = None;
    }

    fn attachment(&mut self, attachment: &Attachment, out: &mut Vec<u8>) {
        let Attachment { content_index, kind, value } = attachment;
        if kind == "citation" {
            let of_text = content_index.and_then(|index| self.kind_of(index));
            if let (Some(Kind::Text), Some(citation)) = (of_text, citations::read(value)) {
                let mut delta = br#"{"type":"citations_delta","citation":"#.to_vec();
                sse::json(&mut delta, &citation);
                delta.push(b'}');
                self.raw_delta(&delta, out);
            }
        } else if let Some(block) = read_server_block(kind, value) {
            self.server_block(block, out);
        }
    }

    /// A block of a tool that Bedrock ran: it comes whole.
    fn server_block(&mut self, block: ServerBlock, out: &mut Vec<u8>) {
        self.server_tools.count(&block);
        let mut started = Vec::new();
        match block {
            ServerBlock::Use { r#type, id, name, input } => {
                let arguments = input.0;
                let input = crate::json::raw::Json("{}".to_owned());
                sse::json(&mut started, &ServerBlock::Use { r#type, id, name, input });
                self.block_start(&started, out);
                self.block_delta(INPUT_JSON_DELTA, &arguments, out);
            }
            result @ ServerBlock::Result { .. } => {
                sse::json(&mut started, &result);
                self.block_start(&started, out);
            }
        }
        self.block_stop(out);
    }

    /// The end of the answer. Blocks that are still open end before it.
    fn end(&mut self, outcome: &Outcome, head: &MessageHead, asked: &AskedOfEnding, out: &mut Vec<u8>) {
        self.begin(head, out);
        while let Some(index) = self.open.as_ref().map(|open| open.content_index) {
            self.close(index, None, out);
            self.take_waiting(out);
        }
        self.ended = true;
        let ending = Ending::new(outcome, asked, self.server_tools);
        sse::event(out, "message_delta", &MessageDelta::new(&ending));
        out.extend_from_slice(b"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
    }

    /// The index of the block that was begun last.
    fn current(&self) -> u32 {
        self.next.saturating_sub(1)
    }

    fn block_start(&mut self, block: &[u8], out: &mut Vec<u8>) {
        self.next = self.next.saturating_add(1);
        out.extend_from_slice(b"event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":");
        decimal(out, self.current());
        out.extend_from_slice(b",\"content_block\":");
        out.extend_from_slice(block);
        out.extend_from_slice(b"}\n\n");
    }

    fn block_stop(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":");
        decimal(out, self.current());
        out.extend_from_slice(b"}\n\n");
    }

    /// The hot path: fixed bytes around one string.
    fn block_delta(&self, before: &[u8], piece: &str, out: &mut Vec<u8>) {
        self.delta_start(out);
        out.extend_from_slice(before);
        sse::json(out, piece);
        out.extend_from_slice(b"}}\n\n");
    }

    fn raw_delta(&self, delta: &[u8], out: &mut Vec<u8>) {
        self.delta_start(out);
        out.extend_from_slice(delta);
        out.extend_from_slice(b"}\n\n");
    }

    fn delta_start(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":");
        decimal(out, self.current());
        out.extend_from_slice(b",\"delta\":");
    }
}

const THINKING_DELTA: &[u8] = br#"{"type":"thinking_delta","thinking":"#;
const INPUT_JSON_DELTA: &[u8] = br#"{"type":"input_json_delta","partial_json":"#;

fn decimal(out: &mut Vec<u8>, number: u32) {
    // Writing to a vector cannot fail.
    let _ = write!(out, "{number}");
}
