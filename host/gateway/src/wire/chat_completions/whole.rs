//! A whole answer.

use serde::Serialize;

use super::annotations::{Annotation, Annotations};
use super::usage::{Usage, finish_reason};
use crate::contract::conversation::Outcome;
use crate::pi::message::{AssistantMessage, Block};
use crate::wire::bedrock_members::AnswerMembers;
use crate::wire::openai_outcome::{refusal, service_tier};
use crate::wire::{Head, sse};

#[derive(Serialize)]
struct Completion<'a> {
    id: &'a str,
    object: &'static str,
    created: u64,
    model: &'a str,
    choices: [Choice<'a>; 1],
    usage: Usage,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<String>,
    #[serde(flatten)]
    members: AnswerMembers,
}

#[derive(Serialize)]
struct Choice<'a> {
    /// There is one answer, so it is always 0, whatever Bedrock's block indexes are (LiteLLM PR #19506).
    index: u32,
    message: Message<'a>,
    logprobs: Option<()>,
    finish_reason: &'static str,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: Option<String>,
    refusal: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    thinking_blocks: Vec<ThinkingBlock<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Call<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    annotations: Vec<Annotation>,
}

/// A tool call; with its index in a stream.
#[derive(Debug, Serialize)]
pub(super) struct Call<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) index: Option<usize>,
    pub(super) id: &'a str,
    pub(super) r#type: &'static str,
    pub(super) function: Function<'a>,
}

#[derive(Debug, Serialize)]
pub(super) struct Function<'a> {
    pub(super) name: &'a str,
    pub(super) arguments: &'a str,
}

/// Thinking with what proves it, as LiteLLM has it and Anthropic has it.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ThinkingBlock<'a> {
    Thinking { thinking: &'a str, signature: Option<&'a str> },
    RedactedThinking { data: &'a str },
}

impl<'a> ThinkingBlock<'a> {
    pub(super) fn of(text: &'a str, signature: Option<&'a str>, redacted: bool) -> Self {
        match signature {
            Some(data) if redacted => ThinkingBlock::RedactedThinking { data },
            signature => ThinkingBlock::Thinking { thinking: text, signature },
        }
    }
}

/// Writes the completion.
pub(super) fn write(
    head: &Head,
    message: &AssistantMessage,
    outcome: &Outcome,
    members: AnswerMembers,
    out: &mut Vec<u8>,
) {
    let mut content: Option<String> = None;
    let mut reasoning: Option<String> = None;
    let (mut thinking_blocks, mut tool_calls, mut found) = (Vec::new(), Vec::new(), Vec::new());
    let mut annotations = Annotations::default();
    for (index, block) in (0..).zip(&message.content) {
        match block {
            Block::Text { text, citations } => {
                annotations.begin(index);
                annotations.text(text);
                content.get_or_insert_default().push_str(text);
                found.extend(citations.iter().filter_map(|citation| annotations.annotation(&citation.0)));
            }
            Block::Thinking { thinking, thinking_signature, redacted } => {
                if !redacted {
                    reasoning.get_or_insert_default().push_str(thinking);
                }
                thinking_blocks.push(ThinkingBlock::of(thinking, thinking_signature.as_deref(), *redacted));
            }
            Block::ToolCall(call) => {
                let function = Function { name: &call.name, arguments: call.arguments_text() };
                tool_calls.push(Call { index: None, id: &call.id, r#type: "function", function });
            }
        }
    }
    let message = Message {
        role: "assistant",
        content,
        refusal: refusal(outcome),
        reasoning_content: reasoning,
        thinking_blocks,
        tool_calls,
        annotations: found,
    };
    let completion = Completion {
        id: &head.id,
        object: "chat.completion",
        created: head.created_seconds(),
        model: &head.model,
        choices: [Choice { index: 0, message, logprobs: None, finish_reason: finish_reason(outcome) }],
        usage: Usage::from(&outcome.usage),
        service_tier: service_tier(outcome),
        members,
    };
    sse::json(out, &completion);
}
