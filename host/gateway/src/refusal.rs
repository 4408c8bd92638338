//! Refusals and failures for clients, independent of the wire format.

use std::time::Duration;

use hyper::StatusCode;

use crate::blame::{Blame, GATEWAY_FAILURE, PROVIDER_FAILURE};
use crate::capacity::Full;
use crate::contract::conversation::Problem;
use crate::contract::types::{Failure, FailureKind};
use crate::provider::TooLarge;
use crate::telemetry::ErrorAnswer;

/// The kind of a refusal. Each format maps it to its own codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// The request cannot be served as it is. The message names the member.
    Invalid,
    /// The conversation does not fit into the model's context.
    ContextOverflow,
    /// The client's key is missing or wrong.
    Authentication,
    /// The key, the account or the role may not do this.
    Permission,
    /// There is no such model.
    NotFound,
    /// There is nothing at this path.
    UnknownPath,
    /// The path does not have this method.
    Method,
    /// The body is larger than `quarry.limits.bodyBytes`, or the provider component has no memory for the conversation.
    TooLarge,
    /// The client, or the account, sends too many requests for now.
    RateLimit,
    /// A quota that waiting a moment does not refill.
    Quota,
    /// A guardrail or a content filter stopped it.
    ContentFilter,
    /// AWS, the model or the gateway cannot take the request now.
    Overloaded,
    /// AWS or the model failed, or the gateway's credentials did.
    Upstream,
    /// It took too long.
    Timeout,
    /// The gateway drains.
    ShuttingDown,
    /// The client went away; only the log sees it.
    Aborted,
    /// The gateway or its provider component failed.
    Internal,
}

/// A refusal or a failure for a client. It contains no secret.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The kind.
    pub kind: RefusalKind,
    /// The HTTP status, if nothing was sent yet.
    pub status: StatusCode,
    /// One or two sentences for a person.
    pub message: String,
    /// The member of the request, such as `messages[2].content`.
    pub param: Option<String>,
    /// AWS's error code, such as `ThrottlingException`.
    pub code: Option<String>,
    /// AWS's id of the request.
    pub request_id: Option<String>,
    /// When to try again.
    pub retry_after: Option<Duration>,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// Who is to blame.
    pub blame: Blame,
}

impl Refusal {
    /// A refusal of this kind, with the status that goes with it.
    #[must_use]
    pub fn new(kind: RefusalKind, message: impl Into<String>) -> Self {
        Refusal {
            kind,
            status: kind.status(),
            message: message.into(),
            param: None,
            code: None,
            request_id: None,
            retry_after: None,
            retryable: kind.is_retryable(),
            blame: kind.blame(),
        }
    }

    /// A request with an invalid member.
    #[must_use]
    pub fn invalid(param: impl Into<String>, message: impl Into<String>) -> Self {
        Refusal { param: Some(param.into()), ..Refusal::new(RefusalKind::Invalid, message) }
    }

    /// A conversation that does not fit into the provider's memory.
    #[must_use]
    pub fn too_large(error: &TooLarge) -> Self {
        let param = Some(error.memory.largest.clone());
        Refusal { param, ..Refusal::new(RefusalKind::TooLarge, error.to_string()) }
    }

    /// The message with AWS's id of the request, for formats that have no place of its own for it. Support asks for it.
    #[must_use]
    pub fn message_with_request_id(&self) -> String {
        match &self.request_id {
            Some(id) if !self.message.contains(id.as_str()) => format!("{} (AWS request id: {id})", self.message),
            _ => self.message.clone(),
        }
    }

    /// What the log and the metrics say of it, with the status that the client gets.
    pub(super) fn answer(&self, status: StatusCode) -> ErrorAnswer<'_> {
        ErrorAnswer {
            status: status.as_u16(),
            kind: self.kind.word(),
            message: &self.message,
            may_quote: self.kind.may_quote(),
            member: self.param.as_deref(),
            blame: self.blame,
        }
    }

    /// A conversation or options that the provider rejects, with all problems.
    #[must_use]
    pub fn of_problems(problems: &[Problem]) -> Self {
        let told: Vec<_> = problems
            .iter()
            .map(|Problem { path, message, expected }| format!("{path}: {message}; expected {expected}"))
            .collect();
        Refusal {
            param: problems.first().map(|problem| problem.path.clone()),
            ..Refusal::new(RefusalKind::Invalid, told.join("\n"))
        }
    }
}

impl RefusalKind {
    /// Every kind.
    pub const ALL: [RefusalKind; 17] = [
        RefusalKind::Invalid,
        RefusalKind::ContextOverflow,
        RefusalKind::Authentication,
        RefusalKind::Permission,
        RefusalKind::NotFound,
        RefusalKind::UnknownPath,
        RefusalKind::Method,
        RefusalKind::TooLarge,
        RefusalKind::RateLimit,
        RefusalKind::Quota,
        RefusalKind::ContentFilter,
        RefusalKind::Overloaded,
        RefusalKind::Upstream,
        RefusalKind::Timeout,
        RefusalKind::ShuttingDown,
        RefusalKind::Aborted,
        RefusalKind::Internal,
    ];

