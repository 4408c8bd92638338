//! The attempts of a request: repeated, repaired, denied, failed, and the models that stand in.

use std::time::Duration;

use super::{Observation, milliseconds};
use crate::contract::types::Failure;
use crate::labels::failure_word;
use crate::spans::TARGET;

impl Observation {
    /// An attempt failed, and is made again with the same model after a wait.
    pub fn retried(&mut self, failure: &Failure, wait: Duration) {
        self.attempt_failed(failure);
        self.metrics.retried(&self.turn.model);
        self.attempts += 1;
        let kind = failure_word(&failure.kind);
        self.span.retried(&kind, wait);
        tracing::debug!(target: TARGET, parent: self.span(), error = &*kind, wait_ms = milliseconds(wait), "retried");
    }

    /// An attempt was refused, and is made again with adjustments of these kinds.
    pub fn repaired(&mut self, failure: &Failure, kinds: impl Iterator<Item = &'static str>) {
        self.attempt_failed(failure);
        self.attempts += 1;
        for kind in kinds {
            self.metrics.repaired(&self.turn.model, kind);
            self.span.repaired(kind);
        }
    }

    /// An attempt failed that would be made again if the retries of all requests together had not used up their budget.
    pub fn retry_denied(&self) {
        self.metrics.retry_denied(&self.turn.model);
        tracing::debug!(target: TARGET, parent: self.span(), "not retried: the budget of retries is used up");
    }

    /// An attempt failed and is not made again with the same model. To be called before [`Observation::fell_back`]; a failure
    /// that the client gets is counted when its delta comes.
    pub fn attempt_failed(&mut self, failure: &Failure) {
        self.metrics.upstream_error(&self.turn.model, &failure.kind);
        self.aws_request_id.clone_from(&failure.request_id);
    }

    /// Records a fallback: the resolved ids of the model that failed and of the next one.
    pub fn fell_back(&mut self, from: &str, to: &str) {
        self.metrics.fell_back(from, to);
        self.attempts += 1;
        self.asks(to);
        self.span.fell_back(from, to);
        tracing::debug!(target: TARGET, parent: self.span(), from, to, "fell back");
    }
}
