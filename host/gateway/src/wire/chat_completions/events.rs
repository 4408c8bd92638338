//! A streamed answer: chunks.

use serde::Serialize;

use super::usage::{Usage, finish_reason};
use super::{annotations, whole};
use crate::contract::conversation::{Delta, Fragment, Outcome, ThinkingEnd, ToolcallEnd, ToolcallStart, TurnFailure};
use crate::pi::message::AssistantMessage;
use crate::refusal::Refusal;
use crate::wire::bedrock_members::{AnswerMembers, AskedOfAnswer};
use crate::wire::openai_outcome::{refusal, service_tier};
use crate::wire::{Head, Writer, filtered, openai_error, sse};

/// Writes chunks, or the whole completion.
pub(super) struct ChunkWriter {
    include_usage: bool,
    of_answer: AskedOfAnswer,
    head: Option<Head>,
    /// What every chunk begins with, up to the delta's members, and ends with.
    before: Vec<u8>,
    after: Vec<u8>,
    /// Content indexes of the tool calls: a call's place here is its index, which counts tools alone and has no gaps
    /// (higress PR #3786, agentgateway #2965).
    calls: Vec<Call>,
    thinking: Vec<(u32, String)>,
    annotations: annotations::Annotations,
}

struct Call {
    content_index: u32,
    /// Whether a piece of its arguments was sent.
    has_arguments: bool,
}

impl ChunkWriter {
    pub(super) fn new(include_usage: bool, of_answer: AskedOfAnswer) -> Self {
        ChunkWriter {
            include_usage,
            of_answer,
            head: None,
            before: Vec::new(),
            after: Vec::new(),
            calls: Vec::new(),
            thinking: Vec::new(),
            annotations: annotations::Annotations::default(),
        }
    }

    /// A chunk whose delta has these members.
    fn chunk(&self, out: &mut Vec<u8>, members: impl FnOnce(&mut Vec<u8>)) {
        out.extend_from_slice(&self.before);
        members(out);
        out.extend_from_slice(&self.after);
    }

    fn text_chunk(&self, out: &mut Vec<u8>, member: &[u8], text: &str) {
        self.chunk(out, |out| {
            out.extend_from_slice(member);
            sse::json(out, text);
        });
    }

