//! Failures that no service told: the gateway's own, and those of its provider component.

use crate::contract::conversation::{Delta, TurnFailure};
use crate::contract::types::{Failure, FailureKind, Usage, UsageCost};
use crate::provider::ProviderError;

/// The failure of a request that the caller stopped before its answer began.
pub(super) fn interrupted() -> Failure {
    failure(FailureKind::Aborted, "Request was aborted".to_owned(), None, None)
}

/// The terminal delta of a turn that failed before or beside the provider's own translation.
pub(super) fn failed(failure: Failure) -> Delta {
    let cost = UsageCost { input: 0.0, output: 0.0, cache_read: 0.0, cache_write: 0.0, total: 0.0 };
    let usage = Usage { input: 0, output: 0, cache_read: 0, cache_write: 0, cache_write_long: 0, total: 0, cost };
    Delta::Error(TurnFailure { failure, raw_stop_reason: None, usage, extras: Vec::new() })
}

/// What a provider that traps, or takes too long, means for the caller.
pub(super) fn provider_failure(error: &ProviderError, request_id: Option<&str>) -> Failure {
    failure(FailureKind::Other("provider".to_owned()), error.to_string(), Some(PROVIDERS_BUG), request_id)
}

/// A provider that ends a turn without `done` or `error` breaks the contract; the caller must not take that for an end.
pub(super) fn unended(provider: &str, request_id: Option<&str>) -> Failure {
    let message = format!("the provider {provider} ended the answer without saying how");
    failure(FailureKind::Other("provider".to_owned()), message, Some(PROVIDERS_BUG), request_id)
}

const PROVIDERS_BUG: &str = "this is a bug of the provider component, not of the request or of AWS";

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
    }
}
