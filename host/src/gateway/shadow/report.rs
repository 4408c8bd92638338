//! What was found, for whoever asks.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::Run;
use crate::provider::Digest;
use crate::versions::Behaviour;
use crate::versions::compare::{KindReport, ReachReport};

/// A candidate that runs beside the requests, in numbers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShadowStatus {
    /// The candidate.
    pub digest: Digest,
    /// The version that it is compared with.
    pub against: Digest,
    /// Of how many requests it gets the input, in per cent.
    pub share: u8,
    /// Since when, in milliseconds since 1970.
    pub since: u64,
    /// Whether it still does.
    pub running: bool,
    /// Inputs that both ran on: streams, requests that came to none, listings, errors.
    pub compared: u64,
    /// Those of them that differ in anything.
    pub differing: u64,
    /// Inputs that were not compared: too large, or more than the thread can keep up with.
    pub dropped: u64,
}

/// What differs, by kind.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShadowReport {
    /// The numbers.
    #[serde(flatten)]
    pub status: ShadowStatus,
    /// The kinds, in the order in which they were seen first.
    pub kinds: Vec<KindReport>,
    /// How often a kind was seen beyond those that are listed.
    pub beyond: u64,
    /// What the inputs reach.
    #[serde(default)]
    pub reach: ReachReport,
}

impl Run {
    /// The numbers. Waits for nobody.
    pub(crate) fn status(&self) -> ShadowStatus {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        ShadowStatus {
            digest: self.candidate.digest(),
            against: self.serving.digest(),
            share: self.share,
            since: milliseconds(self.since),
            running: !self.is_stopped(),
            compared: count(&self.compared),
            differing: count(&self.differing),
            dropped: count(&self.dropped),
        }
    }

    /// The same with what was seen here too. Blocks while an input is compared.
    pub(crate) fn seen_beside(&self, behaviour: Behaviour) -> Behaviour {
        behaviour.with(&self.differences())
    }

    /// What differs. Blocks while an input is compared.
    pub(crate) fn report(&self) -> ShadowReport {
        let differences = self.differences();
        let kinds = differences.groups().iter().map(KindReport::from).collect();
        let reach = differences.reach().into();
        ShadowReport { status: self.status(), kinds, beyond: differences.beyond(), reach }
    }
}

/// Since 1970.
fn milliseconds(time: SystemTime) -> u64 {
    u64::try_from(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
}
