//! Which models have a label of their own. A client may name anything as a model, so only what is known to exist has one.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use prometheus_client::metrics::counter::Counter;

use super::histogram::Durations;
use super::labels::ModelLabel;
use crate::contract::types::Usage;

/// The most models with a label of their own. All others are counted together as `other`.
pub(super) const MOST_MODELS: usize = 200;

/// The label of models that are not known, or are too many.
pub(super) const OTHER: &str = "other";

/// The label of requests that came to no model.
pub(super) const NONE: &str = "none";

/// The series of one model that a turn adds to, found once a request.
#[derive(Debug)]
pub(super) struct ModelMetrics {
    pub(super) label: ModelLabel,
    pub(super) deltas: Counter,
    pub(super) input: Counter,
    pub(super) output: Counter,
    pub(super) cache_read: Counter,
    pub(super) cache_write: Counter,
    pub(super) first_delta: Durations,
    pub(super) between_deltas: Durations,
}

impl ModelMetrics {
    pub(super) fn add_usage(&self, usage: &Usage) {
        self.input.inc_by(usage.input);
        self.output.inc_by(usage.output);
        self.cache_read.inc_by(usage.cache_read);
        self.cache_write.inc_by(usage.cache_write);
    }
}

/// The models that have labels.
#[derive(Debug)]
pub(super) struct Models {
    known: RwLock<HashMap<Box<str>, Arc<ModelMetrics>>>,
    other: Arc<ModelMetrics>,
    none: Arc<ModelMetrics>,
}

impl Models {
    pub(super) fn new(other: ModelMetrics, none: ModelMetrics) -> Self {
        Models { known: RwLock::default(), other: Arc::new(other), none: Arc::new(none) }
    }

    /// The series of a model: its own when it is known, else those of `other`.
    pub(super) fn find(&self, model: &str) -> Arc<ModelMetrics> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.get(model).unwrap_or(&self.other))
    }

    /// The series of requests that came to no model.
    pub(super) fn none(&self) -> Arc<ModelMetrics> {
        Arc::clone(&self.none)
    }

    /// Gives a model that exists its own series, unless there are too many already.
    pub(super) fn learn(&self, model: &str, make: impl FnOnce(&str) -> ModelMetrics) -> Arc<ModelMetrics> {
        let found = self.find(model);
        if !Arc::ptr_eq(&found, &self.other) {
            return found;
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(meanwhile) = known.get(model) {
            return Arc::clone(meanwhile);
        }
        if known.len() >= MOST_MODELS {
            return Arc::clone(&self.other);
        }
        let made = Arc::new(make(model));
        known.insert(model.into(), Arc::clone(&made));
        made
    }
}
