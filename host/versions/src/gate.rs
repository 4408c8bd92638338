//! What a version must pass before it serves.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use tokio_util::sync::CancellationToken;

use super::cases;
use super::compile::Compiler;
use super::components::Components;
use super::destinations::{self, Reachable};
use super::event::{Step, StepReceipt};
use super::history::Proof;
use super::signature::{self, Signed};
use super::source::Fetched;
use super::store::StoreError;
use crate::config::gateway::Signer;
use crate::conformance::component::Component;
use crate::conformance::rules;
use crate::embedded::{EMBEDDED, EMBEDDED_NAME, embedded_digest};
use crate::provider::{AotCache, Digest, Generation, Host, LoadError, scan};

/// A version that asks to serve.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Where its bytes came from: what its component is called in messages.
    pub source: String,
    /// The component.
    pub bytes: Vec<u8>,
    /// The digest that it must have, where one was asked for.
    pub expected: Option<Digest>,
    /// Its signature, as minisign writes one.
    pub signature: Option<String>,
}

/// A version that passed, and what it passed.
#[derive(Debug, Clone)]
pub struct Passed {
    /// The version, ready to serve.
    pub generation: Arc<Generation>,
    /// What it says of itself: name and version.
    pub name: String,
    /// How many rules and cases it passed, now or before.
    pub passed: usize,
    /// The key that signed it, where a signature was asked for.
    pub signer: Option<String>,
    /// Whether they were run now.
    pub anew: bool,
}

/// The step that was not passed, and why. Whatever served before stays active.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("refused at `{step}`: {reason}")]
pub struct Refused {
    /// The step.
    pub step: Step,
    /// Why.
    pub reason: String,
}

/// Why a version is not let through. Whatever served before stays active.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GateError {
    /// It does not pass.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Nobody wants to know any more.
    #[error("cancelled at `{step}`")]
    Cancelled {
        /// The step that was not finished, or not begun.
        step: Step,
    },
}

/// The gate: one engine, with the limits of production, and whoever compiles for it.
#[derive(Debug, Clone)]
pub struct Gate {
    host: Arc<Host>,
    cache: AotCache,
    compiler: Compiler,
}

impl Gate {
    /// A gate to this engine.
    #[must_use]
    pub fn new(host: Arc<Host>, cache: AotCache, compiler: Compiler) -> Self {
        Gate { host, cache, compiler }
    }

    /// The engine.
    #[must_use]
    pub fn host(&self) -> &Arc<Host> {
        &self.host
    }

    /// Whether what a version proved counts here: with these rules, in this engine, signed by one of these where there are any.
    #[must_use]
    pub fn counts(&self, proof: &Proof, signers: &[Signer]) -> bool {
        let signed = signers.is_empty()
            || proof.signer.as_ref().is_some_and(|by| signers.iter().any(|signer| signer.id().to_string() == *by));
        signed && proof.cases == rules::digest() && proof.engine == self.host.engine_hash()
    }

    /// What a version that passed has proved, as the journal tells it.
    #[must_use]
    pub fn proof(&self, source: &str, passed: &Passed) -> super::Event {
        super::Event::Verified {
            digest: passed.generation.digest(),
            source: source.to_owned(),
            name: passed.name.clone(),
            cases: rules::digest(),
            passed: passed.passed,
            engine: self.host.engine_hash(),
            signer: passed.signer.clone(),
        }
    }

    /// Keeps the bytes and the signature of a version that passed where it was not known before (`proof`), and gives what is to be
    /// recorded then. One that another key signed now proves itself by that one from now on: the key of before may be trusted no
    /// longer the next time.
    ///
    /// # Errors
    /// When they cannot be kept.
    pub fn keep(
        &self,
        components: &Components,
        candidate: &Candidate,
        proof: Option<&Proof>,
        passed: &Passed,
    ) -> Result<Option<super::Event>, StoreError> {
        let signed_anew = passed.signer.is_some() && proof.is_some_and(|proof| proof.signer != passed.signer);
        if passed.anew || signed_anew {
            components.keep(&candidate.bytes, candidate.signature.as_deref())?;
            return Ok(Some(self.proof(&candidate.source, passed)));
        }
        if candidate.signature.is_some() && components.signature(&passed.generation.digest())?.is_none() {
            // Nobody asks for it yet; whoever does later finds it.
            components.keep(&candidate.bytes, candidate.signature.as_deref())?;
        }
        Ok(None)
    }

