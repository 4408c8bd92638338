//! The version that failed calls of the active one are run again on: see [`Reference`](crate::rerun::Reference).

use super::changes::Changes;
use super::proof::Report;
use crate::embedded::embedded_digest;
use crate::lineup::{Lineup, Seat, Version};
use quarry_versions::{Passed, Refused, Step};

impl Changes {
    /// The reference of a version that is about to serve: the one that it replaces. Whoever goes back leaves a version that failed,
    /// which says nothing of others.
    pub(super) fn reference_beside(&self, version: &Version, went_back: bool) -> Option<Seat> {
        let lineup = self.gateway.lineup.load();
        let before = if went_back { lineup.reference.clone() } else { Some(lineup.primary.clone()) };
        before.filter(|seat| seat.version.digest() != version.digest())
    }

    /// Has the embedded version be the reference of one that has no other, which takes a compilation where it was not compiled yet.
    /// Until then no fault of the active version is confirmed.
    pub(super) fn complete_reference(&self) {
        if !self.lacks_reference() {
            return;
        }
        let (gate, reports) = (self.gate.clone(), self.reports.clone());
        tokio::spawn(async move {
            let embedded = tokio::task::spawn_blocking(move || gate.embedded()).await;
            let stopped = |error: tokio::task::JoinError| Refused { step: Step::Compile, reason: error.to_string() };
            let _ = reports.send(Report::Embedded(embedded.map_err(stopped).flatten()));
        });
    }

    /// The embedded version was loaded.
    pub(super) async fn embedded(&mut self, embedded: Result<Passed, Refused>) {
        let passed = match embedded {
            Ok(passed) => passed,
            Err(error) => {
                return tracing::warn!(%error, "failed calls cannot be repeated on the embedded version");
            }
        };
        if !self.lacks_reference() {
            return;
        }
        let version = self.version(passed);
        let now = self.gateway.effective();
        let reference = self.gateway.reference_under(&version, &now).await;
        self.swap(|lineup| Lineup { reference, ..lineup });
        tracing::debug!(version = %version.digest(), "failed calls are repeated on this version");
    }

    fn lacks_reference(&self) -> bool {
        let lineup = self.gateway.lineup.load();
        lineup.reference.is_none() && lineup.primary.version.digest() != embedded_digest()
    }
}
