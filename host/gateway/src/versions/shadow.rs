//! A candidate that runs as the shadow: beginning and ending.

use std::sync::Arc;

use super::ChangeError;
use super::canary::GATEWAY;
use super::changes::Changes;
use super::job::Job;
use crate::lineup::Lineup;
use crate::provider::Digest;
use crate::shadow::{Run, Shadow};
use quarry_versions::{Event, Passed, Step};

impl Changes {
    /// Whether a version may run beside such a share of the requests, in per cent.
    pub(super) fn check_shadow(&self, share: u8, digest: Option<Digest>) -> Result<(), ChangeError> {
        if !(1..=100).contains(&share) {
            return Err(ChangeError::Share { most: 100 });
        }
        digest.map_or(Ok(()), |digest| self.check_not_quarantined(digest))
    }

    /// Runs a version that passed beside the requests.
    pub(super) async fn begin_shadow(
        &mut self,
        job: &Job,
        passed: Passed,
        share: u8,
        prompts: bool,
    ) -> Result<(), ChangeError> {
        let (digest, name) = (passed.generation.digest(), passed.name);
        let primary = self.gateway.lineup.load().primary.clone();
        let serving = &primary.version.generation;
        let shadow = Shadow::begin(serving, &passed.generation, share, prompts, &self.gateway.metrics)
            .map_err(ChangeError::Thread)?;
        let shadow = self.gateway.shadow_under(&shadow, &primary.effective).await;
        job.check_wanted(Step::Swap)?;
        self.record(Event::ShadowBegun { digest, share, prompts, by: job.by.clone() })?;
        let run = Arc::clone(&shadow.run);
        self.swap(|lineup| Lineup { shadow: Some(shadow), ..lineup });
        if let Some(before) = self.last_shadow.replace(run) {
            before.stop();
        }
        tracing::info!(version = %digest, name, share, by = job.by, "a shadow was started");
        Ok(())
    }

    /// Ends the comparing. What was found can still be asked for.
    pub(super) fn stop_shadow(&mut self, by: &str) -> Result<Digest, ChangeError> {
        let shadow = self.swap(|lineup| Lineup { shadow: None, ..lineup }).shadow.ok_or(ChangeError::NoShadow)?;
        self.shadow_ended(&shadow.run, "it was stopped by request", by)?;
        Ok(shadow.run.candidate.digest())
    }

    /// Ends the comparing where another version than the one that was compared with serves now: differences to two versions
    /// would be mixed.
    pub(super) fn shadow_of_another(&mut self, replaced: &Lineup) -> Result<(), ChangeError> {
        match &replaced.shadow {
            Some(shadow) => self.shadow_ended(&shadow.run, "another version was activated", GATEWAY),
            None => Ok(()),
        }
    }

    fn shadow_ended(&mut self, run: &Run, reason: &str, by: &str) -> Result<(), ChangeError> {
        run.stop();
        let digest = run.candidate.digest();
        tracing::info!(version = %digest, reason, by, "the shadow has ended");
        self.record(Event::ShadowEnded { digest, reason: reason.to_owned(), by: by.to_owned() })
    }
}
