//! Failures that no service reported, in the contract's form.

use super::rerun::{Fault, PROVIDERS_BUG};
use crate::blame::{Blame, GATEWAY_FAILURE, PROVIDER_FAILURE};
use crate::contract::conversation::{Delta, TurnFailure};
use crate::contract::no_details;
use crate::contract::types::{Failure, FailureKind, Usage, UsageCost};
use crate::provider::ProviderError;

/// The terminal delta of a turn that failed before or beside the provider's own translation.
#[must_use]
pub fn failed(failure: Failure) -> Delta {
    let cost = UsageCost { input: 0.0, output: 0.0, cache_read: 0.0, cache_write: 0.0, total: 0.0 };
    let usage = Usage { input: 0, output: 0, cache_read: 0, cache_write: 0, cache_write_long: 0, total: 0, cost };
    Delta::Error(TurnFailure { failure, raw_stop_reason: None, usage, details: no_details() })
}

/// What a provider that traps, or takes too long, means for the caller.
pub(super) fn provider_failure(error: &ProviderError, request_id: Option<&str>) -> Failure {
    failure(FailureKind::Other(PROVIDER_FAILURE.to_owned()), error.to_string(), Some(PROVIDERS_BUG), request_id)
}

/// A failure that no service told.
pub(super) fn failure(kind: FailureKind, message: String, hint: Option<&str>, request_id: Option<&str>) -> Failure {
    Failure {
        kind,
        message,
        hint: hint.map(str::to_owned),
        retryable: false,
        retry_after_ms: None,
        code: None,
        status: None,
        request_id: request_id.map(str::to_owned),
        suggestions: Vec::new(),
        repair: None,
    }
}

/// What a failed call of the provider means for a client, in the middle of an answer or where it is not known yet whether there is one.
pub(super) fn failure_of(fault: &Fault, request_id: Option<&str>) -> Failure {
    let error = &fault.error;
    match fault.blame {
        Blame::Provider => provider_failure(error, request_id),
        Blame::Host => {
            let full = failure(FailureKind::Other(GATEWAY_FAILURE.to_owned()), error.to_string(), None, request_id);
            Failure { retryable: true, ..full }
        }
        Blame::Client | Blame::Upstream => {
            let message = format!("no provider version can read the answer: {error}");
            failure(FailureKind::ModelOutput, message, None, request_id)
        }
    }
}

/// The failure of a request that the caller stopped before its answer began.
pub(super) fn interrupted() -> Failure {
    failure(FailureKind::Aborted, "Request was aborted".to_owned(), None, None)
}
