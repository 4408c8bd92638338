//! Groups of differences, for whoever asks.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::collection::Group;
use super::difference::BEYOND;
use crate::json::Json;

/// The differences of one kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KindReport {
    /// The kind, such as `delta/toolcall-end/arguments`.
    pub kind: String,
    /// What differs, in words.
    #[serde(default)]
    pub about: String,
    /// Inputs in which it was seen.
    pub count: u64,
    /// When it was seen first, in milliseconds since 1970.
    pub first_seen: u64,
    /// The input in which it was seen first: a case, a recording, or AWS's id of the request.
    pub first_in: String,
    /// Where.
    pub place: String,
    /// What the active version has there.
    pub old: Option<String>,
    /// What the candidate has there.
    pub new: Option<String>,
    /// The smallest input that shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub specimen: Option<SpecimenReport>,
    /// Why there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub withheld: String,
}

/// An input that shows a difference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpecimenReport {
    /// The verb that it is for, such as `translate`.
    pub verb: String,
    /// What a conformance case of the verb has as `given`.
    pub given: serde_json::Value,
}

impl From<&Group> for KindReport {
    fn from(group: &Group) -> Self {
        let specimen = group.specimen.as_ref().map(|specimen| {
            let Json(text) = specimen.json();
            let given = serde_json::from_str(&text).unwrap_or(serde_json::Value::String(text));
            SpecimenReport { verb: specimen.verb().to_owned(), given }
        });
        KindReport {
            about: about(&group.kind).to_owned(),
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
}

impl KindReport {
    /// The kinds together that are not listed, because there are too many.
    pub(crate) fn beyond(count: u64) -> Self {
        KindReport {
            kind: BEYOND.to_owned(),
            about: about(BEYOND).to_owned(),
            count,
            first_seen: milliseconds(SystemTime::now()),
            first_in: String::new(),
            place: String::new(),
            old: None,
            new: None,
            specimen: None,
            withheld: "too many kinds are listed already".to_owned(),
        }
    }
}

/// What a kind is about: by how it begins, the longest beginning first.
fn about(kind: &str) -> &'static str {
    const ABOUT: &[(&str, &str)] = &[
        ("wording/", "a sentence"),
        ("settings/refused", "a configuration that is now rejected"),
        ("settings/accepted", "a configuration that was rejected before"),
        ("settings/problems", "problems of a configuration"),
        ("settings/warnings", "warnings of a configuration"),
        ("settings", "the merged settings"),
        ("listing", "the requests that list models"),
        ("catalog/left-out", "models that are not listed"),
        ("catalog/models", "models that are listed"),
        ("catalog", "the list of models"),
        ("resolved", "the model that a name means"),
        ("request/refused", "a request that is now rejected"),
        ("request/accepted", "a request that was rejected before"),
        ("request/problems", "problems of a request"),
        ("request/notices", "notices about a request"),
        ("request/modelId", "the model of a request"),
        ("request", "the request to Bedrock"),
        ("delta/protocol", "events in an order that breaks the contract"),
        ("delta/notice", "notices in an answer"),
        ("delta/done", "the end of an answer"),
        ("delta/error", "the end of a failed answer"),
        ("delta/toolcall", "tool calls in an answer"),
        ("delta/thinking", "thinking in an answer"),
        ("delta/text", "text in an answer"),
        ("delta", "events of an answer"),
        ("failure", "the explanation of a failed request"),
        ("fault", "a call that fails on one of the two versions"),
        (BEYOND, "further kinds, which are not listed"),
    ];
    ABOUT.iter().find(|(beginning, _)| kind.starts_with(beginning)).map_or("another kind", |(_, about)| *about)
}

/// Since 1970.
fn milliseconds(time: SystemTime) -> u64 {
    u64::try_from(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
}
