//! How a request ended.

use std::borrow::Cow;

use super::labels::{Outcome, failure_word};
use crate::contract::types::{Failure, FailureKind};

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
        /// Whether the message may quote what was said. Such a message is told only where prompts are.
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

    pub(super) fn refused(word: &'static str, message: &str) -> Self {
        Ending::Failed { word: Cow::Borrowed(word), message: message.to_owned(), may_quote: true }
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
