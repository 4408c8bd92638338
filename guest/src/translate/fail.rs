//! How a turn fails. Everything that came before stays with the client; blocks that are open get no end.

use serde_json::value::RawValue;

use super::wire::ExceptionBody;
use super::{State, Turn, guardrail, usage};
use crate::contract::conversation::{Delta, Ending, TurnFailure};
use crate::contract::types::{Failure, FailureKind};
use crate::explain;
use crate::surrogates::without_lone_surrogates;

impl Turn {
    /// A modelled exception: one frame, with HTTP status 200 long since sent.
    pub(super) fn exception(&mut self, name: &str, payload: &[u8], deltas: &mut Vec<Delta>) {
        let payload = String::from_utf8_lossy(payload);
        let payload = without_lone_surrogates(&payload);
        let body: ExceptionBody<'_> = serde_json::from_str(&payload).unwrap_or_default();
        let text = |json: Option<&RawValue>| {
            json.and_then(|json| serde_json::from_str::<String>(json.get()).ok()).filter(|text| !text.is_empty())
        };
        let status = body.original_status.and_then(|json| json.get().trim_matches('"').parse().ok());
        let message = text(body.message).or_else(|| text(body.message_capital));
        let message = match (message, text(body.original_message)) {
            (Some(message), Some(original)) if !message.contains(&original) => Some(format!("{message} ({original})")),
            (message, original) => message.or(original),
        };
        let failure = explain::stream_exception(name, status, message.as_deref(), &self.model.id);
        self.fail(failure, deltas);
    }

    /// An unmodelled error: `:message-type: error`.
    pub(super) fn unmodelled_error(&mut self, code: &str, message: &[u8], deltas: &mut Vec<Delta>) {
        let message = String::from_utf8_lossy(message);
        let message = Some(message.trim()).filter(|message| !message.is_empty());
        self.fail(explain::stream_exception(code, None, message, &self.model.id), deltas);
    }

    /// Bytes that are not what Bedrock sends.
    pub(super) fn fail_damaged(&mut self, what: &str, deltas: &mut Vec<Delta>) {
        let hint = "try again; if the error persists, a proxy between the gateway and Bedrock changes the stream";
        self.fail(
            plain(FailureKind::Damaged, format!("Bedrock's stream is damaged: {what}"), Some(hint), true),
            deltas,
        );
    }

    /// A `stopReason` that is none of success. The message is pi's, by which clients know it.
    pub(super) fn fail_stopped(
        &mut self,
        kind: FailureKind,
        raw_stop_reason: &str,
        hint: Option<&str>,
        deltas: &mut Vec<Delta>,
    ) {
        let message = match &kind {
            FailureKind::Refused => self.refusal(),
            _ => None,
        };
        let message = message.unwrap_or_else(|| format!("Provider stopped with: {raw_stop_reason}"));
        let retryable = matches!(kind, FailureKind::ModelOutput);
        let policies = self.details.trace.as_deref().filter(|_| raw_stop_reason == "guardrail_intervened");
        let policies = policies.and_then(guardrail::interventions);
        let hint = match (policies, hint) {
            (Some(policies), _) => Some(format!("a guardrail stopped or changed the answer ({policies})")),
            (None, hint) => hint.map(str::to_owned),
        };
        self.fail(Failure { hint, ..plain(kind, message, None, retryable) }, deltas);
    }

    /// Anthropic's reason for a refusal, where the request asked for `/stop_details`.
    fn refusal(&self) -> Option<String> {
        let fields: serde_json::Value =
            serde_json::from_str(self.details.additional_response_fields.as_deref()?).ok()?;
        let details = fields.get("stop_details").filter(|details| details.is_object())?;
        let category = details.get("category").and_then(serde_json::Value::as_str).unwrap_or("unknown");
        let explanation =
            details.get("explanation").and_then(serde_json::Value::as_str).unwrap_or("no explanation given");
        Some(format!("Anthropic refusal (category: {category}): {explanation}"))
    }