    fn delta(&mut self, delta: &Delta, out: &mut Vec<u8>) {
        match delta {
            Delta::Start => self.chunk(out, |out| out.extend_from_slice(br#""role":"assistant","content":"""#)),
            Delta::TextStart(index) => self.annotations.begin(*index),
            Delta::TextDelta(Fragment { content_index: _, delta }) => {
                self.annotations.text(delta);
                self.text_chunk(out, br#""content":"#, delta);
            }
            Delta::ThinkingStart(index) => self.thinking.push((*index, String::new())),
            Delta::ThinkingDelta(Fragment { content_index, delta }) => {
                if let Some((_, text)) = self.thinking.iter_mut().find(|(index, _)| index == content_index) {
                    text.push_str(delta);
                }
                self.text_chunk(out, br#""reasoning_content":"#, delta);
            }
            Delta::ThinkingEnd(ended) => self.thinking_block(ended, out),
            Delta::ToolcallStart(ToolcallStart { content_index, id, name }) => {
                let index = self.calls.len();
                self.calls.push(Call { content_index: *content_index, has_arguments: false });
                self.chunk(out, |out| {
                    let function = whole::Function { name, arguments: "" };
                    let call = whole::Call { index: Some(index), id, r#type: "function", function };
                    out.extend_from_slice(br#""tool_calls":["#);
                    sse::json(out, &call);
                    out.push(b']');
                });
            }
            Delta::ToolcallDelta(Fragment { content_index, delta }) => {
                if !delta.is_empty() {
                    self.arguments(*content_index, delta, out);
                }
            }
            Delta::ToolcallEnd(ToolcallEnd { content_index, arguments, problem: _ }) => {
                // A call without arguments may come without a single piece of them.
                let nothing_sent = |call: &Call| call.content_index == *content_index && !call.has_arguments;
                if self.calls.iter().any(nothing_sent) {
                    self.arguments(*content_index, arguments, out);
                }
            }
            Delta::Attachment(attachment) => {
                if let Some(annotation) = self.annotations.of(attachment) {
                    self.chunk(out, |out| {
                        out.extend_from_slice(br#""annotations":["#);
                        sse::json(out, &annotation);
                        out.push(b']');
                    });
                }
            }
            Delta::Done(outcome) => self.done(outcome, out),
            Delta::Error(failed) => match filtered(failed) {
                Some(outcome) => self.done(&outcome, out),
                // An object with `error` makes the SDKs raise. `[DONE]` would say that the answer is whole, so it does not come.
                None => {
                    out.extend_from_slice(b"data: ");
                    out.extend_from_slice(&openai_error::body(&Refusal::from(&failed.failure)));
                    out.extend_from_slice(b"\n\n");
                }
            },
            Delta::TextEnd(_) | Delta::Notice(_) => {}
        }
    }

    fn arguments(&mut self, content_index: u32, piece: &str, out: &mut Vec<u8>) {
        let Some(index) = self.calls.iter().position(|call| call.content_index == content_index) else { return };
        self.calls[index].has_arguments = true;
        self.chunk(out, |out| {
            out.extend_from_slice(br#""tool_calls":[{"index":"#);
            sse::json(out, &index);
            out.extend_from_slice(br#","function":{"arguments":"#);
            sse::json(out, piece);
            out.extend_from_slice(b"}}]");
        });
    }

    /// The whole block, as the next request must give it back.
    fn thinking_block(&mut self, ended: &ThinkingEnd, out: &mut Vec<u8>) {
        let ThinkingEnd { content_index, signature, redacted } = ended;
        let position = self.thinking.iter().position(|(index, _)| index == content_index);
        let text = position.map(|position| self.thinking.swap_remove(position).1).unwrap_or_default();
        let block = whole::ThinkingBlock::of(&text, signature.as_deref(), *redacted);
        self.chunk(out, |out| {
            out.extend_from_slice(br#""thinking_blocks":["#);
            sse::json(out, &block);
            out.push(b']');
        });
    }

    fn done(&self, outcome: &Outcome, out: &mut Vec<u8>) {
        let Some(head) = &self.head else { return };
        if let Some(refusal) = refusal(outcome) {
            self.text_chunk(out, br#""refusal":"#, &refusal);
        }
        let tier = service_tier(outcome);
        let usage = self.include_usage.then(|| Usage::from(&outcome.usage));
        let finish = Finish { finish_reason: finish_reason(outcome), ..Finish::default() };
        let members = self.of_answer.of(outcome);
        sse::data(out, &Chunk { service_tier: tier.as_deref(), choices: &[finish], members, ..Chunk::of(head) });
        if usage.is_some() {
            sse::data(out, &Chunk { usage, service_tier: tier.as_deref(), ..Chunk::of(head) });
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
    }
}

/// A chunk that is written once or twice an answer.
#[derive(Serialize)]
struct Chunk<'a> {
    id: &'a str,
    object: &'static str,
    created: u64,
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'a str>,
    choices: &'a [Finish],
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Usage>,
    #[serde(flatten)]
    members: AnswerMembers,
}

impl<'a> Chunk<'a> {
    fn of(head: &'a Head) -> Self {
        Chunk {
            id: &head.id,
            object: "chat.completion.chunk",
            created: head.created_seconds(),
            model: &head.model,
            service_tier: None,
            choices: &[],
            usage: None,
            members: AnswerMembers::default(),
        }
    }
}

#[derive(Default, Serialize)]
struct Finish {
    index: u32,
    delta: Nothing,
    finish_reason: &'static str,
}

#[derive(Default, Serialize)]
struct Nothing {}

impl Writer for ChunkWriter {
    fn begin(&mut self, head: &Head) {
        let head = Head { id: format!("chatcmpl-{}", head.id), ..head.clone() };
        self.before.extend_from_slice(b"data: ");
        let mut chunk = Vec::new();
        sse::json(&mut chunk, &Chunk::of(&head));
        // The choice goes where the empty list ends, which is the last thing in the chunk.
        let opened = chunk.strip_suffix(b"]}").unwrap_or(&chunk);
        self.before.extend_from_slice(opened);
        self.before.extend_from_slice(br#"{"index":0,"delta":{"#);
        self.after.extend_from_slice(br#"},"finish_reason":null}]"#);
        if self.include_usage {
            self.after.extend_from_slice(br#","usage":null"#);
        }
        self.after.extend_from_slice(b"}\n\n");
        self.head = Some(head);
    }

    fn events(&mut self, deltas: &[Delta], out: &mut Vec<u8>) {
        for delta in deltas {
            self.delta(delta, out);
        }
    }

    fn whole(&mut self, message: &AssistantMessage, outcome: &Outcome, out: &mut Vec<u8>) {
        if let Some(head) = &self.head {
            whole::write(head, message, outcome, self.of_answer.of(outcome), out);
        }
    }

    fn ends_well(&self, failure: &TurnFailure) -> Option<Outcome> {
        filtered(failure)
    }
}
