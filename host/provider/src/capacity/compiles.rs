//! Compilations of components: one at a time.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, TryLockError};
use std::thread;
use std::time::Duration;

/// How often it is looked whether another compilation is over.
const LOOK: Duration = Duration::from_millis(5);

/// Bounds and counts compilations. A compiler takes up to four cores and three gigabytes, which two at once would take from the requests.
#[derive(Debug, Default)]
pub struct Compiles {
    turn: Mutex<()>,
    waiting: AtomicUsize,
    running: AtomicUsize,
    begun: AtomicU64,
}

/// A compilation; over when this is dropped.
#[derive(Debug)]
pub struct Compile<'a> {
    compiles: &'a Compiles,
    _turn: MutexGuard<'a, ()>,
}

impl Compiles {
    /// Waits on this thread until no other compilation runs; `None` where it is cancelled meanwhile.
    pub fn begin(&self, is_cancelled: impl Fn() -> bool) -> Option<Compile<'_>> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let turn = self.wait(is_cancelled);
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        let turn = turn?;
        self.running.fetch_add(1, Ordering::Relaxed);
        self.begun.fetch_add(1, Ordering::Relaxed);
        Some(Compile { compiles: self, _turn: turn })
    }

    fn wait(&self, is_cancelled: impl Fn() -> bool) -> Option<MutexGuard<'_, ()>> {
        loop {
            match self.turn.try_lock() {
                Ok(turn) => return Some(turn),
                Err(TryLockError::Poisoned(turn)) => return Some(turn.into_inner()),
                Err(TryLockError::WouldBlock) if is_cancelled() => return None,
                Err(TryLockError::WouldBlock) => thread::sleep(LOOK),
            }
        }
    }

    /// Compilations that wait for their turn.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Compilations under way: one at most.
    #[must_use]
    pub fn running(&self) -> usize {
        self.running.load(Ordering::Relaxed)
    }

    /// Compilations that were begun.
    #[must_use]
    pub fn begun(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }
}

impl Drop for Compile<'_> {
    fn drop(&mut self) {
        self.compiles.running.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Duration;

    use super::Compiles;

    #[test]
    fn one_compiles_and_the_others_wait() {
        let compiles = Compiles::default();
        let never = || false;
        let first = compiles.begin(never);
        thread::scope(|scope| {
            let others: Vec<_> = (0..3)
                .map(|_| scope.spawn(|| compiles.begin(never).map(|compile| compile.compiles.running())))
                .collect();
            while compiles.waiting() < 3 {
                thread::sleep(Duration::from_millis(1));
            }
            assert_eq!((compiles.running(), compiles.begun()), (1, 1));
            assert!(compiles.begin(|| true).is_none(), "who is cancelled waits for nothing");
            drop(first);
            for other in others {
                assert_eq!(other.join().expect("it ends"), Some(1), "each was alone");
            }
        });
        assert_eq!((compiles.running(), compiles.waiting(), compiles.begun()), (0, 0, 4));
    }
}
