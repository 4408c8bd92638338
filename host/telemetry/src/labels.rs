//! Label sets and their words. Every word is from a closed list, except models, keys and versions, which [`super::models`] and
//! [`super::names`] bound.

use std::borrow::Cow;
use std::sync::Arc;

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};

use crate::contract::types::FailureKind;
use crate::provider::ProviderError;

/// The value of a label that is from no closed list, shared by all its series.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Label(pub(super) Arc<str>);

impl EncodeLabelValue for Label {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        (&*self.0).encode(encoder)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct RequestLabels {
    pub(super) endpoint: &'static str,
    pub(super) model: Label,
    pub(super) status: &'static str,
    pub(super) outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct EndpointLabels {
    pub(super) endpoint: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ModelLabels {
    pub(super) model: Label,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct MemberLabels {
    pub(super) member: Label,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct TokenLabels {
    pub(super) model: Label,
    pub(super) kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct FaultLabels {
    pub(super) call: &'static str,
    pub(super) fault: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct UpstreamErrorLabels {
    pub(super) model: Label,
    pub(super) kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct BlameLabels {
    pub(super) blame: &'static str,
}

/// A request that ended: `blame` is `none` where nobody is to blame.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct KeyRequestLabels {
    pub(super) key: Label,
    pub(super) outcome: &'static str,
    pub(super) blame: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct KeyTokenLabels {
    pub(super) key: Label,
    pub(super) kind: &'static str,
}

/// A request that ended: `blame` is `none` where nobody is to blame.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct VersionRequestLabels {
    pub(super) version: Label,
    pub(super) outcome: &'static str,
    pub(super) blame: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct VersionLabels {
    pub(super) version: Label,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct RepairLabels {
    pub(super) model: Label,
    pub(super) kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct FallbackLabels {
    pub(super) from: Label,
    pub(super) to: Label,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct CacheLabels {
    pub(super) result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct RefusalLabels {
    pub(super) reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ShareLabels {
    pub(super) share: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ReloadLabels {
    pub(super) outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct BuildLabels {
    pub(super) version: &'static str,
}

/// How the cache of listings served a request for models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheResult {
    /// There was a fresh listing.
    Hit,
    /// There was none, so AWS was called.
    Miss,
    /// There was an expired one, and AWS could not be reached.
    Stale,
}

impl CacheResult {
    pub(super) const ALL: [CacheResult; 3] = [CacheResult::Hit, CacheResult::Miss, CacheResult::Stale];

    pub(super) fn word(self) -> &'static str {
        match self {
            CacheResult::Hit => "hit",
            CacheResult::Miss => "miss",
            CacheResult::Stale => "stale",
        }
    }
}

/// Why the gateway itself refused a request, before it called AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// No key, or one that is not known, or one that may not use the model.
    Key,
    /// More requests in a time than the key may make.
    Rate,
    /// More concurrent requests than the configuration allows the key or the gateway.
    Concurrency,
    /// More concurrent requests than the pool, the memory or the open files allow.
    Capacity,
    /// A body or headers over the limit.
    Size,
    /// The bodies under way use up the bytes of the key or the gateway.
    Memory,
    /// The gateway is shutting down.
    Draining,
}

impl Refusal {
    pub(super) const ALL: [Refusal; 7] = [
        Refusal::Key,
        Refusal::Rate,
        Refusal::Concurrency,
        Refusal::Capacity,
        Refusal::Size,
        Refusal::Memory,
        Refusal::Draining,
    ];

    pub(super) fn word(self) -> &'static str {
        match self {
            Refusal::Key => "key",
            Refusal::Rate => "rate",
            Refusal::Concurrency => "concurrency",
            Refusal::Capacity => "capacity",
            Refusal::Size => "size",
            Refusal::Memory => "memory",
            Refusal::Draining => "draining",
        }
    }
}

/// What became of an input that a candidate was to run on beside the requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShadowRun {
    /// Both versions make the same of it.
    Same,
    /// They do not.
    Different,
    /// It was not compared: it was too large, or the queue was full.
    Dropped,
}

impl ShadowRun {
    pub(super) const ALL: [Self; 3] = [ShadowRun::Same, ShadowRun::Different, ShadowRun::Dropped];

    pub(super) fn word(self) -> &'static str {
        match self {
            ShadowRun::Same => "same",
            ShadowRun::Different => "different",
            ShadowRun::Dropped => "dropped",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ShadowLabels {
    pub(super) outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct RecordingLabels {
    pub(super) outcome: &'static str,
}

/// What became of a version of the provider that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailedVersion {
    /// It is quarantined, and gets no requests any more.
    Quarantined,
    /// It stays active: it is pinned, or there is none to go back to.
    Kept,
    /// The process died under it, for the first time.
    Crashed,
}

impl FailedVersion {
    pub(super) const ALL: [Self; 3] = [FailedVersion::Quarantined, FailedVersion::Kept, FailedVersion::Crashed];

    pub(super) fn word(self) -> &'static str {
        match self {
            FailedVersion::Quarantined => "quarantined",
            FailedVersion::Kept => "kept",
            FailedVersion::Crashed => "crashed",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct FailedVersionLabels {
    pub(super) outcome: &'static str,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered.
    Ok,
    /// It failed.
    Error,
    /// Its client went away.
    Aborted,
}

impl Outcome {
    pub(super) fn word(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::Error => "error",
            Outcome::Aborted => "aborted",
        }
    }
}

/// The class of an HTTP status: `2xx`.
pub(super) fn status_class(status: u16) -> &'static str {
    match status / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        5 => "5xx",
        _ => "other",
    }
}

/// The contract's word for a kind of failure, as logs and spans have it.
pub(super) fn failure_word(kind: &FailureKind) -> Cow<'static, str> {
    match kind {
        FailureKind::Other(name) => Cow::Owned(name.clone()),
        named => Cow::Borrowed(failure_label(named)),
    }
}

/// The same as a label: a name that the provider made up is `other`.
pub(super) fn failure_label(kind: &FailureKind) -> &'static str {
    match kind {
        FailureKind::Throttled => "throttled",
        FailureKind::Overloaded => "overloaded",
        FailureKind::Quota => "quota",
        FailureKind::ContextOverflow => "context-overflow",
        FailureKind::Denied => "denied",
        FailureKind::CredentialsMissing => "credentials-missing",
        FailureKind::CredentialsInvalid => "credentials-invalid",
        FailureKind::ModelNotEnabled => "model-not-enabled",
        FailureKind::ModelNotFound => "model-not-found",
        FailureKind::NeedsInferenceProfile => "needs-inference-profile",
        FailureKind::Validation => "validation",
        FailureKind::Transport => "transport",
        FailureKind::Timeout => "timeout",
        FailureKind::Truncated => "truncated",
        FailureKind::Damaged => "damaged",
        FailureKind::ContentFiltered => "content-filtered",
        FailureKind::Refused => "refused",
        FailureKind::ModelOutput => "model-output",
        FailureKind::Service => "service",
        FailureKind::Aborted => "aborted",
        FailureKind::Other(_) => "other",
    }
}

/// The call of the provider that failed, and how.
pub(super) fn fault(error: &ProviderError) -> FaultLabels {
    let (call, fault) = match error {
        ProviderError::Full(_) | ProviderError::Reserve(_) => ("instantiate", "no-room"),
        ProviderError::Instantiate { .. } => ("instantiate", "no-instance"),
        ProviderError::Deadline { call, .. } => (*call, "timeout"),
        ProviderError::OutOfMemory { call, .. } => (*call, "out-of-memory"),
        ProviderError::Trap { call, .. } => (*call, "trap"),
        ProviderError::Answer { call, .. } => (*call, "broken-contract"),
        ProviderError::TooSlow { call, .. } => (*call, "too-slow"),
        ProviderError::Poisoned { call, .. } => (*call, "poisoned"),
        ProviderError::Unrepeatable { .. } => ("replay", "unrepeatable"),
        ProviderError::Unended { .. } => ("finish", "unended"),
        ProviderError::OutOfOrder { call, .. } => (*call, "out-of-order"),
    };
    FaultLabels { call, fault }
}
