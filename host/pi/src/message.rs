//! pi's `AssistantMessage`, and the fold that makes it of deltas.
//!
//! What pi has no place for is kept beside: citations at their text block, server tools in `attachments`, the service's
//! metrics and traces in `extras`.

use serde::Serialize;

use crate::contract::conversation::{
    AnswerDetails, Attachment, Delta, Fragment, Outcome, StopReason, ThinkingEnd, ToolcallEnd, ToolcallStart,
    TurnFailure,
};
use crate::contract::types::{Failure, FailureKind, Usage as ContractUsage, UsageCost};
use quarry_contract::json::failure::FailureKindForm;
use quarry_contract::json::raw::{Json, Members, number};
use quarry_contract::json::turn::named_details;

/// A message of the assistant, in pi's form.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AssistantMessage {
    role: &'static str,
    /// The content blocks, in the order in which they began.
    pub content: Vec<Block>,
    /// What belongs to the message and has no place in pi's: calls and results of the service's own tools.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<AttachmentValue>,
    /// The API that it came over: `bedrock-converse-stream`.
    pub api: String,
    /// The provider that it is from: `amazon-bedrock`.
    pub provider: String,
    /// The model's id.
    pub model: String,
    /// The service's id of the answer, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_id: Option<String>,
    /// What it took; zeros until the end.
    pub usage: Usage,
    /// How it ended: `stop`, `length`, `toolUse`, `error`, `aborted`; `pending` while it has not.
    pub stop_reason: String,
    /// Bedrock's own word for it, where one came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw_stop_reason: Option<String>,
    /// What went wrong, for a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// What went wrong, for a program.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub diagnostics: Vec<Diagnostic>,
    /// What else the service said: `metrics`, `trace`, `serviceTier`.
    #[serde(skip_serializing_if = "Members::is_empty")]
    pub extras: Members<Json>,
    /// When the message began, in milliseconds since 1970. The caller's clock, never one of this module.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<u64>,
}

/// A content block.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Block {
    /// Text.
    Text {
        /// The text.
        text: String,
        /// Citations of it, in Bedrock's own JSON.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        citations: Vec<Json>,
    },
    /// Thinking.
    Thinking {
        /// The text; a placeholder when redacted.
        thinking: String,
        /// The signature; for redacted thinking the base64 of its bytes.
        #[serde(skip_serializing_if = "Option::is_none")]
        thinking_signature: Option<String>,
        /// Whether the service redacted it.
        #[serde(skip_serializing_if = "is_false")]
        redacted: bool,
    },
    /// A tool call.
    ToolCall(ToolCall),
}

/// A tool call.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolCall {
    /// The call's id.
    pub id: String,
    /// The tool's name.
    pub name: String,
    /// The arguments: `{}` until the call has ended.
    pub arguments: Json,
    /// Why the arguments are empty, where what the model wrote cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arguments_error: Option<String>,
    /// What the model wrote, until the call has ended, and after that where it cannot be read. pi has no member for it.
    #[serde(skip)]
    pub written: String,
}

impl ToolCall {
    /// The arguments as a text, for formats that have them so: as the model wrote them where they cannot be read. `{}` in their
    /// place would be a call that nobody made, and a tool without required arguments would run.
    #[must_use]
    pub fn arguments_text(&self) -> &str {
        if self.arguments_error.is_some() && !self.written.is_empty() { &self.written } else { &self.arguments.0 }
    }
}

/// Something of Bedrock's own that pi has no block for.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AttachmentValue {
    /// The block that it belongs to, if to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_index: Option<u32>,
    /// What it is, such as `server-tool-use`.
    pub kind: String,
    /// Bedrock's own JSON of it.
    pub value: Json,
}

/// Token counts and their cost, in pi's form.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    input: u64,
    output: u64,
    cache_read: u64,
    cache_write: u64,
    #[serde(rename = "cacheWrite1h", skip_serializing_if = "is_zero")]
    cache_write_long: u64,
    total_tokens: u64,
    cost: Cost,
}

