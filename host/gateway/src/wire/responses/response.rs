//! The response object.

use std::time::SystemTime;

use serde::Serialize;

use super::super::Head;
use super::super::bedrock_members::AnswerMembers;
use super::echo::{Echo, RequestFacts};
use super::items::{Item, Of, Progress, item, refusal_item};
use crate::contract::conversation::{Outcome, StopReason};
use crate::contract::types::Usage;
use crate::pi::message::AssistantMessage;
use crate::refusal::{Refusal, RefusalKind};
use crate::wire::openai_error::error_code;
use crate::wire::openai_outcome;

/// How a response stands.
#[derive(Debug, Clone, Copy)]
pub(super) enum State<'a> {
    /// Nothing has come yet.
    InProgress,
    /// It ended well, or was cut off.
    Ended(&'a Outcome),
    /// It failed. `open` are the blocks that had not ended.
    Failed { refusal: &'a Refusal, usage: &'a Usage, open: &'a [u32] },
}

/// The response object.
#[derive(Debug, Serialize)]
pub(super) struct Response<'a> {
    id: String,
    object: &'static str,
    created_at: u64,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_at: Option<u64>,
    background: bool,
    error: Option<ResponseError>,
    incomplete_details: Option<IncompleteDetails>,
    model: &'a str,
    output: Vec<Item<'a>>,
    max_tool_calls: Option<u64>,
    previous_response_id: Option<&'a str>,
    service_tier: String,
    store: bool,
    truncation: &'static str,
    usage: Option<UsageForm>,
    #[serde(flatten)]
    echo: &'a Echo,
    #[serde(flatten)]
    members: AnswerMembers,
}

#[derive(Debug, Serialize)]
struct ResponseError {
    code: &'static str,
    message: String,
}

#[derive(Debug, Serialize)]
struct IncompleteDetails {
    reason: &'static str,
}

#[derive(Debug, Serialize)]
struct UsageForm {
    input_tokens: u64,
    input_tokens_details: InputDetails,
    output_tokens: u64,
    output_tokens_details: OutputDetails,
    total_tokens: u64,
}

#[derive(Debug, Serialize)]
struct InputDetails {
    cached_tokens: u64,
    cache_write_tokens: u64,
}

#[derive(Debug, Serialize)]
struct OutputDetails {
    reasoning_tokens: u64,
}

impl From<&Usage> for UsageForm {
    fn from(usage: &Usage) -> Self {
        let Usage { input, output, cache_read, cache_write, cache_write_long: _, total: _, cost: _ } = *usage;
        let input_tokens = input.saturating_add(cache_read).saturating_add(cache_write);
        UsageForm {
            input_tokens,
            input_tokens_details: InputDetails { cached_tokens: cache_read, cache_write_tokens: cache_write },
            output_tokens: output,
            output_tokens_details: OutputDetails { reasoning_tokens: 0 },
            total_tokens: input_tokens.saturating_add(output),
        }
    }
}

/// Why an answer that came to its end is not complete; none when it is.
pub(super) fn incomplete(outcome: &Outcome) -> Option<&'static str> {
    match (outcome.raw_stop_reason.as_str(), &outcome.reason) {
        ("content_filtered" | "guardrail_intervened" | "refusal", _) => Some("content_filter"),
        (_, StopReason::Length) => Some("max_output_tokens"),
        (_, StopReason::Stop | StopReason::ToolUse | StopReason::Other(_)) => None,
    }
}

/// The `code` of a failed response. The SDKs' types name codes of OpenAI's own checks only; these are what agents look for.
fn failure_code(kind: RefusalKind) -> &'static str {
    match kind {
        RefusalKind::RateLimit
        | RefusalKind::Quota
        | RefusalKind::ContextOverflow
        | RefusalKind::ContentFilter
        | RefusalKind::Overloaded => error_code(kind).unwrap_or("server_error"),
        RefusalKind::Invalid => "invalid_prompt",
        _ => "server_error",
    }
}

/// Makes the object of what has come so far.
pub(super) fn response<'a>(
    head: &'a Head,
    request: &'a RequestFacts,
    message: &'a AssistantMessage,
    state: State<'a>,
) -> Response<'a> {
    let RequestFacts { echo, names, of_answer, previous, to_keep: _, keeper } = request;
    let of = Of { id: &head.id, model: &head.model, names };
    let progress = |index: usize| match state {
        State::Failed { open, .. } if open.iter().any(|open| *open as usize == index) => Progress::CutOff,
        _ => Progress::Ended,
    };
    let blocks = message.content.iter().enumerate().map(|(index, block)| item(of, index, block, progress(index)));
    // The text of a refusal is not a block of Bedrock's, so it comes after all blocks.
    let refused = match state {
        State::Ended(outcome) => openai_outcome::refusal(outcome),
        State::InProgress | State::Failed { .. } => None,
    };
    let refused = refused.map(|words| refusal_item(of, message.content.len(), words.into(), Progress::Ended));
    let (status, reason, error, usage) = match state {
        State::InProgress => ("in_progress", None, None, None),
        State::Ended(outcome) => match incomplete(outcome) {
            Some(reason) => ("incomplete", Some(reason), None, Some(&outcome.usage)),
            None => ("completed", None, None, Some(&outcome.usage)),
        },
        State::Failed { refusal, usage, open: _ } => {
            let message = refusal.message_with_request_id();
            ("failed", None, Some(ResponseError { code: failure_code(refusal.kind), message }), Some(usage))
        }
    };
    let now =
        || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map(|since| since.as_secs()).unwrap_or_default();
    Response {
        id: format!("resp_{}", head.id),
        object: "response",
        created_at: head.created_seconds(),
        status,
        completed_at: (status == "completed").then(now),
        background: false,
        error,
        incomplete_details: reason.map(|reason| IncompleteDetails { reason }),
        model: &head.model,
        output: blocks.chain(refused).collect(),
        max_tool_calls: None,
        previous_response_id: previous.as_deref(),
        service_tier: service_tier(state),
        store: keeper.is_some(),
        truncation: "disabled",
        usage: usage.map(UsageForm::from),
        echo,
        members: match state {
            State::Ended(outcome) => of_answer.of(outcome),
            State::InProgress | State::Failed { .. } => AnswerMembers::default(),
        },
    }
}

/// The tier that served it, as Bedrock says; `default` is what it is when nothing is said.
fn service_tier(state: State<'_>) -> String {
    let said = match state {
        State::Ended(outcome) => openai_outcome::service_tier(outcome),
        State::InProgress | State::Failed { .. } => None,
    };
    said.unwrap_or_else(|| "default".to_owned())
}
