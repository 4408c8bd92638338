//! Activating a version.

use std::sync::Arc;
use std::time::Instant;

use super::ChangeError;
use super::changes::Changes;
use super::job::{Job, Written};
use crate::configuration::ConfigurationError;
use crate::effective::Effective;
use crate::lineup::{Lineup, Seat, Version};
use crate::provider::Digest;
use crate::state::{Gateway, StartError};
use quarry_versions::{Event, History, Passed, Refused, Step};

impl Changes {
    /// Activates a version that passed the gate. Returns whether it was active already.
    pub(super) async fn activate(&mut self, job: &Job, passed: Passed) -> Result<bool, ChangeError> {
        let (digest, name, by) = (passed.generation.digest(), passed.name.clone(), job.by.clone());
        if self.serving() == digest {
            return Ok(true);
        }
        let version = self.version(passed);
        let effective = self.understood(&version).await?;
        job.check_wanted(Step::Swap)?;
        self.put_to_work(&version, effective, Event::Activated { digest, by: by.clone() }, Written::First)?;
        tracing::info!(version = %digest, name, by, "a provider version was activated");
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
        // The version is active, whether or not the rest can be recorded.
        let ended = self.shadow_of_another(&replaced);
        if let Err(error) = ended.and(self.canary_of_another(&replaced, version.digest())) {
            tracing::error!(%error, "the end of a canary or shadow could not be recorded in the journal");
        }
        Ok(())
    }

    /// Replaces the traffic split. This is its only writer.
    pub(super) fn swap(&mut self, change: impl FnOnce(Lineup) -> Lineup) -> Lineup {
        let replaced = self.gateway.lineup.load_full();
        self.gateway.lineup.store(Arc::new(change(Lineup::clone(&replaced))));
        Lineup::clone(&replaced)
    }

    /// The version in memory. A version that still has requests is reused with its counters.
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

    /// Reads the configuration again, and ends a canary that rejects it. Returns the changed settings that wait for a restart.
    pub(super) async fn reload(&mut self) -> Result<Vec<&'static str>, StartError> {
        if let Some((canary, reason)) = self.gateway.reload().await?
            && let Err(error) = self.canary_ended(canary, &reason, super::canary::GATEWAY)
        {
            tracing::error!(%error, "the end of the canary could not be recorded in the journal");
        }
        Ok(self.gateway.awaiting_restart())
    }

    /// Checks pin and quarantine. A version that is not fetched yet has no digest and passes this check unless another
    /// is pinned.
    pub(super) fn check_allowed(&self, digest: Option<Digest>) -> Result<(), ChangeError> {
        digest.map_or(Ok(()), |digest| check_allowed(self.store.history(), digest))
    }

    pub(super) fn check_not_quarantined(&self, digest: Digest) -> Result<(), ChangeError> {
        check_not_quarantined(self.store.history(), digest)
    }
}

/// Checks that no pin and no quarantine forbids the activation of a version.
///
/// # Errors
/// When another version is pinned, or this one is quarantined.
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
    let reason = format!("the version rejects the active configuration: {}", problems.join("; "));
    ChangeError::Refused(Refused { step: Step::Configuration, reason })
}