/// Cost in US dollars, in pi's form.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Cost {
    #[serde(serialize_with = "number")]
    input: f64,
    #[serde(serialize_with = "number")]
    output: f64,
    #[serde(serialize_with = "number")]
    cache_read: f64,
    #[serde(serialize_with = "number")]
    cache_write: f64,
    #[serde(serialize_with = "number")]
    total: f64,
}

/// What went wrong, for a program: pi's `bedrock_response_failure` with the failure's kind and hint besides.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Diagnostic {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<u64>,
    details: DiagnosticDetails,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct DiagnosticDetails {
    kind: FailureKindForm,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    retryable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suggestions: Vec<String>,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl From<&ContractUsage> for Usage {
    fn from(usage: &ContractUsage) -> Self {
        let ContractUsage { input, output, cache_read, cache_write, cache_write_long, total, cost } = *usage;
        let UsageCost {
            input: for_input,
            output: for_output,
            cache_read: for_read,
            cache_write: for_write,
            total: all,
        } = cost;
        Usage {
            input,
            output,
            cache_read,
            cache_write,
            cache_write_long,
            total_tokens: total,
            cost: Cost {
                input: for_input,
                output: for_output,
                cache_read: for_read,
                cache_write: for_write,
                total: all,
            },
        }
    }
}

/// Makes pi's message of deltas, one after the other.
#[derive(Debug, Clone)]
pub struct Fold {
    message: AssistantMessage,
}

impl Fold {
    /// Begins a message of this model. `timestamp` is the caller's clock in milliseconds since 1970; none leaves the member
    /// out.
    #[must_use]
    pub fn new(api: &str, provider: &str, model: &str, timestamp: Option<u64>) -> Self {
        Fold {
            message: AssistantMessage {
                role: "assistant",
                content: Vec::new(),
                attachments: Vec::new(),
                api: api.to_owned(),
                provider: provider.to_owned(),
                model: model.to_owned(),
                response_id: None,
                usage: Usage::default(),
                stop_reason: "pending".to_owned(),
                raw_stop_reason: None,
                error_message: None,
                diagnostics: Vec::new(),
                extras: Members::default(),
                timestamp,
            },
        }
    }

    /// The message so far.
    #[must_use]
    pub fn message(&self) -> &AssistantMessage {
        &self.message
    }

    /// The message, taken out.
    #[must_use]
    pub fn into_message(self) -> AssistantMessage {
        self.message
    }

    /// Puts one delta into the message. A delta for a block that is not there, or is of another kind, changes nothing: a
    /// provider may be wrong, and what came before stays.
    pub fn apply(&mut self, delta: &Delta) {
        match delta {
            Delta::Start | Delta::TextEnd(_) | Delta::Notice(_) => {}
            Delta::TextStart(index) => self.open(*index, Block::Text { text: String::new(), citations: Vec::new() }),
            Delta::TextDelta(Fragment { content_index, delta }) => {
                if let Some(Block::Text { text, .. }) = self.block(*content_index) {
                    text.push_str(delta);
                }
            }
            Delta::ThinkingStart(index) => self
                .open(*index, Block::Thinking { thinking: String::new(), thinking_signature: None, redacted: false }),
            Delta::ThinkingDelta(Fragment { content_index, delta }) => {
                if let Some(Block::Thinking { thinking, .. }) = self.block(*content_index) {
                    thinking.push_str(delta);
                }
            }
            Delta::ThinkingEnd(ThinkingEnd { content_index, signature, redacted: is_redacted }) => {
                if let Some(Block::Thinking { thinking_signature, redacted, .. }) = self.block(*content_index) {
                    thinking_signature.clone_from(signature);
                    *redacted = *is_redacted;
                }
            }
            Delta::ToolcallStart(ToolcallStart { content_index, id, name }) => self.open(
                *content_index,
                Block::ToolCall(ToolCall {
                    id: id.clone(),
                    name: name.clone(),
                    arguments: Json("{}".to_owned()),
                    arguments_error: None,
                    written: String::new(),
                }),
            ),
            Delta::ToolcallDelta(Fragment { content_index, delta }) => {
                if let Some(Block::ToolCall(call)) = self.block(*content_index) {
                    call.written.push_str(delta);
                }
            }
            Delta::ToolcallEnd(ToolcallEnd { content_index, arguments, problem }) => {
                if let Some(Block::ToolCall(call)) = self.block(*content_index) {
                    call.arguments = Json(arguments.clone());
                    call.arguments_error.clone_from(problem);
                    if problem.is_none() {
                        call.written = String::new();
                    }
                }
            }
            Delta::Attachment(attachment) => self.attach(attachment),
            Delta::Done(outcome) => self.end_well(outcome),
            Delta::Error(failure) => self.end_badly(failure),
        }
    }

    /// Blocks are numbered densely in the order in which they begin, so a new one has the next index.
    fn open(&mut self, index: u32, block: Block) {
        if index as usize == self.message.content.len() {
            self.message.content.push(block);
        }
    }

    fn block(&mut self, index: u32) -> Option<&mut Block> {
        self.message.content.get_mut(index as usize)
    }

    fn attach(&mut self, attachment: &Attachment) {
        let Attachment { content_index, kind, value } = attachment;
        if kind == "citation"
            && let Some(Block::Text { citations, .. }) = content_index.and_then(|index| self.block(index))
        {
            citations.push(Json(value.clone()));
            return;
        }
        let value = AttachmentValue { content_index: *content_index, kind: kind.clone(), value: Json(value.clone()) };
        self.message.attachments.push(value);
    }

    fn end_well(&mut self, outcome: &Outcome) {
        let Outcome { reason, raw_stop_reason, usage, details } = outcome;
        stop_reason(reason).clone_into(&mut self.message.stop_reason);
        self.message.raw_stop_reason = Some(raw_stop_reason.clone());
        self.account(usage, details);
    }

    fn end_badly(&mut self, failed: &TurnFailure) {
        let TurnFailure { failure, raw_stop_reason, usage, details } = failed;
        failure_reason(failure).clone_into(&mut self.message.stop_reason);
        self.message.raw_stop_reason.clone_from(raw_stop_reason);
        self.account(usage, details);
        let Failure {
            kind,
            message,
            hint,
            retryable,
            retry_after_ms,
            code,
            status,
            request_id,
            suggestions,
            repair: _,
        } = failure;
        self.message.error_message = Some(message.clone());
        // The caller knows of its own stop; pi gives no diagnostic for it either.
        if *kind == FailureKind::Aborted {
            return;
        }
        self.message.diagnostics.push(Diagnostic {
            r#type: "bedrock_response_failure",
            timestamp: self.message.timestamp,
            details: DiagnosticDetails {
                kind: FailureKindForm::from(kind.clone()),
                status: *status,
                error_code: code.clone(),
                request_id: request_id.clone(),
                retryable: *retryable,
                retry_after_ms: *retry_after_ms,
                hint: hint.clone(),
                suggestions: suggestions.clone(),
            },
        });
    }

    fn account(&mut self, usage: &ContractUsage, details: &AnswerDetails) {
        self.message.usage = usage.into();
        self.message.extras = named_details(details);
    }
}

/// How a turn that ended well ended, in pi's words.
#[must_use]
pub fn stop_reason(reason: &StopReason) -> &str {
    match reason {
        StopReason::Stop => "stop",
        StopReason::Length => "length",
        StopReason::ToolUse => "toolUse",
        StopReason::Other(name) => name,
    }
}

/// How a turn that failed ended, in pi's words: `aborted` where the caller stopped it, else `error`.
#[must_use]
pub fn failure_reason(failure: &Failure) -> &'static str {
    if failure.kind == FailureKind::Aborted { "aborted" } else { "error" }
}