    /// A tool call that has a beginning and no end in a turn that says it ended well.
    pub(super) fn fail_incomplete_tool_call(&mut self, deltas: &mut Vec<Delta>) {
        let message = "Provider completed stream with an incomplete tool call".to_owned();
        self.fail(plain(FailureKind::ModelOutput, message, Some("try again"), true), deltas);
    }

    /// An answer in words where a schema was to be kept to.
    pub(super) fn fail_unstructured(&mut self, deltas: &mut Vec<Delta>) {
        let message = "The answer is not the JSON that the output schema requires".to_owned();
        let hint = "try again, or use a model that supports structured output";
        self.fail(plain(FailureKind::ModelOutput, message, Some(hint), true), deltas);
    }

    /// A tool call with arguments that are no object, where that is to end the turn: OpenClaw's words.
    pub(super) fn fail_malformed_tool_call(&mut self, deltas: &mut Vec<Delta>) {
        let message = "Provider completed tool call with malformed JSON arguments".to_owned();
        self.fail(plain(FailureKind::ModelOutput, message, Some("try again"), true), deltas);
    }

    /// An ending that is not the end of a whole turn.
    pub(super) fn fail_ending(&mut self, ending: Ending, deltas: &mut Vec<Delta>) {
        let again = Some("try again");
        let failure = match ending {
            // pi's clients know this by "ended without" as worth another try.
            Ending::Complete if self.raw_stop_reason.is_none() => {
                let message = "Bedrock stream ended without a stop reason (no messageStop event)";
                plain(FailureKind::Truncated, message.to_owned(), again, true)
            }
            Ending::Complete => {
                let message = "Bedrock stream ended without metadata (messageStop arrived, the usage did not)";
                plain(FailureKind::Truncated, message.to_owned(), again, true)
            }
            Ending::Aborted => plain(FailureKind::Aborted, "Request was aborted".to_owned(), None, false),
            Ending::Idle(milliseconds) => {
                let message = format!("Bedrock sent nothing for {}", duration(milliseconds));
                let hint = "try again, or allow a longer silence (some models think for minutes)";
                plain(FailureKind::Timeout, message, Some(hint), true)
            }
            Ending::Broken(words) => {
                plain(FailureKind::Transport, format!("The connection to Bedrock broke: {words}"), again, true)
            }
            Ending::Damaged(words) => return self.fail_damaged(&words, deltas),
            Ending::Limited(limit) => {
                let message = format!("The answer exceeded the gateway's limit: {limit}");
                plain(
                    FailureKind::Other("limit".to_owned()),
                    message,
                    Some("request a shorter answer, or raise the limit"),
                    false,
                )
            }
        };
        self.fail(failure, deltas);
    }

    /// Gives `error`, once, as the last delta.
    fn fail(&mut self, mut failure: Failure, deltas: &mut Vec<Delta>) {
        if self.state == State::Ended {
            return;
        }
        self.release_words(deltas);
        self.state = State::Ended;
        failure.request_id = self.request_id.take();
        deltas.push(Delta::Error(TurnFailure {
            failure,
            raw_stop_reason: self.raw_stop_reason.take(),
            usage: self.usage.take().unwrap_or_else(usage::unknown),
            details: self.take_details(),
        }));
    }
}

fn plain(kind: FailureKind, message: String, hint: Option<&str>, retryable: bool) -> Failure {
    Failure {
        kind,
        message,
        hint: hint.map(str::to_owned),
        retryable,
        retry_after_ms: None,
        code: None,
        status: None,
        request_id: None,
        suggestions: Vec::new(),
        repair: None,
    }
}

fn duration(milliseconds: u64) -> String {
    match milliseconds {
        0..1_000 => format!("{milliseconds} ms"),
        _ if milliseconds.is_multiple_of(1_000) => format!("{} s", milliseconds / 1_000),
        _ => format!("{}.{} s", milliseconds / 1_000, milliseconds % 1_000 / 100),
    }
}
