//! What all requests share.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::configuration::{Configuration, ConfigurationError};
use super::effective::Effective;
use super::lineup::{Canary, Lineup, Seat, Version};
use super::listeners::Recorder;
use super::live::LiveRequests;
use super::models;
use super::shadow::Shadow;
use crate::aws::ConnectError;
use crate::capacity::{Capacity, Machine, Settings};
use crate::config::{Environment, Override};
use crate::provider::Generation;
use crate::telemetry::Metrics;

/// Where the configuration comes from, each time that it is read.
#[derive(Debug, Clone, Default)]
pub struct ConfigurationSource {
    /// The file that was named, if one was.
    pub chosen: Option<PathBuf>,
    /// The environment.
    pub environment: Environment,
    /// The flags.
    pub overrides: Vec<Override>,
}

/// Why there is no gateway.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The configuration cannot be read or used.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    /// AWS cannot be connected to in the way that the configuration says.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// It would listen where everybody can ask it, without keys.
    #[error(transparent)]
    Listen(#[from] crate::config::gateway::ListenRefused),
    /// The thread that reads the configuration was stopped.
    #[error("the configuration could not be read: {0}")]
    Stopped(tokio::task::JoinError),
    /// It cannot speak TLS as the configuration says.
    #[error(transparent)]
    Tls(#[from] super::server::TlsError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {reason}")]
    Bind {
        /// The address.
        address: std::net::SocketAddr,
        /// Why not.
        reason: std::io::Error,
    },
}

/// The gateway: a provider, a configuration at work, and what is under way.
#[derive(Debug)]
pub struct Gateway {
    /// Swapped by one task alone, the owner of changes in `versions`.
    pub(super) lineup: ArcSwap<Lineup>,
    pub(super) metrics: Arc<Metrics>,
    /// Bounds the requests under way, of all clients, and the bytes of their bodies.
    pub(super) capacity: Arc<Capacity>,
    /// Cancelled when streams have to end.
    pub(super) cut_off: CancellationToken,
    pub(super) in_flight: InFlight,
    pub(super) live: LiveRequests,
    /// Who writes recordings, where that is asked for.
    pub(super) recorder: OnceLock<Recorder>,
    /// Told when a version failed.
    pub(super) faulted: Arc<Notify>,
    source: ConfigurationSource,
    simulator: Option<std::net::SocketAddr>,
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
        simulator: Option<std::net::SocketAddr>,
        metrics: Arc<Metrics>,
    ) -> Result<Arc<Self>, StartError> {
        metrics.know_models(&models::named(&configuration.settings));
        let capacity = Arc::clone(generation.capacity());
        let settings = settings(&configuration, simulator);
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
            recorder: OnceLock::new(),
            faulted,
            source,
            simulator,
            draining: AtomicBool::new(false),
        }))
    }

    /// Has recordings written of what is streamed from now on. The first one that is told counts.
    pub fn record(&self, recorder: Recorder) {
        let _ = self.recorder.set(recorder);
    }

    /// How many requests fit, and what of that is in use.
    #[must_use]
    pub fn capacity(&self) -> &Capacity {
        self.capacity.serve(self.lineup.load().primary.version.generation.need());
        &self.capacity
    }

    /// The configuration at work.
    pub(super) fn effective(&self) -> Arc<Effective> {
        Arc::clone(&self.lineup.load().primary.effective)
    }

    /// `quarry.provider.component` of the configuration at work.
    #[must_use]
    pub fn component(&self) -> Option<String> {
        self.effective().configuration.gateway.provider.component.clone()
    }

    /// `quarry.provider.watch` of the configuration at work.
    #[must_use]
    pub fn watched_folder(&self) -> Option<PathBuf> {
        self.effective().configuration.gateway.provider.watch.clone()
    }

    /// Reads the configuration again and has it used: for the owner of the traffic split. Gives a candidate that cannot use it, which gets
    /// no more requests, and why.
    ///
    /// # Errors
    /// When it cannot be used: the one at work stays.
    pub(super) async fn reload(&self) -> Result<Option<(Canary, String)>, StartError> {
        let before = self.lineup.load_full();
        let version = Arc::clone(&before.primary.version);
        let made = self.effective_for(&version.generation, &before.primary.effective, false).await;
        self.metrics.config_reloaded(made.is_ok());
        let made = made?;
        if made.keys.are_needed() && made.configuration.gateway.keys.is_empty() {
            tracing::warn!("the last key was removed: the gateway is locked until there is a key, or a restart");
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
                tracing::debug!(version = %version.digest(), %error, "failed calls cannot be run again on this version");
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
                let reason = format!("it cannot use the configuration that was read again: {error}");
                (None, Some((canary.clone(), reason)))
            }
        }
    }

    /// Reads the configuration anew, as this version of the provider understands it. What the clients' keys have used up goes on
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
            let ConfigurationSource { chosen, environment, overrides } = &source;
            let mut session = generation.session().map_err(ConfigurationError::from)?;
            Configuration::load_for_service(&mut session, chosen.as_deref(), environment, overrides)
        });
        let mut configuration = loading.await.map_err(StartError::Stopped)??;
        configuration.gateway.listen = before.configuration.gateway.listen;
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
fn settings(configuration: &Configuration, simulator: Option<std::net::SocketAddr>) -> Settings {
    let settings = Settings::from(&configuration.gateway.limits);
    Settings { sockets: settings.sockets + u64::from(simulator.is_some()), ..settings }
}

/// What a component says of itself.
fn identity(generation: &Arc<Generation>) -> Result<String, StartError> {
    let identity = generation.session().and_then(|mut session| session.identify()).map_err(ConfigurationError::from)?;
    Ok(format!("{} {}", identity.name, identity.version))
}

/// Counts the requests under way, and tells when there are none.
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
