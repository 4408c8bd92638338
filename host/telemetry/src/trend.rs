//! The figures of the last hour, kept in memory for the admin page.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;

use super::buckets::FIRST_DELTA;
use super::histogram::{Bounds, bucket};
use super::labels::Outcome;
use crate::blame::Blame;
use crate::contract::types::Usage;

/// How long one slot lasts.
const SLOT: Duration = Duration::from_secs(30);

/// As many slots are an hour.
const SLOTS: usize = 120;

/// Versions of the provider that a slot tells apart; requests of further ones count in its sums alone.
const MOST_VERSIONS: usize = 8;

/// Bounds of the times to the first delta.
const TIMES: Bounds = FIRST_DELTA;

/// A request that ended.
#[derive(Debug)]
pub(super) struct Ended<'a> {
    pub(super) version: &'a str,
    pub(super) outcome: Outcome,
    pub(super) blame: Option<Blame>,
    pub(super) first: Option<Duration>,
    pub(super) usage: Option<Usage>,
}

/// The last hour. A request costs one short lock when it ends.
#[derive(Debug, Default)]
pub(super) struct Trend(Mutex<VecDeque<Slot>>);

#[derive(Debug)]
struct Slot {
    /// Its beginning, in slots since 1970.
    number: u64,
    aborted: u64,
    failed: [u64; Blame::ALL.len()],
    input: u64,
    output: u64,
    times: [u32; TIMES.len() + 1],
    versions: Vec<VersionRequests>,
    requests: u64,
}

/// The last hour, for the admin page.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TrendReport {
    /// Seconds of a slot.
    slot_seconds: u64,
    /// When this was made, in milliseconds since 1970.
    now: u64,
    /// The slots in which requests ended, the oldest first.
    slots: Vec<SlotReport>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SlotReport {
    /// Its beginning, in milliseconds since 1970.
    begin: u64,
    requests: u64,
    aborted: u64,
    failed: Vec<BlamedRequests>,
    input_tokens: u64,
    output_tokens: u64,
    /// Milliseconds from the request's head to the first delta with content: the median, and what 95 % are below.
    first_token: Option<FirstToken>,
    versions: Vec<VersionRequests>,
}

#[derive(Debug, Serialize)]
struct BlamedRequests {
    blame: &'static str,
    requests: u64,
}

#[derive(Debug, Clone, Serialize)]
struct VersionRequests {
    /// The first digits of its digest.
    version: String,
    requests: u64,
}

#[derive(Debug, Serialize)]
struct FirstToken {
    p50: f64,
    p95: f64,
}

impl Trend {
    /// Counts a request that ended now.
    pub(super) fn record(&self, ended: &Ended<'_>) {
        self.record_at(since_1970(), ended);
    }

    fn record_at(&self, now: Duration, ended: &Ended<'_>) {
        let number = now.as_secs() / SLOT.as_secs();
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was put back adds to the last slot until it has caught up.
        if slots.back().is_none_or(|last| last.number < number) {
            if slots.len() == SLOTS {
                slots.pop_front();
            }
            slots.push_back(Slot::new(number));
        }
        if let Some(slot) = slots.back_mut() {
            slot.add(ended);
        }
    }

    /// The last hour as it is now.
    pub(super) fn report(&self) -> TrendReport {
        self.report_at(since_1970())
    }

    fn report_at(&self, now: Duration) -> TrendReport {
        let slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = (now.as_secs() / SLOT.as_secs()).saturating_sub(SLOTS as u64 - 1);
        let within = slots.iter().filter(|slot| slot.number >= oldest);
        let now = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        TrendReport { slot_seconds: SLOT.as_secs(), now, slots: within.map(Slot::report).collect() }
    }
}

impl Slot {
    fn new(number: u64) -> Self {
        Slot {
            number,
            aborted: 0,
            failed: Default::default(),
            input: 0,
            output: 0,
            times: Default::default(),
            versions: Vec::new(),
            requests: 0,
        }
    }

