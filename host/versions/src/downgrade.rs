//! Downgrades: whether a version is older than an earlier version of the same name.
//!
//! Any component that a key ever signed can be offered again, with its own signature and with faults that a newer
//! version fixed. So if signatures are required, a downgrade must be requested. Without signers a component can state
//! any version, so the statement proves nothing.

use semver::Version;

use super::gate::{Gate, Passed};
use super::history::{History, name_and_version};
use crate::config::gateway::Signer;
use crate::embedded::embedded_digest;

/// Whether a downgrade is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Downgrades {
    /// Downgrades are refused.
    #[default]
    Refused,
    /// The caller requested the downgrade.
    Allowed,
}

/// A version that is older than an earlier version of the same name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{name} {version} is older than {name} {highest}, which was active before; allow it with `--allow-downgrade`, or with `quarry.provider.allowDowngrade` for a folder or the configuration"
)]
pub struct Downgrade {
    /// The name that the component states.
    pub name: String,
    /// Its version.
    pub version: Version,
    /// The highest version that was ever active under this name.
    pub highest: Version,
}

/// Checks whether a version that passed is a downgrade, compared with every earlier version and with the embedded one.
/// The embedded version and the active version are never downgrades.
///
/// # Errors
/// When it is older, and signers are configured. Versions that are not semantic versions cannot be compared.
pub fn check_downgrade(
    gate: &Gate,
    history: &History,
    passed: &Passed,
    signers: &[Signer],
    downgrades: Downgrades,
) -> Result<(), Downgrade> {
    let digest = passed.generation.digest();
    let is_exempt = digest == embedded_digest() || history.active == Some(digest);
    if signers.is_empty() || is_exempt || downgrades == Downgrades::Allowed {
        return Ok(());
    }
    let Some((name, version)) = name_and_version(&passed.name) else { return Ok(()) };
    let embedded = gate.embedded().ok().map(|embedded| embedded.name);
    let embedded = embedded.as_deref().and_then(name_and_version).filter(|(own, _)| *own == name);
    let highest = history.highest.get(name).cloned().into_iter().chain(embedded.map(|(_, version)| version)).max();
    match highest.filter(|highest| version < *highest) {
        Some(highest) => Err(Downgrade { name: name.to_owned(), version, highest }),
        None => Ok(()),
    }
}
