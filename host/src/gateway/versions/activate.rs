//! Putting a version to work.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::{COMPARISONS, ChangeError, Versions};
use crate::gateway::configuration::ConfigurationError;
use crate::gateway::effective::Effective;
use crate::gateway::lineup::{Lineup, Seat, Version};
use crate::gateway::state::{Gateway, StartError};
use crate::provider::{Digest, EMBEDDED, EMBEDDED_NAME, embedded_digest};
use crate::versions::source::Source;
use crate::versions::{
    Candidate, Downgrades, Event, Gate, History, Passed, Refused, Step, StepReceipt, StoreError, check_downgrade,
};

/// The version that is wanted.
#[derive(Debug, Clone)]
pub enum Wanted {
    /// One whose bytes are given.
    Given(Candidate),
    /// One that is to be fetched.
    Named(Source),
    /// One that is known by its digest.
    Known(Digest),
    /// The one that this binary was built with.
    Embedded,
}

/// Whether a change waits until it is in the journal.
#[derive(Debug, Clone, Copy)]
pub(super) enum Written {
    /// It does: what cannot be written down is not done.
    First,
    /// It does not: the version that serves loses turns, and a disk that is full is no reason to go on with that.
    IfPossible,
}

/// What a change came to.
#[derive(Debug, Clone)]
pub struct Activated {
    /// The version that serves now.
    pub digest: Digest,
    /// What its component says of itself.
    pub name: String,
    /// The steps that were taken. A version that passed before, and whose code is in the cache, takes
    /// `destinations` alone.
    pub steps: Vec<StepReceipt>,
    /// Whether it served already.
    pub unchanged: bool,
}

impl Versions {
    /// Puts a version to work: new requests get it, those under way keep theirs. One that is older than one that served has to be
    /// allowed by the configuration.
    ///
    /// # Errors
    /// With the step that it fails at; whatever served goes on serving.
    pub async fn activate(self: &Arc<Self>, wanted: Wanted, by: &str) -> Result<Activated, ChangeError> {
        self.activate_allowing(Downgrades::Refused, wanted, by).await
    }

    /// The same, of a version that may be older than one that served.
    ///
    /// # Errors
    /// As [`Versions::activate`].
    pub async fn activate_allowing(
        self: &Arc<Self>,
        downgrades: Downgrades,
        wanted: Wanted,
        by: &str,
    ) -> Result<Activated, ChangeError> {
        let rollbacks = self.rollbacks.load(Ordering::SeqCst);
        let (wanted, mut steps) = self.fetched(wanted, by).await?;
        let _one_proof_at_a_time = self.proving.lock().await;
        self.check_allowed(&wanted)?;
        let (passed, taken) = self.checked(wanted, by).await?;
        steps.extend(taken);
        self.check_downgrade(&passed, downgrades).await?;
        let digest = passed.generation.digest();
        let _one_at_a_time = self.changing.lock().await;
        // Meanwhile another one may have been pinned, or this one put away.
        self.check_allowed(&Wanted::Known(digest))?;
        if self.rollbacks.load(Ordering::SeqCst) != rollbacks {
            // Whoever went back has reasons, which may be this very version.
            return Err(ChangeError::WentBack { serving: self.serving() });
        }
        if self.serving() == digest {
            return Ok(Activated { digest, name: passed.name, steps, unchanged: true });
        }
        let name = passed.name.clone();
        let event = Event::Activated { digest, by: by.to_owned() };
        self.put_to_work(self.version(passed), event, Written::First).await?;
        tracing::info!(version = %digest, name, by, "another version of the provider serves");
        Ok(Activated { digest, name, steps, unchanged: false })
    }

    /// Holds a version against the gate, and does not put it to work.
    ///
    /// # Errors
    /// With the step that it fails at.
    pub async fn verify(self: &Arc<Self>, wanted: Wanted, by: &str) -> Result<Activated, ChangeError> {
        let (wanted, mut steps) = self.fetched(wanted, by).await?;
        let _one_proof_at_a_time = self.proving.lock().await;
        let (passed, taken) = self.checked(wanted, by).await?;
        steps.extend(taken);
        Ok(Activated { digest: passed.generation.digest(), name: passed.name, steps, unchanged: true })
    }

