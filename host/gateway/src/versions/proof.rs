//! What a version must show before a change is made with it. Runs on a thread that may wait, and tells the owner each step.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::mpsc;
use tokio::task::JoinError;
use tokio_util::sync::CancellationToken;

use super::ChangeError;
use super::behaviour::{Compared, Differences};
use super::job::{Change, JobId, Wanted};
use crate::config::gateway::Signer;
use crate::effective::Effective;
use crate::embedded::{EMBEDDED, EMBEDDED_NAME};
use crate::lineup::Seat;
use crate::provider::Digest;
use quarry_versions::source::{FetchError, Fetched};
use quarry_versions::{
    Candidate, Components, Downgrades, Event, Gate, History, Passed, Refused, Step, StepReceipt, StoreError,
    check_downgrade,
};

/// A version, a candidate that would send requests where it does, and the fingerprint of what the configuration could name then. It
/// need not be compared with it again: going live from the cache of compiled code takes milliseconds.
pub(super) type Comparison = (Digest, Digest, u64);

/// What a job tells the owner.
#[derive(Debug)]
pub(super) enum Report {
    /// The bytes were fetched; `None` where that was cancelled.
    Fetched { id: JobId, fetched: Option<Result<Result<Fetched, FetchError>, JoinError>>, milliseconds: u64 },
    /// A step was taken.
    Step { id: JobId, step: Event },
    /// A version passed the gate. `lifted`: it was quarantined when that began.
    Verified { id: JobId, event: Event, lifted: bool },
    /// The last of a job.
    Proved { id: JobId, proved: Box<Result<Proved, ChangeError>> },
    /// The embedded version was loaded, of no job.
    Embedded(Result<Passed, Refused>),
}

/// A version that passed.
#[derive(Debug)]
pub(super) struct Proved {
    /// The version.
    pub(super) passed: Passed,
    /// The configuration of the version that it was compared with; `None` where it was not.
    pub(super) against: Option<Arc<Effective>>,
    /// What it need not be compared with again.
    pub(super) comparison: Option<Comparison>,
    /// What it does differently from the active version; `None` where that does not matter.
    pub(super) behaviour: Option<Compared>,
}

/// What is proved.
#[derive(Debug)]
pub(super) enum Subject {
    /// A version that must pass the gate.
    Wanted(Wanted),
    /// One that passed, to be compared only.
    Passed(Passed),
}

/// The active version, to compare with.
#[derive(Debug)]
pub(super) struct Beside {
    pub(super) seat: Seat,
    pub(super) compared: HashSet<Comparison>,
    /// Whether the version may be older than one that served; `None` where that does not matter.
    pub(super) downgrades: Option<Downgrades>,
    /// With what its behaviour is compared; `None` where that does not matter.
    pub(super) differences: Option<Differences>,
}

/// The proof of one job.
#[derive(Debug)]
pub(super) struct Proof {
    pub(super) id: JobId,
    pub(super) gate: Gate,
    pub(super) components: Arc<Components>,
    /// What had happened when it began.
    pub(super) history: History,
    pub(super) signers: Vec<Signer>,
    pub(super) by: String,
    pub(super) cancel: CancellationToken,
    /// None for an earlier version, while the active one fails.
    pub(super) beside: Option<Beside>,
    pub(super) reports: mpsc::UnboundedSender<Report>,
}

impl Change {
    /// Whether its version may be older than one that served; `None` where that does not matter.
    pub(super) fn downgrades(&self, allowed: bool) -> Option<Downgrades> {
        match self {
            Change::Activate(asked) | Change::Canary { downgrades: asked, .. } => {
                Some(if allowed { Downgrades::Allowed } else { *asked })
            }
            _ => None,
        }
    }
}

impl Proof {
    /// Lets a version through the gate, and compares it with the active one.
    ///
    /// # Errors
    /// With the step that it fails at, or was cancelled at.
    pub(super) fn run(&self, subject: Subject) -> Result<Proved, ChangeError> {
        let passed = match subject {
            Subject::Passed(passed) => passed,
            Subject::Wanted(wanted) => self.passed(wanted)?,
        };
        match &self.beside {
            Some(beside) => self.compare(passed, beside),
            None => Ok(Proved { passed, against: None, comparison: None, behaviour: None }),
        }
    }

