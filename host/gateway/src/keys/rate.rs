//! The rate limit of a key.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const MINUTE: Duration = Duration::from_secs(60);

/// A token bucket that holds a burst of requests and fills evenly: so many may come at once, and after that one more whenever
/// its share of the minute has passed. It is kept as the time at which the bucket would be full again (GCRA), so nothing must
/// run in the background.
#[derive(Debug, Default)]
pub(super) struct Rate {
    full_at: Mutex<Option<Instant>>,
}

impl Rate {
    /// Takes one request. None was taken where it fails, with the time until there is one.
    pub(super) fn take(&self, a_minute: u32, burst: u32, now: Instant) -> Result<(), Duration> {
        let share = MINUTE / a_minute.max(1);
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let from = full_at.map_or(now, |full_at| full_at.max(now));
        let then = from + share;
        match (then - now).checked_sub(share.saturating_mul(burst)) {
            None | Some(Duration::ZERO) => {
                *full_at = Some(then);
                Ok(())
            }
            Some(too_early) => Err(too_early),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{MINUTE, Rate};

    /// How many of `tries` are admitted at once.
    fn admitted(rate: &Rate, (a_minute, burst): (u32, u32), now: Instant, tries: usize) -> usize {
        (0..tries).filter(|_| rate.take(a_minute, burst, now).is_ok()).count()
    }

    #[test]
    fn a_minutes_requests_may_come_at_once_and_then_evenly() {
        let (rate, begin) = (Rate::default(), Instant::now());
        assert_eq!(admitted(&rate, (60, 60), begin, 100), 60);
        assert_eq!(rate.take(60, 60, begin), Err(Duration::from_secs(1)));
        assert_eq!(rate.take(60, 60, begin + Duration::from_millis(400)), Err(Duration::from_millis(600)));
        assert_eq!(admitted(&rate, (60, 60), begin + Duration::from_secs(1), 5), 1);
        assert_eq!(admitted(&rate, (60, 60), begin + Duration::from_secs(11), 50), 10);
        assert_eq!(admitted(&rate, (60, 60), begin + MINUTE * 60, 100), 60);
    }

    #[test]
    fn a_smaller_burst_bounds_the_first_minute() {
        let (rate, begin) = (Rate::default(), Instant::now());
        assert_eq!(admitted(&rate, (60, 5), begin, 100), 5);
        assert_eq!(rate.take(60, 5, begin), Err(Duration::from_secs(1)));
        let tries = (1..600).map(|tenth| begin + Duration::from_millis(100) * tenth);
        assert_eq!(tries.filter(|now| rate.take(60, 5, *now).is_ok()).count(), 59, "one a second");
        assert_eq!(admitted(&rate, (60, 5), begin + MINUTE * 60, 100), 5);
        // One that is larger than the minute's is full later.
        assert_eq!(admitted(&Rate::default(), (6, 10), begin, 100), 10);
    }

    #[test]
    fn a_wait_that_was_told_is_enough() {
        for a_minute in [1, 7, 59, 1_000_000] {
            let (rate, mut now) = (Rate::default(), Instant::now());
            while rate.take(a_minute, a_minute, now).is_ok() {}
            for _ in 0..100 {
                let wait = rate.take(a_minute, a_minute, now).expect_err("it is used up");
                assert!(wait <= MINUTE, "{wait:?}");
                now += wait;
                assert_eq!(rate.take(a_minute, a_minute, now), Ok(()), "{a_minute}");
            }
        }
    }

    #[test]
    fn a_smaller_limit_counts_what_was_used_under_the_larger_one() {
        let (rate, begin) = (Rate::default(), Instant::now());
        assert_eq!(admitted(&rate, (60, 60), begin, 30), 30);
        assert_eq!(admitted(&rate, (2, 2), begin, 30), 1);
    }
}
