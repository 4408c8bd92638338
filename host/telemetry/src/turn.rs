//! The counts of one turn, kept by the turn itself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::histogram::{Durations, Tally};
use super::metrics::Metrics;
use super::models::ModelMetrics;
use crate::contract::conversation::Delta;

/// How long a turn counts for itself before it adds to the shared metrics.
const FLUSH_EVERY: Duration = Duration::from_secs(1);

/// The counts of a turn that are not yet in the shared metrics, and the moments that they are made of.
#[derive(Debug)]
pub(super) struct Turn {
    pub(super) model: Arc<ModelMetrics>,
    guest_push: Durations,
    begun: Instant,
    flushed: Instant,
    last: Option<Instant>,
    first: Option<Duration>,
    deltas: u64,
    counted: u64,
    gaps: Tally,
    pushes: Tally,
}

impl Turn {
    pub(super) fn begin(metrics: &Metrics, begun: Instant) -> Self {
        let model = metrics.no_model();
        let guest_push = metrics.families.guest_push.clone();
        let (gaps, pushes) = (model.between_deltas.tally(), guest_push.tally());
        let (last, first, deltas, counted) = (None, None, 0, 0);
        Turn { model, guest_push, begun, flushed: begun, last, first, deltas, counted, gaps, pushes }
    }

    /// From now on this model is the one that counts.
    pub(super) fn use_model(&mut self, model: Arc<ModelMetrics>) {
        self.flush();
        self.model = model;
    }

    /// The provider was called, and took so long.
    pub(super) fn pushed(&mut self, provider_time: Duration) {
        self.pushes.observe(provider_time);
    }

    /// Deltas came. Gives the time since the request's arrival when the first of the answer's content is among them.
    pub(super) fn took(&mut self, deltas: &[Delta]) -> Option<Duration> {
        self.came(deltas.len(), || deltas.iter().any(is_content))
    }

    /// As [`Turn::took`], of so many pieces of an answer, whatever they are.
    pub(super) fn came(&mut self, pieces: usize, have_content: impl FnOnce() -> bool) -> Option<Duration> {
        let now = Instant::now();
        self.counted += pieces as u64;
        if let Some(last) = self.last.replace(now) {
            self.gaps.observe(now - last);
        }
        if now - self.flushed >= FLUSH_EVERY {
            self.flush();
            self.flushed = now;
        }
        if self.first.is_some() || !have_content() {
            return None;
        }
        self.first = Some(now - self.begun);
        self.first
    }

    /// The time from the request's arrival to the first delta with content.
    pub(super) fn first_delta(&self) -> Option<Duration> {
        self.first
    }

    /// How many deltas came.
    pub(super) fn deltas(&self) -> u64 {
        self.deltas + self.counted
    }

    /// Adds what was counted to the shared metrics.
    pub(super) fn flush(&mut self) {
        self.guest_push.add(&mut self.pushes);
        self.model.between_deltas.add(&mut self.gaps);
        self.model.deltas.inc_by(self.counted);
        self.deltas += std::mem::take(&mut self.counted);
    }
}

/// Whether a delta brings something of the answer. That the message began, or a notice, says nothing of the model's speed.
fn is_content(delta: &Delta) -> bool {
    !matches!(delta, Delta::Start | Delta::Notice(_) | Delta::Done(_) | Delta::Error(_))
}
