//! The models that have a label of their own. Clients may send any text as a model, so only known models have one.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use prometheus_client::metrics::counter::Counter;

use super::histogram::Durations;
use super::labels::Label;
use crate::contract::types::Usage;

/// The most models with a label of their own. All others are counted together as `other`.
pub(super) const MOST_MODELS: usize = 200;

/// The most names of models that are kept.
const MOST_NAMES: usize = 5_000;

/// The label of models that are not known, or are too many.
pub(super) const OTHER: &str = "other";

/// The label of requests that came to no model.
pub(super) const NONE: &str = "none";

/// The series of one model that a turn adds to, found once a request.
#[derive(Debug)]
pub(super) struct ModelMetrics {
    pub(super) label: Label,
    pub(super) deltas: Counter,
    pub(super) input: Counter,
    pub(super) output: Counter,
    pub(super) cache_read: Counter,
    pub(super) cache_write: Counter,
    pub(super) first_delta: Durations,
    pub(super) between_deltas: Durations,
}

impl ModelMetrics {
    /// Whether these are the series of models that are not known.
    pub(super) fn is_other(&self) -> bool {
        &*self.label.0 == OTHER
    }

    pub(super) fn add_usage(&self, usage: &Usage) {
        self.input.inc_by(usage.input);
        self.output.inc_by(usage.output);
        self.cache_read.inc_by(usage.cache_read);
        self.cache_write.inc_by(usage.cache_write);
    }
}

/// The known models, with series for those that were requested: most of a listing never is.
#[derive(Debug)]
pub(super) struct Models {
    known: RwLock<Known>,
    other: Arc<ModelMetrics>,
    none: Arc<ModelMetrics>,
}

#[derive(Debug, Default)]
struct Known {
    series: HashMap<Box<str>, Option<Arc<ModelMetrics>>>,
    with_series: usize,
}

impl Models {
    pub(super) fn new(other: ModelMetrics, none: ModelMetrics) -> Self {
        Models { known: RwLock::default(), other: Arc::new(other), none: Arc::new(none) }
    }

    /// The series of requests that came to no model.
    pub(super) fn none(&self) -> Arc<ModelMetrics> {
        Arc::clone(&self.none)
    }

    /// This model exists.
    pub(super) fn know(&self, model: &str) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.series.len() < MOST_NAMES && !known.series.contains_key(model) {
            known.series.insert(model.into(), None);
        }
    }

    /// The series of a model: its own when it is known and there are not too many, else those of `other`.
    pub(super) fn find(&self, model: &str, make: impl FnOnce(&str) -> ModelMetrics) -> Arc<ModelMetrics> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        match known.series.get(model) {
            Some(Some(found)) => return Arc::clone(found),
            Some(None) if known.with_series < MOST_MODELS => {}
            _ => return Arc::clone(&self.other),
        }
        drop(known);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        // Somebody else may have been here between the two locks.
        let full = known.with_series >= MOST_MODELS;
        match known.series.get_mut(model) {
            Some(Some(found)) => Arc::clone(found),
            Some(empty) if !full => {
                let made = Arc::new(make(model));
                *empty = Some(Arc::clone(&made));
                known.with_series += 1;
                made
            }
            _ => Arc::clone(&self.other),
        }
    }
}
