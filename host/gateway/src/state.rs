//! The state that all requests share.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::configuration::{Configuration, ConfigurationError, capacity_settings};
use super::effective::Effective;
use super::lineup::{Canary, Lineup, Seat, Version};
use super::listeners::Recorder;
use super::live::LiveRequests;
use super::models;
use super::shadow::Shadow;
use crate::aws::ConnectError;
use crate::capacity::{Capacity, Machine, Settings};
use crate::config::gateway::GatewayConfig;
use crate::config::schema::awaiting_restart;
use crate::config::{Environment, Override};
use crate::provider::Generation;
use crate::telemetry::{Metrics, TrendReport};
use crate::wire::responses::kept::KeptResponses;

/// The sources of the configuration.
#[derive(Debug, Clone, Default)]
pub struct ConfigurationSource {
    /// The named file, if any.
    pub chosen: Option<PathBuf>,
    /// The environment.
    pub environment: Environment,
    /// The flags.
    pub overrides: Vec<Override>,
    /// Where to listen, where a flag says so.
    pub listen: Option<SocketAddr>,
    /// The folder to watch, where a flag says so.
    pub watch: Option<PathBuf>,
}

impl ConfigurationSource {
    /// Puts the flags over the gateway's own settings.
    pub fn overrule(&self, gateway: &mut GatewayConfig) {
        if let Some(listen) = self.listen {
            gateway.listen = listen;
        }
        if let Some(watch) = &self.watch {
            gateway.provider.watch = Some(watch.clone());
        }
    }
}

/// Why the gateway cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration cannot be read or used.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    /// The connection to AWS cannot be set up as configured.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// It would listen beyond loopback without keys.
    #[error(transparent)]
    Listen(#[from] crate::config::gateway::ListenRefused),
    /// The thread that reads the configuration was stopped.
    #[error("the configuration could not be read: {0}")]
    Stopped(tokio::task::JoinError),
    /// TLS cannot be set up as configured.
    #[error(transparent)]
    Tls(#[from] super::server::TlsError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {reason}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why not.
        reason: std::io::Error,
    },
}

/// The gateway: its versions, its active configuration, and its requests under way.
#[derive(Debug)]
pub struct Gateway {
    /// Swapped by one task alone, the owner of changes in `versions`.
    pub(super) lineup: ArcSwap<Lineup>,
    pub(super) metrics: Arc<Metrics>,
    /// Bounds the requests under way, of all clients, and the bytes of their bodies.
    pub(super) capacity: Arc<Capacity>,
    /// Cancelled when streams must end.
    pub(super) cut_off: CancellationToken,
    pub(super) in_flight: InFlight,
    pub(super) live: LiveRequests,
    /// The last answers of Responses, which requests name by their ids.
    pub(super) kept: Arc<KeptResponses>,
    /// Who writes recordings, where that is asked for.
    pub(super) recorder: OnceLock<Recorder>,
    /// Told when a version failed.
    pub(super) faulted: Arc<Notify>,
    /// The settings that the gateway started with: some stay in force until a restart, whatever is read again.
    pub(super) started: GatewayConfig,
    /// Cancelled once AWS accepted the credentials, where that is checked.
    pub(super) accepted: CancellationToken,
    source: ConfigurationSource,
    simulator: Option<SocketAddr>,
    draining: AtomicBool,
}

impl Gateway {
    /// Makes a gateway of a provider and a configuration. A simulator at this address is asked in place of AWS.
    ///
    /// # Errors
    /// When the configuration cannot be used.
    pub async fn new(
        generation: Arc<Generation>,
        source: ConfigurationSource,
        configuration: Configuration,
        simulator: Option<SocketAddr>,
        metrics: Arc<Metrics>,
    ) -> Result<Arc<Self>, StartError> {
        metrics.know_models(&models::named(&configuration.settings));
        let capacity = Arc::clone(generation.capacity());
        let settings = settings(&configuration, simulator);
        let started = configuration.gateway.clone();
        capacity.configure(Machine::here(), settings, generation.need());
        let effective = Arc::new(Effective::make(configuration, simulator, None, false).await?);
        let cut_off = CancellationToken::new();
        let name = identity(&generation)?;
        let faulted = Arc::default();
        let version = Version::new(&generation, name, &cut_off, &faulted, &metrics);
        Ok(Arc::new(Gateway {
            lineup: ArcSwap::from_pointee(Lineup::of(Seat { version, effective }, None)),
            metrics,
            capacity,
            cut_off,
            in_flight: InFlight::default(),
            live: LiveRequests::default(),
            kept: Arc::default(),
            recorder: OnceLock::new(),
            faulted,
            started,
            accepted: CancellationToken::new(),
            source,
            simulator,
            draining: AtomicBool::new(false),
        }))
    }

