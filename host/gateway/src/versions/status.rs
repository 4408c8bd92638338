//! The state of the versions of a gateway.

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::changes::Changes;
use super::crashes::{crashed, crashes_too_often};
use super::{ChangeError, FolderStatus, UnacceptedStatus};
use crate::canary::{CanaryRule, Ended};
use crate::capacity::CapacityStatus;
use crate::embedded::{EMBEDDED_NAME, embedded_digest};
use crate::lineup::{Canary, Seat, Version};
use crate::provider::Digest;
use crate::shadow::ShadowStatus;
use quarry_versions::{Event, History, Store};

/// The versions of a gateway.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The active version.
    pub serving: Digest,
    /// The version that `rollback` would activate.
    pub previous: Option<Digest>,
    /// The pinned version.
    pub pinned: Option<Digest>,
    /// The canary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<CanaryStatus>,
    /// The running shadow, or the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shadow: Option<ShadowStatus>,
    /// The watched folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<FolderStatus>,
    /// The capacity and its use. `None` if no gateway runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<CapacityStatus>,
    /// Settings that were changed since the start of the gateway and take effect after a restart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub awaiting_restart: Vec<String>,
    /// The last version that was not activated because of its differences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unaccepted: Option<UnacceptedStatus>,
    /// All versions: the active one first, then the others, the last verified first.
    pub versions: Vec<VersionStatus>,
}

/// A canary.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CanaryStatus {
    /// The version of the canary.
    pub digest: Digest,
    /// The requests that it serves.
    pub rule: CanaryRule,
    /// The number of requests after which it is promoted automatically, unless it is worse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promote_after: Option<u64>,
    /// Its start, in milliseconds since 1970.
    pub since: u64,
    /// The outcomes of its requests.
    pub candidate: Ended,
    /// The outcomes of the active version's requests in the same time.
    pub serving: Ended,
}

/// One version.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VersionStatus {
    /// Its digest.
    pub digest: Digest,
    /// The name that its component states; empty if it was never loaded.
    pub name: String,
    /// The source of its bytes.
    pub source: String,
    /// Its state.
    pub state: VersionState,
    /// The reason of its quarantine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quarantined: Option<String>,
    /// Why it should be retired, although it stays active because it is pinned or no other version can replace it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing: Option<String>,
    /// A sentence about recent crashes of the process with this version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crashed: Option<String>,
    /// How many contract rules and own cases it passed. None for the embedded version, which passed them at build time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checks: Option<usize>,
    /// When it passed them, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified_at: Option<u64>,
    /// Its counters since it was loaded, if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<Service>,
}

/// The counters of a loaded version.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Service {
    /// When it was loaded, in milliseconds since 1970.
    pub since: u64,
    /// Requests that it served or serves.
    pub requests: u64,
    /// Requests under way.
    pub under_way: usize,
    /// Failed calls, whoever is to blame: traps, deadlines, exceeded limits.
    pub failed_calls: u64,
    /// Confirmed faults: failures that another version does not have on the same input.
    pub faults: u64,
}

/// The state of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VersionState {
    /// New requests get it.
    Serving,
    /// A part of the new requests gets it.
    Canary,
    /// It finishes its requests.
    Retiring,
    /// It passed, and can be activated.
    Verified,
    /// It failed too often.
    Quarantined,
}

impl Status {
    /// What a history comes to while this version serves.
    #[must_use]
    pub fn of(history: &History, serving: Digest) -> Self {
        let embedded = embedded_digest();
        let mut all: Vec<Digest> = history.proofs.keys().copied().chain([embedded, serving]).collect();
        all.sort_unstable_by_key(Digest::to_string);
        all.dedup();
        let mut versions: Vec<_> = all.into_iter().map(|digest| known_version(history, digest, embedded)).collect();
        for version in versions.iter_mut().filter(|version| version.digest == serving) {
            version.state = VersionState::Serving;
        }
        versions
            .sort_by_key(|version| (version.state != VersionState::Serving, Reverse(version.verified_at.unwrap_or(0))));
        let previous = history.previous().filter(|previous| *previous != serving);
        let previous = previous.or_else(|| (serving != embedded).then_some(embedded));
        Status {
            serving,
            previous,
            pinned: history.pinned,
            canary: None,
            shadow: None,
            folder: None,
            capacity: None,
            awaiting_restart: Vec::new(),
            unaccepted: None,
            versions,
        }
    }

    /// What a folder of versions comes to while no gateway runs: the last active version counts as serving.
    #[must_use]
    pub fn at_rest(store: &Store) -> Self {
        let history = store.history();
        Status::of(history, history.active.unwrap_or_else(embedded_digest))
    }
}

