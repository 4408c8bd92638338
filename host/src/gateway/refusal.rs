//! Why a client gets no answer, or no more of it: one form for all wire formats, each of which shows it in its own.

use std::time::Duration;

use hyper::StatusCode;

use crate::blame::{Blame, GATEWAY_FAILURE, PROVIDER_FAILURE};
use crate::capacity::Full;
use crate::contract::conversation::Problem;
use crate::contract::types::{Failure, FailureKind};
use crate::provider::TooLarge;

/// What kind of refusal it is. The formats have fewer or other words for it; each maps it to its own.
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

/// A refusal or a failure, in words and codes for a client. It holds nothing secret.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// What kind it is.
    pub kind: RefusalKind,
    /// HTTP status, where nothing was sent yet.
    pub status: StatusCode,
    /// One or two sentences for a person.
    pub message: String,
    /// Which member of the request, such as `messages[2].content`.
    pub param: Option<String>,
    /// AWS's name for it, such as `ThrottlingException`.
    pub code: Option<String>,
    /// AWS's id of the request.
    pub request_id: Option<String>,
    /// When to try again.
    pub retry_after: Option<Duration>,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// Whose fault it is.
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

    /// A request that cannot be taken because of one of its members.
    #[must_use]
    pub fn invalid(param: impl Into<String>, message: impl Into<String>) -> Self {
        Refusal { param: Some(param.into()), ..Refusal::new(RefusalKind::Invalid, message) }
    }

    /// A conversation for which the provider has no room.
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

    /// A conversation or option that the provider cannot put into a request. All its problems are told.
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

    /// A stable word for it, for logs and metrics.
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
        let Failure { kind, message, hint, retryable, retry_after_ms, code, status, request_id, suggestions } = failure;
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
            text.push_str("; try ");
            text.push_str(&suggestions.join(", "));
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
