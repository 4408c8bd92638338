//! Canary: start, promotion and end.

use std::sync::Arc;

use super::ChangeError;
use super::changes::Changes;
use super::job::{Activated, Job, Written};
use crate::canary::{CanaryRule, Judgement, Trial};
use crate::lineup::{Canary, Lineup, Seat, Version};
use crate::provider::Digest;
use crate::telemetry::FailedVersion;
use quarry_versions::{CanaryPart, CanaryTerms, Event, Passed, Step};

/// The author of changes that the gateway makes itself.
pub(super) const GATEWAY: &str = "the gateway";

/// The largest share of a canary, in per cent.
const MOST: u8 = 99;

impl Changes {
    /// Starts a canary of a version that passed the gate.
    pub(super) async fn begin_canary(
        &mut self,
        job: &Job,
        passed: Passed,
        rule: CanaryRule,
        promote_after: Option<u64>,
    ) -> Result<(), ChangeError> {
        let (digest, name) = (passed.generation.digest(), passed.name.clone());
        if self.serving() == digest {
            return Err(ChangeError::Serves { digest });
        }
        let version = self.version(passed);
        let effective = Arc::new(self.understood(&version).await?);
        job.check_wanted(Step::Swap)?;
        let part = rule.to_string();
        let (share, key) = match &rule {
            CanaryRule::Share(percent) => (Some(*percent), None),
            CanaryRule::Key(name) => (None, Some(name.clone())),
        };
        let by = job.by.clone();
        self.record(Event::CanaryBegun { digest, part: part.clone(), share, key, promote_after, by })?;
        let trial = Trial::new(rule, promote_after, &self.gateway.faulted);
        let canary = Canary { seat: Seat { version, effective }, trial };
        self.take_back(&digest);
        let replaced = self.swap(|lineup| Lineup { canary: Some(canary), ..lineup }).canary;
        if let Some(replaced) = replaced.filter(|replaced| replaced.seat.version.digest() != digest) {
            self.put_away(replaced.seat.version);
        }
        tracing::info!(version = %digest, name, part, by = job.by, "a canary was started");
        Ok(())
    }

    /// Ends the canary on request.
    pub(super) fn stop_canary(&mut self, by: &str) -> Result<Digest, ChangeError> {
        let digest = self.canary().map(|canary| canary.seat.version.digest());
        self.end_canary("it was stopped by request", by)?;
        digest.ok_or(ChangeError::NoCanary)
    }

    /// Records the end of a canary when another version was activated than the one that it was compared with.
    pub(super) fn canary_of_another(&mut self, replaced: &Lineup, serving: Digest) -> Result<(), ChangeError> {
        let Some(canary) = &replaced.canary else { return Ok(()) };
        let digest = canary.seat.version.digest();
        let promoted = digest == serving;
        if !promoted {
            self.put_away(Arc::clone(&canary.seat.version));
        }
        let reason = if promoted { "it was promoted" } else { "another version was activated" };
        self.record(Event::CanaryEnded { digest, reason: reason.to_owned(), by: GATEWAY.to_owned() })
    }

    /// Evaluates the canary, then promotes or ends it.
    pub(super) async fn judge_canary(&mut self) {
        let Some(Canary { seat, trial }) = self.canary() else { return };
        let acted = match self.judged(&seat.version, &trial) {
            Judgement::GoOn => Ok(()),
            Judgement::Promote => self.promote("the gateway: the candidate is as good").await.map(drop),
            Judgement::Worse(reason) => self.end_canary(&reason, GATEWAY),
        };
        if let Err(error) = acted {
            tracing::error!(%error, "the canary could not be promoted or ended");
            // A canary that is worse, or cannot be promoted, ends in any case.
            if let Err(error) = self.end_canary(&format!("it could not be promoted: {error}"), GATEWAY) {
                tracing::error!(%error, "the end of the canary could not be recorded in the journal");
            }
        }
    }

    /// The judgement about a canary. A canary with too many confirmed faults is quarantined.
    fn judged(&mut self, version: &Version, trial: &Trial) -> Judgement {
        let Some(reason) = self.verdict(version) else { return trial.judgement() };
        let digest = version.digest();
        tracing::error!(version = %digest, reason, "the canary is quarantined");
        self.record_anyway(Event::Quarantined { digest, reason: reason.clone() });
        self.gateway.metrics.version_failed(FailedVersion::Quarantined);
        Judgement::Worse(reason)
    }

    /// Promotes the canary.
    pub(super) async fn promote(&mut self, by: &str) -> Result<Activated, ChangeError> {
        let version = self.canary().ok_or(ChangeError::NoCanary)?.seat.version;
        let (digest, name) = (version.digest(), version.name.clone());
        self.check_allowed(Some(digest))?;
        let effective = self.understood(&version).await?;
        self.put_to_work(&version, effective, Event::Activated { digest, by: by.to_owned() }, Written::First)?;
        tracing::info!(version = %digest, name, by, "the canary was promoted");
        Ok(Activated { digest, name, steps: Vec::new(), unchanged: false, behaviour: None })
    }

    /// Ends the canary and records it in the journal.
    fn end_canary(&mut self, reason: &str, by: &str) -> Result<(), ChangeError> {
        match self.swap(|lineup| Lineup { canary: None, ..lineup }).canary {
            Some(canary) => self.canary_ended(canary, reason, by),
            None => Ok(()),
        }
    }

    /// Records the end of a canary in the journal.
    pub(super) fn canary_ended(&mut self, canary: Canary, reason: &str, by: &str) -> Result<(), ChangeError> {
        let digest = canary.seat.version.digest();
        self.put_away(canary.seat.version);
        tracing::warn!(version = %digest, reason, by, "the canary has ended");
        self.record(Event::CanaryEnded { digest, reason: reason.to_owned(), by: by.to_owned() })
    }

    pub(super) fn canary(&self) -> Option<Canary> {
        self.gateway.lineup.load().canary.clone()
    }

    pub(super) fn check_rule(&self, rule: &CanaryRule) -> Result<(), ChangeError> {
        match rule {
            CanaryRule::Share(percent) if !(1..=MOST).contains(percent) => Err(ChangeError::Share { most: MOST }),
            CanaryRule::Share(_) => Ok(()),
            CanaryRule::Key(name) => {
                let effective = self.gateway.effective();
                let known = effective.configuration.gateway.keys.iter().any(|key| key.name == *name);
                if known { Ok(()) } else { Err(ChangeError::UnknownKey { name: name.clone() }) }
            }
        }
    }
}

impl From<&CanaryTerms> for CanaryRule {
    fn from(terms: &CanaryTerms) -> Self {
        match &terms.part {
            CanaryPart::Share(percent) => CanaryRule::Share(*percent),
            CanaryPart::Key(name) => CanaryRule::Key(name.clone()),
        }
    }
}
