//! Counters of a version's failed calls and confirmed faults.

use std::collections::{HashSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Confirmed faults that are remembered, at most.
const KEPT: usize = 1000;

/// The number of turns for which a version is watched after a failed call.
const LATELY: u64 = 1000;

/// Counts the turns of a version, its calls that failed, and those of them that were confirmed to be its fault. A failed call
/// alone says nothing: a client may have sent what no version can handle, or the machine may have been busy.
#[derive(Debug, Default)]
pub struct Faults {
    turns: AtomicU64,
    failed_calls: AtomicU64,
    /// How many turns there had been when a call failed last, and one more; 0 before that.
    failed_last: AtomicU64,
    confirmed: AtomicU64,
    recent: Mutex<VecDeque<Confirmed>>,
}

#[derive(Debug, Clone, Copy)]
struct Confirmed {
    /// How many turns there had been.
    turn: u64,
    /// What identifies the input that the version failed on.
    input: u64,
}

/// Confirmed faults of a version within its last turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FaultCount {
    /// All of them.
    pub faults: u64,
    /// The different inputs that they happened on.
    pub inputs: u64,
}

impl Faults {
    /// Counts a turn that begins.
    pub fn turn(&self) {
        self.turns.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a failed call, whoever is to blame.
    pub(super) fn failed(&self) {
        self.failed_calls.fetch_add(1, Ordering::Relaxed);
        self.failed_last.store(self.turns() + 1, Ordering::Relaxed);
    }

    /// Counts a confirmed fault: another version handled the same input. `input` identifies the input.
    pub fn confirm(&self, input: u64) {
        let fault = Confirmed { turn: self.turns(), input };
        let mut recent = self.recent();
        if recent.len() == KEPT {
            recent.pop_front();
        }
        recent.push_back(fault);
        self.confirmed.fetch_add(1, Ordering::Relaxed);
    }

    /// Resets all counters.
    pub fn forget(&self) {
        self.recent().clear();
        for count in [&self.turns, &self.failed_calls, &self.failed_last, &self.confirmed] {
            count.store(0, Ordering::Relaxed);
        }
    }

    /// The number of started turns.
    #[must_use]
    pub fn turns(&self) -> u64 {
        self.turns.load(Ordering::Relaxed)
    }

    /// The number of failed calls: traps, deadlines, exceeded limits.
    #[must_use]
    pub fn failed_calls(&self) -> u64 {
        self.failed_calls.load(Ordering::Relaxed)
    }

    /// The number of confirmed faults.
    #[must_use]
    pub fn confirmed(&self) -> u64 {
        self.confirmed.load(Ordering::Relaxed)
    }

    /// Whether a call failed recently, so that further calls are watched.
    #[must_use]
    pub fn lately(&self) -> bool {
        let last = self.failed_last.load(Ordering::Relaxed);
        last > 0 && self.turns() + 1 < last + LATELY
    }

    /// The confirmed faults within the version's last `turns` turns.
    #[must_use]
    pub fn within(&self, turns: u64) -> FaultCount {
        let since = self.turns().saturating_sub(turns);
        let recent = self.recent();
        let counted = || recent.iter().filter(|fault| fault.turn > since || since == 0);
        let inputs: HashSet<u64> = counted().map(|fault| fault.input).collect();
        let count = |count| u64::try_from(count).unwrap_or(u64::MAX);
        FaultCount { faults: count(counted().count()), inputs: count(inputs.len()) }
    }

    fn recent(&self) -> MutexGuard<'_, VecDeque<Confirmed>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{FaultCount, Faults};

    #[test]
    fn confirmed_faults_of_the_last_turns_count_by_their_inputs() {
        let faults = Faults::default();
        faults.confirm(1);
        (0..100).for_each(|_| faults.turn());
        faults.confirm(2);
        faults.confirm(2);
        assert_eq!(faults.within(50), FaultCount { faults: 2, inputs: 1 });
        assert_eq!(faults.within(1000), FaultCount { faults: 3, inputs: 2 });
        assert_eq!(faults.confirmed(), 3);
    }

    #[test]
    fn a_failed_call_alone_is_nobodys_fault() {
        let faults = Faults::default();
        faults.failed();
        assert_eq!((faults.failed_calls(), faults.confirmed()), (1, 0));
        assert_eq!(faults.within(1000), FaultCount::default());
    }

    #[test]
    fn what_is_forgotten_counts_no_more() {
        let faults = Faults::default();
        (0..10).for_each(|_| faults.turn());
        faults.failed();
        faults.confirm(1);
        faults.forget();
        assert_eq!((faults.turns(), faults.failed_calls(), faults.confirmed(), faults.lately()), (0, 0, 0, false));
        faults.turn();
        faults.confirm(1);
        assert_eq!(faults.within(1000), FaultCount { faults: 1, inputs: 1 });
    }

    #[test]
    fn what_failed_is_watched_for_a_while() {
        let faults = Faults::default();
        assert!(!faults.lately());
        (0..10).for_each(|_| faults.turn());
        faults.failed();
        assert!(faults.lately());
        (1..super::LATELY).for_each(|_| faults.turn());
        assert!(faults.lately());
        (0..1).for_each(|_| faults.turn());
        assert!(!faults.lately());
    }
}
