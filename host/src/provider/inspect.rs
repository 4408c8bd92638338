//! What a component says of itself before anything of it runs.

use std::path::Path;

use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime::component::types::{ComponentInstance, ComponentItem};

use super::aot::AotCache;
use super::digest::Digest;
use super::engine::Host;
use super::error::LoadError;
use super::generation;
use super::imports::ImportPolicy;
use super::{EMBEDDED, EMBEDDED_NAME};

/// What `quarry provider inspect` shows.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Inspection {
    /// The component: its file, or `(embedded)`.
    pub name: String,
    /// Size of the component in bytes.
    pub size: usize,
    /// SHA-256 of the component, in hexadecimal.
    pub sha256: String,
    /// Version of `quarry:provider` that it exports, if it exports any.
    pub wit_version: Option<String>,
    /// Everything that it imports: functions by interface and name, and whatever else there is by name. Empty for a provider
    /// that may be loaded.
    pub imports: Vec<String>,
    /// The functions that it exports, by interface and name.
    pub exports: Vec<String>,
}

/// Inspects a component: the embedded one where no file is named. It is compiled for that where the cache has it not, and not
/// run.
///
/// # Errors
/// When the file cannot be read, is over the limit or is not a component.
pub fn inspect(host: &Host, path: Option<&Path>, cache: Option<&AotCache>) -> Result<Inspection, LoadError> {
    let (name, bytes) = match path {
        Some(path) => (path.display().to_string(), generation::read_component(host, path)?),
        None => (EMBEDDED_NAME.to_owned(), EMBEDDED.to_vec()),
    };
    let component = generation::compiled(host, &name, &bytes, cache, ImportPolicy::Nothing)?;
    Ok(Inspection {
        size: bytes.len(),
        sha256: Digest::of(&bytes).to_string(),
        wit_version: contract_version(&host.engine, &component),
        imports: imports(&host.engine, &component),
        exports: exports(&host.engine, &component),
        name,
    })
}

/// Everything that a component imports.
pub(super) fn imports(engine: &Engine, component: &Component) -> Vec<String> {
    let component_type = component.component_type();
    component_type.imports(engine).flat_map(|(name, import)| items(engine, name, &import.ty)).collect()
}

/// The functions that a component exports.
fn exports(engine: &Engine, component: &Component) -> Vec<String> {
    let component_type = component.component_type();
    component_type
        .exports(engine)
        .filter(|(_, export)| {
            matches!(export.ty, ComponentItem::ComponentInstance(_) | ComponentItem::ComponentFunc(_))
        })
        .flat_map(|(name, export)| functions(engine, name, &export.ty))
        .collect()
}

/// The version of `quarry:provider` whose interfaces a component exports.
pub(super) fn contract_version(engine: &Engine, component: &Component) -> Option<String> {
    let component_type = component.component_type();
    component_type
        .exports(engine)
        .filter_map(|(name, _)| name.strip_prefix("quarry:provider/")?.split_once('@'))
        .map(|(_, version)| version.to_owned())
        .next()
}

/// An import by name; of an interface each function, or the interface itself where it has none.
fn items(engine: &Engine, name: &str, item: &ComponentItem) -> Vec<String> {
    let functions = functions(engine, name, item);
    if functions.is_empty() { vec![name.to_owned()] } else { functions }
}

fn functions(engine: &Engine, name: &str, item: &ComponentItem) -> Vec<String> {
    match item {
        ComponentItem::ComponentInstance(instance) => interface_functions(engine, name, instance),
        ComponentItem::ComponentFunc(_) | ComponentItem::CoreFunc(_) => vec![name.to_owned()],
        _ => Vec::new(),
    }
}

/// Functions of an interface, as `ns:package/interface@version#function`.
fn interface_functions(engine: &Engine, interface: &str, instance: &ComponentInstance) -> Vec<String> {
    instance
        .exports(engine)
        .filter(|(_, export)| matches!(export.ty, ComponentItem::ComponentFunc(_)))
        .map(|(function, _)| format!("{interface}#{function}"))
        .collect()
}
