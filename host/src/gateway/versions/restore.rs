//! Which version a gateway begins with.

use crate::config::gateway::Signer;
use crate::provider::{AotCache, Digest, Generation, LoadError, embedded_digest};
use crate::versions::{Candidate, Event, Gate, Passed, Refused, StepReceipt, Store, StoreError, Trials};

/// The version that a gateway begins with.
#[derive(Debug)]
pub struct Restored {
    /// The version.
    pub passed: Passed,
    /// Versions that should have come back, and why they did not.
    pub skipped: Vec<(Digest, String)>,
    /// The candidates that were beside the version that served last: see [`Versions::resume`](super::Versions::resume).
    pub trials: Trials,
}

/// Why there is no version to begin with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// The one that was named is refused.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The folder of versions.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Not even the embedded one can be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
}

/// The version to begin with: the one that is named; else the one that served last and passes; else the one before it, and so
/// on; else the one that the binary was built with, which passed when it was built. One that comes from outside has to be signed by
/// one of `signers`, where there are any.
///
/// # Errors
/// When the one that is named is refused, or nothing can be loaded.
pub fn restore(
    gate: &Gate,
    cache: &AotCache,
    store: &mut Store,
    named: Option<Candidate>,
    signers: &[Signer],
) -> Result<Restored, RestoreError> {
    let trials = store.history().trials.clone();
    if let Some(candidate) = named {
        let by = "the command line";
        let passed = pass(gate, store, &candidate, signers, by)?;
        activated(store, passed.generation.digest(), by)?;
        return Ok(Restored { passed, skipped: Vec::new(), trials });
    }
    let history = store.history().clone();
    let mut skipped = Vec::new();
    for digest in history.active.iter().chain(history.before.iter().rev()) {
        if *digest == embedded_digest() {
            break;
        }
        if let Some(reason) = history.quarantined.get(digest) {
            skipped.push((*digest, format!("it is quarantined: {reason}")));
            continue;
        }
        match again(gate, store, digest, signers) {
            Ok(passed) => {
                if history.active != Some(*digest) {
                    activated(store, *digest, "the gateway, at its start")?;
                }
                return Ok(Restored { passed, skipped, trials });
            }
            Err(reason) => {
                tracing::error!(version = %digest, reason, "a version of the provider does not come back");
                skipped.push((*digest, reason));
            }
        }
    }
    let generation = Generation::embedded(gate.host(), Some(cache))?;
    let name = match generation.session().and_then(|mut session| session.identify()) {
        Ok(identity) => format!("{} {}", identity.name, identity.version),
        Err(error) => return Err(LoadError::Engine { reason: error.to_string() }.into()),
    };
    activated(store, generation.digest(), "the gateway, at its start")?;
    Ok(Restored { passed: Passed { generation, name, passed: 0, signer: None, anew: false }, skipped, trials })
}

/// Writes down that a version serves, unless it is the one that served last.
fn activated(store: &mut Store, digest: Digest, by: &str) -> Result<(), StoreError> {
    if store.history().active == Some(digest) {
        return Ok(());
    }
    store.record(Event::Activated { digest, by: by.to_owned() })
}

/// A version that served before.
fn again(gate: &Gate, store: &mut Store, digest: &Digest, signers: &[Signer]) -> Result<Passed, String> {
    let proof = store.history().proofs.get(digest).cloned();
    if let Some(passed) = proof.as_ref().and_then(|proof| gate.proved(digest, proof, signers)) {
        return Ok(passed);
    }
    let bytes = store.bytes(digest).map_err(|error| error.to_string())?.ok_or("its component is not kept any more")?;
    let source = proof.map_or_else(|| format!("{digest:?}"), |proof| proof.source);
    let signature = store.signature(digest).map_err(|error| error.to_string())?;
    let candidate = Candidate { source, bytes, expected: Some(*digest), signature };
    pass(gate, store, &candidate, signers, "the gateway, at its start").map_err(|error| error.to_string())
}

/// Lets a version through the gate and writes down what it proved.
fn pass(
    gate: &Gate,
    store: &mut Store,
    candidate: &Candidate,
    signers: &[Signer],
    by: &str,
) -> Result<Passed, RestoreError> {
    let digest = Digest::of(&candidate.bytes);
    let proof = store.history().proofs.get(&digest).cloned();
    let mut steps: Vec<StepReceipt> = Vec::new();
    let passed = gate.pass(candidate, proof.as_ref(), signers, &mut |step| steps.push(step.clone()));
    for receipt in steps {
        let (source, by) = (candidate.source.clone(), by.to_owned());
        store.record(Event::Step { digest: Some(digest), source, by, receipt })?;
    }
    let passed = passed?;
    if passed.anew {
        store.keep(&candidate.bytes, candidate.signature.as_deref())?;
        let event = gate.proof(&candidate.source, &passed);
        store.record(event)?;
    }
    Ok(passed)
}
