//! A loaded version of a provider.

use std::error::Error;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::aot::AotCache;
use super::component;
use super::contract::Bound;
use super::engine::Host;
use super::error::{LoadError, ProviderError};
use super::faults::Faults;
use super::imports::ImportPolicy;
use super::interface;
use super::limits::Limits;
use crate::capacity::{Capacity, Fits, Machine, Need, Settings};
use crate::digest::Digest;

/// A callback for every failed call. It runs on the thread of the call and must not block.
pub type FaultObserver = Arc<dyn Fn(&ProviderError) + Send + Sync>;

/// A provider component, checked, compiled and ready for sessions.
pub struct Generation {
    host: Arc<Host>,
    name: String,
    digest: Digest,
    contract: &'static str,
    bound: Arc<dyn Bound>,
    need: Need,
    faults: Arc<Faults>,
    observer: Option<FaultObserver>,
}

impl fmt::Debug for Generation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Generation")
            .field("name", &self.name)
            .field("digest", &self.digest)
            .field("contract", &self.contract)
            .finish_non_exhaustive()
    }
}

impl Generation {
    /// Loads a component from a file.
    ///
    /// # Errors
    /// When the file cannot be read or is over the limit, and everything that [`Generation::load`] refuses.
    pub fn from_file(host: &Arc<Host>, path: &Path, cache: Option<&AotCache>) -> Result<Arc<Self>, LoadError> {
        Generation::from_file_importing(host, path, cache, ImportPolicy::Nothing)
    }

    /// Loads a component that may import something from a file.
    ///
    /// # Errors
    /// As [`Generation::from_file`], but for the imports that the policy allows.
    pub fn from_file_importing(
        host: &Arc<Host>,
        path: &Path,
        cache: Option<&AotCache>,
        policy: ImportPolicy,
    ) -> Result<Arc<Self>, LoadError> {
        let bytes = component::read_component(host, path)?;
        Generation::load_importing(host, &path.display().to_string(), &bytes, cache, policy)
    }

    /// Loads a component: compiles it, or takes it from the cache; refuses it when it imports anything; checks every export
    /// against the contract.
    ///
    /// # Errors
    /// When the bytes are not a component, import anything, or are no provider of a version of the contract that
    /// this host serves.
    pub fn load(host: &Arc<Host>, name: &str, bytes: &[u8], cache: Option<&AotCache>) -> Result<Arc<Self>, LoadError> {
        Generation::load_importing(host, name, bytes, cache, ImportPolicy::Nothing)
    }

    /// Loads a component whose compiled code is in the cache; `None` where it is not. Nothing is compiled.
    ///
    /// # Errors
    /// As [`Generation::load`].
    pub fn from_cache(
        host: &Arc<Host>,
        name: &str,
        digest: &Digest,
        cache: &AotCache,
    ) -> Result<Option<Arc<Self>>, LoadError> {
        let Some(component) = cache.load(&host.engine, digest) else { return Ok(None) };
        Generation::of(host, name, *digest, &component, ImportPolicy::Nothing).map(Some)
    }

    fn load_importing(
        host: &Arc<Host>,
        name: &str,
        bytes: &[u8],
        cache: Option<&AotCache>,
        policy: ImportPolicy,
    ) -> Result<Arc<Self>, LoadError> {
        let component = component::compiled(host, name, bytes, cache, policy)?;
        Generation::of(host, name, Digest::of(bytes), &component, policy)
    }

