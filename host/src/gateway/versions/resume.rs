//! Going on after a start with the candidates that the gateway before had.
//!
//! A restart, wanted or not, neither ends a trial in silence nor decides it: the candidate gets the same part of the requests
//! again, and evidence is gathered anew, because what was counted went with the process.

use std::sync::Arc;

use super::activate::Wanted;
use super::{ChangeError, Versions};
use crate::gateway::canary::CanaryRule;
use crate::provider::{Digest, embedded_digest};
use crate::versions::{CanaryPart, CanaryTerms, Event, Passed, ShadowTerms, Trials};

/// Who goes on with them.
const BY: &str = "the gateway, at its start";

/// Why one does not go on beside another version than before.
const OTHER_VERSION: &str = "another version serves since the start";

impl Versions {
    /// Goes on with these trials, as far as nobody began others meanwhile. One that cannot go on ends, and that is told in the
    /// log and written down.
    pub async fn resume(self: &Arc<Self>, trials: Trials) {
        if let Some(terms) = trials.canary {
            let _one_at_a_time = self.changing.lock().await;
            let now = self.store().history().trials.canary.clone();
            if let Err(reason) = go_on(now, &terms, self.canary_again(&terms)).await {
                let digest = terms.digest;
                tracing::warn!(version = %digest, reason, "a candidate gets no part of the requests any more after the start");
                self.ended(Event::CanaryEnded { digest, reason, by: BY.to_owned() });
            }
        }
        if let Some(terms) = trials.shadow {
            let _one_at_a_time = self.changing.lock().await;
            let now = self.store().history().trials.shadow.clone();
            if let Err(reason) = go_on(now, &terms, self.shadow_again(&terms)).await {
                let digest = terms.digest;
                tracing::warn!(version = %digest, reason, "a candidate does not run beside the requests any more after the start");
                self.ended(Event::ShadowEnded { digest, reason, by: BY.to_owned() });
            }
        }
    }

    async fn canary_again(self: &Arc<Self>, terms: &CanaryTerms) -> Result<(), ChangeError> {
        let rule = match &terms.part {
            CanaryPart::Share(percent) => CanaryRule::Share(*percent),
            CanaryPart::Key(name) => CanaryRule::Key(name.clone()),
        };
        self.check_rule(&rule)?;
        // A version that was pinned meanwhile keeps its candidate, as it does in a gateway that goes on running.
        let passed = self.passed_before(terms.digest).await?;
        self.give_a_part(passed, rule, terms.promote_after, BY).await.map(drop)
    }

    async fn shadow_again(self: &Arc<Self>, terms: &ShadowTerms) -> Result<(), ChangeError> {
        let ShadowTerms { digest, share, prompts } = *terms;
        let passed = self.passed_before(digest).await?;
        self.run_beside(passed, share, prompts, BY).await.map(drop)
    }

    /// A version that passed before, if it still does.
    async fn passed_before(self: &Arc<Self>, digest: Digest) -> Result<Passed, ChangeError> {
        let wanted = if digest == embedded_digest() { Wanted::Embedded } else { Wanted::Known(digest) };
        self.check_not_quarantined(&wanted)?;
        Ok(self.checked(wanted, BY).await?.0)
    }

    fn ended(&self, event: Event) {
        if let Err(error) = self.store().record(event) {
            tracing::error!(%error, "that a candidate does not go on could not be written down");
        }
    }
}

/// Begins a trial again that is written down still (`now`), and says why it does not go on. One that somebody else's took the
/// place of is not begun, and that needs no reason.
async fn go_on<T: PartialEq>(
    now: Option<T>,
    before: &T,
    begin: impl Future<Output = Result<(), ChangeError>>,
) -> Result<(), String> {
    match now {
        Some(now) if now == *before => begin.await.map_err(|error| error.to_string()),
        Some(_) => Ok(()),
        None => Err(OTHER_VERSION.to_owned()),
    }
}
