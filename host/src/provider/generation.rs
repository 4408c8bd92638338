//! A loaded version of a provider.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use wasmtime::component::Component;

use super::aot::AotCache;
use super::digest::Digest;
use super::engine::Host;
use super::error::LoadError;
use super::faults::Faults;
use super::imports::ImportPolicy;
use super::inspect;
use super::limits::Limits;
use super::session::{Bounds, Session};
use super::{EMBEDDED, EMBEDDED_NAME, ProviderError};
use crate::bindings::ProviderPre;

/// The version of the contract that this host serves.
pub const CONTRACT: &str = "0.1.0";

/// A provider component, checked, compiled and ready for sessions.
pub struct Generation {
    host: Arc<Host>,
    name: String,
    digest: Digest,
    pre: ProviderPre<Bounds>,
    faults: Faults,
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
        let bytes = read_component(host, path)?;
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

    /// Loads a component whose compiled code is in the cache; none where it is not. Nothing is compiled.
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
        let component = compiled(host, name, bytes, cache, policy)?;
        Generation::of(host, name, Digest::of(bytes), &component, policy)
    }

    /// Holds a compiled component against the contract, and makes it ready for sessions.
    fn of(
        host: &Arc<Host>,
        name: &str,
        digest: Digest,
        component: &Component,
        policy: ImportPolicy,
    ) -> Result<Arc<Self>, LoadError> {
        let imports = inspect::imports(&host.engine, component);
        let imports = policy.refused(imports);
        if !imports.is_empty() {
            return Err(LoadError::Imports { name: name.to_owned(), imports });
        }
        let not_a_provider = |reason| LoadError::NotAProvider { name: name.to_owned(), expected: CONTRACT, reason };
        if let Some(other) = inspect::contract_version(&host.engine, component).filter(|version| version != CONTRACT) {
            return Err(not_a_provider(format!("it exports quarry:provider@{other}")));
        }
        let pre = policy
            .linker(&host.engine, component)
            .and_then(|linker| linker.instantiate_pre(component))
            .and_then(ProviderPre::new)
            .map_err(|error| not_a_provider(format!("{error:#}")))?;
        Ok(Arc::new(Generation {
            host: Arc::clone(host),
            name: name.to_owned(),
            digest,
            pre,
            faults: Faults::default(),
        }))
    }

    /// Begins a session: a fresh instance with bounds of its own.
    ///
    /// # Errors
    /// When no instance can be made.
    pub fn session(self: &Arc<Self>) -> Result<Session, ProviderError> {
        Session::new(Arc::clone(self))
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

    /// The bounds of its sessions.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        self.host.limits()
    }

    /// How often it failed.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    pub(super) fn host(&self) -> &Host {
        &self.host
    }

    pub(super) fn pre(&self) -> &ProviderPre<Bounds> {
        &self.pre
    }
}

/// Reads a component's file, within the limit.
pub(super) fn read_component(host: &Host, path: &Path) -> Result<Vec<u8>, LoadError> {
    let unreadable = |source| LoadError::Read { path: path.to_owned(), source };
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    let limit = host.limits.component;
    if size > limit as u64 {
        return Err(LoadError::TooLarge { name: path.display().to_string(), size, limit });
    }
    std::fs::read(path).map_err(unreadable)
}

/// Takes a component from the cache, or compiles it and keeps it there.
pub(super) fn compiled(
    host: &Host,
    name: &str,
    bytes: &[u8],
    cache: Option<&AotCache>,
    policy: ImportPolicy,
) -> Result<Component, LoadError> {
    let digest = Digest::of(bytes);
    if let Some(component) = cache.and_then(|cache| cache.load(&host.engine, &digest)) {
        return Ok(component);
    }
    let component = compile(host, name, bytes)?;
    // Only what may be used is worth keeping.
    if policy.refused(inspect::imports(&host.engine, &component)).is_empty()
        && let Some(cache) = cache
    {
        cache.store(&host.engine, &digest, &component);
    }
    Ok(component)
}

/// Compiles a component.
fn compile(host: &Host, name: &str, bytes: &[u8]) -> Result<Component, LoadError> {
    if bytes.len() > host.limits.component {
        let size = bytes.len() as u64;
        return Err(LoadError::TooLarge { name: name.to_owned(), size, limit: host.limits.component });
    }
    looks_like_a_component(name, bytes)?;
    Component::new(&host.engine, bytes)
        .map_err(|error| LoadError::NotAComponent { name: name.to_owned(), reason: format!("{error:#}") })
}

/// Refuses what does not begin as a component does, and says what it is.
pub(super) fn looks_like_a_component(name: &str, bytes: &[u8]) -> Result<(), LoadError> {
    let not_a_component = |reason: &str| LoadError::NotAComponent { name: name.to_owned(), reason: reason.to_owned() };
    match bytes {
        // Magic, then version 13 and layer 1: a component. Version 1 and layer 0: a core module.
        [b'\0', b'a', b's', b'm', _, _, 1, 0, ..] => Ok(()),
        [b'\0', b'a', b's', b'm', 1, 0, 0, 0, ..] => {
            Err(not_a_component("it is a core module; make a component of it with `wasm-tools component new`"))
        }
        [b'\x7f', b'E', b'L', b'F', ..] => Err(not_a_component("it is machine code (ELF), which is never loaded")),
        _ => Err(not_a_component("it does not begin with the magic number `\\0asm`")),
    }
}
