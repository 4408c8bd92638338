//! What versions there are, and how each is doing.

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::changes::Changes;
use super::crashes::{crashed, crashes_too_often};
use super::{ChangeError, FolderStatus, UnacceptedStatus};
use crate::capacity::CapacityStatus;
use crate::gateway::canary::{CanaryRule, Ended};
use crate::gateway::lineup::{Canary, Seat, Version};
use crate::gateway::shadow::ShadowStatus;
use crate::provider::{Digest, EMBEDDED_NAME, embedded_digest};
use crate::versions::{Event, History, Store};

/// The versions of a gateway.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The version that serves.
    pub serving: Digest,
    /// The version that `rollback` would put to work.
    pub previous: Option<Digest>,
    /// The version that no other may replace.
    pub pinned: Option<Digest>,
    /// The candidate that gets a part of the requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<CanaryStatus>,
    /// The candidate that runs beside the requests, or did last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shadow: Option<ShadowStatus>,
    /// The folder whose newest version is put to work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<FolderStatus>,
    /// How many requests fit, and what of that is in use. None where no gateway runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<CapacityStatus>,
    /// The version that was not activated last because of what it does differently.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unaccepted: Option<UnacceptedStatus>,
    /// All versions, the one that serves first, then by when they were verified, the latest first.
    pub versions: Vec<VersionStatus>,
}

/// A candidate that gets a part of the requests.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CanaryStatus {
    /// The candidate.
    pub digest: Digest,
    /// Which requests it gets.
    pub rule: CanaryRule,
    /// After how many of them it is promoted by itself, unless it is worse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promote_after: Option<u64>,
    /// Since when, in milliseconds since 1970.
    pub since: u64,
    /// How its requests ended.
    pub candidate: Ended,
    /// How those of the version that serves ended meanwhile.
    pub serving: Ended,
}

/// One version.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VersionStatus {
    /// What it is known by.
    pub digest: Digest,
    /// What its component says of itself; empty where it was never loaded.
    pub name: String,
    /// Where its bytes came from.
    pub source: String,
    /// What it does.
    pub state: VersionState,
    /// Why it is quarantined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quarantined: Option<String>,
    /// What it did to be put away, where it serves all the same: it is pinned, or there is none to go back to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing: Option<String>,
    /// That the process died while it worked for this version, where it did and that counts still.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crashed: Option<String>,
    /// Cases that it passed; none for the one that the binary was built with, which passed them then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cases: Option<usize>,
    /// When it passed them, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified_at: Option<u64>,
    /// What it did since it was loaded, where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<Service>,
}

/// What a loaded version did.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Service {
    /// Since when it is loaded, in milliseconds since 1970.
    pub since: u64,
    /// Requests that it got.
    pub requests: u64,
    /// Requests that have not ended.
    pub under_way: usize,
    /// Calls that failed, whoever's fault it is: traps, deadlines, broken bounds.
    pub failed_calls: u64,
    /// Failures that another version confirmed to be this one's fault.
    pub faults: u64,
}

/// What a version does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VersionState {
    /// New requests get it.
    Serving,
    /// A part of the new requests gets it.
    Canary,
    /// It finishes its requests.
    Retiring,
    /// It passed, and can be put to work.
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
            unaccepted: None,
            versions,
        }
    }

    /// What a folder of versions comes to while no gateway runs: the version that served last counts as serving.
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
        status.unaccepted = self.unaccepted.as_ref().map(|behaviour| self.unaccepted_status(behaviour));
        loaded.extend(self.retiring.values().map(|(version, _)| Arc::clone(version)));
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
        cases: proof.map(|proof| proof.passed),
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
