//! Differences of behaviour between a candidate and the active version. The gate compares them, and the owner of
//! changes decides whether they are accepted.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::ChangeError;
use super::changes::Changes;
use super::job::{Change, Job};
use super::proof::Proof;
use crate::contract::types::Model;
use crate::embedded::{EMBEDDED, embedded_digest};
use crate::provider::{Digest, Generation, code_digest};
use crate::shadow::Run;
use quarry_versions::{Acceptance, Behaviour, Event, Inputs, Passed, Refused, Step, StepReceipt, Unaccepted};

/// The number of comparisons that are remembered, with their specimens.
const REMEMBERED: usize = 32;

/// The active version and the candidate.
type Pair = (Digest, Digest);

/// Results of comparisons. They need not run again: activating from the cache of compiled code takes milliseconds.
#[derive(Debug, Clone, Default)]
pub(super) struct Behaviours(Arc<HashMap<Pair, Behaviour>>);

impl Behaviours {
    /// Remembers the result of a comparison.
    pub(super) fn keep(&mut self, found: &Behaviour) {
        let pair = (found.against, found.digest);
        if self.0.contains_key(&pair) {
            return;
        }
        let known = Arc::make_mut(&mut self.0);
        if known.len() == REMEMBERED {
            known.clear();
        }
        known.insert(pair, found.clone());
    }
}

/// The inputs of a comparison, besides the cases and the generated inputs.
#[derive(Debug)]
pub(super) struct Differences {
    known: Behaviours,
    /// The recordings of this gateway.
    recorded: Option<PathBuf>,
    /// The models of its configuration.
    models: Vec<Model>,
    /// The shadow comparison that runs, or ran last.
    shadow: Option<Arc<Run>>,
}

/// The differences of a candidate.
#[derive(Debug)]
pub(super) struct Compared {
    /// Differences on cases, generated inputs and recordings.
    pub(super) found: Behaviour,
    /// The same, and the differences that the shadow found.
    pub(super) with_shadow: Behaviour,
    /// Duration in milliseconds; `None` if the result was remembered.
    pub(super) milliseconds: Option<u64>,
}

/// A version that was not activated because its differences are not accepted.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UnacceptedStatus {
    /// The version.
    pub digest: Digest,
    /// The version that it was compared with.
    pub against: Digest,
    /// The kinds of differences that are not accepted.
    pub kinds: Vec<String>,
    /// What to write into the configuration to accept them, for a folder or a pin.
    pub configuration: String,
}

impl Proof {
    /// Compares a version with the active one. `None` if it is active already, or for a rollback to it.
    pub(super) fn behaviour(
        &self,
        active: &Arc<Generation>,
        passed: &Passed,
        differences: &Differences,
    ) -> Result<Option<Compared>, ChangeError> {
        let candidate = &passed.generation;
        let pair = (active.digest(), candidate.digest());
        if pair.0 == pair.1 || self.history.previous() == Some(pair.1) {
            return Ok(None);
        }
        let began = Instant::now();
        let (found, milliseconds) = match differences.known.0.get(&pair) {
            Some(known) => (known.clone(), None),
            None => {
                let found = if self.code(&pair.0).is_some_and(|code| self.code(&pair.1) == Some(code)) {
                    Ok(Behaviour::same(pair.0, pair.1))
                } else {
                    let components: Vec<_> = [pair.0, pair.1].iter().filter_map(|digest| self.bytes(digest)).collect();
                    let (components, recorded) = (&components[..], differences.recorded.as_deref());
                    let inputs = Inputs { components, models: &differences.models, recorded };
                    Behaviour::of(active, candidate, &inputs, &self.cancel)
                };
                let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
                if self.cancel.is_cancelled() {
                    return Err(ChangeError::Cancelled { step: Some(Step::Behaviour) });
                }
                let found = found.map_err(|reason| {
                    let (step, failure) = (Step::Behaviour, Some(reason.clone()));
                    let receipt = StepReceipt { step, failure, detail: None, milliseconds };
                    self.tell(pair.1, candidate.name(), receipt);
                    Refused { step, reason }
                })?;
                (found, Some(milliseconds))
            }
        };
        let shadow = differences.shadow.as_ref().filter(|run| (run.serving.digest(), run.candidate.digest()) == pair);
        let with_shadow = shadow.map_or_else(|| found.clone(), |run| run.seen_beside(found.clone()));
        Ok(Some(Compared { found, with_shadow, milliseconds }))
    }

