//! The report of a shadow.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::Run;
use crate::provider::Digest;
use quarry_versions::Behaviour;
use quarry_versions::compare::{KindReport, ReachReport};

/// The numbers of a shadow.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShadowStatus {
    /// The candidate.
    pub digest: Digest,
    /// The version that it is compared with.
    pub against: Digest,
    /// The share of requests whose inputs it gets, in per cent.
    pub share: u8,
    /// Its start, in milliseconds since 1970.
    pub since: u64,
    /// Whether it is still running.
    pub running: bool,
    /// Compared inputs: streams, requests that started no stream, listings, errors.
    pub compared: u64,
    /// Compared inputs with a difference.
    pub differing: u64,
    /// Inputs that were not compared: too large, or more than the thread can keep up with.
    pub dropped: u64,
}

/// The differences by kind.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShadowReport {
    /// The numbers.
    #[serde(flatten)]
    pub status: ShadowStatus,
    /// The kinds, in the order in which they were seen first.
    pub kinds: Vec<KindReport>,
    /// The number of differences of unlisted kinds.
    pub beyond: u64,
    /// The models, options and events that the inputs cover.
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