    /// A version that passed: now, or before with the same cases in the same engine.
    fn passed(&self, wanted: Wanted) -> Result<Passed, ChangeError> {
        let candidate = match wanted {
            // Requests fail meanwhile: it need not prove again what it proved before there was a gateway.
            Wanted::Embedded if self.beside.is_none() => return Ok(self.gate.embedded()?),
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
            Wanted::Known(digest) => match self.known(digest)? {
                Known::Passed(passed) => return Ok(passed),
                Known::Bytes(candidate) => candidate,
            },
        };
        let digest = Digest::of(&candidate.bytes);
        let proof = self.history.proof_that_counts(&digest);
        let lifted = self.history.quarantined.contains_key(&digest);
        tracing::debug!(version = %digest, source = candidate.source, "the gate checks a version");
        let mut tell = |receipt: &StepReceipt| self.tell(digest, &candidate.source, receipt.clone());
        let passed = self.gate.pass(&candidate, proof, &self.signers, &mut tell, &self.cancel)?;
        if let Some(event) = self.gate.keep(&self.components, &candidate, proof, &passed)? {
            let _ = self.reports.send(Report::Verified { id: self.id, event, lifted });
        }
        Ok(passed)
    }

    /// A version that is kept.
    fn known(&self, digest: Digest) -> Result<Known, ChangeError> {
        let signature = self.components.signature(&digest)?;
        let counts = self.history.proof_that_counts(&digest);
        let proved = |proof| self.gate.proved(&digest, proof, signature.as_deref(), &self.signers);
        if let Some(passed) = counts.and_then(proved) {
            return Ok(Known::Passed(passed));
        }
        let proof = self.history.proofs.get(&digest);
        let source = proof.map_or_else(|| format!("{digest:?}"), |proof| proof.source.clone());
        let began = Instant::now();
        match self.components.bytes(&digest) {
            Ok(Some(bytes)) => Ok(Known::Bytes(Candidate { source, bytes, expected: Some(digest), signature })),
            Ok(None) => Err(ChangeError::Unknown { digest: digest.to_string() }),
            // A step that it fails at.
            Err(error @ StoreError::Damaged { .. }) => {
                let (step, reason) = (Step::Digest, error.to_string());
                let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
                let failure = Some(reason.clone());
                self.tell(digest, &source, StepReceipt { step, failure, detail: None, milliseconds });
                Err(Refused { step, reason }.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Holds a version that passed against the active one, under the configuration that is active.
    fn compare(&self, passed: Passed, beside: &Beside) -> Result<Proved, ChangeError> {
        let Seat { version, effective } = &beside.seat;
        let candidate = &passed.generation;
        let reachable = effective.configuration.reachable();
        let comparison = (version.digest(), candidate.digest(), reachable.fingerprint());
        let known = beside.compared.contains(&comparison);
        if !known {
            let mut tell = |receipt: &StepReceipt| self.tell(candidate.digest(), candidate.name(), receipt.clone());
            Gate::destinations(&version.generation, candidate, &reachable, &mut tell, &self.cancel)?;
        }
        if let Some(downgrades) = beside.downgrades {
            check_downgrade(&self.gate, &self.history, &passed, &self.signers, downgrades)?;
        }
        let comparison = (!known).then_some(comparison);
        let behaviour = match &beside.differences {
            Some(differences) => self.behaviour(&version.generation, &passed, differences)?,
            None => None,
        };
        Ok(Proved { passed, against: Some(Arc::clone(effective)), comparison, behaviour })
    }

    pub(super) fn tell(&self, digest: Digest, source: &str, receipt: StepReceipt) {
        let (source, by) = (source.to_owned(), self.by.clone());
        let step = Event::Step { digest: Some(digest), source, by, receipt };
        let _ = self.reports.send(Report::Step { id: self.id, step });
    }
}

/// What is known of a version by its digest.
enum Known {
    /// It passed before, and its code is in the cache.
    Passed(Passed),
    /// It must pass again.
    Bytes(Candidate),
}
