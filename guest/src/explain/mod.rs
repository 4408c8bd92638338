//! `explain`: what a failure means for its caller, for requests that failed before their stream began and for exceptions
//! inside a stream. One table (`table`) serves both: the same exception is `ThrottlingException` over HTTP and
//! `throttlingException` in a stream.

mod messages;
mod profiles;
mod repairs;
mod table;
#[cfg(test)]
mod tests;

use self::table::Row;
use crate::contract::types::{ApiError, ApiStage, Failure, FailureKind, Repair};

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
            let hint = "check that the endpoint is Bedrock and not a proxy in front of it";
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
    failure.code = code.as_deref().map(table::exception_name).and_then(code_to_tell);
    failure.request_id = request_id.as_deref().and_then(to_tell);
    failure.retry_after_ms = retry_after.as_deref().and_then(retry_after_milliseconds);
    messages::refine(&mut failure, message.unwrap_or_default(), model_id.as_deref(), region.as_deref());
    if matches!(stage, ApiStage::Response) {
        failure.repair = repair(&failure.kind, message);
    }
    failure
}

/// Says what an exception inside a stream means. `name` is `:exception-type` or `:error-code`, `status` what the model
/// answered to Bedrock where that was reported.
pub(crate) fn stream_exception(name: &str, status: Option<u16>, message: Option<&str>, model_id: &str) -> Failure {
    let mut failure = response("ConverseStream", Some(name), None, message);
    failure.code = code_to_tell(table::exception_name(name));
    failure.status = status;
    if failure.kind == FailureKind::Service
        && let Some(row) = status.filter(|status| !matches!(status, 401 | 403 | 404)).and_then(table::by_status)
    {
        // `originalStatusCode` says whose fault it was: a 400 of the model's comes again for the same request. Who may do what
        // is between Bedrock and the model.
        failure.kind = row.kind.clone();
        failure.retryable = row.retryable;
        failure.hint = Some(row.hint.to_owned()).filter(|hint| !hint.is_empty());
    }
    messages::refine(&mut failure, message.unwrap_or_default(), Some(model_id), None);
    failure.repair = repair(&failure.kind, message);
    failure
}

/// How to change the request, of failures that are about the request: the service may quote it in others too.
fn repair(kind: &FailureKind, message: Option<&str>) -> Option<Repair> {
    let of_request = matches!(kind, FailureKind::Validation | FailureKind::ContextOverflow | FailureKind::Denied);
    message.filter(|_| of_request).and_then(repairs::repair)
}

/// A name that is worth telling. The SDKs say `Unknown` where the service named nothing; so does pi's rule.
fn code_to_tell(name: &str) -> Option<String> {
    to_tell(name).filter(|name| !name.eq_ignore_ascii_case("unknown"))
}

/// The longest name or id that is reported: what is longer is none (pi's bound).
const LONGEST_TOLD: usize = 200;

/// A name or an id, if it can be one.
fn to_tell(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty() && text.len() <= LONGEST_TOLD).then(|| text.to_owned())
}

/// An error that the service answered with.
fn response(operation: &str, code: Option<&str>, status: Option<u16>, message: Option<&str>) -> Failure {
    let name = code.map(table::exception_name).and_then(code_to_tell).unwrap_or_default();
    let name = name.as_str();
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
    let hint = "set AWS_BEARER_TOKEN_BEDROCK, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or run where an instance role is attached; `quarry auth status` shows every source and its state";
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
        repair: None,
    }
}

fn or_no_words(message: Option<&str>) -> &str {
    message.unwrap_or("no reason was given")
}

fn with_words(message: Option<&str>) -> String {
    message.map(|message| format!(": {message}")).unwrap_or_default()
}

/// `retry-after` in seconds, with a fraction where a proxy writes one. A date says nothing here: there is no clock.
fn retry_after_milliseconds(header: &str) -> Option<u64> {
    let (whole, fraction) = header.trim().split_once('.').unwrap_or((header.trim(), "0"));
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths: u64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    whole.parse::<u64>().ok()?.checked_mul(1_000)?.checked_add(thousandths)
}
