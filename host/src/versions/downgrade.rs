//! Whether a version is older than one of its name that served.
//!
//! Any component that a key ever signed can be offered again, with its own signature and with the faults that a newer one mended. So
//! where signatures count, going back to an older version has to be asked for. Without signers a version is what its component
//! claims, which whoever offers it chooses, and nothing follows from it.

use semver::Version;

use super::gate::{Gate, Passed};
use super::history::{History, name_and_version};
use crate::config::gateway::Signer;
use crate::provider::embedded_digest;

/// Whether an older version than served before may be put to work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Downgrades {
    /// It may not.
    #[default]
    Refused,
    /// Somebody asked for it.
    Allowed,
}

/// A version that is older than one of its name that served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{name} {version} is older than {name} {highest}, which served before: `--allow-downgrade` puts it to work all the same, and \
     `quarry.provider.allowDowngrade` where a folder or the configuration names it"
)]
pub struct Downgrade {
    /// What the component is called.
    pub name: String,
    /// Its version.
    pub version: Version,
    /// The highest version that served under this name.
    pub highest: Version,
}

/// Looks whether a version that passed is a downgrade. Compares with all that served, and with the version in this binary. What is in
/// this binary is as good as the binary, and what serves already stays.
///
/// # Errors
/// When it is older, and there are signers. Versions that are none of semver's cannot be compared.
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
