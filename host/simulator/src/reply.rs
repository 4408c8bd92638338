//! The simulated model's reply to a request.

use serde_json::Value;

use super::dice::Dice;
use super::faults::Fault;
use super::models::CallableModel;
use super::request::ConverseRequest;
use super::usage::tokens_of;
use super::{attachments, speech, staged_replies, structured_output, thinking, tool_calls};

/// A whole answer, not yet cut into events.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reply {
    pub(crate) blocks: Vec<Block>,
    /// A `stopReason`, known or not.
    pub(crate) stop_reason: String,
    /// `additionalModelResponseFields`.
    pub(crate) additional_fields: Option<Value>,
    /// `trace` of the metadata.
    pub(crate) trace: Option<Value>,
}

/// A block of an answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Block {
    Text(String),
    /// Text with what it is taken from.
    Cited {
        text: String,
        citations: Vec<Value>,
    },
    Reasoning {
        text: String,
        signature: Option<String>,
    },
    /// Thinking that is encrypted.
    Redacted(Vec<u8>),
    ToolUse(ToolCall),
    /// The result of a tool of the service.
    ToolResult {
        tool_use_id: String,
        kind: &'static str,
        content: Value,
    },
}

/// A tool call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ToolCall {
    pub(crate) id: String,
    pub(crate) name: String,
    /// JSON text; not JSON where a fault or `maxTokens` cut it.
    pub(crate) arguments: String,
    /// The service runs this tool itself.
    pub(crate) by_the_service: bool,
}

/// What an answer is made from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) request: &'a ConverseRequest,
    pub(crate) model: &'a CallableModel,
    /// The region that the request was signed for.
    pub(crate) region: Option<&'a str>,
    /// Length of the request's body.
    pub(crate) body_bytes: usize,
}

impl Reply {
    /// An answer of these blocks.
    pub(crate) fn new(blocks: Vec<Block>, stop_reason: &str) -> Self {
        Self { blocks, stop_reason: stop_reason.to_owned(), additional_fields: None, trace: None }
    }

    /// Answers a request.
    pub(crate) fn to(asked: Asked<'_>, dice: &mut Dice) -> Self {
        let fault = asked.model.fault.as_ref();
        if let Some(reply) = fault.and_then(|fault| staged_replies::staged(fault, dice)) {
            return reply;
        }
        let mut reply = Self::spoken(asked, dice);
        reply.cut_at_stop_sequences(&asked.request.inference_config.stop_sequences);
        reply.cut_at_tokens(asked.most_tokens());
        match fault {
            Some(Fault::Stop(reason)) => reply.stop_reason.clone_from(reason),
            Some(Fault::MalformedTool) => staged_replies::spoil_tool_call(&mut reply, asked.request, dice),
            _ => {}
        }
        reply
    }

    fn spoken(asked: Asked<'_>, dice: &mut Dice) -> Self {
        let message = asked.request.last_user_message();
        let prompt = message.map(super::request::Message::text).unwrap_or_default();
        let calls = tool_calls::calls(asked.request, &prompt, dice);
        let plan = speech::plan(&calls);
        let mut blocks: Vec<Block> = thinking::think(asked.request, asked.model, &prompt, &plan).into_iter().collect();
        if calls.is_empty() {
            let seen = message.map(attachments::seen).unwrap_or_default();
            let structured = structured_output::answer(asked.request, &prompt);
            blocks.push(Block::Text(structured.unwrap_or_else(|| speech::answer(asked, &prompt, &seen))));
            return Self::new(blocks, "end_turn");
        }
        if !tool_calls::is_forced(asked.request) {
            blocks.push(Block::Text(speech::before_calls(&calls)));
        }
        blocks.extend(calls.into_iter().map(Block::ToolUse));
        Self::new(blocks, "tool_use")
    }

    /// The tokens of the whole answer.
    pub(crate) fn tokens(&self) -> u64 {
        self.blocks.iter().map(Block::tokens).sum::<u64>().max(1)
    }

    /// Ends at the first stop sequence in a text; the sequence itself is not said, as with Claude and Nova.
    fn cut_at_stop_sequences(&mut self, sequences: &[String]) {
        for number in 0..self.blocks.len() {
            let Block::Text(text) = &mut self.blocks[number] else { continue };
            let Some(at) = sequences.iter().filter_map(|sequence| text.find(sequence.as_str())).min() else { continue };
            text.truncate(at);
            self.blocks.truncate(number + usize::from(at > 0));
            "stop_sequence".clone_into(&mut self.stop_reason);
            return;
        }
    }

    /// Ends after so many tokens, in the middle of whatever is being said.
    fn cut_at_tokens(&mut self, most: u64) {
        let mut left = most;
        for number in 0..self.blocks.len() {
            let tokens = self.blocks[number].tokens();
            if tokens <= left {
                left -= tokens;
                continue;
            }
            let kept = self.blocks[number].keep(left);
            self.blocks.truncate(number + usize::from(kept));
            "max_tokens".clone_into(&mut self.stop_reason);
            return;
        }
    }
}

impl Block {
    fn tokens(&self) -> u64 {
        match self {
            Self::Text(text) | Self::Cited { text, .. } | Self::Reasoning { text, .. } => tokens_of(text),
            Self::Redacted(bytes) => u64::try_from(bytes.len() / 4).unwrap_or(u64::MAX),
            Self::ToolUse(call) => tokens_of(&call.name) + tokens_of(&call.arguments),
            Self::ToolResult { content, .. } => super::usage::tokens_of_json(content),
        }
    }

    /// Keeps the first tokens; false when nothing is left that could be said.
    fn keep(&mut self, tokens: u64) -> bool {
        let letters = usize::try_from(tokens.saturating_mul(4)).unwrap_or(usize::MAX);
        match self {
            Self::Text(text) | Self::Cited { text, .. } => keep_letters(text, letters),
            // Cut thinking has no signature: the model did not come so far.
            Self::Reasoning { text, signature } => {
                *signature = None;
                keep_letters(text, letters)
            }
            Self::ToolUse(call) => {
                let letters = letters.saturating_sub(call.name.chars().count());
                keep_letters(&mut call.arguments, letters)
            }
            Self::Redacted(_) | Self::ToolResult { .. } => false,
        }
    }
}

fn keep_letters(text: &mut String, letters: usize) -> bool {
    let end = text.char_indices().nth(letters).map_or(text.len(), |(at, _)| at);
    text.truncate(end);
    !text.is_empty()
}

impl Asked<'_> {
    fn most_tokens(&self) -> u64 {
        let asked = self.request.inference_config.max_tokens.and_then(|tokens| u64::try_from(tokens).ok());
        asked.or(self.model.max_tokens.map(u64::from)).unwrap_or(u64::MAX)
    }
}
