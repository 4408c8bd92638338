//! Rendering an answer.
//!
//! The answer is kept while it comes, because the events that end a part, an item and the response hold all of it.

use std::io::Write as _;
use std::time::SystemTime;

use super::super::{Head, Writer, filtered, sse};
use super::annotations::annotation;
use super::echo::RequestFacts;
use super::items::{Of, Part, Progress, item, prefix, text_part};
use super::kept::Keeper;
use super::response::{State, incomplete, response};
use crate::contract::conversation::{Delta, Fragment, Outcome, TurnFailure};
use crate::pi::events::member;
use crate::pi::message::{AssistantMessage, Block, Fold};
use crate::refusal::Refusal;
use crate::wire::openai_error::OpenAiError;

mod calls;
mod filtered;
mod keeping;

/// Writes the events, or the whole answer.
#[derive(Debug)]
pub(super) struct Events {
    head: Head,
    request: RequestFacts,
    fold: Fold,
    /// The number of the next event.
    sequence: u64,
    has_begun: bool,
    /// Blocks that have begun and not ended.
    open: Vec<Open>,
}

#[derive(Debug)]
struct Open {
    index: u32,
    /// Whether anything of it was shown.
    has_content: bool,
}

impl Events {
    pub(super) fn new(request: RequestFacts) -> Self {
        Events {
            head: Head { id: String::new(), model: String::new(), created: SystemTime::UNIX_EPOCH },
            request,
            fold: Fold::new("", "", "", None),
            sequence: 0,
            has_begun: false,
            open: Vec::new(),
        }
    }