    /// Loads a version that passed before, without its bytes: from the cache of compiled code; `None` where it is not there, or where its
    /// signature counts no more.
    #[must_use]
    pub fn proved(
        &self,
        digest: &Digest,
        proof: &Proof,
        signature: Option<&str>,
        signers: &[Signer],
    ) -> Option<Passed> {
        let is_current =
            signers.is_empty() || signature.is_some_and(|text| signature::is_current(text, SystemTime::now()));
        if !is_current || !self.counts(proof, signers) {
            return None;
        }
        let generation = Generation::from_cache(&self.host, &proof.source, digest, &self.cache).ok()??;
        let (name, signer) = (proof.name.clone(), proof.signer.clone());
        Some(Passed { generation, name, passed: proof.passed, signer, anew: false })
    }

    /// The version in this binary, which passed all when that was built. It takes no longer than a compilation where it was not
    /// compiled yet, and belongs on a blocking thread.
    ///
    /// # Errors
    /// When it cannot be compiled or run here.
    pub fn embedded(&self) -> Result<Passed, Refused> {
        let failed = |step| move |reason| Refused { step, reason };
        let compiled = self.compiled(EMBEDDED_NAME, EMBEDDED, &CancellationToken::new());
        let (generation, _) = compiled.map_err(failed(Step::Compile))?;
        let name = identity(&generation).map_err(failed(Step::Checks))?;
        Ok(Passed { generation, name, passed: 0, signer: None, anew: false })
    }

    /// Lets a version through, or says at which step it fails. `proof` is what it proved before; each step is told as it is
    /// taken. This takes seconds for a version that was not seen before, and belongs on a blocking thread. `cancel` ends the compiler
    /// at once, and other steps before their next check.
    ///
    /// # Errors
    /// With the step that it fails at, or was cancelled at.
    pub fn pass(
        &self,
        candidate: &Candidate,
        proof: Option<&Proof>,
        signers: &[Signer],
        tell: &mut dyn FnMut(&StepReceipt),
        cancel: &CancellationToken,
    ) -> Result<Passed, GateError> {
        let Candidate { source, bytes, expected, signature } = candidate;
        let mut steps = Steps { tell, cancel };
        steps.take(Step::Digest, || {
            let digest = Digest::of(bytes);
            match expected {
                Some(expected) if *expected != digest => {
                    Err(format!("{source} has the SHA-256 {digest}; expected {expected}"))
                }
                _ => Ok((digest, Some(format!("{digest:?}")))),
            }
        })?;
        // The version in this binary is as good as the binary.
        let signed = match signers.is_empty() || bytes.as_slice() == EMBEDDED {
            true => None,
            false => steps.take(Step::Signature, || {
                let signed = signature::verify(bytes, signature.as_deref(), signers, SystemTime::now());
                let signed = signed.map_err(|error| error.to_string())?;
                let told = signed.as_ref().map(|Signed { by, statement }| {
                    let until = statement.expires.map_or_else(String::new, |expires| format!(", until {expires}"));
                    format!("signed by key {by} for {} {}{until}", statement.name, statement.version)
                });
                Ok((signed, told))
            })?,
        };
        let face = steps.take(Step::Imports, || {
            let face = scan(source, bytes).map_err(|error| error.to_string())?;
            if face.imports.is_empty() {
                return Ok((face, None));
            }
            Err(LoadError::Imports { name: source.clone(), imports: face.imports }.to_string())
        })?;
        steps.take(Step::Contract, || {
            let (contracts, exported) = (self.host.contracts(), &face.contracts);
            let served = || contracts.versions().join(" and ");
            match contracts.serving(exported) {
                Some(_)
                    if let Some(Signed { by, statement }) = &signed
                        && !exported.contains(&statement.contract) =>
                {
                    Err(format!(
                        "the signature by key {by} is for contract {}, and {source} exports {}: {}",
                        statement.contract,
                        exported.join(" and "),
                        signature::SIGN_AGAIN
                    ))
                }
                Some(contract) => Ok(((), Some(format!("quarry:provider@{}", contract.version())))),
                None if exported.is_empty() => {
                    Err(format!("{source} does not export quarry:provider; this host supports {}", served()))
                }
                None => {
                    let other = exported.join(" and ");
                    Err(format!("{source} exports quarry:provider@{other}; this host supports {}", served()))
                }
            }
        })?;
        let generation = steps.take(Step::Compile, || self.compiled(source, bytes, cancel))?;
        let name = match identity(&generation) {
            Ok(name) => name,
            // One that cannot even say who it is breaks the first rule, and that is told as a step too.
            Err(reason) => return steps.take(Step::Checks, || Err(reason)),
        };
        if let Some(Signed { by, statement }) = &signed {
            let stated = format!("{} {}", statement.name, statement.version);
            if stated != name {
                let again = signature::SIGN_AGAIN;
                let reason = format!(
                    "the signature by key {by} is for {stated}, and the component states the name {name}: {again}"
                );
                return steps.take(Step::Signature, || Err(reason));
            }
        }
        let signer = signed.map(|signed| signed.by.to_string());
        if let Some(proof) = proof.filter(|proof| self.counts(proof, signers)) {
            return Ok(Passed { generation, name, passed: proof.passed, signer, anew: false });
        }
        let component = Component(Arc::clone(&generation));
        let rules = steps.take(Step::Checks, || cases::check_rules(&component, cancel))?;
        let passed = rules + steps.take(Step::Cases, || cases::run_own(source, bytes, &component, cancel))?;
        if bytes.as_slice() != EMBEDDED {
            steps.take(Step::Destinations, || {
                let (embedded, _) = self.compiled(EMBEDDED_NAME, EMBEDDED, cancel)?;
                compared(&embedded, &generation, &Reachable::anywhere(), cancel)
            })?;
        }
        Ok(Passed { generation, name, passed, signer, anew: true })
    }

