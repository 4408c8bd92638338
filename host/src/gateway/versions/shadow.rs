//! A candidate that runs beside the requests: beginning, ending, telling.

use std::sync::Arc;

use super::{Activated, ChangeError, Versions, Wanted};
use crate::gateway::lineup::Lineup;
use crate::gateway::shadow::{Run, Shadow, ShadowReport};
use crate::provider::Digest;
use crate::versions::{Event, Passed};

impl Versions {
    /// Runs a version on the inputs of a share of the requests, in per cent, and compares what it makes of them with what the
    /// version that serves does. No request waits for it, and none gets anything of it. It takes the place of another shadow.
    /// `prompts`: whether what was said may be kept in the differences.
    ///
    /// # Errors
    /// With the step that it fails at, and when it is quarantined.
    pub async fn begin_shadow(
        self: &Arc<Self>,
        wanted: Wanted,
        share: u8,
        prompts: bool,
        by: &str,
    ) -> Result<Activated, ChangeError> {
        let (wanted, mut steps) = self.fetched(wanted, by).await?;
        if !(1..=100).contains(&share) {
            return Err(ChangeError::Share { most: 100 });
        }
        let _one_proof_at_a_time = self.proving.lock().await;
        self.check_not_quarantined(&wanted)?;
        let (passed, taken) = self.checked(wanted, by).await?;
        steps.extend(taken);
        let _one_at_a_time = self.changing.lock().await;
        self.check_not_quarantined(&Wanted::Known(passed.generation.digest()))?;
        let (digest, name) = self.run_beside(passed, share, prompts, by).await?;
        Ok(Activated { digest, name, steps, unchanged: false })
    }

    /// Runs a version that passed beside the requests, while changes are held.
    pub(super) async fn run_beside(
        self: &Arc<Self>,
        passed: Passed,
        share: u8,
        prompts: bool,
        by: &str,
    ) -> Result<(Digest, String), ChangeError> {
        let (digest, name) = (passed.generation.digest(), passed.name);
        let _no_reload = self.gateway.changing.lock().await;
        let lineup = Lineup::clone(&self.gateway.lineup.load());
        let serving = &lineup.primary.version.generation;
        let shadow = Shadow::begin(serving, &passed.generation, share, prompts, &self.gateway.metrics)
            .map_err(ChangeError::Thread)?;
        let shadow = self.gateway.shadow_under(&shadow, &lineup.primary.effective).await;
        self.store().record(Event::ShadowBegun { digest, share, prompts, by: by.to_owned() })?;
        let run = Arc::clone(&shadow.run);
        self.gateway.lineup.store(Arc::new(Lineup { shadow: Some(shadow), ..lineup }));
        if let Some(before) = self.loaded().shadow.replace(run) {
            before.stop();
        }
        tracing::info!(version = %digest, name, share, by, "a candidate runs beside the requests");
        Ok((digest, name))
    }

    /// Ends the comparing. What was found can still be asked for.
    ///
    /// # Errors
    /// When there is no shadow, or it cannot be written down.
    pub async fn stop_shadow(self: &Arc<Self>, by: &str) -> Result<Digest, ChangeError> {
        let _one_at_a_time = self.changing.lock().await;
        let _no_reload = self.gateway.changing.lock().await;
        let lineup = Lineup::clone(&self.gateway.lineup.load());
        let run = lineup.shadow.as_ref().map(|shadow| Arc::clone(&shadow.run)).ok_or(ChangeError::NoShadow)?;
        self.gateway.lineup.store(Arc::new(Lineup { shadow: None, ..lineup }));
        self.shadow_ended(&run, "it was stopped", by)?;
        Ok(run.candidate.digest())
    }

    /// What the shadow found, also when it was stopped; none before the first.
    ///
    /// # Errors
    /// When the thread that looks is stopped.
    pub async fn shadow_report(&self) -> Result<Option<ShadowReport>, ChangeError> {
        let Some(run) = self.loaded().shadow.clone() else { return Ok(None) };
        // It waits while an input is compared, and writes specimens of any size down.
        Ok(Some(tokio::task::spawn_blocking(move || run.report()).await?))
    }

    /// Ends the comparing where another version than the one that was held against serves now: differences to two versions
    /// would be mixed.
    pub(super) fn shadow_of_another(&self, replaced: &Lineup) -> Result<(), ChangeError> {
        match &replaced.shadow {
            Some(shadow) => self.shadow_ended(&shadow.run, "another version was put to work", "the gateway"),
            None => Ok(()),
        }
    }

    fn shadow_ended(&self, run: &Run, reason: &str, by: &str) -> Result<(), ChangeError> {
        run.stop();
        let digest = run.candidate.digest();
        tracing::info!(version = %digest, reason, by, "the candidate does not run beside the requests any more");
        Ok(self.store().record(Event::ShadowEnded { digest, reason: reason.to_owned(), by: by.to_owned() })?)
    }
}