    /// Keeps the version that serves until [`Versions::unpin`].
    ///
    /// # Errors
    /// When it cannot be written down.
    pub async fn pin(&self, by: &str) -> Result<Digest, ChangeError> {
        let _one_at_a_time = self.changing.lock().await;
        let digest = self.serving();
        self.store().record(Event::Pinned { digest, by: by.to_owned() })?;
        Ok(digest)
    }

    /// Allows other versions again.
    ///
    /// # Errors
    /// When it cannot be written down.
    pub async fn unpin(&self, by: &str) -> Result<(), ChangeError> {
        let _one_at_a_time = self.changing.lock().await;
        Ok(self.store().record(Event::Unpinned { by: by.to_owned() })?)
    }

    /// The version that serves.
    #[must_use]
    pub fn serving(&self) -> Digest {
        self.gateway.lineup.load().primary.version.digest()
    }

    /// The bytes of a version that is to be fetched, before anything waits for them.
    pub(super) async fn fetched(&self, wanted: Wanted, by: &str) -> Result<(Wanted, Vec<StepReceipt>), ChangeError> {
        let Wanted::Named(source) = wanted else { return Ok((wanted, Vec::new())) };
        let began = Instant::now();
        let signers = self.gateway.effective().configuration.gateway.provider.signers.clone();
        let fetched = self.fetcher.fetch(&source, self).await;
        let fetched = fetched.and_then(|fetched| fetched.check_owner(&signers).map(|()| fetched));
        let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (step, failure, detail, digest) = match &fetched {
            Ok(fetched) => (Step::Fetch, None, Some(fetched.resolved.to_string()), Some(fetched.digest)),
            // What came is not what was pinned: the bytes are there, and they are the wrong ones.
            Err(error) if error.is_of_a_digest() => (Step::Digest, Some(error.to_string()), None, None),
            Err(error) => (Step::Fetch, Some(error.to_string()), None, None),
        };
        let receipt = StepReceipt { step, failure, detail, milliseconds };
        let (source, by) = (source.to_string(), by.to_owned());
        self.store().record(Event::Step { digest, source, by, receipt: receipt.clone() })?;
        match fetched {
            Ok(fetched) => Ok((Wanted::Given(fetched.into()), vec![receipt])),
            Err(error) => Err(Refused { step, reason: error.to_string() }.into()),
        }
    }

