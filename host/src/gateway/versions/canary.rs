//! A candidate that gets a part of the requests: beginning, promoting, ending.

use std::sync::Arc;

use super::{Activated, ChangeError, Versions, Wanted, Written};
use crate::gateway::canary::{CanaryRule, Judgement, Trial};
use crate::gateway::lineup::{Canary, Lineup, Seat, Version};
use crate::provider::Digest;
use crate::telemetry::FailedVersion;
use crate::versions::{Downgrades, Event, Passed};

/// Who changes something where nobody asked.
const GATEWAY: &str = "the gateway";

/// The largest share of a candidate, in per cent.
const MOST: u8 = 99;

impl Versions {
    /// Gives a version a part of the new requests, next to the one that serves. It takes the place of another candidate. With
    /// `promote_after` it is put to work by itself after so many of its requests, unless it is worse; worse ones go in any case.
    ///
    /// # Errors
    /// With the step that it fails at, and when it serves, is quarantined, is older than one that served, or another one is pinned.
    pub async fn begin_canary(
        self: &Arc<Self>,
        wanted: Wanted,
        rule: CanaryRule,
        promote_after: Option<u64>,
        downgrades: Downgrades,
        by: &str,
    ) -> Result<Activated, ChangeError> {
        let (wanted, mut steps) = self.fetched(wanted, by).await?;
        let _one_proof_at_a_time = self.proving.lock().await;
        self.check_rule(&rule)?;
        self.check_allowed(&wanted)?;
        let (passed, taken) = self.checked(wanted, by).await?;
        steps.extend(taken);
        self.check_downgrade(&passed, downgrades).await?;
        let _one_at_a_time = self.changing.lock().await;
        // Meanwhile another one may have been pinned, this one put away, or the key taken out of the configuration.
        self.check_rule(&rule)?;
        self.check_allowed(&Wanted::Known(passed.generation.digest()))?;
        let (digest, name) = self.give_a_part(passed, rule, promote_after, by).await?;
        Ok(Activated { digest, name, steps, unchanged: false })
    }

    /// Gives a version that passed a part of the requests, while changes are held.
    pub(super) async fn give_a_part(
        self: &Arc<Self>,
        passed: Passed,
        rule: CanaryRule,
        promote_after: Option<u64>,
        by: &str,
    ) -> Result<(Digest, String), ChangeError> {
        let (digest, name) = (passed.generation.digest(), passed.name.clone());
        if self.serving() == digest {
            return Err(ChangeError::Serves { digest });
        }
        let version = self.version(passed);
        let _no_reload = self.gateway.changing.lock().await;
        let effective = Arc::new(self.understood(&version).await?);
        let part = rule.to_string();
        let (share, key) = match &rule {
            CanaryRule::Share(percent) => (Some(*percent), None),
            CanaryRule::Key(name) => (None, Some(name.clone())),
        };
        let begun = Event::CanaryBegun { digest, part: part.clone(), share, key, promote_after, by: by.to_owned() };
        self.store().record(begun)?;
        let trial = Trial::new(rule, promote_after, &self.gateway.faulted);
        let lineup = Lineup::clone(&self.gateway.lineup.load());
        let canary = Canary { seat: Seat { version: Arc::clone(&version), effective }, trial: Arc::clone(&trial) };
        self.take_back(&digest);
        self.gateway.lineup.store(Arc::new(Lineup { canary: Some(canary), ..lineup }));
        let replaced = self.loaded().canary.replace((version, trial));
        if let Some((replaced, _)) = replaced.filter(|(replaced, _)| replaced.digest() != digest) {
            self.put_away(replaced);
        }
        tracing::info!(version = %digest, name, part, by, "a candidate gets a part of the requests");
        Ok((digest, name))
    }

    /// Puts the candidate to work.
    ///
    /// # Errors
    /// When there is none, or it cannot be put to work.
    pub async fn promote_canary(self: &Arc<Self>, by: &str) -> Result<Activated, ChangeError> {
        let _one_at_a_time = self.changing.lock().await;
        self.promote(by).await
    }

