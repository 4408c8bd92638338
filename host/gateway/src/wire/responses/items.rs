//! Output items: one a content block.

use std::borrow::Cow;

use serde::Serialize;

use super::super::thinking_token::ThinkingToken;
use super::annotations::{Annotation, annotation};
use super::tools::{Kind, ToolNames, custom};
use crate::json::raw::Json;
use crate::pi::message::{Block, ToolCall};

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
        #[serde(skip_serializing_if = "Option::is_none")]
        namespace: Option<&'a str>,
        name: &'a str,
        arguments: &'a str,
    },
    CustomToolCall {
        id: String,
        status: &'static str,
        call_id: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        namespace: Option<&'a str>,
        name: &'a str,
        input: String,
    },
    ToolSearchCall {
        id: String,
        status: &'static str,
        call_id: &'a str,
        execution: &'static str,
        arguments: Json,
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
    /// How the client declared its tools.
    pub(super) names: &'a ToolNames,
}

impl Of<'_> {
    /// How the client declared the tool of a call.
    pub(super) fn kind(&self, call: &ToolCall) -> Kind {
        self.names.get(&call.name).map_or(Kind::Function, |tool| tool.kind)
    }
}

/// The prefix of a message's id.
pub(super) const MESSAGE: &str = "msg";

/// What an item's id begins with.
pub(super) fn prefix(of: Of<'_>, block: &Block) -> &'static str {
    match block {
        Block::Text { .. } => MESSAGE,
        Block::Thinking { .. } => "rs",
        Block::ToolCall(call) => match of.kind(call) {
            Kind::Function => "fc",
            Kind::Custom => "ctc",
            Kind::Search => "tsc",
        },
    }
}

/// The id of a block's item.
pub(super) fn item_id(of: Of<'_>, index: usize, block: &Block) -> String {
    format!("{}_{}_{index}", prefix(of, block), of.id)
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
pub(super) fn item<'a>(of: Of<'a>, index: usize, block: &'a Block, progress: Progress) -> Item<'a> {
    let id = item_id(of, index, block);
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
        Block::ToolCall(call) => tool_call(of, id, call, progress),
    }
}

fn tool_call<'a>(of: Of<'a>, id: String, call: &'a ToolCall, progress: Progress) -> Item<'a> {
    // Arguments that cannot be read were cut off or malformed: the call must not pass for a whole one.
    let status = if call.arguments_error.is_some() { "incomplete" } else { progress.status() };
    let ended = progress == Progress::Ended;
    let declared = of.names.get(&call.name);
    let namespace = declared.and_then(|tool| tool.namespace.as_deref());
    let name = declared.map_or(call.name.as_str(), |tool| &tool.name);
    let call_id = &call.id;
    match of.kind(call) {
        Kind::Function => {
            let arguments = if ended { call.arguments_text() } else { "" };
            Item::FunctionCall { id, status, call_id, namespace, name, arguments }
        }
        Kind::Custom => {
            let input = if ended { custom::input(call) } else { String::new() };
            Item::CustomToolCall { id, status, call_id, namespace, name, input }
        }
        Kind::Search => {
            Item::ToolSearchCall { id, status, call_id, execution: "client", arguments: call.arguments.clone() }
        }
    }
}
