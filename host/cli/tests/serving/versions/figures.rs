//! Figures with their limits, as a table on standard error. A debug build shows them only: the limits are of a release build on a
//! quiet machine (`cargo test --release -p quarry --test serving versions:: -- --include-ignored --nocapture --test-threads 1`).

use std::fmt::Display;
use std::time::Duration;

/// What was measured, and which limits were missed.
#[derive(Debug, Default)]
pub(super) struct Figures {
    missed: Vec<String>,
}

impl Figures {
    /// A figure without a limit.
    pub(super) fn told(&self, what: &str, measured: impl Display) {
        eprintln!("  {what:<66} {measured:>12}");
    }

    /// A time that has to be at most so long.
    pub(super) fn at_most(&mut self, what: &str, measured: Duration, limit: Duration) {
        let ratio = measured.as_secs_f64() / limit.as_secs_f64();
        let (measured, limit) = (milliseconds(measured), milliseconds(limit));
        let line = format!("{what:<66} {measured:>9} ms, limit {limit:>9} ms, {ratio:.2} of it");
        eprintln!("  {line}");
        if ratio > 1.0 {
            self.missed.push(line);
        }
    }

    /// Fails when a limit was missed.
    #[track_caller]
    pub(super) fn hold(self) {
        assert!(cfg!(debug_assertions) || self.missed.is_empty(), "{:#?}", self.missed);
    }
}

/// With two digits after the point.
fn milliseconds(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() * 1e3)
}

/// The time that so many in a hundred do not exceed.
pub(super) fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    times[(times.len() * percent / 100).min(times.len() - 1)]
}
