//! A candidate that gets a part of the requests: beginning, promoting, ending.

use std::sync::Arc;

use super::ChangeError;
use super::changes::Changes;
use super::job::{Activated, Job, Written};
use crate::gateway::canary::{CanaryRule, Judgement, Trial};
use crate::gateway::lineup::{Canary, Lineup, Seat, Version};
use crate::provider::Digest;
use crate::telemetry::FailedVersion;
use crate::versions::{CanaryPart, CanaryTerms, Event, Passed, Step};

/// Who changes something where nobody asked.
pub(super) const GATEWAY: &str = "the gateway";

/// The largest share of a candidate, in per cent.
const MOST: u8 = 99;

impl Changes {
    /// Gives a version that passed a part of the requests.
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
        tracing::info!(version = %digest, name, part, by = job.by, "a candidate gets a part of the requests");
        Ok(())
    }

    /// Gives the candidate no more requests, because somebody asks for it.
    pub(super) fn stop_canary(&mut self, by: &str) -> Result<Digest, ChangeError> {
        let digest = self.canary().map(|canary| canary.seat.version.digest());
        self.end_canary("it was stopped", by)?;
        digest.ok_or(ChangeError::NoCanary)
    }

    /// Writes down that a trial ended because another version than the one that it was held against is active now.
    pub(super) fn canary_of_another(&mut self, replaced: &Lineup, serving: Digest) -> Result<(), ChangeError> {
        let Some(canary) = &replaced.canary else { return Ok(()) };
        let digest = canary.seat.version.digest();
        let promoted = digest == serving;
        if !promoted {
            self.put_away(Arc::clone(&canary.seat.version));
        }
        let reason = if promoted { "it was put to work" } else { "another version was put to work" };
        self.record(Event::CanaryEnded { digest, reason: reason.to_owned(), by: GATEWAY.to_owned() })
    }

    /// Looks how the candidate does, and acts on it.
    pub(super) async fn judge_canary(&mut self) {
        let Some(Canary { seat, trial }) = self.canary() else { return };
        let acted = match self.judged(&seat.version, &trial) {
            Judgement::GoOn => Ok(()),
            Judgement::Promote => self.promote("the gateway: the candidate is as good").await.map(drop),
            Judgement::Worse(reason) => self.end_canary(&reason, GATEWAY),
        };
        if let Err(error) = acted {
            tracing::error!(%error, "what became of the candidate could not be acted on");
            // Whatever is wrong: a candidate that cannot be promoted, or is worse, gets no more requests.
            if let Err(error) = self.end_canary(&format!("it could not be put to work: {error}"), GATEWAY) {
                tracing::error!(%error, "that the candidate gets no more requests could not be written down");
            }
        }
    }

    /// What a candidate came to. One that fails by its own fault too often is quarantined.
    fn judged(&mut self, version: &Version, trial: &Trial) -> Judgement {
        let Some(reason) = self.verdict(version) else { return trial.judgement() };
        let digest = version.digest();
        tracing::error!(version = %digest, reason, "the candidate is quarantined");
        self.record_anyway(Event::Quarantined { digest, reason: reason.clone() });
        self.gateway.metrics.version_failed(FailedVersion::Quarantined);
        Judgement::Worse(reason)
    }

    /// Activates the candidate.
    pub(super) async fn promote(&mut self, by: &str) -> Result<Activated, ChangeError> {
        let version = self.canary().ok_or(ChangeError::NoCanary)?.seat.version;
        let (digest, name) = (version.digest(), version.name.clone());
        self.check_allowed(Some(digest))?;
        let effective = self.understood(&version).await?;
        self.put_to_work(&version, effective, Event::Activated { digest, by: by.to_owned() }, Written::First)?;
        tracing::info!(version = %digest, name, by, "the candidate serves");
        Ok(Activated { digest, name, steps: Vec::new(), unchanged: false, behaviour: None })
    }

    /// Gives the candidate no more requests, and writes that down.
    fn end_canary(&mut self, reason: &str, by: &str) -> Result<(), ChangeError> {
        match self.swap(|lineup| Lineup { canary: None, ..lineup }).canary {
            Some(canary) => self.canary_ended(canary, reason, by),
            None => Ok(()),
        }
    }

    /// Writes down that a candidate gets no more requests.
    pub(super) fn canary_ended(&mut self, canary: Canary, reason: &str, by: &str) -> Result<(), ChangeError> {
        let digest = canary.seat.version.digest();
        self.put_away(canary.seat.version);
        tracing::warn!(version = %digest, reason, by, "the candidate gets no more requests");
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
