//! Whether more requests fail than chance explains: Fisher's exact test, one-sided. It holds for small numbers too, where the
//! usual approximations do not.

use super::Ended;

/// How likely so many failures of the candidate, or more, would be if both versions failed equally often: given how many failed
/// of both together, and how many requests each had. From 0 to 1.
pub(super) fn chance_of_no_difference(candidate: Ended, serving: Ended) -> f64 {
    let failures = candidate.badly + serving.badly;
    let (mine, others) = (candidate.well + candidate.badly, serving.well + serving.badly);
    let of_all = ln_choose(mine + others, failures);
    let most = failures.min(mine);
    let mut chance = 0.0;
    for failed in candidate.badly..=most {
        // More failures of the candidate than there are others to have had the rest.
        let Some(rest) = failures.checked_sub(failed).filter(|rest| *rest <= others) else { continue };
        let this = (ln_choose(mine, failed) + ln_choose(others, rest) - of_all).exp();
        chance += this;
        // Behind the middle each is smaller than the previous one: what is left adds nothing.
        if this < chance * 1e-12 && failed * (mine + others) > failures * mine {
            break;
        }
    }
    chance.min(1.0)
}

fn ln_choose(from: u64, take: u64) -> f64 {
    ln_factorial(from) - ln_factorial(take) - ln_factorial(from - take)
}

/// The logarithm of `n!`: exact for small numbers, Stirling's series for others, whose error is below 1e-10 there.
fn ln_factorial(n: u64) -> f64 {
    if n < 16 {
        return (2..=n).map(|factor| as_float(factor).ln()).sum();
    }
    let n = as_float(n);
    n * n.ln() - n + 0.5 * (std::f64::consts::TAU * n).ln() + 1.0 / (12.0 * n) - 1.0 / (360.0 * n.powi(3))
}

#[expect(clippy::cast_precision_loss, reason = "no gateway has 2^53 requests, and the last digits do not matter")]
fn as_float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::super::Ended;
    use super::chance_of_no_difference;

    fn chance(candidate: (u64, u64), serving: (u64, u64)) -> f64 {
        let ended = |(well, badly)| Ended { well, badly };
        chance_of_no_difference(ended(candidate), ended(serving))
    }

    #[test]
    fn it_is_what_counting_by_hand_gives() {
        // 3 of 3, and 0 of 27: one way among the choices of 3 from 30.
        assert!((chance((0, 3), (27, 0)) - 1.0 / 4060.0).abs() < 1e-9);
        // The tea test: 3 of 4 right, or all.
        assert!((chance((1, 3), (3, 1)) - 17.0 / 70.0).abs() < 1e-9);
        assert!((chance((5, 0), (10, 3)) - 1.0).abs() < 1e-9);
        assert!((chance((0, 0), (0, 0)) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn large_numbers_have_an_answer_too() {
        let same = chance((99_000, 1_000), (990_000, 10_000));
        assert!((0.4..0.6).contains(&same), "{same}");
        assert!(chance((98_000, 2_000), (990_000, 10_000)) < 1e-9);
    }
}