    /// Records streams from now on. Only the first call has an effect.
    pub fn record(&self, recorder: Recorder) {
        let _ = self.recorder.set(recorder);
    }

    /// The capacity and its use.
    #[must_use]
    pub fn capacity(&self) -> &Capacity {
        self.capacity.serve(self.lineup.load().primary.version.generation.need());
        &self.capacity
    }

    /// The requests of the last hour, in numbers.
    #[must_use]
    pub fn trend(&self) -> TrendReport {
        self.metrics.trend()
    }

    /// The metrics as they are now, as OpenMetrics text.
    #[must_use]
    pub fn metrics_text(&self) -> String {
        let tasks = tokio::runtime::Handle::current().metrics().num_alive_tasks();
        self.metrics.capacity(self.capacity());
        self.metrics.alive(tasks, self.lineup.load().primary.version.generation.sessions_alive());
        self.metrics.render()
    }

    /// The configuration at work.
    pub(super) fn effective(&self) -> Arc<Effective> {
        Arc::clone(&self.lineup.load().primary.effective)
    }

    /// `quarry.provider.component` of the active configuration.
    #[must_use]
    pub fn component(&self) -> Option<String> {
        self.effective().configuration.gateway.provider.component.clone()
    }

    /// `quarry.provider.watch` of the active configuration.
    #[must_use]
    pub fn watched_folder(&self) -> Option<PathBuf> {
        self.effective().configuration.gateway.provider.watch.clone()
    }

