//! Output items: one a content block.

use std::borrow::Cow;

use serde::Serialize;

use super::super::thinking_token::ThinkingToken;
use super::annotations::{Annotation, annotation};
use crate::pi::message::Block;

/// An output item.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Item<'a> {
    Message {
        id: String,
        status: &'static str,
        role: &'static str,
        content: Vec<Part<'a>>,
    },
    Reasoning {
        id: String,
        summary: Vec<Part<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        encrypted_content: Option<String>,
    },
    FunctionCall {
        id: String,
        status: &'static str,
        call_id: &'a str,
        name: &'a str,
        arguments: &'a str,
    },
}

/// A part of an item.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Part<'a> {
    OutputText { text: &'a str, annotations: Vec<Annotation>, logprobs: [(); 0] },
    SummaryText { text: &'a str },
    Refusal { refusal: Cow<'a, str> },
}

/// How far an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// It has begun: the item is shown empty.
    Begun,
    /// It has ended.
    Ended,
    /// It will not be continued.
    CutOff,
}

impl Progress {
    fn status(self) -> &'static str {
        match self {
            Progress::Begun => "in_progress",
            Progress::Ended => "completed",
            Progress::CutOff => "incomplete",
        }
    }
}

/// Whose item it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Of<'a> {
    /// The gateway's id of the request.
    pub(super) id: &'a str,
    /// The model that answers.
    pub(super) model: &'a str,
}

/// The prefix of a message's id.
pub(super) const MESSAGE: &str = "msg";

/// What an item's id begins with.
pub(super) fn prefix(block: &Block) -> &'static str {
    match block {
        Block::Text { .. } => MESSAGE,
        Block::Thinking { .. } => "rs",
        Block::ToolCall(_) => "fc",
    }
}

/// The part of a text block.
pub(super) fn text_part<'a>(text: &'a str, annotations: Vec<Annotation>) -> Part<'a> {
    Part::OutputText { text, annotations, logprobs: [] }
}

/// The item of a refusal's text. `index` is the position after the blocks.
pub(super) fn refusal_item<'a>(of: Of<'_>, index: usize, words: Cow<'a, str>, progress: Progress) -> Item<'a> {
    let content = (progress != Progress::Begun).then_some(Part::Refusal { refusal: words });
    Item::Message {
        id: format!("{MESSAGE}_{}_{index}", of.id),
        status: progress.status(),
        role: "assistant",
        content: content.into_iter().collect(),
    }
}

/// The item of a block.
pub(super) fn item<'a>(of: Of<'_>, index: usize, block: &'a Block, progress: Progress) -> Item<'a> {
    let id = format!("{}_{}_{index}", prefix(block), of.id);
    let begun = progress == Progress::Begun;
    let status = progress.status();
    match block {
        Block::Text { text, citations } => {
            let part = || text_part(text, citations.iter().map(|citation| annotation(citation, text)).collect());
            Item::Message { id, status, role: "assistant", content: (!begun).then(part).into_iter().collect() }
        }
        Block::Thinking { thinking, thinking_signature, redacted } => {
            let summary = (!begun && !thinking.is_empty()).then(|| Part::SummaryText { text: thinking });
            // Thinking that was cut off has no signature yet, so it cannot be sent back.
            let token = (progress == Progress::Ended).then(|| ThinkingToken {
                model: of.model.to_owned(),
                signature: thinking_signature.clone(),
                redacted: *redacted,
            });
            let encrypted_content = token.map(|token| token.write());
            Item::Reasoning { id, summary: summary.into_iter().collect(), encrypted_content }
        }
        Block::ToolCall(call) => Item::FunctionCall {
            id,
            // Arguments that cannot be read were cut off or malformed: the call must not pass for a whole one.
            status: if call.arguments_error.is_some() { "incomplete" } else { status },
            call_id: &call.id,
            name: &call.name,
            arguments: if progress == Progress::Ended { call.arguments_text() } else { "" },
        },
    }
}
