//! How an answer ended: stop reason and usage, the same in a stream and as a whole.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::super::bedrock_members::{AnswerMembers, AskedOfAnswer};
use super::server_tools::ServerToolUsage;
use crate::contract::conversation::{AnswerDetails, Outcome, StopReason, TurnFailure};
use crate::contract::types::{FailureKind, Usage};
use crate::json::raw::compact;

/// The model refused, or a filter stopped it.
const REFUSAL: &str = "refusal";

/// How an answer ended.
#[derive(Debug)]
pub(super) struct Ending {
    /// `stop_reason`.
    pub(super) reason: Cow<'static, str>,
    /// Which of the client's sequences stopped it.
    pub(super) sequence: Option<String>,
    /// Why it was refused, in Anthropic's own JSON.
    pub(super) details: Option<Box<RawValue>>,
    /// What it took.
    pub(super) usage: UsageForm,
    /// The fields that the client requested under Bedrock's names.
    pub(super) members: AnswerMembers,
}

/// The options of a request that affect the end of its answer.
#[derive(Debug, Default)]
pub(super) struct AskedOfEnding {
    /// The client's stop sequences.
    pub(super) stop_sequences: Vec<String>,
    /// What it asks for under Bedrock's names.
    pub(super) of_answer: AskedOfAnswer,
}

/// `usage`, with the numbers that clients add up at the top.
#[derive(Debug, Serialize)]
pub(super) struct UsageForm {
    input_tokens: u64,
    cache_creation_input_tokens: u64,
    cache_read_input_tokens: u64,
    cache_creation: CacheCreation,
    output_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_tool_use: Option<ServerToolUsage>,
    service_tier: Cow<'static, str>,
}

#[derive(Debug, Serialize)]
struct CacheCreation {
    ephemeral_5m_input_tokens: u64,
    ephemeral_1h_input_tokens: u64,
}

/// Bedrock's values for `additionalModelResponseFieldPaths`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ResponseFields {
    stop_sequence: Option<String>,
    stop_details: Option<Box<RawValue>>,
}

impl Ending {
    /// Reads an outcome. `counted` are the service's own tools that ran.
    pub(super) fn new(outcome: &Outcome, asked: &AskedOfEnding, counted: ServerToolUsage) -> Ending {
        let fields = outcome.details.additional_response_fields.as_deref();
        let fields: ResponseFields =
            fields.and_then(|fields| serde_json::from_str(&compact(fields)).ok()).unwrap_or_default();
        let reason = reason(outcome);
        let sequence =
            fields.stop_sequence.filter(|_| reason == "stop_sequence").or_else(|| match &asked.stop_sequences[..] {
                // Where there was one only, nobody has to say which.
                [only] if reason == "stop_sequence" => Some(only.clone()),
                _ => None,
            });
        let details = fields.stop_details.filter(|_| reason == REFUSAL);
        let usage = UsageForm::new(&outcome.usage, &outcome.details, counted);
        Ending { reason, sequence, details, usage, members: asked.of_answer.of(outcome) }
    }
}

/// Anthropic's word. Converse has taken its words over from Anthropic, so the model's own counts where it agrees with what the
/// answer holds.
fn reason(outcome: &Outcome) -> Cow<'static, str> {
    let raw = outcome.raw_stop_reason.as_str();
    match &outcome.reason {
        StopReason::ToolUse => "tool_use".into(),
        StopReason::Stop if raw == "stop_sequence" => "stop_sequence".into(),
        StopReason::Stop => "end_turn".into(),
        StopReason::Length if raw == "model_context_window_exceeded" => "model_context_window_exceeded".into(),
        StopReason::Length => "max_tokens".into(),
        StopReason::Other(word) => Cow::Owned(word.clone()),
    }
}

impl UsageForm {
    fn new(usage: &Usage, details: &AnswerDetails, counted: ServerToolUsage) -> Self {
        let tier = details.service_tier.clone();
        UsageForm {
            input_tokens: usage.input,
            cache_creation_input_tokens: usage.cache_write,
            cache_read_input_tokens: usage.cache_read,
            cache_creation: CacheCreation {
                ephemeral_5m_input_tokens: usage.cache_write.saturating_sub(usage.cache_write_long),
                ephemeral_1h_input_tokens: usage.cache_write_long,
            },
            output_tokens: usage.output,
            server_tool_use: counted.told(details.server_tool_usage.as_deref()),
            service_tier: match tier {
                Some(tier) if tier != "default" => Cow::Owned(tier),
                _ => "standard".into(),
            },
        }
    }
}

/// The end of an answer that is a failure elsewhere and has a stop reason in Anthropic's API: the model or a filter refused, or
/// the turn is to be gone on with. Only what Bedrock itself ended so; an exception is an error here too.
pub(super) fn of_failure(failed: &TurnFailure) -> Option<Outcome> {
    let raw = failed.raw_stop_reason.clone()?;
    let word = match &failed.failure.kind {
        FailureKind::Refused | FailureKind::ContentFiltered => REFUSAL,
        FailureKind::Other(kind) if kind == "stop-reason:pause_turn" => "pause_turn",
        _ => return None,
    };
    Some(Outcome {
        reason: StopReason::Other(word.to_owned()),
        raw_stop_reason: raw,
        usage: failed.usage,
        details: failed.details.clone(),
    })
}
