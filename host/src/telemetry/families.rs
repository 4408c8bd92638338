//! The metrics' names, units and meanings: this is the list.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::buckets::{BETWEEN_DELTAS, FIRST_DELTA, GUEST_PUSH, WHOLE};
use super::histogram::Durations;
use super::labels::{
    BlameLabels, BuildLabels, CacheLabels, CacheResult, EndpointLabels, FailedVersion, FailedVersionLabels,
    FallbackLabels, FaultLabels, ModelLabel, ModelLabels, RecordingLabels, Refusal, RefusalLabels, ReloadLabels,
    RequestLabels, ShadowLabels, ShadowRun, ShareLabels, TokenLabels, UpstreamErrorLabels,
};
use super::models::ModelMetrics;
use crate::blame::Blame;
use crate::capacity;
use crate::versions::recording::Fate;

type DurationFamily<L> = Family<L, Durations, fn() -> Durations>;

/// Every family of metrics. A clone is the same families.
#[derive(Debug, Clone)]
pub(super) struct Families {
    pub(super) requests: Family<RequestLabels, Counter>,
    pub(super) failed_requests: Family<BlameLabels, Counter>,
    pub(super) in_flight: Family<EndpointLabels, Gauge>,
    pub(super) connections: Gauge,
    pub(super) tasks: Gauge,
    pub(super) sessions: Gauge,
    pub(super) sessions_in_use: Family<ShareLabels, Gauge>,
    pub(super) sessions_available: Family<ShareLabels, Gauge>,
    pub(super) saturated: Gauge,
    pub(super) bodies_in_use: Gauge,
    pub(super) bodies_available: Gauge,
    pub(super) compiles: Counter,
    pub(super) compiling: Gauge,
    pub(super) compiles_waiting: Gauge,
    pub(super) tokens: Family<TokenLabels, Counter>,
    pub(super) deltas: Family<ModelLabels, Counter>,
    pub(super) first_delta: DurationFamily<ModelLabels>,
    pub(super) between_deltas: DurationFamily<ModelLabels>,
    pub(super) whole: DurationFamily<EndpointLabels>,
    pub(super) guest_push: Durations,
    pub(super) guest_faults: Family<FaultLabels, Counter>,
    pub(super) upstream_errors: Family<UpstreamErrorLabels, Counter>,
    pub(super) retries: Family<ModelLabels, Counter>,
    pub(super) fallbacks: Family<FallbackLabels, Counter>,
    pub(super) discovery_cache: Family<CacheLabels, Counter>,
    pub(super) refused: Family<RefusalLabels, Counter>,
    pub(super) reloads: Family<ReloadLabels, Counter>,
    pub(super) shadowed: Family<ShadowLabels, Counter>,
    pub(super) recordings: Family<RecordingLabels, Counter>,
    pub(super) failed_versions: Family<FailedVersionLabels, Counter>,
    pub(super) unaccepted_versions: Counter,
}

impl Families {
    /// The families, those of closed lists of words with every series at zero: a rate needs a beginning.
    pub(super) fn new() -> Self {
        let families = Families {
            requests: Family::default(),
            failed_requests: Family::default(),
            in_flight: Family::default(),
            connections: Gauge::default(),
            tasks: Gauge::default(),
            sessions: Gauge::default(),
            sessions_in_use: Family::default(),
            sessions_available: Family::default(),
            saturated: Gauge::default(),
            bodies_in_use: Gauge::default(),
            bodies_available: Gauge::default(),
            compiles: Counter::default(),
            compiling: Gauge::default(),
            compiles_waiting: Gauge::default(),
            tokens: Family::default(),
            deltas: Family::default(),
            first_delta: Family::new_with_constructor(|| Durations::new(FIRST_DELTA)),
            between_deltas: Family::new_with_constructor(|| Durations::new(BETWEEN_DELTAS)),
            whole: Family::new_with_constructor(|| Durations::new(WHOLE)),
            guest_push: Durations::new(GUEST_PUSH),
            guest_faults: Family::default(),
            upstream_errors: Family::default(),
            retries: Family::default(),
            fallbacks: Family::default(),
            discovery_cache: Family::default(),
            refused: Family::default(),
            reloads: Family::default(),
            shadowed: Family::default(),
            recordings: Family::default(),
            failed_versions: Family::default(),
            unaccepted_versions: Counter::default(),
        };
        for blame in Blame::ALL {
            drop(families.failed_requests.get_or_create(&BlameLabels { blame: blame.label() }));
        }
        for result in CacheResult::ALL {
            drop(families.discovery_cache.get_or_create(&CacheLabels { result: result.word() }));
        }
        for reason in Refusal::ALL {
            drop(families.refused.get_or_create(&RefusalLabels { reason: reason.word() }));
        }
        for share in capacity::shares() {
            let labels = ShareLabels { share: share.to_owned() };
            drop(families.sessions_in_use.get_or_create(&labels));
            drop(families.sessions_available.get_or_create(&labels));
        }
        for run in ShadowRun::ALL {
            drop(families.shadowed.get_or_create(&ShadowLabels { outcome: run.word() }));
        }
        for fate in Fate::ALL {
            drop(families.recordings.get_or_create(&RecordingLabels { outcome: fate.word() }));
        }
        for failed in FailedVersion::ALL {
            drop(families.failed_versions.get_or_create(&FailedVersionLabels { outcome: failed.word() }));
        }
        for outcome in ["ok", "refused"] {
            drop(families.reloads.get_or_create(&ReloadLabels { outcome }));
        }
        families
    }