    /// Holds where a version that passed would send the requests of a configuration against the active version. It belongs on
    /// a blocking thread. The version in this binary is as good as the binary: nothing is compared with it.
    ///
    /// # Errors
    /// With the step, when one request would go elsewhere or it was cancelled.
    pub fn destinations(
        serving: &Arc<Generation>,
        candidate: &Arc<Generation>,
        reachable: &Reachable,
        tell: &mut dyn FnMut(&StepReceipt),
        cancel: &CancellationToken,
    ) -> Result<(), GateError> {
        let is_trusted = candidate.digest() == serving.digest() || candidate.digest() == embedded_digest();
        if is_trusted {
            return Ok(());
        }
        Steps { tell, cancel }.take(Step::Destinations, || compared(serving, candidate, reachable, cancel))
    }

    fn compiled(
        &self,
        source: &str,
        bytes: &[u8],
        cancel: &CancellationToken,
    ) -> Result<(Arc<Generation>, Option<String>), String> {
        let digest = Digest::of(bytes);
        let load =
            || Generation::from_cache(&self.host, source, &digest, &self.cache).map_err(|error| error.to_string());
        if let Some(generation) = load()? {
            return Ok((generation, Some("from the cache".to_owned())));
        }
        self.cache.check().map_err(|error| format!("the compiled component cannot be cached: {error}"))?;
        self.compiler.compile(&self.host, source, bytes, &self.cache, cancel)?;
        let generation = load()?.ok_or_else(|| {
            let folder = self.cache.folder().display();
            format!(
                "the compiled component cannot be written to {folder}, or not be executed there (check whether it is mounted noexec)"
            )
        })?;
        Ok((generation, None))
    }
}

/// Takes steps, and tells what each came to. A step that is cancelled came to nothing.
struct Steps<'a> {
    tell: &'a mut dyn FnMut(&StepReceipt),
    cancel: &'a CancellationToken,
}

impl Steps<'_> {
    fn take<T>(
        &mut self,
        step: Step,
        take: impl FnOnce() -> Result<(T, Option<String>), String>,
    ) -> Result<T, GateError> {
        let began = Instant::now();
        let taken = if self.cancel.is_cancelled() { Err(String::new()) } else { take() };
        if taken.is_err() && self.cancel.is_cancelled() {
            return Err(GateError::Cancelled { step });
        }
        let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (taken, failure, detail) = match taken {
            Ok((taken, detail)) => (Ok(taken), None, detail),
            Err(reason) => (Err(Refused { step, reason: reason.clone() }.into()), Some(reason), None),
        };
        (self.tell)(&StepReceipt { step, failure, detail, milliseconds });
        taken
    }
}

fn identity(generation: &Arc<Generation>) -> Result<String, String> {
    let identity =
        generation.session().and_then(|mut session| session.identify()).map_err(|error| error.to_string())?;
    Ok(format!("{} {}", identity.name, identity.version))
}

fn compared(
    reference: &Arc<Generation>,
    candidate: &Arc<Generation>,
    reachable: &Reachable,
    cancel: &CancellationToken,
) -> Result<((), Option<String>), String> {
    let requests = destinations::compare(reference, candidate, reachable, cancel)?;
    Ok(((), Some(format!("{requests} requests have the destinations of {}", reference.name()))))
}

impl From<Fetched> for Candidate {
    fn from(fetched: Fetched) -> Self {
        let Fetched { bytes, resolved, digest, signature, flaws: _ } = fetched;
        Candidate { source: resolved.to_string(), bytes, expected: Some(digest), signature }
    }
}
