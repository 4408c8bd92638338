//! A version that fails too often goes, and the last good one comes back by itself.
//!
//! A pin is stronger: whoever pins a version wants nobody but a person to change it, so a pinned one that fails too often goes on
//! serving, and that is told as loudly as there are ways to: in the log, in a metric, in the status. The same holds for one that
//! there is none to go back from.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::ChangeError;
use super::changes::Changes;
use super::job::{Job, WAY_BACK};
use crate::config::gateway::ProviderConfig;
use crate::gateway::lineup::Version;
use crate::provider::{Digest, FaultCount, Faults, embedded_digest};
use crate::telemetry::FailedVersion;
use crate::versions::Event;

/// Different inputs that a version has to fail on before it may be put away: one input, however often, says little.
const INPUTS: u64 = 2;

/// What a version did to be put away; none while it may stay. Only faults that another version confirmed count.
fn verdict(rules: &ProviderConfig, faults: &Faults) -> Option<String> {
    let turns = faults.turns();
    let (window, enough) = match turns <= rules.probation {
        true => (rules.probation, INPUTS),
        false => (rules.quarantine.streams, rules.quarantine.faults),
    };
    let FaultCount { faults, inputs } = faults.within(window);
    (faults >= enough && inputs >= INPUTS).then(|| {
        let turns = window.min(turns.max(1));
        format!("it failed on {inputs} inputs within {turns} turns that another version handles")
    })
}

impl Changes {
    /// What a version did to be put away, by the rules that are in force; none while it may stay.
    pub(super) fn verdict(&self, version: &Version) -> Option<String> {
        verdict(&self.gateway.effective().configuration.gateway.provider, version.generation.faults())
    }

    /// A version whose quarantine was lifted is judged by what it does from now on, also where it is in memory still.
    pub(super) fn forgive(&self, digest: &Digest) {
        let serving = Arc::clone(&self.gateway.lineup.load().primary.version);
        let known = [Some(serving).filter(|serving| serving.digest() == *digest), self.in_memory(digest)];
        for version in known.into_iter().flatten() {
            version.generation.faults().forget();
            version.told_failing.store(false, Ordering::Relaxed);
        }
    }

    /// Looks how the active version does. One that fails too often is quarantined, and the gateway goes back as far as it takes.
    pub(super) async fn judge(&mut self) {
        let serving = Arc::clone(&self.gateway.lineup.load().primary.version);
        let Some(reason) = self.verdict(&serving) else { return };
        let digest = serving.digest();
        if let Some(why) = self.stays(digest) {
            // Each further failure would say the same.
            if !serving.told_failing.swap(true, Ordering::Relaxed) {
                tracing::error!(version = %digest, reason, "the version of the provider fails and goes on serving: {why}");
                self.gateway.metrics.version_failed(FailedVersion::Kept);
            }
            return;
        }
        if !self.store.history().quarantined.contains_key(&digest) {
            tracing::error!(version = %digest, reason, "the version of the provider is quarantined");
            self.record_anyway(Event::Quarantined { digest, reason });
            self.gateway.metrics.version_failed(FailedVersion::Quarantined);
        }
        // A version may be loaded for that already.
        if !self.jobs.contains_key(&WAY_BACK) {
            let ways = self.ways_back();
            self.go_back(Job::way_back(digest, ways), ChangeError::NothingBefore).await;
        }
    }

    /// Why a version serves whatever it does; none for one that may be put away.
    fn stays(&self, digest: Digest) -> Option<&'static str> {
        let history = self.store.history();
        if history.pinned == Some(digest) {
            return Some("it is pinned");
        }
        let nothing_before = digest == embedded_digest() && history.previous().is_none();
        nothing_before.then_some("there is no version to go back to")
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
        faults.begun(100);
        faults.confirm(1);
        assert_eq!(verdict(&rules, &faults), None, "one of a hundred");
        faults.begun(11);
        faults.confirm(2);
        faults.confirm(3);
        assert_eq!(verdict(&rules, &faults), None, "they are too far apart");
        faults.confirm(3);
        assert!(verdict(&rules, &faults).is_some_and(|reason| reason.contains("2 inputs within 10 turns")));
    }
}
