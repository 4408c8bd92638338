//! The tables, and what the limits make of them.

/// What was wrong with streams, and which limits were missed.
#[derive(Default)]
pub(crate) struct Report {
    missed: u32,
    wrong: Vec<String>,
}

impl Report {
    /// The heading of a part.
    pub(crate) fn part(&self, title: &str) {
        println!("\n{title}");
    }

    /// A figure with its limit: `measured` has to be at most `limit`.
    pub(crate) fn limited(&mut self, what: &str, measured: f64, limit: f64, unit: &str) {
        let kept = measured <= limit;
        self.missed += u32::from(!kept);
        let verdict = if kept { "pass" } else { "MISS" };
        println!("  {what:<58} {measured:>10.2} {unit:<4} limit {limit:>7.2} {unit:<4} {verdict}");
    }

    /// A figure with its limit: `measured` has to be at least `limit`.
    pub(crate) fn at_least(&mut self, what: &str, measured: f64, limit: f64) {
        let kept = measured >= limit;
        self.missed += u32::from(!kept);
        let verdict = if kept { "pass" } else { "MISS" };
        println!("  {what:<58} {measured:>10.0}      limit {limit:>7.0}      {verdict}");
    }

    /// A figure that has no limit.
    pub(crate) fn figure(&self, what: &str, measured: f64, unit: &str) {
        println!("  {what:<58} {measured:>10.2} {unit}");
    }

    /// Streams that did not go as they must.
    pub(crate) fn wrong(&mut self, what: String) {
        println!("  WRONG: {what}");
        self.wrong.push(what);
    }

    /// The verdict. Missed limits count when asked for: machines are noisy. Streams that went wrong count always.
    pub(crate) fn passed(&self, strict: bool) -> bool {
        let (wrong, missed) = (self.wrong.len(), self.missed);
        println!("\nloads with lost, reordered or wrongly ended streams: {wrong}; limits missed: {missed}");
        wrong == 0 && (missed == 0 || !strict)
    }
}
