//! Histograms of durations that cost a hot path next to nothing: counted in a plain [`Tally`] of the turn, added up in shared
//! atomics now and then. The library's own histogram takes a lock for every value.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::encoding::{EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::{MetricType, TypedMetric};

/// The most bounds that a histogram may have. One more slot counts what lies above the last.
const MOST_BOUNDS: usize = 19;

const NANOSECONDS_IN_A_SECOND: f64 = 1e9;

/// Upper bounds of the buckets, inclusive, in nanoseconds, rising.
pub(super) type Bounds = &'static [u64];

/// A histogram that all turns add to. A clone is the same histogram.
#[derive(Clone)]
pub(super) struct Durations(Arc<Shared>);

struct Shared {
    bounds: Bounds,
    counts: [AtomicU64; MOST_BOUNDS + 1],
    sum: AtomicU64,
}

impl Durations {
    pub(super) fn new(bounds: Bounds) -> Self {
        assert!(bounds.len() <= MOST_BOUNDS && bounds.is_sorted(), "the bounds are constants of this module's users");
        Durations(Arc::new(Shared { bounds, counts: Default::default(), sum: AtomicU64::new(0) }))
    }

    /// An empty tally with the same buckets.
    pub(super) fn tally(&self) -> Tally {
        Tally { bounds: self.0.bounds, counts: [0; MOST_BOUNDS + 1], sum: 0, count: 0 }
    }

    pub(super) fn observe(&self, duration: Duration) {
        let nanoseconds = nanoseconds(duration);
        self.0.counts[bucket(self.0.bounds, nanoseconds)].fetch_add(1, Ordering::Relaxed);
        self.0.sum.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    /// Adds a tally of the same buckets, and empties it.
    pub(super) fn add(&self, tally: &mut Tally) {
        if tally.count == 0 {
            return;
        }
        for (shared, counted) in self.0.counts.iter().zip(&tally.counts) {
            if *counted > 0 {
                shared.fetch_add(u64::from(*counted), Ordering::Relaxed);
            }
        }
        self.0.sum.fetch_add(tally.sum, Ordering::Relaxed);
        *tally = self.tally();
    }
}

impl fmt::Debug for Durations {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Durations").finish_non_exhaustive()
    }
}

impl TypedMetric for Durations {
    const TYPE: MetricType = MetricType::Histogram;
}

impl EncodeMetric for Durations {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> Result<(), fmt::Error> {
        let counts = self.0.counts.iter().map(|count| count.load(Ordering::Relaxed));
        let bounds = self.0.bounds.iter().map(|bound| seconds(*bound)).chain([f64::INFINITY]);
        let buckets: Vec<(f64, u64)> = bounds.zip(counts).collect();
        // The count is made of the buckets and not kept beside them, so that the two agree in every scrape.
        let count = buckets.iter().map(|(_, count)| count).sum();
        let sum = seconds(self.0.sum.load(Ordering::Relaxed));
        encoder.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}

/// What one turn counted since it last added to the shared histogram.
#[derive(Debug)]
pub(super) struct Tally {
    bounds: Bounds,
    counts: [u32; MOST_BOUNDS + 1],
    sum: u64,
    count: u32,
}

impl Tally {
    pub(super) fn observe(&mut self, duration: Duration) {
        let nanoseconds = nanoseconds(duration);
        self.counts[bucket(self.bounds, nanoseconds)] += 1;
        self.sum = self.sum.saturating_add(nanoseconds);
        self.count += 1;
    }
}

pub(super) fn bucket(bounds: Bounds, nanoseconds: u64) -> usize {
    bounds.partition_point(|bound| *bound < nanoseconds)
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "a sum of over 104 days is exact to a microsecond, which is enough")]
fn seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / NANOSECONDS_IN_A_SECOND
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use prometheus_client::encoding::text;
    use prometheus_client::registry::Registry;

    use super::Durations;

    fn rendered(durations: &Durations) -> String {
        let mut registry = Registry::default();
        registry.register("d", "d", durations.clone());
        let mut text = String::new();
        text::encode(&mut text, &registry).expect("a String takes everything");
        text
    }

    #[test]
    fn a_tally_and_the_shared_histogram_count_alike() {
        const BOUNDS: &[u64] = &[1_000, 1_000_000];
        let (at_once, by_tally) = (Durations::new(BOUNDS), Durations::new(BOUNDS));
        let mut tally = by_tally.tally();
        for nanoseconds in [0, 999, 1_000, 1_001, 1_000_000, 1_000_001, 5_000_000_000] {
            at_once.observe(Duration::from_nanos(nanoseconds));
            tally.observe(Duration::from_nanos(nanoseconds));
        }
        by_tally.add(&mut tally);
        by_tally.add(&mut tally);
        assert_eq!(rendered(&at_once), rendered(&by_tally), "adding empties the tally");
        let text = rendered(&by_tally);
        for line in ["d_count 7", "d_bucket{le=\"0.000001\"} 3", "d_bucket{le=\"0.001\"} 5", "d_bucket{le=\"+Inf\"} 7"]
        {
            assert!(text.lines().any(|found| found == line), "no line {line} in\n{text}");
        }
        assert!(text.contains("d_sum 5.002003001"), "{text}");
    }
}
