//! From a component's bytes to compiled code.

use std::io::Read as _;
use std::path::Path;

use wasmtime::component::Component;

use super::aot::AotCache;
use super::engine::Host;
use super::error::LoadError;
use super::imports::ImportPolicy;
use super::interface;
use crate::digest::Digest;
use crate::files::open_any_and_note;

/// Reads a component's file, within the limit.
///
/// # Errors
/// When the file cannot be read or is over the limit.
pub fn read_component(host: &Host, path: &Path) -> Result<Vec<u8>, LoadError> {
    let unreadable = |source| LoadError::Read { path: path.to_owned(), source };
    let limit = host.limits.component;
    let (file, flaws) = open_any_and_note(path).map_err(|error| unreadable(error.into()))?;
    if let Some(flaw) = flaws.first() {
        tracing::warn!(%flaw, remedy = flaw.remedy(), "other users can change the named component");
    }
    let mut bytes = Vec::new();
    file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > limit {
        let size = std::fs::metadata(path).map_or(bytes.len() as u64, |metadata| metadata.len());
        return Err(LoadError::TooLarge { name: path.display().to_string(), size, limit });
    }
    Ok(bytes)
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
    if policy.refused(interface::imports(&host.engine, &component)).is_empty()
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
            Err(not_a_component("it is a core module; make it a component with `wasm-tools component new`"))
        }
        [b'\x7f', b'E', b'L', b'F', ..] => Err(not_a_component("it is machine code (ELF), which is never loaded")),
        _ => Err(not_a_component("it does not start with the magic number `\\0asm`")),
    }
}
