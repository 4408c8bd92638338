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
    FallbackLabels, FaultLabels, KeyRequestLabels, KeyTokenLabels, Label, MemberLabels, ModelLabels, RecordingLabels,
    Refusal, RefusalLabels, ReloadLabels, RepairLabels, RequestLabels, ShadowLabels, ShadowRun, ShareLabels,
    TokenLabels, UpstreamErrorLabels, VersionLabels, VersionRequestLabels,
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
    pub(super) key_requests: Family<KeyRequestLabels, Counter>,
    pub(super) key_tokens: Family<KeyTokenLabels, Counter>,
    pub(super) version_requests: Family<VersionRequestLabels, Counter>,
    pub(super) version_first_delta: DurationFamily<VersionLabels>,
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
    pub(super) retries_denied: Family<ModelLabels, Counter>,
    pub(super) repairs: Family<RepairLabels, Counter>,
    pub(super) fallbacks: Family<FallbackLabels, Counter>,
    pub(super) discovery_cache: Family<CacheLabels, Counter>,
    pub(super) refused: Family<RefusalLabels, Counter>,
    pub(super) ignored_members: Family<MemberLabels, Counter>,
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
            key_requests: Family::default(),
            key_tokens: Family::default(),
            version_requests: Family::default(),
            version_first_delta: Family::new_with_constructor(|| Durations::new(FIRST_DELTA)),
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
            retries_denied: Family::default(),
            repairs: Family::default(),
            fallbacks: Family::default(),
            discovery_cache: Family::default(),
            refused: Family::default(),
            ignored_members: Family::default(),
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

    /// A series of every family, with every label of every closed list: an empty family is not in the text of a registry.
    pub(super) fn with_a_series_of_each() -> Self {
        let families = Families::new();
        let model = Label("MODEL".into());
        families.of_model("MODEL");
        let endpoint = "/v1/messages";
        for outcome in ["ok", "error", "aborted"] {
            let labels = RequestLabels { endpoint, model: model.clone(), status: "2xx", outcome };
            drop(families.requests.get_or_create(&labels));
            let (key, version) = (Label("KEY".into()), Label("VERSION".into()));
            for blame in Blame::ALL.map(Blame::label).into_iter().chain(["none"]) {
                drop(families.key_requests.get_or_create(&KeyRequestLabels { key: key.clone(), outcome, blame }));
                let labels = VersionRequestLabels { version: version.clone(), outcome, blame };
                drop(families.version_requests.get_or_create(&labels));
            }
        }
        for kind in ["input", "output", "cache_read", "cache_write"] {
            drop(families.key_tokens.get_or_create(&KeyTokenLabels { key: Label("KEY".into()), kind }));
        }
        drop(families.version_first_delta.get_or_create(&VersionLabels { version: Label("VERSION".into()) }));
        drop(families.in_flight.get_or_create(&EndpointLabels { endpoint }));
        drop(families.whole.get_or_create(&EndpointLabels { endpoint }));
        drop(families.ignored_members.get_or_create(&MemberLabels { member: Label("MEMBER".into()) }));
        drop(families.guest_faults.get_or_create(&FaultLabels { call: "push", fault: "trap" }));
        drop(families.upstream_errors.get_or_create(&UpstreamErrorLabels { model: model.clone(), kind: "throttled" }));
        drop(families.retries.get_or_create(&ModelLabels { model: model.clone() }));
        drop(families.retries_denied.get_or_create(&ModelLabels { model: model.clone() }));
        for kind in ["omit", "limit", "replace", "other"] {
            drop(families.repairs.get_or_create(&RepairLabels { model: model.clone(), kind }));
        }
        drop(families.fallbacks.get_or_create(&FallbackLabels { from: model.clone(), to: model }));
        families
    }

    /// The series of one model.
    pub(super) fn of_model(&self, model: &str) -> ModelMetrics {
        let label = Label(model.into());
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
        let text = "Requests for models and for counts of tokens that ended, of those whose key was admitted";
        all.register("requests", text, self.requests.clone());
        let text = "Of `quarry_requests_total`, those with the outcome `error`, by whose fault it is";
        all.register("failed_requests", text, self.failed_requests.clone());
        let text = "The requests of `quarry_requests_total`, by the name of their client key";
        all.register("key_requests", text, self.key_requests.clone());
        let text = "The tokens of `quarry_tokens_total`, by the name of their client key";
        all.register("key_tokens", text, self.key_tokens.clone());
        let text = "The requests of `quarry_requests_total`, by the version of the provider that they were assigned to";
        all.register("version_requests", text, self.version_requests.clone());
        let text = "As `quarry_time_to_first_delta_seconds`, by the version of the provider";
        all.register_with_unit("version_time_to_first_delta", text, Unit::Seconds, self.version_first_delta.clone());
        let text = "Requests whose key was admitted and that have not ended, uploads included";
        all.register("requests_in_flight", text, self.in_flight.clone());
        all.register("connections_open", "Connections of clients that are open", self.connections.clone());
        let text = "Tasks of the async runtime that have not ended, such as one per connection";
        all.register("tasks_alive", text, self.tasks.clone());
        let text = "Instances of provider components that exist: of all versions, for requests and for all else";
        all.register("provider_sessions_alive", text, self.sessions.clone());
        let text = "Sessions in use, by share; each admitted request has one";
        all.register("sessions_in_use", text, self.sessions_in_use.clone());
        let text = "Sessions that are still free, by share; for requests, with the active version";
        all.register("sessions_available", text, self.sessions_available.clone());
        let text = "1 while so many requests are in progress that /readyz answers 503";
        all.register("saturated", text, self.saturated.clone());
        let text = "Bytes of requests' bodies from their upload to the beginning of the answer";
        all.register_with_unit("bodies_in_use", text, Unit::Bytes, self.bodies_in_use.clone());
        let text = "Bytes of the body budget that are still free";
        all.register_with_unit("bodies_available", text, Unit::Bytes, self.bodies_available.clone());
        all.register("compiles", "Compilations of components that were started", self.compiles.clone());
        all.register("compiles_running", "Compilations of components under way, at most one", self.compiling.clone());
        let text = "Compilations of components that are waiting";
        all.register("compiles_waiting", text, self.compiles_waiting.clone());
        let text = "Tokens as Bedrock reports them at the end of an answer";
        all.register("tokens", text, self.tokens.clone());
        all.register("deltas", "Deltas of answers, streamed or not", self.deltas.clone());
        let seconds = || Unit::Seconds;
        let text = "Seconds from the head of a request to the first delta with content";
        all.register_with_unit("time_to_first_delta", text, seconds(), self.first_delta.clone());
        let text = "Seconds between reads that brought deltas of one answer";
        all.register_with_unit("time_between_deltas", text, seconds(), self.between_deltas.clone());
        let text = "Seconds from the head of a request to its end";
        all.register_with_unit("request_duration", text, seconds(), self.whole.clone());
        let text = "Seconds in the provider component for the events of one read";
        all.register_with_unit("guest_push_duration", text, seconds(), self.guest_push.clone());
        let text =
            "Calls of the provider component that failed or could not be made, before it is known whose fault it is";
        all.register("guest_faults", text, self.guest_faults.clone());
        let text = "Attempts that AWS or the model refused or failed, also where a later one succeeded";
        all.register("upstream_errors", text, self.upstream_errors.clone());
        all.register("retries", "Repeated attempts with the same model", self.retries.clone());
        let text = "Attempts that were not repeated, because the retries of all requests had used up their budget";
        all.register("retries_denied", text, self.retries_denied.clone());
        let text = "Adjustments with which a refused request was sent again to the same model, by kind";
        all.register("repairs", text, self.repairs.clone());
        all.register("fallbacks", "Requests sent to a fallback model", self.fallbacks.clone());
        let text = "Lists of models that were requested, by what the cache had";
        all.register("discovery_cache_reads", text, self.discovery_cache.clone());
        let text = "Requests that the gateway refused because of a key, a limit or its shutdown";
        all.register("refused", text, self.refused.clone());
        let text = "Members of requests that were ignored, once a request each";
        all.register("ignored_members", text, self.ignored_members.clone());
        let text = "Times the configuration was read again while the gateway ran";
        all.register("config_reloads", text, self.reloads.clone());
        let text = "Inputs that were selected for the shadow";
        all.register("shadowed_inputs", text, self.shadowed.clone());
        all.register("recordings", "Streams that were selected for recording", self.recordings.clone());
        let text = "Provider versions that failed too often or crashed the process, by the consequence";
        all.register("provider_versions_failed", text, self.failed_versions.clone());
        let text = "Versions that were not activated because their differences were not accepted";
        all.register("provider_versions_unaccepted", text, self.unaccepted_versions.clone());
        all.register(
            "build",
            "The version of Quarry that runs",
            Info::new(BuildLabels { version: env!("CARGO_PKG_VERSION") }),
        );
        all
    }
}