    /// Gives the candidate no more requests; those under way finish on it.
    ///
    /// # Errors
    /// When there is none, or it cannot be written down.
    pub async fn stop_canary(self: &Arc<Self>, by: &str) -> Result<Digest, ChangeError> {
        let _one_at_a_time = self.changing.lock().await;
        let digest = self.loaded().canary.as_ref().map(|(version, _)| version.digest());
        self.end_canary("it was stopped", by).await?;
        digest.ok_or(ChangeError::NoCanary)
    }

    /// Ends the trial where another version than the one that it was held against serves now.
    pub(super) fn other_version_serves(self: &Arc<Self>, serving: &Version) -> Result<(), ChangeError> {
        let Some((candidate, _)) = self.loaded().canary.take() else { return Ok(()) };
        let digest = candidate.digest();
        let promoted = digest == serving.digest();
        if !promoted {
            self.put_away(candidate);
        }
        let reason = if promoted { "it was put to work" } else { "another version was put to work" };
        Ok(self.store().record(Event::CanaryEnded { digest, reason: reason.to_owned(), by: GATEWAY.to_owned() })?)
    }

    /// Looks how the candidate does, and acts on it.
    pub(super) async fn judge_canary(self: &Arc<Self>) {
        let Some((version, trial)) = self.loaded().canary.clone() else { return };
        let _one_at_a_time = self.changing.lock().await;
        let goes_on = self.loaded().canary.as_ref().is_some_and(|(_, now)| Arc::ptr_eq(now, &trial));
        if !goes_on {
            return;
        }
        let acted = match self.judged(&version, &trial) {
            Judgement::GoOn => Ok(()),
            Judgement::Promote => self.promote("the gateway: the candidate is as good").await.map(drop),
            Judgement::Worse(reason) => self.end_canary(&reason, GATEWAY).await,
        };
        if let Err(error) = acted {
            tracing::error!(%error, "what became of the candidate could not be acted on");
            // Whatever is wrong: a candidate that cannot be promoted, or is worse, gets no more requests.
            if let Err(error) = self.end_canary(&format!("it could not be put to work: {error}"), GATEWAY).await {
                tracing::error!(%error, "that the candidate gets no more requests could not be written down");
            }
        }
    }

    /// What a candidate came to. One that fails by its own fault too often is quarantined.
    fn judged(&self, version: &Version, trial: &Trial) -> Judgement {
        if let Some(reason) = self.verdict(version) {
            let digest = version.digest();
            tracing::error!(version = %digest, reason, "the candidate is quarantined");
            self.write_down_if_possible(Event::Quarantined { digest, reason: reason.clone() });
            self.gateway.metrics.version_failed(FailedVersion::Quarantined);
            return Judgement::Worse(reason);
        }
        trial.broken().map_or_else(|| trial.judgement(), |reason| Judgement::Worse(reason.to_owned()))
    }

    async fn promote(self: &Arc<Self>, by: &str) -> Result<Activated, ChangeError> {
        let candidate = self.loaded().canary.as_ref().map(|(version, _)| Arc::clone(version));
        let version = candidate.ok_or(ChangeError::NoCanary)?;
        let (digest, name) = (version.digest(), version.name.clone());
        self.check_allowed(&Wanted::Known(digest))?;
        self.put_to_work(version, Event::Activated { digest, by: by.to_owned() }, Written::First).await?;
        tracing::info!(version = %digest, name, by, "the candidate serves");
        Ok(Activated { digest, name, steps: Vec::new(), unchanged: false })
    }

    async fn end_canary(self: &Arc<Self>, reason: &str, by: &str) -> Result<(), ChangeError> {
        let Some(digest) = self.give_no_more().await else { return Ok(()) };
        tracing::warn!(version = %digest, reason, by, "the candidate gets no more requests");
        Ok(self.store().record(Event::CanaryEnded { digest, reason: reason.to_owned(), by: by.to_owned() })?)
    }

    /// Gives the candidate no more requests.
    async fn give_no_more(self: &Arc<Self>) -> Option<Digest> {
        let _no_reload = self.gateway.changing.lock().await;
        let (version, _) = self.loaded().canary.take()?;
        let lineup = Lineup::clone(&self.gateway.lineup.load());
        self.gateway.lineup.store(Arc::new(Lineup { canary: None, ..lineup }));
        let digest = version.digest();
        self.put_away(version);
        Some(digest)
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
