//! How often a version of a provider failed.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Faults that are remembered, at most.
const KEPT: usize = 1000;

/// A version that failed within so many of its last turns is watched.
const LATELY: u64 = 1000;

/// Counts the turns of a version and what went wrong in it: traps, deadlines, broken bounds. A fault costs a lock; a turn
/// without one does not.
#[derive(Debug, Default)]
pub struct Faults {
    turns: AtomicU64,
    faults: AtomicU64,
    recent: Mutex<VecDeque<Fault>>,
}

#[derive(Debug, Clone, Copy)]
struct Fault {
    /// How many turns there had been.
    turn: u64,
    /// Whether a caller felt it.
    lost: bool,
}

/// How often a version failed within its last turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FaultCount {
    /// Faults that a caller did not feel, or not yet: the turn was replayed.
    pub faults: u64,
    /// Faults that ended a turn, or kept one from beginning.
    pub lost: u64,
}

impl Faults {
    pub(super) fn turn(&self) {
        self.turns.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts as many turns at once, for tests that have no session.
    #[cfg(test)]
    pub(crate) fn begun(&self, turns: u64) {
        self.turns.fetch_add(turns, Ordering::Relaxed);
    }

    pub(super) fn fault(&self) {
        self.note(false);
    }

    /// Notes that a fault was felt by a caller.
    pub fn lost(&self) {
        self.note(true);
    }

    /// Forgets all of it: from now on the version counts as new.
    pub fn forget(&self) {
        let mut recent = self.recent.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        recent.clear();
        self.turns.store(0, Ordering::Relaxed);
        self.faults.store(0, Ordering::Relaxed);
    }

    fn note(&self, lost: bool) {
        self.faults.fetch_add(1, Ordering::Relaxed);
        let fault = Fault { turn: self.turns(), lost };
        let mut recent = self.recent.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if recent.len() == KEPT {
            recent.pop_front();
        }
        recent.push_back(fault);
    }

    /// Turns that were begun.
    #[must_use]
    pub fn turns(&self) -> u64 {
        self.turns.load(Ordering::Relaxed)
    }

    /// Grows with each fault, and with each that was felt, until it is forgotten. Nothing happened while it stays the same.
    #[must_use]
    pub fn noted(&self) -> u64 {
        self.faults.load(Ordering::Relaxed)
    }

    /// Whether it failed not long ago: what failed once may fail again, and is better watched.
    #[must_use]
    pub fn lately(&self) -> bool {
        // The lock is for those that ever failed.
        self.noted() > 0 && self.within(LATELY) != FaultCount::default()
    }

    /// How often it failed within its last `turns` turns.
    #[must_use]
    pub fn within(&self, turns: u64) -> FaultCount {
        let since = self.turns().saturating_sub(turns);
        let recent = self.recent.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut count = FaultCount::default();
        for fault in recent.iter().filter(|fault| fault.turn > since || since == 0) {
            match fault.lost {
                true => count.lost += 1,
                false => count.faults += 1,
            }
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::{FaultCount, Faults};

    #[test]
    fn faults_of_the_last_turns_count() {
        let faults = Faults::default();
        faults.fault();
        for _ in 0..100 {
            faults.turn();
        }
        faults.fault();
        faults.lost();
        assert_eq!(faults.within(50), FaultCount { faults: 1, lost: 1 });
        assert_eq!(faults.within(1000), FaultCount { faults: 2, lost: 1 });
        assert_eq!(faults.noted(), 3);
    }

    #[test]
    fn what_is_forgotten_counts_no_more() {
        let faults = Faults::default();
        faults.begun(10);
        faults.lost();
        faults.forget();
        assert_eq!((faults.turns(), faults.noted(), faults.lately()), (0, 0, false));
        faults.turn();
        faults.lost();
        assert_eq!(faults.within(1000), FaultCount { faults: 0, lost: 1 });
    }

    #[test]
    fn what_failed_is_watched_for_a_while() {
        let faults = Faults::default();
        assert!(!faults.lately());
        faults.begun(10);
        faults.fault();
        assert!(faults.lately());
        faults.begun(super::LATELY - 1);
        assert!(faults.lately());
        faults.begun(1);
        assert!(!faults.lately());
    }
}
