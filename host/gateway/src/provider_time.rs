//! What a provider may use up. A call that stays below its deadline can still hold a worker for a hundred thousand times as long as
//! it needs: a budget of processor time for each stream, and for each call beside it, says what is too much.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use super::worker::{beside_the_worker, half_of_the_processors, watched};
use crate::provider::{ProviderError, Session};

/// Time that every stream and every other call has.
const ONCE: Duration = Duration::from_millis(50);

/// Time for each event. The built-in provider takes 1 to 16 µs, the most where each event comes by itself.
const PER_EVENT: Duration = Duration::from_micros(100);

/// Time for each byte. The built-in provider takes 5 to 30 ns of a request, of a large event and of the arguments of a tool.
const PER_BYTE: Duration = Duration::from_micros(1);

/// The processor time that the provider used for one stream, and its budget.
#[derive(Debug)]
pub(super) struct ProviderTime {
    used: Duration,
    allowed: Duration,
    is_reported: bool,
    /// The report, until somebody takes it.
    too_slow: Option<ProviderError>,
}

impl Default for ProviderTime {
    fn default() -> Self {
        ProviderTime { used: Duration::ZERO, allowed: ONCE, is_reported: false, too_slow: None }
    }
}

impl ProviderTime {
    /// A call of a stream that is given so many events and bytes. Where the provider uses up the stream's time, that is reported, and
    /// the stream's calls wait for their share of the processors, beside the workers, until there is time again.
    pub(super) fn of_stream<T>(
        &mut self,
        session: &mut Session,
        call: &'static str,
        (events, bytes): (usize, usize),
        run: impl FnOnce(&mut Session) -> T,
    ) -> T {
        let is_over = self.used > self.allowed;
        self.allowed += times(PER_EVENT, events) + times(PER_BYTE, bytes);
        let (given, took) = if is_over {
            in_its_share(|| measured(|| run(session)))
        } else {
            watched(session, |session| measured(|| run(session)))
        };
        // A call that was stopped at its deadline has failed, and is counted for that.
        if session.is_usable() {
            self.used += took;
        }
        if self.used > self.allowed && !self.is_reported {
            self.is_reported = true;
            self.too_slow = Some(session.generation().took_too_long(call, self.used, self.allowed));
        }
        given
    }

    /// That the stream's time is used up; once.
    pub(super) fn take_too_slow(&mut self) -> Option<ProviderError> {
        self.too_slow.take()
    }

    /// Whether a version that takes so long for the whole stream until now is in time.
    pub(super) fn allows(&self, took: Duration) -> bool {
        took <= self.allowed
    }
}

/// A call besides those of a stream that comes, which is given so many bytes; and the report where it takes too long for them.
pub(super) fn of_call<T>(
    session: &mut Session,
    call: &'static str,
    bytes: usize,
    run: impl FnOnce(&mut Session) -> T,
) -> (T, Option<ProviderError>) {
    watched(session, |session| in_time(session, call, bytes, run))
}

/// A call that is given so many bytes, wherever it runs; and the report where it takes too long for them.
pub(super) fn in_time<T>(
    session: &mut Session,
    call: &'static str,
    bytes: usize,
    run: impl FnOnce(&mut Session) -> T,
) -> (T, Option<ProviderError>) {
    let allowed = ONCE + times(PER_BYTE, bytes);
    let (given, took) = measured(|| run(session));
    let too_slow =
        (took > allowed && session.is_usable()).then(|| session.generation().took_too_long(call, took, allowed));
    (given, too_slow)
}

/// A run that takes less than this by the wall clock was hardly interrupted, and that clock needs no system call.
const SHORT: Duration = Duration::from_micros(200);

/// Runs something, and gives the processor time that it took, or a little more.
pub(super) fn measured<T>(run: impl FnOnce() -> T) -> (T, Duration) {
    let (began, before) = (Instant::now(), processor_time());
    let given = run();
    let elapsed = began.elapsed();
    (given, if elapsed < SHORT { elapsed } else { processor_time().saturating_sub(before) })
}

/// The processor time of this thread.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    // Both are positive: the clock counts from the start of the thread.
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

fn times(each: Duration, count: usize) -> Duration {
    each.saturating_mul(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Streams that used up their time have half of the processors together.
static SHARE: Share = Share { taken: Mutex::new(0), given_back: Condvar::new() };

struct Share {
    taken: Mutex<usize>,
    given_back: Condvar,
}

/// Runs something beside the worker, as soon as the share has room.
fn in_its_share<T>(run: impl FnOnce() -> T) -> T {
    struct Part;

    impl Drop for Part {
        fn drop(&mut self) {
            *SHARE.taken.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
            SHARE.given_back.notify_one();
        }
    }

    beside_the_worker(|| {
        let most = half_of_the_processors();
        let taken = SHARE.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken =
            SHARE.given_back.wait_while(taken, |taken| *taken >= most).unwrap_or_else(PoisonError::into_inner);
        *taken += 1;
        drop(taken);
        let _part = Part;
        run()
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn the_share_is_half_of_the_processors() {
        let most = half_of_the_processors();
        let (running, highest) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    in_its_share(|| {
                        highest.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::sleep(Duration::from_millis(20));
                        running.fetch_sub(1, Ordering::SeqCst);
                    });
                });
            }
        });
        assert_eq!(highest.into_inner(), most);
    }

    #[test]
    fn waiting_is_no_processor_time() {
        let ((), slept) = measured(|| std::thread::sleep(Duration::from_millis(50)));
        assert!(slept < Duration::from_millis(25), "{slept:?}");
    }
}
