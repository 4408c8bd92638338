//! A candidate that gets a part of the requests, and how it does beside the version that serves.

mod worse;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use self::worse::chance_of_no_difference;
use crate::telemetry::Outcome;

/// Requests of the candidate that have to end badly before it can be called worse: one or two failures say nothing.
const FEWEST_FAILURES: u64 = 3;

/// The candidate goes when its failures would be as many by chance less often than this. It is asked again at each failure, so
/// it is stricter than the one in twenty that is usual for a single question.
const CERTAINLY_WORSE: f64 = 0.001;

/// The candidate is not promoted while its failures would be as many by chance less often than this: it may be worse.
const PERHAPS_WORSE: f64 = 0.05;

/// The version that serves counts as having ended so many requests well while fewer have ended: else nothing could be said of a
/// candidate beside which nobody asks, as when it has the only key there is.
const ASSUMED: u64 = 20;

/// Which requests a candidate gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CanaryRule {
    /// Each with this chance, in per cent, from 1 to 99: the other version has to be seen too.
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

impl CanaryRule {
    /// Whether the candidate gets a request of this key.
    pub(super) fn takes(&self, key: &str) -> bool {
        match self {
            CanaryRule::Share(percent) => fastrand::u8(..100) < *percent,
            CanaryRule::Key(name) => name == key,
        }
    }
}

/// How requests of one version ended. Those that their client gave up are in neither number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ended {
    /// With an answer.
    pub well: u64,
    /// With an error: of the provider, of AWS, or of the request as the version understands it.
    pub badly: u64,
}

#[derive(Debug, Default)]
struct Counting {
    well: AtomicU64,
    badly: AtomicU64,
}

impl Counting {
    fn ended(&self) -> Ended {
        Ended { well: self.well.load(Ordering::Relaxed), badly: self.badly.load(Ordering::Relaxed) }
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

/// A candidate beside the version that serves, and how both do meanwhile.
#[derive(Debug)]
pub(crate) struct Trial {
    /// Which requests the candidate gets.
    pub(crate) rule: CanaryRule,
    /// After how many of its requests it is promoted by itself.
    pub(crate) promote_after: Option<u64>,
    /// Since when.
    pub(crate) since: SystemTime,
    candidate: Counting,
    serving: Counting,
    broken: OnceLock<String>,
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
            candidate: Counting::default(),
            serving: Counting::default(),
            broken: OnceLock::new(),
            told: Arc::clone(told),
        })
    }

    /// A request ended.
    pub(super) fn ended(&self, side: Side, outcome: Outcome) {
        let counting = match side {
            Side::Candidate => &self.candidate,
            Side::Serving => &self.serving,
        };
        match outcome {
            Outcome::Ok => counting.well.fetch_add(1, Ordering::Relaxed),
            Outcome::Error => counting.badly.fetch_add(1, Ordering::Relaxed),
            // Whoever goes away says nothing of the version.
            Outcome::Aborted => return,
        };
        let Ended { well, badly } = self.candidate.ended();
        let due = self.promote_after.is_some_and(|after| well + badly >= after);
        if due || (side == Side::Candidate && outcome == Outcome::Error) {
            self.told.notify_one();
        }
    }

    /// The candidate cannot go on.
    pub(super) fn give_up(&self, why: String) {
        // The first reason is the one that counts.
        let _ = self.broken.set(why);
        self.told.notify_one();
    }

    /// Why the candidate cannot go on.
    pub(super) fn broken(&self) -> Option<&str> {
        self.broken.get().map(String::as_str)
    }

    /// How requests of the candidate ended.
    pub(super) fn of_candidate(&self) -> Ended {
        self.candidate.ended()
    }

    /// How requests of the version that serves ended meanwhile.
    pub(super) fn of_serving(&self) -> Ended {
        self.serving.ended()
    }

    pub(super) fn judgement(&self) -> Judgement {
        judgement(self.of_candidate(), self.of_serving(), self.promote_after)
    }
}