    /// The series of one model.
    pub(super) fn of_model(&self, model: &str) -> ModelMetrics {
        let label = ModelLabel(model.into());
        let tokens = |kind| self.tokens.get_or_create_owned(&TokenLabels { model: label.clone(), kind });
        let labels = ModelLabels { model: label.clone() };
        ModelMetrics {
            deltas: self.deltas.get_or_create_owned(&labels),
            input: tokens("input"),
            output: tokens("output"),
            cache_read: tokens("cache_read"),
            cache_write: tokens("cache_write"),
            first_delta: self.first_delta.get_or_create_owned(&labels),
            between_deltas: self.between_deltas.get_or_create_owned(&labels),
            label,
        }
    }

    /// A registry of them all.
    pub(super) fn registry(&self) -> Registry {
        let mut all = Registry::with_prefix("quarry");
        // OpenMetrics appends `_total` to counters and the unit to the name.
        all.register("requests", "Requests that ended", self.requests.clone());
        let text = "Requests that failed, by whose fault it is";
        all.register("failed_requests", text, self.failed_requests.clone());
        all.register("requests_in_flight", "Requests begun and not ended", self.in_flight.clone());
        all.register("connections_open", "Connections of clients that are open", self.connections.clone());
        let text = "Tasks of the async runtime that have not ended, such as one a connection";
        all.register("tasks_alive", text, self.tasks.clone());
        let text = "Instances of the provider component: one a request that is answered";
        all.register("provider_sessions_alive", text, self.sessions.clone());
        let text = "Sessions in use, by share; an admitted request has one";
        all.register("sessions_in_use", text, self.sessions_in_use.clone());
        let text = "Sessions that fit besides; of requests, those of the active version";
        all.register("sessions_available", text, self.sessions_available.clone());
        let text = "1 while so many requests are in progress that /readyz says no";
        all.register("saturated", text, self.saturated.clone());
        let text = "Bytes of requests' bodies that are read or sent on";
        all.register_with_unit("bodies_in_use", text, Unit::Bytes, self.bodies_in_use.clone());
        let text = "Bytes that bodies may have besides";
        all.register_with_unit("bodies_available", text, Unit::Bytes, self.bodies_available.clone());
        all.register("compiles", "Compilations of components that were begun", self.compiles.clone());
        all.register("compiles_running", "Compilations of components under way: one at most", self.compiling.clone());
        let text = "Compilations of components that wait for their turn";
        all.register("compiles_waiting", text, self.compiles_waiting.clone());
        all.register("tokens", "Tokens as Bedrock counts them", self.tokens.clone());
        all.register("deltas", "Deltas handed to clients", self.deltas.clone());
        let seconds = || Unit::Seconds;
        let text = "From the request's arrival to the first delta with content";
        all.register_with_unit("time_to_first_delta", text, seconds(), self.first_delta.clone());
        let text = "Between reads that brought deltas, of one stream";
        all.register_with_unit("time_between_deltas", text, seconds(), self.between_deltas.clone());
        let text = "From the request's arrival to its end";
        all.register_with_unit("request_duration", text, seconds(), self.whole.clone());
        let text = "In the provider component, for the events of one read";
        all.register_with_unit("guest_push_duration", text, seconds(), self.guest_push.clone());
        let text = "Calls of the provider component that trapped, timed out or could not be made";
        all.register("guest_faults", text, self.guest_faults.clone());
        all.register("upstream_errors", "Attempts that AWS or the model failed", self.upstream_errors.clone());
        all.register("retries", "Attempts made again with the same model", self.retries.clone());
        all.register("fallbacks", "Requests handed on to another model", self.fallbacks.clone());
        all.register("discovery_cache_reads", "Reads of the cache of listings", self.discovery_cache.clone());
        all.register("refused", "Requests that the gateway itself refused", self.refused.clone());
        all.register("config_reloads", "Times the configuration was read again", self.reloads.clone());
        let text = "Inputs of requests that a candidate was to run on beside them";
        all.register("shadowed_inputs", text, self.shadowed.clone());
        all.register("recordings", "Streams that were to be recorded", self.recordings.clone());
        let text = "Versions of the provider that failed too often or ended the process, by what became of them";
        all.register("provider_versions_failed", text, self.failed_versions.clone());
        let text = "Times a version was not activated because nobody accepted what it does differently";
        all.register("provider_versions_unaccepted", text, self.unaccepted_versions.clone());
        all.register("build", "What runs here", Info::new(BuildLabels { version: env!("CARGO_PKG_VERSION") }));
        all
    }
}
