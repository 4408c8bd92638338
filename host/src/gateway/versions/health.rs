//! A version that fails too often goes, and the last good one comes back by itself.

use std::sync::{Arc, Weak};

use super::{ChangeError, VersionRules, Versions};
use crate::provider::Faults;
use crate::versions::Event;

/// What a version did to be put away; none while it may stay.
pub(super) fn verdict(rules: &VersionRules, faults: &Faults) -> Option<String> {
    let counted = faults.within(rules.window);
    let turns = faults.turns();
    if turns <= rules.probation && counted.lost > 0 {
        return Some(format!("it lost a turn within its first {} turns", rules.probation));
    }
    let all = counted.faults.max(counted.lost);
    (all >= rules.faults).then(|| format!("it failed {all} times within {} turns", rules.window.min(turns.max(1))))
}

/// Watches the version that serves.
pub(super) fn watch(versions: &Arc<Versions>) {
    let gateway = Arc::clone(&versions.gateway);
    let versions = Arc::downgrade(versions);
    tokio::spawn(async move {
        loop {
            gateway.faulted.notified().await;
            let Some(versions) = Weak::upgrade(&versions) else { return };
            versions.judge().await;
            versions.judge_canary().await;
        }
    });
}

impl Versions {
    async fn judge(self: &Arc<Self>) {
        let serving = Arc::clone(&self.gateway.lineup.load().primary.version);
        let Some(reason) = verdict(&self.rules, serving.generation.faults()) else { return };
        let _one_at_a_time = self.changing.lock().await;
        if self.serving() != serving.digest() {
            return;
        }
        let digest = serving.digest();
        tracing::error!(version = %digest, reason, "the version of the provider is quarantined");
        match self.quarantine(digest, &reason).await {
            Ok(()) => {}
            Err(ChangeError::NothingBefore) => {
                tracing::error!(version = %digest, "there is no version to go back to; it goes on serving");
            }
            Err(error) => tracing::error!(%error, "the version before cannot be put to work"),
        }
    }

    async fn quarantine(self: &Arc<Self>, digest: crate::provider::Digest, reason: &str) -> Result<(), ChangeError> {
        if digest == crate::provider::embedded_digest() && self.store().history().previous().is_none() {
            return Err(ChangeError::NothingBefore);
        }
        self.store().record(Event::Quarantined { digest, reason: reason.to_owned() })?;
        self.go_back("the gateway: the version failed too often").await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::verdict;
    use crate::gateway::versions::VersionRules;
    use crate::provider::Faults;

    #[test]
    fn one_lost_turn_is_enough_while_a_version_is_new() {
        let rules = VersionRules { probation: 5, ..VersionRules::default() };
        let faults = Faults::default();
        assert_eq!(verdict(&rules, &faults), None);
        faults.lost();
        assert!(verdict(&rules, &faults).is_some());
    }
}