/// The rule: the candidate is worse when at least [`FEWEST_FAILURES`] of its requests failed, and as many would by chance less
/// often than [`CERTAINLY_WORSE`] if it were as good as the other. It is promoted after as many requests as were asked for,
/// unless it may be worse ([`PERHAPS_WORSE`]): then more requests decide.
fn judgement(candidate: Ended, serving: Ended, promote_after: Option<u64>) -> Judgement {
    let (requests, others) = (candidate.well + candidate.badly, serving.well + serving.badly);
    let assumed = Ended { well: serving.well + ASSUMED.saturating_sub(others), ..serving };
    let chance = chance_of_no_difference(candidate, assumed);
    if candidate.badly >= FEWEST_FAILURES && chance < CERTAINLY_WORSE {
        return Judgement::Worse(format!(
            "{} of its {requests} requests failed, and {} of {others} of the version that serves",
            candidate.badly, serving.badly
        ));
    }
    match promote_after {
        Some(after) if requests >= after && chance >= PERHAPS_WORSE => Judgement::Promote,
        _ => Judgement::GoOn,
    }
}

#[cfg(test)]
mod tests {
    use super::{CanaryRule, Ended, Judgement, Side, Trial, judgement};
    use crate::telemetry::Outcome;

    fn judged(candidate: (u64, u64), serving: (u64, u64), promote_after: Option<u64>) -> &'static str {
        let ended = |(well, badly)| Ended { well, badly };
        match judgement(ended(candidate), ended(serving), promote_after) {
            Judgement::GoOn => "go on",
            Judgement::Promote => "promote",
            Judgement::Worse(_) => "worse",
        }
    }

    #[test]
    fn a_candidate_that_fails_where_the_other_does_not_goes() {
        assert_eq!(judged((0, 2), (1000, 0), None), "go on", "two failures say nothing");
        assert_eq!(judged((0, 3), (27, 0), None), "worse");
        assert_eq!(judged((17, 3), (180, 0), None), "worse");
        assert_eq!(judged((95, 5), (95, 5), None), "go on", "both see what AWS does");
        assert_eq!(judged((90, 10), (900, 100), Some(100)), "promote");
        assert_eq!(judged((0, 50), (0, 500), None), "go on", "everything fails, whoever asks");
        assert_eq!(judged((80, 20), (980, 20), None), "worse");
    }

    #[test]
    fn beside_a_version_that_nobody_asks_it_is_held_against_twenty_good_requests() {
        assert_eq!(judged((0, 3), (0, 0), None), "worse");
        assert_eq!(judged((7, 3), (0, 0), Some(10)), "go on", "it may be worse: more requests decide");
        assert_eq!(judged((10, 0), (0, 0), Some(10)), "promote");
    }

    #[test]
    fn it_is_promoted_when_it_was_asked_for_and_not_before() {
        assert_eq!(judged((99, 0), (900, 0), Some(100)), "go on");
        assert_eq!(judged((100, 0), (900, 0), Some(100)), "promote");
        assert_eq!(judged((100_000, 0), (900, 0), None), "go on");
        assert_eq!(judged((98, 2), (3000, 0), Some(100)), "go on", "it may be worse");
    }

    #[test]
    fn a_request_that_its_client_gave_up_counts_for_nobody() {
        let told = std::sync::Arc::default();
        let trial = Trial::new(CanaryRule::Share(10), None, &told);
        for (side, outcome) in [
            (Side::Candidate, Outcome::Ok),
            (Side::Candidate, Outcome::Error),
            (Side::Candidate, Outcome::Aborted),
            (Side::Serving, Outcome::Ok),
        ] {
            trial.ended(side, outcome);
        }
        assert_eq!(trial.of_candidate(), Ended { well: 1, badly: 1 });
        assert_eq!(trial.of_serving(), Ended { well: 1, badly: 0 });
    }

    #[test]
    fn a_share_is_a_share_and_a_key_is_a_key() {
        let share = CanaryRule::Share(20);
        let taken = (0..10_000).filter(|_| share.takes("anybody")).count();
        // Five standard deviations: by chance it is outside once in a million.
        assert!((1_800..=2_200).contains(&taken), "{taken}");
        let key = CanaryRule::Key("tests".to_owned());
        assert!(key.takes("tests") && !key.takes("test") && !key.takes(""));
    }
}
