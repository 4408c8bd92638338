//! Health of the active version: a version that fails too often is quarantined, and the last good version is restored.
//!
//! A pin takes precedence: only a person changes a pinned version. A pinned version that fails too often stays active,
//! and the log, a metric and the status report it. The same applies if no other version can replace it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::ChangeError;
use super::changes::Changes;
use super::job::{Job, WAY_BACK};
use crate::config::gateway::ProviderConfig;
use crate::embedded::embedded_digest;
use crate::lineup::Version;
use crate::provider::{Digest, FaultCount, Faults};
use crate::telemetry::FailedVersion;
use quarry_versions::Event;

/// The number of different inputs that a version must fail on before it is retired. One input, however often, proves
/// little.
const INPUTS: u64 = 2;

/// The reason to retire a version, if there is one. Only faults that another version confirmed count.
fn verdict(rules: &ProviderConfig, faults: &Faults) -> Option<String> {
    let turns = faults.turns();
    let (window, enough) = match turns <= rules.probation {
        true => (rules.probation, INPUTS),
        false => (rules.quarantine.streams, rules.quarantine.faults),
    };
    let FaultCount { faults, inputs } = faults.within(window);
    (faults >= enough && inputs >= INPUTS).then(|| {
        let turns = window.min(turns.max(1));
        format!("it failed on {inputs} inputs within {turns} turns, and another version handles these inputs")
    })
}

impl Changes {
    /// The reason to retire a version by the active configuration, if there is one.
    pub(super) fn verdict(&self, version: &Version) -> Option<String> {
        verdict(&self.gateway.effective().configuration.gateway.provider, version.generation.faults())
    }

    /// Forgets the faults of a version whose quarantine was lifted, also if it is still in memory.
    pub(super) fn forgive(&self, digest: &Digest) {
        let serving = Arc::clone(&self.gateway.lineup.load().primary.version);
        let known = [Some(serving).filter(|serving| serving.digest() == *digest), self.in_memory(digest)];
        for version in known.into_iter().flatten() {
            version.generation.faults().forget();
            version.told_failing.store(false, Ordering::Relaxed);
        }
    }

    /// Evaluates the active version. If it fails too often, it is quarantined and the gateway rolls back.
    pub(super) async fn judge(&mut self) {
        let serving = Arc::clone(&self.gateway.lineup.load().primary.version);
        let Some(reason) = self.verdict(&serving) else { return };
        let digest = serving.digest();
        if let Some(why) = self.stays(digest) {
            // Reported once: each further failure would say the same.
            if !serving.told_failing.swap(true, Ordering::Relaxed) {
                tracing::error!(version = %digest, reason, "the provider version fails and stays active: {why}");
                self.gateway.metrics.version_failed(FailedVersion::Kept);
            }
            return;
        }
        if !self.store.history().quarantined.contains_key(&digest) {
            tracing::error!(version = %digest, reason, "the provider version is quarantined");
            self.record_anyway(Event::Quarantined { digest, reason });
            self.gateway.metrics.version_failed(FailedVersion::Quarantined);
        }
        // A rollback may be under way already.
        if !self.jobs.contains_key(&WAY_BACK) {
            let ways = self.ways_back();
            self.go_back(Job::way_back(digest, ways), ChangeError::NothingBefore).await;
        }
    }

    /// Why a version stays active despite its failures; `None` if it can be retired.
    fn stays(&self, digest: Digest) -> Option<&'static str> {
        let history = self.store.history();
        if history.pinned == Some(digest) {
            return Some("it is pinned");
        }
        let nothing_before = digest == embedded_digest() && history.previous().is_none();
        nothing_before.then_some("no other version can replace it")
    }
}

#[cfg(test)]
mod tests {
    use super::verdict;
    use crate::config::gateway::{ProviderConfig, QuarantineConfig};
    use crate::provider::Faults;

    #[test]
    fn two_inputs_are_enough_while_a_version_is_new() {
        let rules = ProviderConfig { probation: 5, ..ProviderConfig::default() };
        let faults = Faults::default();
        assert_eq!(verdict(&rules, &faults), None);
        (0..100).for_each(|_| faults.confirm(1));
        assert_eq!(verdict(&rules, &faults), None, "one input, sent again and again");
        faults.confirm(2);
        assert!(verdict(&rules, &faults).is_some());
    }

    #[test]
    fn later_as_many_faults_as_the_rules_say() {
        let quarantine = QuarantineConfig { faults: 3, streams: 10 };
        let rules = ProviderConfig { probation: 0, quarantine, ..ProviderConfig::default() };
        let faults = Faults::default();
        (0..100).for_each(|_| faults.turn());
        faults.confirm(1);
        assert_eq!(verdict(&rules, &faults), None, "one of a hundred");
        (0..11).for_each(|_| faults.turn());
        faults.confirm(2);
        faults.confirm(3);
        assert_eq!(verdict(&rules, &faults), None, "they are too far apart");
        faults.confirm(3);
        assert!(verdict(&rules, &faults).is_some_and(|reason| reason.contains("2 inputs within 10 turns")));
    }
}