    fn add(&mut self, ended: &Ended<'_>) {
        let Ended { version, outcome, blame, first, usage } = ended;
        self.requests += 1;
        self.aborted += u64::from(*outcome == Outcome::Aborted);
        if let Some(at) = blame.and_then(|blame| Blame::ALL.iter().position(|one| *one == blame)) {
            self.failed[at] += 1;
        }
        if let Some(usage) = usage {
            let input = usage.input.saturating_add(usage.cache_read).saturating_add(usage.cache_write);
            self.input = self.input.saturating_add(input);
            self.output = self.output.saturating_add(usage.output);
        }
        if let Some(first) = first {
            self.times[bucket(TIMES, u64::try_from(first.as_nanos()).unwrap_or(u64::MAX))] += 1;
        }
        match self.versions.iter().position(|known| known.version == *version) {
            Some(at) => self.versions[at].requests += 1,
            None if self.versions.len() < MOST_VERSIONS => {
                self.versions.push(VersionRequests { version: (*version).to_owned(), requests: 1 });
            }
            None => {}
        }
    }

    fn report(&self) -> SlotReport {
        let failed = Blame::ALL.iter().zip(self.failed);
        SlotReport {
            begin: self.number * SLOT.as_secs() * 1000,
            requests: self.requests,
            aborted: self.aborted,
            failed: failed.map(|(blame, requests)| BlamedRequests { blame: blame.label(), requests }).collect(),
            input_tokens: self.input,
            output_tokens: self.output,
            first_token: quantile(&self.times, 0.5)
                .zip(quantile(&self.times, 0.95))
                .map(|(p50, p95)| FirstToken { p50, p95 }),
            versions: self.versions.clone(),
        }
    }
}

/// The time that this share of the counted ones is below, in milliseconds: between the bounds of its bucket in proportion, as
/// Prometheus's `histogram_quantile` has it. None where nothing was counted.
fn quantile(counts: &[u32], share: f64) -> Option<f64> {
    let all: u32 = counts.iter().sum();
    if all == 0 {
        return None;
    }
    let wanted = share * f64::from(all);
    let mut below = 0.0;
    for (at, count) in counts.iter().map(|count| f64::from(*count)).enumerate() {
        if below + count >= wanted && count > 0.0 {
            let lower = at.checked_sub(1).map_or(0.0, |before| milliseconds(TIMES[before]));
            // What is above the last bound is as long as that at least.
            let upper = TIMES.get(at).map_or(lower, |bound| milliseconds(*bound));
            return Some(lower + (upper - lower) * (wanted - below) / count);
        }
        below += count;
    }
    None
}

fn milliseconds(nanoseconds: u64) -> f64 {
    Duration::from_nanos(nanoseconds).as_secs_f64() * 1e3
}

fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Blame, Duration, Ended, Outcome, SLOTS, Trend, quantile};

    fn ended(version: &str, blame: Option<Blame>) -> Ended<'_> {
        let outcome = if blame.is_some() { Outcome::Error } else { Outcome::Ok };
        Ended { version, outcome, blame, first: Some(Duration::from_millis(90)), usage: None }
    }

    #[test]
    fn an_hour_is_kept_and_no_more() {
        let trend = Trend::default();
        let second = Duration::from_secs;
        for at in (0..2 * 3600).step_by(10) {
            trend.record_at(second(at), &ended("a", (at % 60 == 0).then_some(Blame::Upstream)));
        }
        let report = trend.report_at(second(2 * 3600 - 1));
        assert_eq!((report.slots.len(), report.slots[0].begin), (SLOTS, 3600 * 1000));
        let sums = |of: fn(&super::SlotReport) -> u64| report.slots.iter().map(of).sum::<u64>();
        assert_eq!((sums(|slot| slot.requests), sums(|slot| slot.failed[3].requests)), (360, 60));
        assert!(trend.report_at(second(4 * 3600)).slots.is_empty(), "an hour in which nothing happened");
        // A clock that goes back loses nothing.
        trend.record_at(second(10), &ended("a", None));
        assert_eq!(trend.report_at(second(2 * 3600 - 1)).slots[SLOTS - 1].requests, 4);
    }

    #[test]
    fn versions_are_told_apart_up_to_a_bound() {
        let trend = Trend::default();
        for version in 0..20 {
            trend.record_at(Duration::ZERO, &ended(&version.to_string(), None));
        }
        let report = trend.report_at(Duration::ZERO);
        assert_eq!((report.slots[0].versions.len(), report.slots[0].requests), (super::MOST_VERSIONS, 20));
    }

    #[test]
    fn quantiles_lie_in_their_bucket() {
        let mut counts = [0; super::TIMES.len() + 1];
        assert_eq!(quantile(&counts, 0.5), None);
        counts[5] = 10; // 80 to 100 ms
        assert_eq!(quantile(&counts, 0.5), Some(90.0));
        counts[super::TIMES.len()] = 1000;
        assert_eq!(quantile(&counts, 0.95), Some(300_000.0));
    }
}