impl Changes {
    /// The versions, and how each is doing.
    pub(super) fn status(&self) -> Status {
        let history = self.store.history();
        let serving = Arc::clone(&self.gateway.lineup.load().primary.version);
        let mut status = Status::of(history, serving.digest());
        let mut loaded = vec![serving.clone()];
        if let Some(Canary { seat: Seat { version, .. }, trial }) = self.canary() {
            let digest = version.digest();
            status.canary = Some(CanaryStatus {
                digest,
                rule: trial.rule.clone(),
                promote_after: trial.promote_after,
                since: milliseconds(trial.since),
                candidate: trial.of_candidate(),
                serving: trial.of_serving(),
            });
            for known in status.versions.iter_mut().filter(|known| known.digest == digest) {
                known.state = VersionState::Canary;
            }
            loaded.push(version);
        }
        status.capacity = Some(self.gateway.capacity().status());
        status.shadow = self.last_shadow.as_ref().map(|run| run.status());
        status.folder = self.folder.clone();
        status.awaiting_restart = self.gateway.awaiting_restart().into_iter().map(str::to_owned).collect();
        status.unaccepted = self.unaccepted.as_ref().map(|behaviour| self.unaccepted_status(behaviour));
        loaded.extend(self.retiring.values().map(|(version, _)| Arc::clone(version)));
        // The embedded version has no proof that names it.
        if let Some(before) = &self.before
            && let Some(known) = status.versions.iter_mut().find(|known| known.digest == before.digest())
        {
            known.name.clone_from(&before.name);
        }
        for version in loaded {
            let Some(known) = status.versions.iter_mut().find(|known| known.digest == version.digest()) else {
                continue;
            };
            known.name.clone_from(&version.name);
            known.service = Some(service(&version));
            if known.state == VersionState::Serving {
                let crashes = crashes_too_often(history, &version.digest()).then(|| known.crashed.clone()).flatten();
                known.failing = self.verdict(&version).or(crashes);
            }
            if known.state == VersionState::Verified {
                known.state = VersionState::Retiring;
            }
        }
        status
    }

    /// Removes the bytes of versions that neither serve, are pinned, are in the gate, nor would be gone back to, but for the `keep`
    /// latest.
    pub(super) fn prune(&mut self, keep: usize, by: &str) -> Result<Vec<Digest>, ChangeError> {
        let status = self.status();
        let components = Arc::clone(self.store.components());
        let needed = |digest: &Digest| {
            [Some(status.serving), status.previous, status.pinned].contains(&Some(*digest))
                || self.store.history().trials.has(digest)
                || self.jobs.values().any(|job| job.digest == Some(*digest))
                || status.versions.iter().any(|version| version.digest == *digest && version.service.is_some())
        };
        let kept = components.kept()?;
        let order: Vec<Digest> = status.versions.iter().map(|version| version.digest).collect();
        let mut removable: Vec<Digest> = kept.into_iter().filter(|digest| !needed(digest)).collect();
        removable.sort_by_key(|digest| order.iter().position(|listed| listed == digest).unwrap_or(usize::MAX));
        let pruned = removable.split_off(keep.min(removable.len()));
        for digest in &pruned {
            self.record(Event::Pruned { digest: *digest, by: by.to_owned() })?;
            components.remove(digest)?;
        }
        Ok(pruned)
    }
}

fn known_version(history: &History, digest: Digest, embedded: Digest) -> VersionStatus {
    let proof = history.proofs.get(&digest);
    let quarantined = history.quarantined.get(&digest).cloned();
    VersionStatus {
        digest,
        name: proof.map(|proof| proof.name.clone()).unwrap_or_default(),
        source: match proof {
            _ if digest == embedded => EMBEDDED_NAME.to_owned(),
            Some(proof) => proof.source.clone(),
            None => String::new(),
        },
        state: if quarantined.is_some() { VersionState::Quarantined } else { VersionState::Verified },
        quarantined,
        failing: None,
        crashed: crashed(history, &digest),
        checks: proof.map(|proof| proof.passed),
        verified_at: proof.map(|proof| proof.at),
        service: None,
    }
}

fn service(version: &Version) -> Service {
    let faults = version.generation.faults();
    Service {
        since: milliseconds(version.since),
        requests: version.begun(),
        under_way: version.under_way(),
        failed_calls: faults.failed_calls(),
        faults: faults.confirmed(),
    }
}

/// Since 1970.
fn milliseconds(time: SystemTime) -> u64 {
    u64::try_from(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
}
