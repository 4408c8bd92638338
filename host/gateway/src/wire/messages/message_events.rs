//! The events about the message itself: its beginning and its end.

use serde::Serialize;
use serde_json::value::RawValue;

use super::super::bedrock_members::AnswerMembers;
use super::ending::{Ending, UsageForm};
use super::writer::MessageHead;

/// `message_start`: a message in which nothing is yet.
#[derive(Debug, Serialize)]
pub(super) struct MessageStart<'a> {
    r#type: &'static str,
    message: StartedMessage<'a>,
}

#[derive(Debug, Serialize)]
struct StartedMessage<'a> {
    id: &'a str,
    r#type: &'static str,
    role: &'static str,
    model: &'a str,
    content: [(); 0],
    stop_reason: Option<&'a str>,
    stop_sequence: Option<&'a str>,
    usage: NoUsage,
}

/// Bedrock counts at the end.
#[derive(Debug, Default, Serialize)]
struct NoUsage {
    input_tokens: u64,
    cache_creation_input_tokens: u64,
    cache_read_input_tokens: u64,
    output_tokens: u64,
}

impl<'a> MessageStart<'a> {
    /// The event's data.
    pub(super) fn new(head: &'a MessageHead) -> Self {
        let message = StartedMessage {
            id: &head.id,
            r#type: "message",
            role: "assistant",
            model: &head.model,
            content: [],
            stop_reason: None,
            stop_sequence: None,
            usage: NoUsage::default(),
        };
        MessageStart { r#type: "message_start", message }
    }
}

/// `message_delta`: how the message ended.
#[derive(Debug, Serialize)]
pub(super) struct MessageDelta<'a> {
    r#type: &'static str,
    delta: Stopped<'a>,
    usage: &'a UsageForm,
    #[serde(flatten)]
    members: &'a AnswerMembers,
}

#[derive(Debug, Serialize)]
struct Stopped<'a> {
    stop_reason: &'a str,
    stop_sequence: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_details: Option<&'a RawValue>,
}

impl<'a> MessageDelta<'a> {
    /// The event's data.
    pub(super) fn new(ending: &'a Ending) -> Self {
        let delta = Stopped {
            stop_reason: &ending.reason,
            stop_sequence: ending.sequence.as_deref(),
            stop_details: ending.details.as_deref(),
        };
        MessageDelta { r#type: "message_delta", delta, usage: &ending.usage, members: &ending.members }
    }
}