    /// The digest of a version's code. `None` if its bytes are not stored.
    fn code(&self, digest: &Digest) -> Option<Digest> {
        if *digest == embedded_digest() {
            return code_digest(EMBEDDED);
        }
        code_digest(&self.bytes(digest)?)
    }

    /// A version's bytes. `None` if they are not stored, or for the embedded version.
    fn bytes(&self, digest: &Digest) -> Option<Vec<u8>> {
        self.components.bytes(digest).ok()?
    }
}

impl Changes {
    /// The inputs of the comparison for a change; `None` if the change needs no acceptance.
    pub(super) fn differences(&self, change: &Change) -> Option<Differences> {
        let is_new =
            matches!(change, Change::Verify | Change::Activate(_) | Change::Canary { .. } | Change::Shadow { .. });
        is_new.then(|| Differences {
            known: self.behaviours.clone(),
            recorded: self.gateway.recorder.get().map(|recorder| recorder.folder().to_owned()),
            models: self.gateway.effective().configuration.settings.models.clone(),
            shadow: self.last_shadow.clone(),
        })
    }

    /// Decides whether the differences of a version are accepted, and records the acceptance. A shadow and a
    /// verification serve no requests, so they need no acceptance.
    pub(super) fn decide(
        &mut self,
        job: &mut Job,
        passed: &Passed,
        compared: Compared,
    ) -> Result<Behaviour, ChangeError> {
        let Compared { found: _, with_shadow, milliseconds } = compared;
        let (digest, against) = (with_shadow.digest, with_shadow.against);
        let configuration = self.gateway.effective().configuration.gateway.provider.accept.clone();
        let acceptance = Acceptance { configuration, ..(*job.acceptance).clone() };
        let before = self.store.history().accepted.of(&against, &digest);
        let (behaviour, now) = acceptance.decide(with_shadow, before)?;
        let serves = matches!(job.change, Change::Activate(_) | Change::Canary { .. });
        let refused = serves && behaviour.unaccepted().next().is_some();
        let unaccepted = refused.then(|| Unaccepted::Kinds(Box::new(behaviour.clone())));
        // A remembered and accepted result is not a step that was taken.
        if milliseconds.is_some() || refused {
            let failure = refused.then(|| behaviour.refusal());
            let detail = (!refused).then(|| behaviour.summary());
            let milliseconds = milliseconds.unwrap_or_default();
            let receipt = StepReceipt { step: Step::Behaviour, failure, detail, milliseconds };
            let (source, by) = (passed.generation.name().to_owned(), job.by.clone());
            self.record(Event::Step { digest: Some(digest), source, by, receipt: receipt.clone() })?;
            job.steps.push(receipt);
        }
        if let Some(unaccepted) = unaccepted {
            self.note_unaccepted(behaviour);
            return Err(unaccepted.into());
        }
        if !now.is_empty() && !matches!(job.change, Change::Verify) {
            let kinds: Vec<&str> = now.iter().map(|kind| kind.kind.as_str()).collect();
            tracing::info!(version = %digest, %against, ?kinds, by = job.by, "differences from the active version were accepted");
            self.record(Event::Accepted { digest, against, kinds: now, by: job.by.clone() })?;
        }
        if serves && self.unaccepted.as_ref().is_some_and(|unaccepted| unaccepted.digest == digest) {
            self.unaccepted = None;
        }
        Ok(behaviour)
    }

    /// Remembers that a version was not activated because of its differences.
    pub(super) fn note_unaccepted(&mut self, behaviour: Behaviour) {
        let UnacceptedStatus { digest, against, kinds, configuration } = self.unaccepted_status(&behaviour);
        self.gateway.metrics.version_unaccepted();
        tracing::warn!(
            version = %digest, %against, ?kinds, configuration,
            "a version was not activated: its differences from the active version are not accepted"
        );
        self.unaccepted = Some(behaviour);
    }

    pub(super) fn unaccepted_status(&self, behaviour: &Behaviour) -> UnacceptedStatus {
        let accepted = &self.gateway.effective().configuration.gateway.provider.accept;
        UnacceptedStatus {
            digest: behaviour.digest,
            against: behaviour.against,
            kinds: behaviour.unaccepted().map(str::to_owned).collect(),
            configuration: behaviour.configuration(accepted),
        }
    }
}