    /// The bytes of a version that is kept. Damaged ones are a step that it fails at.
    fn kept(&self, digest: Digest, source: &str, by: &str) -> Result<Vec<u8>, ChangeError> {
        let began = Instant::now();
        let mut store = self.store();
        let reason = match store.bytes(&digest) {
            Ok(Some(bytes)) => return Ok(bytes),
            Ok(None) => return Err(ChangeError::Unknown { digest: digest.to_string() }),
            Err(error @ StoreError::Damaged { .. }) => error.to_string(),
            Err(error) => return Err(error.into()),
        };
        let (step, milliseconds) = (Step::Digest, u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX));
        let receipt = StepReceipt { step, failure: Some(reason.clone()), detail: None, milliseconds };
        let (source, by) = (source.to_owned(), by.to_owned());
        store.record(Event::Step { digest: Some(digest), source, by, receipt })?;
        Err(Refused { step, reason }.into())
    }

    pub(super) fn check_allowed(&self, wanted: &Wanted) -> Result<(), ChangeError> {
        check_allowed(self.store().history(), wanted.digest())
    }

    /// Whether a version is older than one that served, and nobody allowed that.
    pub(super) async fn check_downgrade(&self, passed: &Passed, asked: Downgrades) -> Result<(), ChangeError> {
        let provider = self.gateway.effective().configuration.gateway.provider.clone();
        let downgrades = if provider.allow_downgrade { Downgrades::Allowed } else { asked };
        let (gate, history, passed) = (self.gate.clone(), self.store().history().clone(), passed.clone());
        let check = move || check_downgrade(&gate, &history, &passed, &provider.signers, downgrades);
        Ok(tokio::task::spawn_blocking(check).await??)
    }

    pub(super) fn check_not_quarantined(&self, wanted: &Wanted) -> Result<(), ChangeError> {
        check_not_quarantined(self.store().history(), wanted.digest())
    }

    /// A version that passed: now, or before with the same cases in the same engine.
    pub(super) async fn verified(&self, wanted: Wanted, by: &str) -> Result<(Passed, Vec<StepReceipt>), ChangeError> {
        let signers = self.gateway.effective().configuration.gateway.provider.signers.clone();
        let candidate = match wanted {
            Wanted::Embedded => Candidate {
                source: EMBEDDED_NAME.to_owned(),
                bytes: EMBEDDED.to_vec(),
                expected: None,
                signature: None,
            },
            Wanted::Given(candidate) => candidate,
            Wanted::Named(source) => {
                let reason = format!("{source} was not fetched");
                return Err(Refused { step: Step::Fetch, reason }.into());
            }
            Wanted::Known(digest) => {
                let history = self.store().history().clone();
                let counts = history.proof_that_counts(&digest);
                let signature = self.store().signature(&digest)?;
                let proved = |proof| self.gate.proved(&digest, proof, signature.as_deref(), &signers);
                if let Some(passed) = counts.and_then(proved) {
                    return Ok((passed, Vec::new()));
                }
                let proof = history.proofs.get(&digest).cloned();
                let source = proof.map_or_else(|| format!("{digest:?}"), |proof| proof.source);
                let bytes = self.kept(digest, &source, by)?;
                Candidate { source, bytes, expected: Some(digest), signature }
            }
        };
        let source = candidate.source.clone();
        let digest = Digest::of(&candidate.bytes);
        let (proof, lifted) = {
            let store = self.store();
            let history = store.history();
            (history.proof_that_counts(&digest).cloned(), history.quarantined.contains_key(&digest))
        };
        tracing::debug!(version = %digest, source, "a version is held against the gate");
        let gate = self.gate.clone();
        let (passed, steps, candidate, proof) = tokio::task::spawn_blocking(move || {
            let mut steps = Vec::new();
            let passed = gate.pass(&candidate, proof.as_ref(), &signers, &mut |step| steps.push(step.clone()));
            (passed, steps, candidate, proof)
        })
        .await?;
        for receipt in &steps {
            let (source, by) = (source.clone(), by.to_owned());
            self.store().record(Event::Step { digest: Some(digest), source, by, receipt: receipt.clone() })?;
        }
        let passed = passed?;
        {
            let mut store = self.store();
            if !lifted {
                // It serves, and failed at that while the cases were run: what they say does not lift a quarantine that came after.
                check_not_quarantined(store.history(), digest)?;
            }
            self.gate.write_down(&mut store, &candidate, proof.as_ref(), &passed)?;
        }
        if lifted {
            self.forgive(&digest);
        }
        Ok((passed, steps))
    }

    /// A version that passed, and that would send requests where the version that serves does.
    pub(super) async fn checked(
        self: &Arc<Self>,
        wanted: Wanted,
        by: &str,
    ) -> Result<(Passed, Vec<StepReceipt>), ChangeError> {
        let (passed, mut steps) = self.verified(wanted, by).await?;
        let lineup = self.gateway.lineup.load_full();
        let candidate = Arc::clone(&passed.generation);
        let versions = Arc::clone(self);
        let compared = tokio::task::spawn_blocking(move || {
            let Seat { version, effective } = &lineup.primary;
            let mut steps = Vec::new();
            let reachable = effective.configuration.reachable();
            let comparison = (version.digest(), candidate.digest(), reachable.fingerprint());
            if versions.compared().contains(&comparison) {
                return (Ok(()), steps);
            }
            let compared =
                Gate::destinations(&version.generation, &candidate, &reachable, &mut |step| steps.push(step.clone()));
            if compared.is_ok() {
                let mut known = versions.compared();
                if known.len() == COMPARISONS {
                    known.clear();
                }
                known.insert(comparison);
            }
            (compared, steps)
        });
        let (compared, taken) = compared.await?;
        for receipt in &taken {
            let (digest, receipt) = (Some(passed.generation.digest()), receipt.clone());
            let (source, by) = (passed.generation.name().to_owned(), by.to_owned());
            self.store().record(Event::Step { digest, source, by, receipt })?;
        }
        steps.extend(taken);
        compared?;
        Ok((passed, steps))
    }

    /// The version in memory: one that still has requests is used again, with its count.
    pub(super) fn version(&self, passed: Passed) -> Arc<Version> {
        self.in_memory(&passed.generation.digest()).unwrap_or_else(|| {
            let Gateway { cut_off, faulted, metrics, .. } = &*self.gateway;
            Version::new(&passed.generation, passed.name, cut_off, faulted, metrics)
        })
    }

    /// The last steps: the configuration, the journal, the swap.
    pub(super) async fn put_to_work(
        self: &Arc<Self>,
        version: Arc<Version>,
        event: Event,
        written: Written,
    ) -> Result<(), ChangeError> {
        let _no_reload = self.gateway.changing.lock().await;
        let effective = self.understood(&version).await?;
        let began = Instant::now();
        let went_back = matches!(event, Event::RolledBack { .. });
        match written {
            Written::First => self.store().record(event)?,
            Written::IfPossible => self.write_down_if_possible(event),
        }
        let reference = self.reference_beside(&version, went_back);
        let seat = Seat { version: Arc::clone(&version), effective: Arc::new(effective) };
        let replaced = self.gateway.lineup.swap(Arc::new(Lineup::of(seat, reference)));
        tracing::debug!(took = ?began.elapsed(), "the journal was written and the version swapped");
        self.retire(Arc::clone(&replaced.primary.version), &version);
        self.complete_reference();
        // It serves, whatever else can be written down.
        if let Err(error) = self.shadow_of_another(&replaced).and(self.other_version_serves(&version)) {
            tracing::error!(%error, "that a candidate's trial ended could not be written down");
        }
        Ok(())
    }

    /// Writes down what the gateway does against a version that fails, whatever becomes of the disk.
    pub(super) fn write_down_if_possible(&self, event: Event) {
        if let Err(error) = self.store().record_anyway(event) {
            tracing::error!(%error, "what the gateway does cannot be written down yet; a new start would not know of it");
        }
    }

    /// The configuration as a version understands it, while no other is read.
    pub(super) async fn understood(&self, version: &Version) -> Result<Effective, ChangeError> {
        let before = self.gateway.effective();
        self.gateway.effective_for(&version.generation, &before, true).await.map_err(|error| match error {
            StartError::Configuration(ConfigurationError::Problems(problems)) => refused(
                &problems.iter().map(|problem| format!("{}: {}", problem.path, problem.message)).collect::<Vec<_>>(),
            ),
            StartError::Configuration(ConfigurationError::Provider(error)) => refused(&[error.to_string()]),
            other => ChangeError::Configuration(other),
        })
    }
}

/// Whether a version may be put to work, whether or not it passes.
///
/// # Errors
/// When another one is pinned, or it is quarantined.
pub fn check_allowed(history: &History, digest: Digest) -> Result<(), ChangeError> {
    match history.pinned {
        Some(pinned) if pinned != digest => Err(ChangeError::Pinned { digest: pinned }),
        _ => check_not_quarantined(history, digest),
    }
}

fn check_not_quarantined(history: &History, digest: Digest) -> Result<(), ChangeError> {
    match history.quarantined.get(&digest) {
        Some(reason) => Err(ChangeError::Quarantined { digest, reason: reason.clone() }),
        None => Ok(()),
    }
}

impl Wanted {
    fn digest(&self) -> Digest {
        match self {
            Wanted::Given(candidate) => Digest::of(&candidate.bytes),
            Wanted::Known(digest) => *digest,
            // Not fetched yet, so it is none that is known.
            Wanted::Named(_) => Digest::of(&[]),
            Wanted::Embedded => embedded_digest(),
        }
    }
}

fn refused(problems: &[String]) -> ChangeError {
    let reason = format!("the configuration that is in force cannot be used with it: {}", problems.join("; "));
    ChangeError::Refused(Refused { step: Step::Configuration, reason })
}
