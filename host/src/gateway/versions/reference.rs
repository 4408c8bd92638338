//! The version that failed calls of the active one are run again on: see [`Reference`](crate::gateway::rerun::Reference).

use std::sync::Arc;

use super::Versions;
use crate::gateway::lineup::{Lineup, Seat, Version};
use crate::provider::embedded_digest;

impl Versions {
    /// The reference of a version that is about to serve: the one that it replaces. Whoever goes back leaves a version that failed,
    /// which says nothing of others.
    pub(super) fn reference_beside(&self, version: &Version, went_back: bool) -> Option<Seat> {
        let lineup = self.gateway.lineup.load();
        let before = if went_back { lineup.reference.clone() } else { Some(lineup.primary.clone()) };
        before.filter(|seat| seat.version.digest() != version.digest())
    }

    /// Has the embedded version be the reference of one that has no other, which takes a compilation where it was not compiled yet.
    /// Until then no fault of the active version is confirmed.
    pub(super) fn complete_reference(self: &Arc<Self>) {
        let versions = Arc::clone(self);
        tokio::spawn(async move {
            let lacks_one =
                |lineup: &Lineup| lineup.reference.is_none() && lineup.primary.version.digest() != embedded_digest();
            if !lacks_one(&versions.gateway.lineup.load()) {
                return;
            }
            let gate = versions.gate.clone();
            let passed = match tokio::task::spawn_blocking(move || gate.embedded()).await {
                Ok(Ok(passed)) => passed,
                Ok(Err(error)) => {
                    return tracing::warn!(%error, "failed calls cannot be run again on the embedded version");
                }
                Err(error) => return tracing::warn!(%error, "failed calls cannot be run again on the embedded version"),
            };
            let version = versions.version(passed);
            let _no_reload = versions.gateway.changing.lock().await;
            let lineup = versions.gateway.lineup.load_full();
            if lacks_one(&lineup) {
                let reference = versions.gateway.reference_under(&version, &lineup.primary.effective).await;
                versions.gateway.lineup.store(Arc::new(Lineup { reference, ..Lineup::clone(&lineup) }));
                tracing::debug!(version = %version.digest(), "failed calls are run again on this version");
            }
        });
    }
}
