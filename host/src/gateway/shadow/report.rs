//! What was found, for whoever asks.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::Run;
use crate::json::Json;
use crate::provider::Digest;
use crate::versions::compare::Group;

/// A candidate that runs beside the requests, in numbers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShadowStatus {
    /// The candidate.
    pub digest: Digest,
    /// The version that it is held against.
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
    pub kinds: Vec<ShadowKind>,
    /// How often a kind was seen beyond those that are listed.
    pub beyond: u64,
}

/// The differences of one kind.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShadowKind {
    /// The kind, such as `delta/toolcall-end/arguments`.
    pub kind: String,
    /// Inputs in which it was seen.
    pub count: u64,
    /// When it was seen first, in milliseconds since 1970.
    pub first_seen: u64,
    /// AWS's id of the request in which it was seen first, where that is known.
    pub first_in: String,
    /// Where.
    pub place: String,
    /// What the version that serves has there.
    pub old: Option<String>,
    /// What the candidate has there.
    pub new: Option<String>,
    /// The smallest input that shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub specimen: Option<ShadowSpecimen>,
    /// Why there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub withheld: String,
}

/// An input that shows a difference.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ShadowSpecimen {
    /// The verb that it is for, such as `translate`.
    pub verb: String,
    /// What a conformance case of the verb has as `given`.
    pub given: serde_json::Value,
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

    /// What differs. Blocks while an input is compared.
    pub(crate) fn report(&self) -> ShadowReport {
        let differences = self.differences();
        let kinds = differences.groups().iter().map(kind).collect();
        ShadowReport { status: self.status(), kinds, beyond: differences.beyond() }
    }
}

fn kind(group: &Group) -> ShadowKind {
    let specimen = group.specimen.as_ref().map(|specimen| {
        let Json(text) = specimen.json();
        let given = serde_json::from_str(&text).unwrap_or(serde_json::Value::String(text));
        ShadowSpecimen { verb: specimen.verb().to_owned(), given }
    });
    ShadowKind {
        kind: group.kind.clone(),
        count: group.count,
        first_seen: milliseconds(group.first_seen),
        first_in: group.first_in.clone(),
        place: group.difference.place.clone(),
        old: group.difference.old.clone(),
        new: group.difference.new.clone(),
        specimen,
        withheld: group.withheld.to_owned(),
    }
}

/// Since 1970.
fn milliseconds(time: SystemTime) -> u64 {
    u64::try_from(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
}
