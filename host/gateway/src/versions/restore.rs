//! Which version a gateway begins with.

use std::time::Instant;

use tokio_util::sync::CancellationToken;

use crate::config::gateway::Signer;
use crate::embedded::{EMBEDDED, EMBEDDED_NAME, embedded_digest};
use crate::provider::{Digest, Generation, LoadError};
use quarry_versions::{
    Acceptance, Behaviour, Candidate, Downgrade, Downgrades, Event, Gate, GateError, Inputs, Passed, Refused, Step,
    StepReceipt, Store, StoreError, Trials, Unaccepted, check_downgrade,
};

/// Who acts at a start where nobody was named.
const AT_START: &str = "the gateway, at its start";

/// The version that a gateway begins with.
#[derive(Debug)]
pub struct Restored {
    /// The version.
    pub passed: Passed,
    /// Versions that should have come back, and why they did not.
    pub skipped: Vec<(Digest, String)>,
    /// The candidates that were beside the last active version: see [`Versions::resume`](super::Versions::resume).
    pub trials: Trials,
    /// What the version that was named does differently, where it does not serve because nobody accepted that.
    pub unaccepted: Option<Behaviour>,
}

/// Why there is no version to begin with.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The one that was named is refused.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// The one that is named is older than one that served.
    #[error(transparent)]
    Downgrade(#[from] Downgrade),
    /// It does something differently that nobody accepted.
    #[error(transparent)]
    Unaccepted(#[from] Unaccepted),
    /// The folder of versions.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Not even the embedded one can be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
}

/// The version to begin with: the one that is named, unless it is quarantined; else the last active version and passes; else the one
/// before it, and so on; else the one that the binary was built with, which passed when it was built. One that comes from outside has
/// to be signed by one of `signers`, where there are any; then the one that is named is not older than one that served.
///
/// # Errors
/// When the one that is named is refused, or nothing can be loaded.
pub fn restore(
    gate: &Gate,
    store: &mut Store,
    named: Option<Candidate>,
    signers: &[Signer],
) -> Result<Restored, RestoreError> {
    let acceptance = Acceptance::default();
    restore_allowing(Downgrades::Refused, &acceptance, gate, store, named, signers)
}

/// The same, where the version that is named may be older than one that served, and may do what is accepted differently from the version
/// that would serve without it. One that does more than that does not serve.
///
/// # Errors
/// As [`restore`].
pub fn restore_allowing(
    downgrades: Downgrades,
    acceptance: &Acceptance,
    gate: &Gate,
    store: &mut Store,
    named: Option<Candidate>,
    signers: &[Signer],
) -> Result<Restored, RestoreError> {
    let history = store.history().clone();
    let trials = history.trials.clone();
    let mut skipped = Vec::new();
    let mut unaccepted = None;
    if let Some(candidate) = named {
        let digest = Digest::of(&candidate.bytes);
        match history.quarantined.get(&digest) {
            None => {
                let by = "the command line";
                let passed = prove(gate, store, &candidate, signers, by, &mut |_| {})?;
                check_downgrade(gate, &history, &passed, signers, downgrades)?;
                match accept(gate, store, &passed, signers, acceptance, by, &mut |_| {}) {
                    Err(RestoreError::Unaccepted(Unaccepted::Kinds(behaviour))) => {
                        let to_write = behaviour.configuration(&acceptance.configuration);
                        let reason = format!("{}; to accept that, write {to_write}", behaviour.refusal());
                        tracing::error!(version = %digest, reason, "the configured version was not activated");
                        skipped.push((digest, reason));
                        unaccepted = Some(*behaviour);
                    }
                    accepted => {
                        accepted?;
                        begin_with(store, passed.generation.digest(), by)?;
                        return Ok(Restored { passed, skipped, trials, unaccepted });
                    }
                }
            }
            // Else each start would give it the requests back that it failed before.
            Some(reason) => skipped.push((digest, quarantined(reason))),
        }
    }
    let passed = otherwise(gate, store, signers, &mut skipped)?;
    begin_with(store, passed.generation.digest(), AT_START)?;
    Ok(Restored { passed, skipped, trials, unaccepted })
}

/// The active version where none is named. `skipped` gets those that should come back and do not.
fn otherwise(
    gate: &Gate,
    store: &mut Store,
    signers: &[Signer],
    skipped: &mut Vec<(Digest, String)>,
) -> Result<Passed, RestoreError> {
    let history = store.history().clone();
    for digest in history.active.iter().chain(history.before.iter().rev()) {
        if *digest == embedded_digest() {
            break;
        }
        if let Some(reason) = history.quarantined.get(digest) {
            if skipped.iter().all(|(told, _)| told != digest) {
                skipped.push((*digest, quarantined(reason)));
            }
            continue;
        }
        match again(gate, store, digest, signers) {
            Ok(passed) => return Ok(passed),
            Err(reason) => {
                tracing::error!(version = %digest, reason, "a provider version was not restored");
                skipped.push((*digest, reason));
            }
        }
    }
    // A process of its own compiles it, as every version: one that has compiled keeps some 100 MB of memory.
    match gate.embedded() {
        Ok(passed) => Ok(passed),
        Err(refused) => {
            // Where compiled code cannot be kept, this process compiles.
            tracing::debug!(reason = refused.reason, "the embedded provider is compiled for this process alone");
            let generation = Generation::load(gate.host(), EMBEDDED_NAME, EMBEDDED, None)?;
            let name = match generation.session().and_then(|mut session| session.identify()) {
                Ok(identity) => format!("{} {}", identity.name, identity.version),
                Err(error) => return Err(LoadError::Engine { reason: error.to_string() }.into()),
            };
            Ok(Passed { generation, name, passed: 0, signer: None, anew: false })
        }
    }
}

/// Compares a version that passed with the one that would serve without it, while no gateway has the folder, and records what is
/// accepted. What it does differently is given; `None` where it served last.
///
/// # Errors
/// When something was not accepted, the versions cannot be compared, or the folder cannot be written.
pub fn accept(
    gate: &Gate,
    store: &mut Store,
    passed: &Passed,
    signers: &[Signer],
    acceptance: &Acceptance,
    by: &str,
    tell: &mut dyn FnMut(&StepReceipt),
) -> Result<Option<Behaviour>, RestoreError> {
    let digest = passed.generation.digest();
    if store.history().active == Some(digest) {
        return Ok(None);
    }
    let began = Instant::now();
    let active = otherwise(gate, store, signers, &mut Vec::new())?.generation;
    if active.digest() == digest {
        return Ok(None);
    }
    let bytes = |digest| store.components().bytes(&digest).ok()?;
    let components: Vec<_> = [active.digest(), digest].into_iter().filter_map(bytes).collect();
    let inputs = Inputs { components: &components, ..Inputs::default() };
    let found = Behaviour::of(&active, &passed.generation, &inputs, &CancellationToken::new());
    let refused = |reason| RestoreError::from(GateError::from(Refused { step: Step::Behaviour, reason }));
    let before = store.history().accepted.of(&active.digest(), &digest);
    let (behaviour, now) = acceptance.decide(found.map_err(refused)?, before)?;
    let is_accepted = behaviour.unaccepted().next().is_none();
    let receipt = StepReceipt {
        step: Step::Behaviour,
        failure: (!is_accepted).then(|| behaviour.refusal()),
        detail: is_accepted.then(|| behaviour.summary()),
        milliseconds: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
    };
    tell(&receipt);
    let (source, by) = (passed.generation.name().to_owned(), by.to_owned());
    store.record(Event::Step { digest: Some(digest), source, by: by.clone(), receipt })?;
    if !is_accepted {
        return Err(Unaccepted::Kinds(Box::new(behaviour)).into());
    }
    if !now.is_empty() {
        store.record(Event::Accepted { digest, against: active.digest(), kinds: now, by })?;
    }
    Ok(Some(behaviour))
}

fn quarantined(reason: &str) -> String {
    format!("it is quarantined: {reason}; to lift the quarantine, verify it again")
}

/// Records that the next gateway begins with a version that passed, unless it is the last active version.
///
/// # Errors
/// When it cannot be written.
pub fn begin_with(store: &mut Store, digest: Digest, by: &str) -> Result<(), StoreError> {
    if store.history().active == Some(digest) {
        return Ok(());
    }
    store.record(Event::Activated { digest, by: by.to_owned() })
}

/// An earlier version.
fn again(gate: &Gate, store: &mut Store, digest: &Digest, signers: &[Signer]) -> Result<Passed, String> {
    let proof = store.history().proofs.get(digest).cloned();
    let signature = store.components().signature(digest).map_err(|error| error.to_string())?;
    if let Some(passed) = proof.as_ref().and_then(|proof| gate.proved(digest, proof, signature.as_deref(), signers)) {
        return Ok(passed);
    }
    let bytes =
        store.components().bytes(digest).map_err(|error| error.to_string())?.ok_or("its component was removed")?;
    let source = proof.map_or_else(|| format!("{digest:?}"), |proof| proof.source);
    let candidate = Candidate { source, bytes, expected: Some(*digest), signature };
    prove(gate, store, &candidate, signers, AT_START, &mut |_| {}).map_err(|error| error.to_string())
}

/// Lets a version through the gate while no gateway has the folder, and records each step and what it proved. One that was
/// quarantined proves itself again, which lifts that. `tell` is told each step.
///
/// # Errors
/// With the step that it fails at, and when the folder cannot be written.
pub fn prove(
    gate: &Gate,
    store: &mut Store,
    candidate: &Candidate,
    signers: &[Signer],
    by: &str,
    tell: &mut dyn FnMut(&StepReceipt),
) -> Result<Passed, RestoreError> {
    let digest = Digest::of(&candidate.bytes);
    let proof = store.history().proof_that_counts(&digest).cloned();
    let mut steps: Vec<StepReceipt> = Vec::new();
    let mut taken = |step: &StepReceipt| {
        tell(step);
        steps.push(step.clone());
    };
    let passed = gate.pass(candidate, proof.as_ref(), signers, &mut taken, &CancellationToken::new());
    for receipt in steps {
        let (source, by) = (candidate.source.clone(), by.to_owned());
        store.record(Event::Step { digest: Some(digest), source, by, receipt })?;
    }
    let passed = passed?;
    if let Some(event) = gate.keep(store.components(), candidate, proof.as_ref(), &passed)? {
        store.record(event)?;
    }
    Ok(passed)
}
