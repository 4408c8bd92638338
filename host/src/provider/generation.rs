//! A loaded version of a provider.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use super::aot::AotCache;
use super::bounds::Bounds;
use super::component;
use super::digest::Digest;
use super::engine::Host;
use super::error::{LoadError, ProviderError};
use super::imports::ImportPolicy;
use super::{EMBEDDED, EMBEDDED_NAME, interface};
use crate::bindings::ProviderPre;

/// The version of the contract that this host serves.
pub(super) const CONTRACT: &str = "0.1.0";

/// Who is told of every call that fails, on the thread of the call: it must not wait.
pub type FaultObserver = Arc<dyn Fn(&ProviderError) + Send + Sync>;

/// A provider component, checked, compiled and ready for sessions.
pub struct Generation {
    host: Arc<Host>,
    name: String,
    digest: Digest,
    pre: ProviderPre<Bounds>,
    faults: Option<FaultObserver>,
}

impl fmt::Debug for Generation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Generation")
            .field("name", &self.name)
            .field("digest", &self.digest)
            .finish_non_exhaustive()
    }
}

impl Generation {
    /// Loads the component that this binary was built with.
    ///
    /// # Errors
    /// When the engine cannot load it.
    pub fn embedded(host: &Arc<Host>, cache: Option<&AotCache>) -> Result<Arc<Self>, LoadError> {
        Generation::load(host, EMBEDDED_NAME, EMBEDDED, cache)
    }

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
    /// When the bytes are not a component, import anything, or are no provider of this version of the contract.
    pub fn load(host: &Arc<Host>, name: &str, bytes: &[u8], cache: Option<&AotCache>) -> Result<Arc<Self>, LoadError> {
        Generation::load_importing(host, name, bytes, cache, ImportPolicy::Nothing)
    }

    fn load_importing(
        host: &Arc<Host>,
        name: &str,
        bytes: &[u8],
        cache: Option<&AotCache>,
        policy: ImportPolicy,
    ) -> Result<Arc<Self>, LoadError> {
        let digest = Digest::of(bytes);
        let component = component::compiled(host, name, bytes, cache, policy)?;
        let imports = interface::imports(&host.engine, &component);
        let imports = policy.refused(imports);
        if !imports.is_empty() {
            return Err(LoadError::Imports { name: name.to_owned(), imports });
        }
        let not_a_provider = |reason| LoadError::NotAProvider { name: name.to_owned(), expected: CONTRACT, reason };
        if let Some(other) = interface::contract_version(&host.engine, &component).filter(|version| version != CONTRACT)
        {
            return Err(not_a_provider(format!("it exports quarry:provider@{other}")));
        }
        let pre = policy
            .linker(&host.engine, &component)
            .and_then(|linker| linker.instantiate_pre(&component))
            .and_then(ProviderPre::new)
            .map_err(|error| not_a_provider(format!("{error:#}")))?;
        Ok(Arc::new(Generation { host: Arc::clone(host), name: name.to_owned(), digest, pre, faults: None }))
    }

    /// The same component, with somebody who is told of every call that fails in a session of it, whoever calls.
    #[must_use]
    pub fn observed(&self, faults: FaultObserver) -> Arc<Self> {
        let Generation { host, name, digest, pre, faults: _ } = self;
        let (host, name, pre) = (Arc::clone(host), name.clone(), pre.clone());
        Arc::new(Generation { host, name, digest: *digest, pre, faults: Some(faults) })
    }

    /// How many sessions are alive in this generation's engine: one a request that is answered, and one while the provider is
    /// asked for anything else.
    #[must_use]
    pub fn sessions_alive(&self) -> usize {
        self.host.ticker.holders()
    }

    /// What the component is called in messages: its file, or `(embedded)`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The component's digest.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Tells of a call that failed.
    pub(super) fn tell(&self, fault: &ProviderError) {
        if let Some(faults) = &self.faults {
            faults(fault);
        }
    }

    pub(super) fn host(&self) -> &Host {
        &self.host
    }

    pub(super) fn pre(&self) -> &ProviderPre<Bounds> {
        &self.pre
    }
}
