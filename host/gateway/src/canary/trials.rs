//! How often trials end wrongly, and how often rightly: 1,000 simulated ones of each kind.

use std::sync::Arc;

use fastrand::Rng;

use super::{CanaryRule, Judgement, Side, Trial};
use crate::blame::Blame;
use crate::telemetry::Outcome;

const TRIALS: u64 = 1000;

/// Conversations of a trial.
const CONVERSATIONS: u64 = 20_000;

/// Of equally good candidates, as many at most may be called worse in [`TRIALS`] trials. The bound of the test is one trial in a
/// thousand; a count whose mean is 1 exceeds 6 once in 12,000 runs.
const FALSE_ALARMS: usize = 6;

/// A conversation whose requests fail: with either version, or with the candidate alone.
struct Failing {
    conversation: u64,
    requests: u32,
    candidate_alone: bool,
}

/// The conversations from one to another that fail with this chance, in order.
fn failing(random: &mut Rng, from: u64, to: u64, chance: f64, requests: u32) -> Vec<Failing> {
    (from..to)
        .filter(|_| random.f64() < chance)
        .map(|conversation| Failing { conversation, requests, candidate_alone: false })
        .collect()
}

/// Runs trials, and gives how many candidates were called worse. They are looked at after each failed request, as in a gateway.
fn called_worse(percent: u8, failures: impl Fn(&mut Rng) -> Vec<Failing>) -> usize {
    let worse = (0..TRIALS).filter(|seed| {
        let mut random = Rng::with_seed(*seed);
        let mut trial = Trial::new(CanaryRule::Share(percent), None, &Arc::default());
        // The salt is random; a simulation must be the same each time.
        Arc::get_mut(&mut trial).expect("nobody else has it").salt = random.u64(..);
        let mut failures = failures(&mut random);
        failures.sort_by_key(|failing| failing.conversation);
        failures.iter().any(|Failing { conversation, requests, candidate_alone }| {
            let side = if trial.takes("", *conversation) { Side::Candidate } else { Side::Serving };
            if *candidate_alone && side == Side::Serving {
                return false;
            }
            (0..*requests).any(|_| {
                trial.ended(side, *conversation, Outcome::Error, Some(Blame::Upstream));
                matches!(trial.judgement(), Judgement::Worse(_))
            })
        })
    });
    worse.count()
}

#[test]
fn equally_good_candidates_stay_and_worse_ones_are_found() {
    let all = |random: &mut Rng, chance, requests| failing(random, 0, CONVERSATIONS, chance, requests);
    for percent in [1, 5, 50] {
        let independent = called_worse(percent, |random| all(random, 0.02, 1));
        let retried = called_worse(percent, |random| all(random, 0.01, 4));
        // A client with every hundredth conversation, of which each fails and is tried again.
        let one_client = called_worse(percent, |random| {
            let bad = (0..CONVERSATIONS).step_by(100);
            let bad = bad.map(|conversation| Failing { conversation, requests: 4, candidate_alone: false });
            all(random, 0.005, 1).into_iter().chain(bad).collect()
        });
        let outage = called_worse(percent, |random| {
            let calm = failing(random, 0, 5_000, 0.001, 1);
            calm.into_iter().chain(failing(random, 5_000, 5_500, 1.0, 3)).collect()
        });
        eprintln!(
            "at {percent} %, of {TRIALS} equally good candidates called worse: {independent} with independent failures, \
             {retried} with retries, {one_client} with one bad client, {outage} with an outage"
        );
        for false_alarms in [independent, retried, one_client, outage] {
            assert!(false_alarms <= FALSE_ALARMS, "{false_alarms} of {TRIALS}");
        }
    }
    // At 5 % some 30 requests of a candidate fail in all, and a trial must be that sure.
    for (percent, found) in [(5, 700), (20, 990)] {
        let worse = called_worse(percent, |random| {
            let alone = all(random, 0.02, 1).into_iter().map(|failing| Failing { candidate_alone: true, ..failing });
            all(random, 0.01, 1).into_iter().chain(alone).collect()
        });
        eprintln!("at {percent} %, of {TRIALS} candidates that fail 2 % more often called worse: {worse}");
        assert!(worse >= found, "{worse} of {TRIALS} were found");
    }
}