    /// Checks a compiled component against the contract, and prepares it for sessions.
    fn of(
        host: &Arc<Host>,
        name: &str,
        digest: Digest,
        component: &wasmtime::component::Component,
        policy: ImportPolicy,
    ) -> Result<Arc<Self>, LoadError> {
        let imports = interface::imports(&host.engine, component);
        let imports = policy.refused(imports);
        if !imports.is_empty() {
            return Err(LoadError::Imports { name: name.to_owned(), imports });
        }
        let contract = host.contracts.of_component(name, &interface::contracts(&host.engine, component))?;
        let bound = policy
            .linker(&host.engine, component)
            .and_then(|linker| linker.instantiate_pre(component))
            .and_then(|component| contract.bind(component))
            .map_err(|error| LoadError::NotAProvider {
                name: name.to_owned(),
                expected: contract.version().to_owned(),
                reason: format!("{error:#}"),
            })?;
        Ok(Arc::new(Generation {
            host: Arc::clone(host),
            name: name.to_owned(),
            digest,
            contract: contract.version(),
            bound,
            need: interface::need(component),
            faults: Arc::default(),
            observer: None,
        }))
    }

    /// The same component in production: with the name that clients see, and an observer of failed calls. Its counters
    /// start at zero, because faults in the cases do not count.
    #[must_use]
    pub fn in_service(&self, name: String, observer: FaultObserver) -> Arc<Self> {
        self.again(name, Some(observer))
    }

    /// The same component with separate counters and without observer: for shadows and comparisons, which do not count
    /// in production.
    #[must_use]
    pub fn apart(&self) -> Arc<Self> {
        self.again(self.name.clone(), None)
    }

    fn again(&self, name: String, observer: Option<FaultObserver>) -> Arc<Self> {
        let Generation { host, name: _, digest, contract, bound, need, faults: _, observer: _ } = self;
        let (host, bound, faults) = (Arc::clone(host), Arc::clone(bound), Arc::default());
        Arc::new(Generation { host, name, digest: *digest, contract, bound, need: *need, faults, observer })
    }

    /// How many sessions are alive in this generation's engine: one a request that is answered, and one while the provider is
    /// asked for anything else.
    #[must_use]
    pub fn sessions_alive(&self) -> usize {
        self.host.ticker.holders()
    }

    /// What a session takes.
    #[must_use]
    pub fn need(&self) -> Need {
        self.need
    }

    /// How many requests fit on this machine under these settings while no other version has any.
    #[must_use]
    pub fn fits(&self, settings: Settings) -> Fits {
        self.capacity().fits(Machine::here(), settings, self.need)
    }

    /// The capacity of the process that it runs in.
    #[must_use]
    pub fn capacity(&self) -> &Arc<Capacity> {
        self.host.capacity()
    }

    /// What the component is called in messages: its file, or `(embedded)`; in service its own name and version, and the beginning
    /// of its digest.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The component's digest.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The version of the contract that it is served by, such as `0.1.0`.
    #[must_use]
    pub fn contract(&self) -> &'static str {
        self.contract
    }

    /// The bounds of its sessions.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        self.host.limits()
    }

    /// Its counters of failures.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Counts and reports an answer that breaks a rule of the contract, or of the host that obeys it.
    #[must_use]
    pub fn broke(&self, call: &'static str, rule: impl Error + Send + Sync + 'static) -> ProviderError {
        self.faults.failed();
        let error = ProviderError::Answer { provider: self.name.clone(), call, cause: Box::new(rule) };
        self.tell(&error);
        error
    }

    /// Reports calls that gave an answer and took more processor time than there is a reason for.
    pub fn took_too_long(&self, call: &'static str, took: Duration, allowed: Duration) -> ProviderError {
        let (provider, took_ms, allowed_ms) = (self.name.clone(), took.as_millis(), allowed.as_millis());
        let error = ProviderError::TooSlow { provider, call, took_ms, allowed_ms };
        tracing::warn!("{error}");
        self.faults.failed();
        self.tell(&error);
        error
    }

    /// Counts and reports a failed call.
    pub(super) fn tell(&self, fault: &ProviderError) {
        if let Some(observer) = &self.observer {
            observer(fault);
        }
    }

    pub(super) fn host(&self) -> &Host {
        &self.host
    }

    pub(super) fn bound(&self) -> &dyn Bound {
        self.bound.as_ref()
    }
}
