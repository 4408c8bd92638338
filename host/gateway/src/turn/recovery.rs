//! A turn whose provider failed: another instance continues it, and another version decides who is to blame.

use std::sync::Arc;

use super::Turn;
use crate::blame::Blame;
use crate::contract::conversation::Delta;
use crate::provider::{ProviderError, Session};
use crate::provider_time;
use crate::rerun::{Fault, Reference, blame_without_rerun};
use crate::worker::beside_the_worker;

impl Turn {
    /// Confirms that the version is to blame for using up the stream's time: another one that is given the same does not.
    pub(super) fn judge_time(&mut self) {
        let compared = Reference::compared(self.reference.as_ref());
        let (Some(error), Some((reference, seat))) = (self.time.take_too_slow(), compared) else { return };
        let (replayed, took) =
            beside_the_worker(|| provider_time::measured(|| self.replay.by_another_version(&seat.version.generation)));
        if matches!(replayed, Some(Ok(_))) && self.time.allows(took) {
            reference.confirm(self.session.generation(), &error);
        }
    }

    /// What a call gave; after a failure what another instance gives that is brought to the same place, and `again` of it. Where
    /// that fails too, another version decides whose fault it is; it does not go on, because it may have given other deltas.
    pub(super) fn recovered(
        &mut self,
        called: Result<Vec<Delta>, ProviderError>,
        again: impl Fn(&mut Session) -> Result<Vec<Delta>, ProviderError>,
    ) -> Result<Vec<Delta>, Fault> {
        let failed = match called {
            Ok(deltas) => return Ok(deltas),
            Err(error) => error,
        };
        let generation = Arc::clone(self.session.generation());
        let Some(replayed) = beside_the_worker(|| self.replay.replayed(&generation)) else {
            return Err(Fault::unconfirmed(failed));
        };
        tracing::warn!(error = %failed, "the provider failed during a turn; another instance continues the turn");
        let recovered = replayed.and_then(|(mut other, mut deltas)| {
            deltas.extend(again(&mut other)?);
            other.take_place_of(&mut self.session)?;
            Ok((other, deltas))
        });
        match recovered {
            Ok((other, deltas)) => {
                self.session = other;
                self.replay.saved();
                Ok(deltas)
            }
            Err(error) => Err(self.judged(error, again)),
        }
    }

    /// Whose fault it is that a turn failed, and failed again when it was replayed.
    fn judged(&self, error: ProviderError, again: impl Fn(&mut Session) -> Result<Vec<Delta>, ProviderError>) -> Fault {
        let Some((reference, seat)) = Reference::compared(self.reference.as_ref()) else {
            return Fault::unconfirmed(error);
        };
        if let Some(blame) = blame_without_rerun(&error) {
            return Fault::new(blame, error);
        }
        let other = beside_the_worker(|| {
            let replayed = self.replay.by_another_version(&seat.version.generation)?;
            Some(replayed.and_then(|mut session| again(&mut session)))
        });
        let Some(other) = other else { return Fault::unconfirmed(error) };
        match other {
            Ok(_) => {
                reference.confirm(self.session.generation(), &error);
                Fault::new(Blame::Provider, error)
            }
            Err(other) => Fault::new(blame_without_rerun(&other).unwrap_or(Blame::Upstream), error),
        }
    }
}
