//! Whether a candidate fails more often than the active version: a test that may be looked at after every request.
//!
//! Conversations are assigned at random, so while both versions fail equally often, each failed conversation is the candidate's with a
//! known chance: its share of the requests. How often requests fail at all does not matter, nor whether that changes: what AWS or the
//! network does, happens to both. The evidence is the likelihood of the failures that were seen, were the candidate to fail more
//! often by one of several factors, over their likelihood without a difference. Its expected value without a difference is 1 at any time,
//! so it ever exceeds `n` in one of `n` trials at most (Ville's inequality): [`EVIDENCE`] bounds the false alarms of a whole trial,
//! however long, and however often it is looked at.

/// The evidence that ends a trial: at most one trial of an equally good candidate in a thousand ends by it.
pub(super) const EVIDENCE: f64 = 1000.0;

/// By how much more often a worse candidate may fail. Each factor gets an equal part of the belief.
const FACTORS: [f64; 8] = [1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 100.0, 1000.0];

/// The evidence that a candidate fails more often, from its failed conversations and the active version's. `share` is the part of
/// the conversations that it gets, between 0 and 1.
pub(super) fn evidence(candidate: u64, active: u64, share: f64) -> f64 {
    let of_factor = |factor: f64| {
        let worse = factor * share / (factor * share + 1.0 - share);
        (as_float(candidate) * (worse / share).ln() + as_float(active) * ((1.0 - worse) / (1.0 - share)).ln()).exp()
    };
    FACTORS.into_iter().map(of_factor).sum::<f64>() / as_float(FACTORS.len() as u64)
}

#[expect(clippy::cast_precision_loss, reason = "no gateway has 2^53 failures, and the last digits do not matter")]
fn as_float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::{EVIDENCE, evidence};

    #[test]
    fn what_is_equally_often_is_no_evidence() {
        assert!((evidence(0, 0, 0.1) - 1.0).abs() < 1e-12);
        assert!(evidence(10, 90, 0.1) < 1.0);
        assert!(evidence(500, 500, 0.5) < 1.0);
        assert!(evidence(0, 1000, 0.05) < 1e-6);
    }

    #[test]
    fn a_candidate_that_always_fails_is_found_in_a_few_requests() {
        assert!(evidence(2, 0, 0.05) < EVIDENCE && evidence(3, 0, 0.05) > EVIDENCE);
        assert!(evidence(6, 0, 0.2) > EVIDENCE);
        assert!(evidence(13, 0, 0.5) > EVIDENCE);
    }

    #[test]
    fn one_that_fails_somewhat_more_often_is_found_later() {
        // 3 % against 1 %, of 20,000 conversations at 5 %.
        assert!(evidence(30, 190, 0.05) > EVIDENCE);
        assert!(evidence(10, 190, 0.05) < 1.0);
    }
}
