//! Renders one answer.

use super::super::{Head, Writer};
use super::ending::{self, AskedOfEnding};
use super::events::Events;
use super::whole;
use crate::contract::conversation::{Delta, Outcome, TurnFailure};
use crate::pi::message::AssistantMessage;

/// Renders an answer as Anthropic's message, or as the events of one.
#[derive(Debug)]
pub(super) struct MessageWriter {
    asked: AskedOfEnding,
    head: MessageHead,
    events: Events,
}

/// The beginning of a message.
#[derive(Debug, Default)]
pub(super) struct MessageHead {
    /// `msg_…`.
    pub(super) id: String,
    /// `req_…`, for errors.
    pub(super) request_id: String,
    /// The model that answers.
    pub(super) model: String,
}

impl MessageWriter {
    /// Begins.
    pub(super) fn new(asked: AskedOfEnding) -> Self {
        MessageWriter { asked, head: MessageHead::default(), events: Events::default() }
    }
}

impl Writer for MessageWriter {
    fn begin(&mut self, head: &Head) {
        let (id, request_id) = (format!("msg_{}", head.id), head.request_id());
        self.head = MessageHead { id, request_id, model: head.model.clone() };
    }

    fn events(&mut self, deltas: &[Delta], out: &mut Vec<u8>) {
        for delta in deltas {
            self.events.take(delta, &self.head, &self.asked, out);
        }
    }

    fn whole(&mut self, message: &AssistantMessage, outcome: &Outcome, out: &mut Vec<u8>) {
        whole::write(&self.head, message, outcome, &self.asked, out);
    }

    fn ends_well(&self, failure: &TurnFailure) -> Option<Outcome> {
        ending::of_failure(failure)
    }

    fn keep_alive(&self) -> &'static [u8] {
        b"event: ping\ndata: {\"type\":\"ping\"}\n\n"
    }
}
