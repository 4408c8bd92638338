//! A whole answer.

use serde::Serialize;
use serde_json::value::RawValue;

use super::super::bedrock_members::AnswerMembers;
use super::super::sse;
use super::citations::{self, Citation};
use super::ending::{AskedOfEnding, Ending, UsageForm};
use super::server_tools::{ServerBlock, ServerToolUsage, read_server_block};
use super::writer::MessageHead;
use crate::contract::conversation::Outcome;
use crate::json::raw::Json;
use crate::pi::message::{AssistantMessage, AttachmentValue, Block, ToolCall};

#[derive(Debug, Serialize)]
struct MessageForm<'a> {
    id: &'a str,
    r#type: &'static str,
    role: &'static str,
    model: &'a str,
    content: Vec<BlockForm<'a>>,
    stop_reason: &'a str,
    stop_sequence: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_details: Option<&'a RawValue>,
    usage: &'a UsageForm,
    #[serde(flatten)]
    members: &'a AnswerMembers,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum BlockForm<'a> {
    Text {
        text: &'a str,
        citations: Option<Vec<Citation>>,
    },
    Thinking {
        thinking: &'a str,
        signature: &'a str,
    },
    RedactedThinking {
        data: &'a str,
    },
    ToolUse {
        id: &'a str,
        name: &'a str,
        input: Json,
    },
    /// A block of a tool that Bedrock ran.
    #[serde(untagged)]
    Server(ServerBlock),
}

/// Writes the answer.
pub(super) fn write(
    head: &MessageHead,
    message: &AssistantMessage,
    outcome: &Outcome,
    asked: &AskedOfEnding,
    out: &mut Vec<u8>,
) {
    // The blocks of server tools come before the model's text about them.
    let server_blocks: Vec<_> = message.attachments.iter().filter_map(server_block).collect();
    let mut counted = ServerToolUsage::default();
    server_blocks.iter().for_each(|block| counted.count(block));
    let ending = Ending::new(outcome, asked, counted);
    let mut content: Vec<_> = server_blocks.into_iter().map(BlockForm::Server).collect();
    content.extend(message.content.iter().map(block));
    let form = MessageForm {
        id: &head.id,
        r#type: "message",
        role: "assistant",
        model: &head.model,
        content,
        stop_reason: &ending.reason,
        stop_sequence: ending.sequence.as_deref(),
        stop_details: ending.details.as_deref(),
        usage: &ending.usage,
        members: &ending.members,
    };
    sse::json(out, &form);
}

fn block(block: &Block) -> BlockForm<'_> {
    match block {
        Block::Text { text, citations } => {
            let citations: Vec<_> = citations.iter().filter_map(|citation| citations::read(&citation.0)).collect();
            BlockForm::Text { text, citations: (!citations.is_empty()).then_some(citations) }
        }
        Block::Thinking { thinking_signature, redacted: true, .. } => {
            BlockForm::RedactedThinking { data: thinking_signature.as_deref().unwrap_or_default() }
        }
        Block::Thinking { thinking, thinking_signature, redacted: false } => {
            BlockForm::Thinking { thinking, signature: thinking_signature.as_deref().unwrap_or_default() }
        }
        Block::ToolCall(ToolCall { id, name, arguments, arguments_error, written: _ }) => {
            let input = match arguments_error {
                // An empty object would be a call that nobody made.
                Some(error) => {
                    let error = serde_json::Value::from(error.as_str());
                    Json(format!("{{\"INVALID_JSON\":{error}}}"))
                }
                None => arguments.clone(),
            };
            BlockForm::ToolUse { id, name, input }
        }
    }
}

fn server_block(attachment: &AttachmentValue) -> Option<ServerBlock> {
    read_server_block(&attachment.kind, &attachment.value.0)
}
