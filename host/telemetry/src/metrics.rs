//! What Prometheus reads.

use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};

use opentelemetry::metrics::Meter;
use prometheus_client::encoding::text;
use prometheus_client::registry::Registry;

use super::families::Families;
use super::gen_ai::GenAi;
use super::labels::{
    CacheLabels, CacheResult, FailedVersion, FailedVersionLabels, FallbackLabels, MemberLabels, ModelLabels,
    RecordingLabels, Refusal, RefusalLabels, ReloadLabels, RepairLabels, ShadowLabels, ShadowRun, ShareLabels,
    UpstreamErrorLabels, failure_label, fault,
};
use super::metrics_export::{Render, observe};
use super::models::{ModelMetrics, Models, NONE, OTHER};
use super::names::{MOST_KEYS, MOST_MEMBERS, MOST_VERSIONS, Names};
use super::trend::{Trend, TrendReport};
use crate::blame::{GATEWAY_FAILURE, PROVIDER_FAILURE};
use crate::capacity::{Capacity, CapacityStatus, ShareStatus};
use crate::contract::types::FailureKind;
use crate::provider::ProviderError;
use crate::versions::recording::Fate;

/// The media type of [`Metrics::render`].
pub const METRICS_CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All metrics of a gateway. What happens in a request comes in through an [`Observation`](super::Observation); the
/// methods here take the rest. None of them is for a hot path, except that all are cheap.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    pub(super) families: Families,
    models: Models,
    pub(super) trend: Trend,
    /// Set where metrics are exported.
    pub(super) gen_ai: OnceLock<GenAi>,
    pub(super) keys: Names,
    pub(super) versions: Names,
    members: Names,
}

impl Default for Metrics {
    fn default() -> Self {
        Metrics::new()
    }
}

impl Metrics {
    /// All metrics, at zero.
    #[must_use]
    pub fn new() -> Self {
        let families = Families::new();
        let models = Models::new(families.of_model(OTHER), families.of_model(NONE));
        let (keys, versions) = (Names::new(MOST_KEYS), Names::new(MOST_VERSIONS));
        Metrics {
            registry: families.registry(),
            families,
            models,
            trend: Trend::default(),
            gen_ai: OnceLock::new(),
            keys,
            versions,
            members: Names::new(MOST_MEMBERS),
        }
    }

    /// The metrics as OpenMetrics text, of the type [`METRICS_CONTENT_TYPE`].
    #[must_use]
    pub fn render(&self) -> String {
        let mut rendered = String::new();
        if let Err(error) = text::encode(&mut rendered, &self.registry) {
            // Writing to a String cannot fail, so this is a bug; a scrape that cannot be parsed shows it.
            tracing::error!(target: "quarry::telemetry", %error, "the metrics could not be written");
        }
        rendered
    }

    /// The last hour, for the admin page.
    #[must_use]
    pub fn trend(&self) -> TrendReport {
        self.trend.report()
    }

    /// Exports the metrics from now on: those of `render`, and those of the conventions for generative AI.
    pub(super) fn export(&self, meter: &Meter, render: Render) {
        // A process exports once.
        let _ = self.gen_ai.set(GenAi::new(meter));
        let mut catalog = String::new();
        // Writing to a String cannot fail.
        let _ = text::encode(&mut catalog, &Families::with_a_series_of_each().registry());
        observe(meter, render, &catalog);
    }

    /// Tells of models that exist: those that the configuration or a listing has. Only a known model has a label of its own,
    /// all others are `other`. A model that answers becomes known by itself. A model has series from the first request for it,
    /// and there are 200 such models at most.
    pub fn know_models(&self, models: &[impl AsRef<str>]) {
        models.iter().for_each(|model| self.models.know(model.as_ref()));
    }

    /// A connection of a client is open for as long as this guard lives.
    #[must_use]
    pub fn connection(&self) -> OpenConnection {
        self.families.connections.inc();
        OpenConnection(self.families.connections.clone())
    }

    /// What is alive right now, in tasks of the async runtime and in sessions of the provider. To be told before each
    /// [`Metrics::render`]: both are counted elsewhere.
    pub fn alive(&self, tasks: usize, sessions: usize) {
        self.families.tasks.set(gauge(tasks));
        self.families.sessions.set(gauge(sessions));
    }