    /// The HTTP status of this kind.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            RefusalKind::Invalid | RefusalKind::ContextOverflow | RefusalKind::ContentFilter => StatusCode::BAD_REQUEST,
            RefusalKind::Authentication => StatusCode::UNAUTHORIZED,
            RefusalKind::Permission => StatusCode::FORBIDDEN,
            RefusalKind::NotFound | RefusalKind::UnknownPath => StatusCode::NOT_FOUND,
            RefusalKind::Method => StatusCode::METHOD_NOT_ALLOWED,
            RefusalKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            RefusalKind::RateLimit | RefusalKind::Quota => StatusCode::TOO_MANY_REQUESTS,
            RefusalKind::Overloaded | RefusalKind::ShuttingDown => StatusCode::SERVICE_UNAVAILABLE,
            RefusalKind::Upstream => StatusCode::BAD_GATEWAY,
            RefusalKind::Timeout => StatusCode::GATEWAY_TIMEOUT,
            // What nginx has for it. Nobody reads it; the log does.
            RefusalKind::Aborted => StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST),
            RefusalKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Its stable name in logs and metrics.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            RefusalKind::Invalid => "invalid",
            RefusalKind::ContextOverflow => "context_overflow",
            RefusalKind::Authentication => "authentication",
            RefusalKind::Permission => "permission",
            RefusalKind::NotFound => "not_found",
            RefusalKind::UnknownPath => "unknown_path",
            RefusalKind::Method => "method",
            RefusalKind::TooLarge => "too_large",
            RefusalKind::RateLimit => "rate_limit",
            RefusalKind::Quota => "quota",
            RefusalKind::ContentFilter => "content_filter",
            RefusalKind::Overloaded => "overloaded",
            RefusalKind::Upstream => "upstream",
            RefusalKind::Timeout => "timeout",
            RefusalKind::ShuttingDown => "shutting_down",
            RefusalKind::Aborted => "aborted",
            RefusalKind::Internal => "internal",
        }
    }

    /// Whose fault it is where nothing more is known.
    fn blame(self) -> Blame {
        use RefusalKind::{Internal, Overloaded, Quota, ShuttingDown, Timeout, Upstream};
        match self {
            Internal | ShuttingDown => Blame::Host,
            Overloaded | Quota | Upstream | Timeout => Blame::Upstream,
            _ => Blame::Client,
        }
    }

    /// Whether messages of this kind may quote the request or the answer.
    fn may_quote(self) -> bool {
        use RefusalKind::{ContentFilter, ContextOverflow, Internal, Invalid};
        matches!(self, Invalid | ContextOverflow | ContentFilter | Internal)
    }

    fn is_retryable(self) -> bool {
        use RefusalKind::{Overloaded, RateLimit, ShuttingDown, Timeout, Upstream};
        matches!(self, RateLimit | Overloaded | Upstream | Timeout | ShuttingDown)
    }
}

impl From<&Full> for Refusal {
    fn from(full: &Full) -> Self {
        let refusal = Refusal::new(RefusalKind::Overloaded, full.to_string());
        Refusal { retry_after: Some(full.retry_after), blame: Blame::Host, ..refusal }
    }
}

impl From<&Failure> for Refusal {
    /// What the provider says of a failed request or stream. AWS's trouble with the *gateway's* credentials is not the
    /// client's: 401 would send people to look at the key that they gave to the gateway.
    fn from(failure: &Failure) -> Self {
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
        let kind = match kind {
            FailureKind::Throttled => RefusalKind::RateLimit,
            FailureKind::Overloaded => RefusalKind::Overloaded,
            FailureKind::Quota => RefusalKind::Quota,
            FailureKind::ContextOverflow => RefusalKind::ContextOverflow,
            FailureKind::Denied | FailureKind::ModelNotEnabled => RefusalKind::Permission,
            FailureKind::ModelNotFound => RefusalKind::NotFound,
            FailureKind::NeedsInferenceProfile | FailureKind::Validation => RefusalKind::Invalid,
            FailureKind::Timeout => RefusalKind::Timeout,
            FailureKind::ContentFiltered | FailureKind::Refused => RefusalKind::ContentFilter,
            FailureKind::CredentialsMissing
            | FailureKind::CredentialsInvalid
            | FailureKind::Transport
            | FailureKind::Truncated
            | FailureKind::Damaged
            | FailureKind::ModelOutput
            | FailureKind::Service => RefusalKind::Upstream,
            FailureKind::Aborted => RefusalKind::Aborted,
            FailureKind::Other(other) if other == GATEWAY_FAILURE && *retryable => RefusalKind::Overloaded,
            FailureKind::Other(other) if other == PROVIDER_FAILURE => RefusalKind::Internal,
            // What a later provider names and this host does not know: the status that AWS gave says most.
            FailureKind::Other(_) => match status {
                Some(429) => RefusalKind::RateLimit,
                Some(400..=499) => RefusalKind::Invalid,
                _ => RefusalKind::Upstream,
            },
        };
        let is_of_model = matches!(
            failure.kind,
            FailureKind::ModelNotFound | FailureKind::ModelNotEnabled | FailureKind::NeedsInferenceProfile
        );
        let mut text = message.clone();
        if let Some(hint) = hint {
            text.push_str(" (");
            text.push_str(hint);
            text.push(')');
        }
        if !suggestions.is_empty() {
            let asks = failure.kind == FailureKind::ModelNotFound;
            let (before, behind) = if asks { ("; did you mean ", "?") } else { ("; try ", "") };
            text.push_str(before);
            text.push_str(&suggestions.join(", "));
            text.push_str(behind);
        }
        Refusal {
            param: is_of_model.then(|| "model".to_owned()),
            code: code.clone(),
            request_id: request_id.clone(),
            retry_after: retry_after_ms.map(Duration::from_millis),
            retryable: *retryable,
            blame: Blame::of(failure),
            ..Refusal::new(kind, text)
        }
    }
}
