//! Activating a version.

use std::sync::Arc;
use std::time::Instant;

use super::ChangeError;
use super::changes::Changes;
use super::job::{Job, Written};
use crate::gateway::configuration::ConfigurationError;
use crate::gateway::effective::Effective;
use crate::gateway::lineup::{Lineup, Seat, Version};
use crate::gateway::state::{Gateway, StartError};
use crate::provider::Digest;
use crate::versions::{Event, History, Passed, Refused, Step};

impl Changes {
    /// Activates a version that passed. Whether it served already.
    pub(super) async fn activate(&mut self, job: &Job, passed: Passed) -> Result<bool, ChangeError> {
        let (digest, name, by) = (passed.generation.digest(), passed.name.clone(), job.by.clone());
        if self.serving() == digest {
            return Ok(true);
        }
        let version = self.version(passed);
        let effective = self.understood(&version).await?;
        job.check_wanted(Step::Swap)?;
        self.put_to_work(&version, effective, Event::Activated { digest, by: by.clone() }, Written::First)?;
        tracing::info!(version = %digest, name, by, "another version of the provider serves");
        Ok(false)
    }

    /// The last steps of every activation: the journal, the swap.
    pub(super) fn put_to_work(
        &mut self,
        version: &Arc<Version>,
        effective: Effective,
        event: Event,
        written: Written,
    ) -> Result<(), ChangeError> {
        let began = Instant::now();
        let went_back = matches!(event, Event::RolledBack { .. });
        match written {
            Written::First => self.record(event)?,
            Written::IfPossible => self.record_anyway(event),
        }
        let reference = self.reference_beside(version, went_back);
        let seat = Seat { version: Arc::clone(version), effective: Arc::new(effective) };
        let replaced = self.swap(|_| Lineup::of(seat, reference));
        tracing::debug!(took = ?began.elapsed(), "the journal was written and the version swapped");
        self.retire(Arc::clone(&replaced.primary.version), version);
        self.complete_reference();
        // It serves, whatever else can be written down.
        let ended = self.shadow_of_another(&replaced);
        if let Err(error) = ended.and(self.canary_of_another(&replaced, version.digest())) {
            tracing::error!(%error, "that a candidate's trial ended could not be written down");
        }
        Ok(())
    }

    /// Puts another traffic split in the place of the one that requests get. Nobody else does.
    pub(super) fn swap(&mut self, change: impl FnOnce(Lineup) -> Lineup) -> Lineup {
        let replaced = self.gateway.lineup.load_full();
        self.gateway.lineup.store(Arc::new(change(Lineup::clone(&replaced))));
        Lineup::clone(&replaced)
    }

    /// The version in memory: one that still has requests is used again, with its count.
    pub(super) fn version(&self, passed: Passed) -> Arc<Version> {
        self.in_memory(&passed.generation.digest()).unwrap_or_else(|| {
            let Gateway { cut_off, faulted, metrics, .. } = &*self.gateway;
            Version::new(&passed.generation, passed.name, cut_off, faulted, metrics)
        })
    }

    /// The configuration as a version understands it.
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

    /// Reads the configuration again. A candidate that cannot use it ends.
    pub(super) async fn reload(&mut self) -> Result<(), StartError> {
        if let Some((canary, reason)) = self.gateway.reload().await?
            && let Err(error) = self.canary_ended(canary, &reason, super::canary::GATEWAY)
        {
            tracing::error!(%error, "that the candidate gets no more requests could not be written down");
        }
        Ok(())
    }

    /// Whether a version may be activated, whether or not it passes. One that is not fetched yet may be any.
    pub(super) fn check_allowed(&self, digest: Option<Digest>) -> Result<(), ChangeError> {
        digest.map_or(Ok(()), |digest| check_allowed(self.store.history(), digest))
    }

    pub(super) fn check_not_quarantined(&self, digest: Digest) -> Result<(), ChangeError> {
        check_not_quarantined(self.store.history(), digest)
    }
}

/// Whether a version may be activated, whether or not it passes.
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

fn refused(problems: &[String]) -> ChangeError {
    let reason = format!("the configuration that is in force cannot be used with it: {}", problems.join("; "));
    ChangeError::Refused(Refused { step: Step::Configuration, reason })
}
