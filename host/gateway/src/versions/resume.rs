//! Going on after a start with the candidates that the gateway before had.
//!
//! A restart, wanted or not, neither ends a trial in silence nor decides it: the candidate gets the same part of the requests
//! again, and evidence is gathered again, because what was counted went with the process.

use super::ChangeError;
use super::changes::Changes;
use super::job::Change;
use crate::provider::Digest;
use quarry_versions::{CanaryTerms, Event, ShadowTerms};

/// Who goes on with them.
pub(super) const BY: &str = "the gateway, at its start";

impl Changes {
    /// Whether a canary goes on. A version that was pinned meanwhile keeps its candidate, as it does in a gateway that goes on running.
    pub(super) fn check_canary_again(&self, terms: &CanaryTerms) -> Result<(), ChangeError> {
        self.check_goes_on(self.store.history().trials.canary.as_ref(), terms, terms.digest)?;
        self.check_rule(&terms.into())
    }

    /// Whether a shadow goes on.
    pub(super) fn check_shadow_again(&self, terms: &ShadowTerms) -> Result<(), ChangeError> {
        self.check_goes_on(self.store.history().trials.shadow.as_ref(), terms, terms.digest)
    }

    /// Whether a trial goes on that is recorded still (`now`), and not one in its place.
    fn check_goes_on<T: PartialEq>(&self, now: Option<&T>, before: &T, digest: Digest) -> Result<(), ChangeError> {
        match now {
            Some(now) if now == before => self.check_not_quarantined(digest),
            Some(_) => Err(ChangeError::OtherCandidate),
            None => Err(ChangeError::OtherVersion),
        }
    }

    /// Reports and records that a candidate of before the start does not go on. One that somebody else's took the place of needs no
    /// word.
    pub(super) fn not_resumed(&mut self, change: &Change, error: &ChangeError) {
        if matches!(error, ChangeError::OtherCandidate) {
            return;
        }
        let (reason, by) = (error.to_string(), BY.to_owned());
        let ended = match change {
            Change::CanaryAgain(CanaryTerms { digest, .. }) => {
                tracing::warn!(version = %digest, reason, "the canary was not resumed at the start");
                Event::CanaryEnded { digest: *digest, reason, by }
            }
            Change::ShadowAgain(ShadowTerms { digest, .. }) => {
                tracing::warn!(version = %digest, reason, "the shadow was not resumed at the start");
                Event::ShadowEnded { digest: *digest, reason, by }
            }
            _ => return,
        };
        if let Err(error) = self.record(ended) {
            tracing::error!(%error, "the end of a canary or shadow could not be recorded in the journal");
        }
    }
}
