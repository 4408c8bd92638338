//! How a request ended.

use std::borrow::Cow;

use super::labels::{Outcome, failure_word};
use crate::blame::Blame;
use crate::contract::types::{Failure, FailureKind};

/// The error that a client got in place of an answer.
#[derive(Debug, Clone, Copy)]
pub struct ErrorAnswer<'a> {
    /// The HTTP status: 200 where the headers had gone out before it was known that there would be no answer.
    pub status: u16,
    /// The kind of error, as logs and metrics name it.
    pub kind: &'static str,
    /// The message.
    pub message: &'a str,
    /// Whether the message may quote what was said. Such a message is logged only where prompts are.
    pub may_quote: bool,
    /// The member of the request that is to blame, where there is one.
    pub member: Option<&'a str>,
    /// Whose fault it is.
    pub blame: Blame,
}

/// How a request ended.
#[derive(Debug)]
pub(super) enum Ending {
    /// It was answered; Bedrock's own stop reason, empty where no model was called.
    Done { reason: String },
    /// It failed.
    Failed {
        /// The kind of failure, or the error's type in the endpoint's own words.
        word: Cow<'static, str>,
        /// The message.
        message: String,
        /// Whether the message may quote the conversation. Such a message is logged only where prompts are.
        may_quote: bool,
    },
    /// The client went away.
    Aborted,
}

impl Ending {
    pub(super) fn of(failure: &Failure) -> Self {
        if failure.kind == FailureKind::Aborted {
            return Ending::Aborted;
        }
        let (word, message) = (failure_word(&failure.kind), failure.message.clone());
        Ending::Failed { word, message, may_quote: may_quote(&failure.kind) }
    }

    pub(super) fn refused(answer: &ErrorAnswer<'_>) -> Self {
        let ErrorAnswer { kind, message, may_quote, .. } = *answer;
        Ending::Failed { word: Cow::Borrowed(kind), message: message.to_owned(), may_quote }
    }

    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Ending::Done { .. } => Outcome::Ok,
            Ending::Failed { .. } => Outcome::Error,
            Ending::Aborted => Outcome::Aborted,
        }
    }

    /// Bedrock's own word, where a model answered to the end.
    pub(super) fn finish_reason(&self) -> Option<&str> {
        match self {
            Ending::Done { reason } => Some(reason.as_str()).filter(|reason| !reason.is_empty()),
            Ending::Failed { .. } | Ending::Aborted => None,
        }
    }

    /// What went wrong: the word, and the message where it may be reported.
    pub(super) fn error(&self, prompts_are_told: bool) -> Option<(&str, Option<&str>)> {
        match self {
            Ending::Done { .. } => None,
            Ending::Failed { word, message, may_quote } => {
                Some((word, Some(message.as_str()).filter(|_| prompts_are_told || !may_quote)))
            }
            Ending::Aborted => Some(("aborted", None)),
        }
    }
}

/// Whether messages of this kind may quote the request or the answer: what AWS says of its own state or of the account cannot.
fn may_quote(kind: &FailureKind) -> bool {
    match kind {
        FailureKind::Throttled
        | FailureKind::Overloaded
        | FailureKind::Quota
        | FailureKind::Denied
        | FailureKind::CredentialsMissing
        | FailureKind::CredentialsInvalid
        | FailureKind::ModelNotEnabled
        | FailureKind::ModelNotFound
        | FailureKind::NeedsInferenceProfile
        | FailureKind::Transport
        | FailureKind::Timeout
        | FailureKind::Truncated
        | FailureKind::Service
        | FailureKind::Aborted => false,
        FailureKind::ContextOverflow
        | FailureKind::Validation
        | FailureKind::Damaged
        | FailureKind::ContentFiltered
        | FailureKind::Refused
        | FailureKind::ModelOutput
        | FailureKind::Other(_) => true,
    }
}
