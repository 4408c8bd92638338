//! Canary: a candidate that serves a share of the requests, and its comparison with the active version.

mod conversation;
mod sequential;
#[cfg(test)]
mod trials;
mod worse;

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hasher as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

pub(crate) use self::conversation::conversation;
use self::sequential::{EVIDENCE, evidence};
use self::worse::chance_of_no_difference;
use crate::blame::Blame;
use crate::telemetry::Outcome;

/// The candidate is not promoted while its failures would be as many by chance less often than this: it may be worse.
const PERHAPS_WORSE: f64 = 0.05;

/// The active version counts as having ended so many requests well while fewer have ended: else nothing could be said of a
/// candidate beside which nobody asks.
const ASSUMED: u64 = 20;

/// As many failed conversations are told apart. With so many failures there is nothing left to decide.
const CONVERSATIONS: usize = 10_000;

/// Which requests a candidate gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CanaryRule {
    /// Those of this part of the conversations, in per cent, from 1 to 99: the other version must be seen too.
    Share(u8),
    /// Those of the client key with this name.
    Key(String),
}

impl std::fmt::Display for CanaryRule {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            CanaryRule::Share(percent) => write!(formatter, "{percent} % of new requests"),
            CanaryRule::Key(name) => write!(formatter, "the requests of the key {name:?}"),
        }
    }
}

/// How requests of one version ended. Those that their client gave up, or that failed by the client's mistake, are in neither number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ended {
    /// With an answer.
    pub well: u64,
    /// With an error of the provider, the gateway, AWS or the model.
    pub badly: u64,
}

#[derive(Debug, Default)]
struct Counting {
    well: AtomicU64,
    badly: AtomicU64,
    /// Conversations with a failure: a client that tries again counts once.
    failed: Mutex<HashSet<u64>>,
}

impl Counting {
    fn ended(&self) -> Ended {
        Ended { well: self.well.load(Ordering::Relaxed), badly: self.badly.load(Ordering::Relaxed) }
    }

    fn failed(&self, conversation: u64) {
        self.badly.fetch_add(1, Ordering::Relaxed);
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if failed.len() < CONVERSATIONS {
            failed.insert(conversation);
        }
    }

    fn failed_conversations(&self) -> u64 {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).len() as u64
    }
}

/// Whose request it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// The candidate's.
    Candidate,
    /// The version's that serves.
    Serving,
}

/// A candidate beside the active version, and how both do meanwhile.
#[derive(Debug)]
pub(crate) struct Trial {
    /// Which requests the candidate gets.
    pub(crate) rule: CanaryRule,
    /// After how many of its requests it is promoted by itself.
    pub(crate) promote_after: Option<u64>,
    /// Since when.
    pub(crate) since: SystemTime,
    /// Mixed into the assignment, so that nobody can choose their version and each trial assigns again.
    salt: u64,
    candidate: Counting,
    serving: Counting,
    /// Told when it may be time for a judgement.
    told: Arc<Notify>,
}

/// What a trial came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// Nothing yet.
    GoOn,
    /// The candidate is as good.
    Promote,
    /// The candidate is worse, and how.
    Worse(String),
}

impl Trial {
    pub(super) fn new(rule: CanaryRule, promote_after: Option<u64>, told: &Arc<Notify>) -> Arc<Self> {
        Arc::new(Trial {
            rule,
            promote_after,
            since: SystemTime::now(),
            salt: fastrand::u64(..),
            candidate: Counting::default(),
            serving: Counting::default(),
            told: Arc::clone(told),
        })
    }

    /// Whether the candidate gets a request of this key in this conversation. A conversation stays where it began.
    pub(super) fn takes(&self, key: &str, conversation: u64) -> bool {
        match &self.rule {
            CanaryRule::Share(percent) => {
                let mut hasher = DefaultHasher::new();
                hasher.write_u64(self.salt);
                hasher.write_u64(conversation);
                hasher.finish() % 100 < u64::from(*percent)
            }
            CanaryRule::Key(name) => name == key,
        }
    }

    /// A request of a conversation ended. What its client gave up or got wrong says nothing of the version.
    pub(super) fn ended(&self, side: Side, conversation: u64, outcome: Outcome, blame: Option<Blame>) {
        let counting = match side {
            Side::Candidate => &self.candidate,
            Side::Serving => &self.serving,
        };
        let failed = match (outcome, blame) {
            (Outcome::Aborted, _) | (Outcome::Error, Some(Blame::Client)) => return,
            (Outcome::Ok, _) => false,
            (Outcome::Error, _) => true,
        };
        if failed {
            counting.failed(conversation);
        } else {
            counting.well.fetch_add(1, Ordering::Relaxed);
        }
        let Ended { well, badly } = self.candidate.ended();
        let due = self.promote_after.is_some_and(|after| well + badly >= after);
        if due || (side == Side::Candidate && failed) {
            self.told.notify_one();
        }
    }

    /// How requests of the candidate ended.
    pub(super) fn of_candidate(&self) -> Ended {
        self.candidate.ended()
    }

    /// How requests of the active version ended meanwhile.
    pub(super) fn of_serving(&self) -> Ended {
        self.serving.ended()
    }

