//! What can be read of a component without running it.

use super::aot::AotCache;
use super::component;
use super::contract::Contract;
use super::engine::Host;
use super::error::LoadError;
use super::imports::ImportPolicy;
use super::interface;
use crate::digest::Digest;

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
    /// Version of `quarry:provider` that it exports, if it exports any; of several the newest that this host serves.
    pub wit_version: Option<String>,
    /// Everything that it imports: functions by interface and name, and whatever else there is by name. Empty for a provider
    /// that may be loaded.
    pub imports: Vec<String>,
    /// The functions that it exports, by interface and name.
    pub exports: Vec<String>,
}

/// Inspects a component. It is compiled for that where the cache has it not, and not run.
///
/// # Errors
/// When the bytes are not a component.
pub fn inspect(host: &Host, name: &str, bytes: &[u8], cache: Option<&AotCache>) -> Result<Inspection, LoadError> {
    let compiled = component::compiled(host, name, bytes, cache, ImportPolicy::Nothing)?;
    Ok(Inspection {
        size: bytes.len(),
        sha256: Digest::of(bytes).to_string(),
        wit_version: wit_version(host, interface::contracts(&host.engine, &compiled)),
        imports: interface::imports(&host.engine, &compiled),
        exports: interface::exports(&host.engine, &compiled),
        name: name.to_owned(),
    })
}

/// The version that a component is served as, else the first that it exports.
fn wit_version(host: &Host, exported: Vec<String>) -> Option<String> {
    let contract = host.contracts.serving(&exported).map(Contract::version);
    let one = |version: &String| host.contracts.serving(std::slice::from_ref(version)).map(Contract::version);
    let served = exported.iter().find(|version| one(version) == contract).cloned();
    served.or_else(|| exported.into_iter().next())
}