    /// How much of the capacity is in use right now. To be told before each [`Metrics::render`].
    pub fn capacity(&self, capacity: &Capacity) {
        let CapacityStatus { saturated, shares, body_bytes, body_bytes_limit, compiling, compiles_waiting, .. } =
            capacity.status();
        for ShareStatus { share, in_use, available } in shares {
            let labels = ShareLabels { share };
            self.families.sessions_in_use.get_or_create(&labels).set(gauge(in_use));
            self.families.sessions_available.get_or_create(&labels).set(gauge(available));
        }
        self.families.saturated.set(saturated.into());
        self.families.bodies_in_use.set(gauge(body_bytes));
        self.families.bodies_available.set(gauge(body_bytes_limit.saturating_sub(body_bytes)));
        self.families.compiling.set(gauge(compiling));
        self.families.compiles_waiting.set(gauge(compiles_waiting));
        let begun = capacity.compiles().begun();
        self.families.compiles.inner().store(begun, Ordering::Relaxed);
    }

    /// A call of the provider failed.
    pub fn guest_fault(&self, error: &ProviderError) {
        self.families.guest_faults.get_or_create(&fault(error)).inc();
    }

    /// The cache of listings was read.
    pub fn discovery_cache(&self, result: CacheResult) {
        self.families.discovery_cache.get_or_create(&CacheLabels { result: result.word() }).inc();
    }

    /// The gateway refused a request itself. The request's [`Observation`](super::Observation) says so too, if there is one.
    pub fn refused(&self, refusal: Refusal) {
        self.families.refused.get_or_create(&RefusalLabels { reason: refusal.word() }).inc();
    }

    /// The configuration was read again: `ok` when it is active now, else the old one still is.
    pub fn config_reloaded(&self, ok: bool) {
        let outcome = if ok { "ok" } else { "refused" };
        self.families.reloads.get_or_create(&ReloadLabels { outcome }).inc();
    }

    /// A candidate was to run on an input beside the requests.
    pub fn shadowed(&self, run: ShadowRun) {
        self.families.shadowed.get_or_create(&ShadowLabels { outcome: run.word() }).inc();
    }

    /// A stream was to be recorded.
    pub fn recorded(&self, fate: Fate) {
        self.families.recordings.get_or_create(&RecordingLabels { outcome: fate.word() }).inc();
    }

    /// A version of the provider failed too often.
    pub fn version_failed(&self, became: FailedVersion) {
        self.families.failed_versions.get_or_create(&FailedVersionLabels { outcome: became.word() }).inc();
    }

    /// A version of the provider was not activated because of what it does differently.
    pub fn version_unaccepted(&self) {
        self.families.unaccepted_versions.inc();
    }

    pub(super) fn find(&self, model: &str) -> Arc<ModelMetrics> {
        self.models.find(model, |model| self.families.of_model(model))
    }

    pub(super) fn no_model(&self) -> Arc<ModelMetrics> {
        self.models.none()
    }

    /// The series of a model that has answered, and so exists.
    pub(super) fn learn(&self, model: &str) -> Arc<ModelMetrics> {
        self.models.know(model);
        self.find(model)
    }

    /// AWS or the model failed an attempt. What the provider component or the gateway did wrong is counted elsewhere, and what the
    /// client stopped is its own doing.
    pub(super) fn upstream_error(&self, model: &ModelMetrics, kind: &FailureKind) {
        let ours = matches!(kind, FailureKind::Other(name) if name == PROVIDER_FAILURE || name == GATEWAY_FAILURE);
        if ours || *kind == FailureKind::Aborted {
            return;
        }
        let labels = UpstreamErrorLabels { model: model.label.clone(), kind: failure_label(kind) };
        self.families.upstream_errors.get_or_create(&labels).inc();
    }

    pub(super) fn retried(&self, model: &ModelMetrics) {
        self.families.retries.get_or_create(&ModelLabels { model: model.label.clone() }).inc();
    }

    /// A member of a request was ignored.
    pub(super) fn ignored(&self, member: &str) {
        self.families.ignored_members.get_or_create(&MemberLabels { member: self.members.label(member) }).inc();
    }

    pub(super) fn repaired(&self, model: &ModelMetrics, kind: &'static str) {
        self.families.repairs.get_or_create(&RepairLabels { model: model.label.clone(), kind }).inc();
    }

    pub(super) fn retry_denied(&self, model: &ModelMetrics) {
        self.families.retries_denied.get_or_create(&ModelLabels { model: model.label.clone() }).inc();
    }

    pub(super) fn fell_back(&self, from: &str, to: &str) {
        let (from, to) = (self.find(from).label.clone(), self.find(to).label.clone());
        self.families.fallbacks.get_or_create(&FallbackLabels { from, to }).inc();
    }
}

fn gauge(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// An open connection of a client. Dropped when it is closed.
#[derive(Debug)]
pub struct OpenConnection(prometheus_client::metrics::gauge::Gauge);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.dec();
    }
}
