//! `explain`: what a failure means for its caller, for requests that failed before their stream began and for exceptions
//! inside a stream. One table ([`table`]) serves both: the same exception is `ThrottlingException` over HTTP and
//! `throttlingException` in a stream.

mod messages;
mod table;

use self::table::Row;
use crate::contract::types::{ApiError, ApiStage, Failure, FailureKind};

/// Says what a request that failed before its stream began means.
#[must_use]
pub fn explain(error: &ApiError) -> Failure {
    let ApiError { operation, model_id, region, stage, status, code, message, request_id, retry_after } = error;
    let message = message.as_deref().map(str::trim).filter(|message| !message.is_empty());
    let mut failure = match stage {
        ApiStage::CredentialsMissing => credentials_missing(operation),
        ApiStage::CredentialsFailed => credentials_failed(message),
        ApiStage::Connect => {
            let hint = "check the region, the endpoint (baseUrl, AWS_ENDPOINT_URL) and the network, then try again";
            failed(
                FailureKind::Transport,
                format!("Could not connect to Bedrock: {}", or_no_words(message)),
                hint,
                true,
            )
        }
        ApiStage::Timeout => {
            let text = format!("Bedrock did not answer {operation} in time{}", with_words(message));
            failed(FailureKind::Timeout, text, "try again", true)
        }
        ApiStage::Unreadable => {
            let text = format!("The answer to {operation} cannot be read: {}", or_no_words(message));
            let hint = "check that the endpoint is Bedrock and not something before it";
            failed(FailureKind::Damaged, text, hint, false)
        }
        ApiStage::Aborted => {
            Failure { hint: None, ..failed(FailureKind::Aborted, "Request was aborted".to_owned(), "", false) }
        }
        ApiStage::Response => response(operation, code.as_deref(), *status, message),
        ApiStage::Other(other) => failed(
            FailureKind::Other(other.clone()),
            format!("{operation} failed: {}", or_no_words(message)),
            "try again",
            false,
        ),
    };
    failure.status = *status;
    failure.code = code.as_deref().map(|code| table::exception_name(code).to_owned()).filter(|code| !code.is_empty());
    failure.request_id.clone_from(request_id);
    failure.retry_after_ms = retry_after.as_deref().and_then(retry_after_milliseconds);
    messages::refine(&mut failure, message.unwrap_or_default(), model_id.as_deref(), region.as_deref());
    failure
}

/// Says what an exception inside a stream means. `name` is `:exception-type` or `:error-code`.
pub(crate) fn stream_exception(name: &str, status: Option<u16>, message: Option<&str>) -> Failure {
    let mut failure = response("ConverseStream", Some(name), None, message);
    failure.code = Some(name.to_owned()).filter(|name| !name.is_empty());
    failure.status = status;
    messages::refine(&mut failure, message.unwrap_or_default(), None, None);
    failure
}

/// An error that the service answered with.
fn response(operation: &str, code: Option<&str>, status: Option<u16>, message: Option<&str>) -> Failure {
    let name = code.map(table::exception_name).unwrap_or_default();
    let row = table::by_name(name).or_else(|| status.and_then(table::by_status));
    let title = match (row.and_then(|row| row.title), name, status) {
        (Some(title), ..) => title.to_owned(),
        (None, "", Some(status)) => format!("{operation} failed with HTTP {status}"),
        (None, "", None) => format!("{operation} failed"),
        (None, name, _) => name.to_owned(),
    };
    let text = match message {
        Some(message) => format!("{title}: {message}"),
        None => title,
    };
    match row {
        Some(Row { kind, retryable, hint, .. }) => failed(kind.clone(), text, hint, *retryable),
        None => {
            let kind = FailureKind::Other(if name.is_empty() { "response".to_owned() } else { name.to_owned() });
            Failure { hint: None, ..failed(kind, text, "", false) }
        }
    }
}

fn credentials_missing(operation: &str) -> Failure {
    let text = format!("No AWS credentials were found for {operation}");
    let hint = "set AWS_BEARER_TOKEN_BEDROCK, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or run \
                where an instance role is attached; `quarry auth status` shows what is seen";
    failed(FailureKind::CredentialsMissing, text, hint, false)
}

fn credentials_failed(message: Option<&str>) -> Failure {
    let text = format!("The AWS credentials could not be loaded: {}", or_no_words(message));
    let hint = "if they come from SSO, run `aws sso login`; `quarry auth status` shows which source is used";
    failed(FailureKind::CredentialsMissing, text, hint, false)
}

fn failed(kind: FailureKind, message: String, hint: &str, retryable: bool) -> Failure {
    Failure {
        kind,
        message,
        hint: Some(hint.to_owned()).filter(|hint| !hint.is_empty()),
        retryable,
        retry_after_ms: None,
        code: None,
        status: None,
        request_id: None,
        suggestions: Vec::new(),
    }
}

fn or_no_words(message: Option<&str>) -> &str {
    message.unwrap_or("no reason was given")
}

fn with_words(message: Option<&str>) -> String {
    message.map(|message| format!(": {message}")).unwrap_or_default()
}

/// `retry-after` in seconds. A date says nothing here: there is no clock.
fn retry_after_milliseconds(header: &str) -> Option<u64> {
    header.trim().parse::<u64>().ok()?.checked_mul(1_000)
}