    fn of(&self) -> Of<'_> {
        Of { id: &self.head.id, model: &self.head.model, names: &self.request.names }
    }

    fn block(&self, index: u32) -> Option<&Block> {
        self.fold.message().content.get(index as usize)
    }

    /// Begins an event: its name and number.
    fn begin_event(&mut self, out: &mut Vec<u8>, name: &str) {
        for fixed in
            [&b"event: "[..], name.as_bytes(), b"\ndata: {\"type\":\"", name.as_bytes(), b"\",\"sequence_number\":"]
        {
            out.extend_from_slice(fixed);
        }
        number(out, self.sequence);
        self.sequence += 1;
    }

    /// Begins an event of an item: its name, number, item and index.
    fn begin_item_event(&mut self, out: &mut Vec<u8>, name: &str, prefix: &str, index: u32) {
        self.begin_event(out, name);
        for fixed in [&b",\"item_id\":\""[..], prefix.as_bytes(), b"_", self.head.id.as_bytes(), b"_"] {
            out.extend_from_slice(fixed);
        }
        number(out, u64::from(index));
        out.extend_from_slice(b"\",\"output_index\":");
        number(out, u64::from(index));
    }

    /// An event of a whole response.
    fn response_event(&mut self, out: &mut Vec<u8>, name: &str, state: State<'_>) {
        self.begin_event(out, name);
        member(out, "response", &response(&self.head, &self.request, self.fold.message(), state));
        end(out);
    }

    /// An event of a whole item.
    fn whole_item_event(&mut self, out: &mut Vec<u8>, name: &str, index: u32, progress: Progress) {
        self.begin_event(out, name);
        member(out, "output_index", &index);
        if let Some(block) = self.block(index) {
            member(out, "item", &item(self.of(), index as usize, block, progress));
        }
        end(out);
    }

    /// An event of a part of an item. `place` is the name of the part's index, which is always 0.
    fn part_event(
        &mut self,
        out: &mut Vec<u8>,
        name: &str,
        (prefix, place): (&str, &str),
        index: u32,
        part: &Part<'_>,
    ) {
        self.begin_item_event(out, name, prefix, index);
        member(out, place, &0);
        member(out, "part", part);
        end(out);
    }

    /// An event with a text of a part.
    fn text_event(&mut self, out: &mut Vec<u8>, name: &str, fixed: &[u8], index: u32, (what, text): (&str, &str)) {
        let prefix = self.block(index).map_or("", |block| prefix(self.of(), block));
        self.begin_item_event(out, name, prefix, index);
        out.extend_from_slice(fixed);
        member(out, what, text);
        end(out);
    }

    fn start(&mut self, out: &mut Vec<u8>) {
        if !self.has_begun {
            self.has_begun = true;
            self.response_event(out, "response.created", State::InProgress);
            self.response_event(out, "response.in_progress", State::InProgress);
        }
    }

    fn start_item(&mut self, out: &mut Vec<u8>, index: u32) {
        self.open.push(Open { index, has_content: false });
        self.whole_item_event(out, "response.output_item.added", index, Progress::Begun);
    }

    fn end_item(&mut self, out: &mut Vec<u8>, index: u32) {
        self.open.retain(|open| open.index != index);
        self.whole_item_event(out, "response.output_item.done", index, Progress::Ended);
    }

    /// Takes note that something of a block is shown; whether it is the first. None when no such block is open, which is a
    /// provider's mistake and must not become an event that makes a client fail.
    fn show(&mut self, index: u32) -> Option<bool> {
        let open = self.open.iter_mut().find(|open| open.index == index)?;
        Some(!std::mem::replace(&mut open.has_content, true))
    }

    fn start_summary(&mut self, out: &mut Vec<u8>, index: u32) {
        let part = Part::SummaryText { text: "" };
        self.part_event(out, "response.reasoning_summary_part.added", ("rs", "summary_index"), index, &part);
    }

    fn end_text(&mut self, out: &mut Vec<u8>, index: u32) {
        let Some(Block::Text { text, citations }) = self.open_block(index) else { return };
        for (position, citation) in citations.iter().enumerate() {
            self.begin_item_event(out, "response.output_text.annotation.added", "msg", index);
            out.extend_from_slice(b",\"content_index\":0");
            member(out, "annotation_index", &position);
            member(out, "annotation", &annotation(citation, &text));
            end(out);
        }
        self.text_event(out, "response.output_text.done", TEXT, index, ("text", &text));
        let part = text_part(&text, citations.iter().map(|citation| annotation(citation, &text)).collect());
        self.part_event(out, "response.content_part.done", ("msg", "content_index"), index, &part);
        self.end_item(out, index);
    }

    fn end_thinking(&mut self, out: &mut Vec<u8>, index: u32) {
        let Some(Block::Thinking { thinking, .. }) = self.open_block(index) else { return };
        if self.open.iter().any(|open| open.index == index && open.has_content) {
            self.text_event(out, "response.reasoning_summary_text.done", SUMMARY, index, ("text", &thinking));
            let part = Part::SummaryText { text: &thinking };
            self.part_event(out, "response.reasoning_summary_part.done", ("rs", "summary_index"), index, &part);
        }
        self.end_item(out, index);
    }

    /// A copy of a block that is open.
    fn open_block(&self, index: u32) -> Option<Block> {
        self.open.iter().find(|open| open.index == index)?;
        self.block(index).cloned()
    }

    fn fail(&mut self, out: &mut Vec<u8>, failed: &TurnFailure) {
        let TurnFailure { failure, raw_stop_reason: _, usage, details: _ } = failed;
        let refusal = Refusal::from(failure);
        let open: Vec<_> = self.open.iter().map(|open| open.index).collect();
        self.response_event(out, "response.failed", State::Failed { refusal: &refusal, usage, open: &open });
        self.begin_event(out, "error");
        let error = OpenAiError::from(&refusal);
        // The SDKs raise what stands in `error`; OpenAI's own type of this event has the same beside it.
        member(out, "error", &error);
        member(out, "message", &error.message);
        member(out, "code", &error.code);
        member(out, "param", &error.param);
        end(out);
    }

    fn write(&mut self, delta: &Delta, out: &mut Vec<u8>) {
        match delta {
            Delta::TextDelta(Fragment { content_index, delta }) => {
                if self.show(*content_index).is_some() && !delta.is_empty() {
                    self.text_event(out, "response.output_text.delta", TEXT, *content_index, ("delta", delta));
                }
            }
            Delta::ThinkingDelta(Fragment { content_index, delta }) if !delta.is_empty() => {
                match self.show(*content_index) {
                    Some(true) => self.start_summary(out, *content_index),
                    Some(false) => {}
                    None => return,
                }
                let name = "response.reasoning_summary_text.delta";
                self.text_event(out, name, SUMMARY, *content_index, ("delta", delta));
            }
            Delta::ToolcallDelta(Fragment { content_index, delta }) if !delta.is_empty() => {
                self.continue_call(out, *content_index, delta);
            }
            Delta::TextStart(index) => {
                self.start_item(out, *index);
                let part = text_part("", Vec::new());
                self.part_event(out, "response.content_part.added", ("msg", "content_index"), *index, &part);
            }
            Delta::ThinkingStart(index) => self.start_item(out, *index),
            Delta::ToolcallStart(start) => self.start_item(out, start.content_index),
            Delta::TextEnd(index) => self.end_text(out, *index),
            Delta::ThinkingEnd(end) => self.end_thinking(out, end.content_index),
            Delta::ToolcallEnd(end) => self.end_call(out, end),
            Delta::Done(outcome) => {
                self.keep_answer();
                let name = if incomplete(outcome).is_some() { "response.incomplete" } else { "response.completed" };
                self.response_event(out, name, State::Ended(outcome));
            }
            Delta::Error(failed) => match filtered(failed) {
                Some(outcome) => self.end_filtered(&outcome, out),
                None => self.fail(out, failed),
            },
            // Citations are told when their text has ended; server tools and notices have no form.
            Delta::Start
            | Delta::Attachment(_)
            | Delta::Notice(_)
            | Delta::ThinkingDelta(_)
            | Delta::ToolcallDelta(_) => {}
        }
    }
}

/// Where the text of a message's part is, and that there are no probabilities of it.
const TEXT: &[u8] = b",\"content_index\":0,\"logprobs\":[]";

/// Where the text of a summary is.
const SUMMARY: &[u8] = b",\"summary_index\":0";

fn number(out: &mut Vec<u8>, number: u64) {
    // Writing to a vector cannot fail.
    let _ = write!(out, "{number}");
}

fn end(out: &mut Vec<u8>) {
    out.extend_from_slice(b"}\n\n");
}

impl Writer for Events {
    fn begin(&mut self, head: &Head) {
        self.head = head.clone();
    }

    fn events(&mut self, deltas: &[Delta], out: &mut Vec<u8>) {
        for delta in deltas {
            self.start(out);
            self.fold.apply(delta);
            self.write(delta, out);
        }
    }

    fn keep(&mut self, keeper: Keeper) {
        self.request.keeper = Some(keeper).filter(|keeper| keeper.keeps() && self.request.to_keep.is_some());
    }

    fn whole(&mut self, message: &AssistantMessage, outcome: &Outcome, out: &mut Vec<u8>) {
        keeping::keep(&self.head, &mut self.request, message);
        sse::json(out, &response(&self.head, &self.request, message, State::Ended(outcome)));
    }

    fn ends_well(&self, failure: &TurnFailure) -> Option<Outcome> {
        filtered(failure)
    }
}