    /// The settings that were changed since the start and take effect after a restart.
    #[must_use]
    pub fn awaiting_restart(&self) -> Vec<&'static str> {
        awaiting_restart(&self.started, &self.effective().configuration.gateway)
    }

    /// Reads the configuration again and has it used: for the owner of the traffic split. Gives a candidate that cannot use it, which gets
    /// no more requests, and why.
    ///
    /// # Errors
    /// When it cannot be used: the active one stays.
    pub(super) async fn reload(&self) -> Result<Option<(Canary, String)>, StartError> {
        let before = self.lineup.load_full();
        let version = Arc::clone(&before.primary.version);
        let made = self.effective_for(&version.generation, &before.primary.effective, false).await;
        self.metrics.config_reloaded(made.is_ok());
        let made = made?;
        if made.keys.are_needed() && made.configuration.gateway.keys.is_empty() {
            tracing::warn!(
                "the last key was removed: the gateway rejects every request until a key is added, or until a restart"
            );
        }
        self.metrics.know_models(&models::named(&made.configuration.settings));
        let need = version.generation.need();
        self.capacity.configure(Machine::here(), settings(&made.configuration, self.simulator), need);
        let made = Arc::new(made);
        let (canary, gone) = match &before.canary {
            Some(canary) => self.reloaded(canary, &made).await,
            None => (None, None),
        };
        let shadow = match &before.shadow {
            Some(shadow) => Some(self.shadow_under(shadow, &made).await),
            None => None,
        };
        let reference = match &before.reference {
            Some(reference) => self.reference_under(&reference.version, &made).await,
            None => None,
        };
        self.lineup.store(Arc::new(Lineup { primary: Seat { version, effective: made }, canary, shadow, reference }));
        Ok(gone)
    }

    /// The version that failed calls are run again on, under the configuration that the active version has now. One that cannot use
    /// that is none.
    pub(super) async fn reference_under(&self, version: &Arc<Version>, now: &Effective) -> Option<Seat> {
        match self.effective_for(&version.generation, now, true).await {
            Ok(effective) => Some(Seat { version: Arc::clone(version), effective: Arc::new(effective) }),
            Err(error) => {
                tracing::debug!(version = %version.digest(), %error, "failed calls cannot be repeated on this version");
                None
            }
        }
    }

    /// A candidate beside the requests under the configuration that the version which serves has now.
    pub(super) async fn shadow_under(&self, shadow: &Arc<Shadow>, now: &Arc<Effective>) -> Arc<Shadow> {
        let (source, under, now) = (self.source.clone(), Arc::clone(shadow), Arc::clone(now));
        let compared = tokio::task::spawn_blocking(move || under.under(&source, &now.configuration.settings)).await;
        compared.unwrap_or_else(|_| Arc::clone(shadow))
    }

    /// A candidate under the configuration that the version which serves has now; else the candidate, and why it cannot use that.
    async fn reloaded(&self, canary: &Canary, now: &Effective) -> (Option<Canary>, Option<(Canary, String)>) {
        let Canary { seat: Seat { version, .. }, trial } = canary;
        match self.effective_for(&version.generation, now, true).await {
            Ok(effective) => {
                let seat = Seat { version: Arc::clone(version), effective: Arc::new(effective) };
                (Some(Canary { seat, trial: Arc::clone(trial) }), None)
            }
            Err(error) => {
                let reason = format!("it rejects the new configuration: {error}");
                (None, Some((canary.clone(), reason)))
            }
        }
    }

    /// Reads the configuration again, as this version of the provider understands it. What the clients' keys have used up goes on
    /// from `before`; `same_clients`: and so do the clients for AWS where they are to be reached in the same way.
    pub(super) async fn effective_for(
        &self,
        generation: &Arc<Generation>,
        before: &Effective,
        same_clients: bool,
    ) -> Result<Effective, StartError> {
        let (generation, source) = (Arc::clone(generation), self.source.clone());
        // The file's system may be slow, and a merge takes milliseconds.
        let loading = tokio::task::spawn_blocking(move || {
            let ConfigurationSource { chosen, environment, overrides, .. } = &source;
            let mut session = generation.session().map_err(ConfigurationError::from)?;
            Configuration::load_for_service(&mut session, chosen.as_deref(), environment, overrides)
        });
        let mut configuration = loading.await.map_err(StartError::Stopped)??;
        self.source.overrule(&mut configuration.gateway);
        Ok(Effective::make(configuration, self.simulator, Some(before), same_clients).await?)
    }

    /// Whether new requests are turned away.
    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Turns new requests away from now on.
    pub(super) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }
}

/// What bounds the requests under way. Those that the simulator answers take a third socket of this process.
fn settings(configuration: &Configuration, simulator: Option<SocketAddr>) -> Settings {
    let settings = capacity_settings(&configuration.gateway.limits);
    Settings { sockets: settings.sockets + u64::from(simulator.is_some()), ..settings }
}

/// What a component says of itself.
fn identity(generation: &Arc<Generation>) -> Result<String, StartError> {
    let identity = generation.session().and_then(|mut session| session.identify()).map_err(ConfigurationError::from)?;
    Ok(format!("{} {}", identity.name, identity.version))
}

/// Counts the requests under way, and notifies when none is left.
#[derive(Debug, Clone, Default)]
pub(super) struct InFlight(Arc<Count>);

#[derive(Debug, Default)]
struct Count {
    requests: AtomicUsize,
    none_left: Notify,
}

/// A request under way; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Underway(Arc<Count>);

impl InFlight {
    pub(super) fn enter(&self) -> Underway {
        self.0.requests.fetch_add(1, Ordering::AcqRel);
        Underway(Arc::clone(&self.0))
    }

    /// Ready when no request is under way.
    pub(super) async fn none(&self) {
        loop {
            let notified = self.0.none_left.notified();
            if self.0.requests.load(Ordering::Acquire) == 0 {
                return;
            }
            notified.await;
        }
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        if self.0.requests.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.none_left.notify_waiters();
        }
    }
}