    /// What the trial came to. A share is worse when [`evidence`] says so; the requests of one key are no random part, so a candidate
    /// that gets those is judged on its confirmed faults alone (the quarantine). Either is promoted after as many requests as were asked
    /// for, unless it may be worse ([`PERHAPS_WORSE`]): then more requests decide.
    pub(super) fn judgement(&self) -> Judgement {
        let (candidate, serving) = (self.of_candidate(), self.of_serving());
        let (requests, others) = (candidate.well + candidate.badly, serving.well + serving.badly);
        if let CanaryRule::Share(percent) = self.rule {
            let (failed, failed_others) = (self.candidate.failed_conversations(), self.serving.failed_conversations());
            if evidence(failed, failed_others, f64::from(percent) / 100.0) >= EVIDENCE {
                return Judgement::Worse(format!(
                    "{} of its {requests} requests failed, and {} of {others} of the active version",
                    candidate.badly, serving.badly
                ));
            }
            let assumed = Ended { well: serving.well + ASSUMED.saturating_sub(others), ..serving };
            if chance_of_no_difference(candidate, assumed) < PERHAPS_WORSE {
                return Judgement::GoOn;
            }
        }
        match self.promote_after {
            Some(after) if requests >= after => Judgement::Promote,
            _ => Judgement::GoOn,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CanaryRule, Ended, Judgement, Side, Trial};
    use crate::blame::Blame;
    use crate::telemetry::Outcome;

    /// A trial in which so many requests of either version ended well and badly, each of a conversation of its own.
    fn judged(
        rule: CanaryRule,
        candidate: (u64, u64),
        serving: (u64, u64),
        promote_after: Option<u64>,
    ) -> &'static str {
        let trial = Trial::new(rule, promote_after, &std::sync::Arc::default());
        for (side, (well, badly)) in [(Side::Candidate, candidate), (Side::Serving, serving)] {
            (0..well).for_each(|at| trial.ended(side, at, Outcome::Ok, None));
            (0..badly).for_each(|at| trial.ended(side, at, Outcome::Error, Some(Blame::Upstream)));
        }
        match trial.judgement() {
            Judgement::GoOn => "go on",
            Judgement::Promote => "promote",
            Judgement::Worse(_) => "worse",
        }
    }

    #[test]
    fn a_candidate_that_fails_where_the_other_does_not_is_worse() {
        let share = |percent, candidate, serving| judged(CanaryRule::Share(percent), candidate, serving, None);
        assert_eq!(share(10, (0, 2), (1000, 0)), "go on", "two failures say nothing");
        assert_eq!(share(10, (0, 5), (45, 0)), "worse");
        assert_eq!(share(10, (17, 5), (180, 0)), "worse");
        assert_eq!(share(50, (95, 5), (95, 5)), "go on", "both see what AWS does");
        assert_eq!(share(10, (0, 50), (0, 450)), "go on", "everything fails, whoever asks");
        assert_eq!(share(10, (80, 20), (980, 20)), "worse");
    }

    #[test]
    fn it_is_promoted_when_it_was_asked_for_and_not_before() {
        let share = |candidate, serving, after| judged(CanaryRule::Share(10), candidate, serving, after);
        assert_eq!(share((99, 0), (900, 0), Some(100)), "go on");
        assert_eq!(share((100, 0), (900, 0), Some(100)), "promote");
        assert_eq!(share((90, 10), (900, 100), Some(100)), "promote");
        assert_eq!(share((10_000, 0), (900, 0), None), "go on");
        assert_eq!(share((98, 2), (3000, 0), Some(100)), "go on", "it may be worse");
        assert_eq!(
            share((7, 3), (0, 0), Some(10)),
            "go on",
            "held against twenty good requests where nobody asks the other"
        );
        assert_eq!(share((10, 0), (0, 0), Some(10)), "promote");
    }

    #[test]
    fn one_key_is_no_random_part() {
        let key = |candidate, serving, after| judged(CanaryRule::Key("a".to_owned()), candidate, serving, after);
        assert_eq!(key((0, 50), (1000, 0), None), "go on", "a client that fails more often than others");
        assert_eq!(key((50, 50), (1000, 0), Some(100)), "promote");
    }

    #[test]
    fn what_a_client_gave_up_or_got_wrong_counts_for_nobody() {
        let trial = Trial::new(CanaryRule::Share(10), None, &std::sync::Arc::default());
        for (side, outcome, blame) in [
            (Side::Candidate, Outcome::Ok, None),
            (Side::Candidate, Outcome::Error, Some(Blame::Provider)),
            (Side::Candidate, Outcome::Error, Some(Blame::Client)),
            (Side::Candidate, Outcome::Aborted, None),
            (Side::Serving, Outcome::Ok, None),
        ] {
            trial.ended(side, 0, outcome, blame);
        }
        assert_eq!(trial.of_candidate(), Ended { well: 1, badly: 1 });
        assert_eq!(trial.of_serving(), Ended { well: 1, badly: 0 });
    }

    #[test]
    fn a_client_that_tries_again_fails_once() {
        let trial = Trial::new(CanaryRule::Share(5), None, &std::sync::Arc::default());
        (0..1000).for_each(|_| trial.ended(Side::Candidate, 7, Outcome::Error, Some(Blame::Upstream)));
        assert_eq!(trial.judgement(), Judgement::GoOn);
    }

    #[test]
    fn a_share_of_the_conversations_is_assigned_for_good() {
        let trial = Trial::new(CanaryRule::Share(20), None, &std::sync::Arc::default());
        let taken: Vec<u64> = (0..10_000).filter(|conversation| trial.takes("anybody", *conversation)).collect();
        // Five standard deviations: by chance it is outside once in a million.
        assert!((1_800..=2_200).contains(&taken.len()), "{}", taken.len());
        assert!(taken.iter().all(|conversation| trial.takes("somebody else", *conversation)));
        let other = Trial::new(CanaryRule::Share(20), None, &std::sync::Arc::default());
        assert!(taken.iter().any(|conversation| !other.takes("anybody", *conversation)), "each trial assigns anew");
        let key = Trial::new(CanaryRule::Key("tests".to_owned()), None, &std::sync::Arc::default());
        assert!(key.takes("tests", 1) && !key.takes("test", 1) && !key.takes("", 1));
    }
}
