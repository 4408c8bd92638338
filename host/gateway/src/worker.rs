//! Work that takes its time, on the workers that all streams share or beside them.

use std::sync::LazyLock;
use std::thread::available_parallelism;

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::Semaphore;

use super::refusal::{Refusal, RefusalKind};
use crate::provider::Session;

/// The longest body of a request, in bytes, that is read and prepared on the async worker itself: each takes half a millisecond at
/// most, and a usual request takes less than going to another thread and back.
pub(super) const IN_PLACE: usize = 16 << 10;

/// Large bodies that are read at once: they get half of the processors together.
static READING: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(half_of_the_processors()));

/// A call of the provider on a worker. One of a version that failed not long ago runs beside it: several streams that it holds up
/// at once would else have every worker, one after the other, for longer than a single call may take.
pub(super) fn watched<T>(session: &mut Session, call: impl FnOnce(&mut Session) -> T) -> T {
    let lately = session.generation().faults().lately();
    if lately { beside_the_worker(|| call(session)) } else { call(session) }
}

/// Runs what may take the time of a call once more: a worker that was held up for as long already hands its other tasks on first.
/// A runtime of one thread has nobody to hand them to.
pub(super) fn beside_the_worker<T>(run: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(run),
        _ => run(),
    }
}

/// Half of the processors, and one at least.
pub(super) fn half_of_the_processors() -> usize {
    available_parallelism().map_or(1, |processors| processors.get().div_ceil(2))
}

/// Reads something of a body that is large, or becomes so, on another thread, as soon as there is a share of the processors for it.
///
/// # Errors
/// When reading panics.
pub(super) async fn read_beside<T: Send + 'static>(read: impl FnOnce() -> T + Send + 'static) -> Result<T, Refusal> {
    // The semaphore is never closed. A client that goes away leaves the thread reading, so the thread holds the share.
    let share = READING.acquire().await;
    let reading = tokio::task::spawn_blocking(move || {
        let _share = share;
        read()
    });
    reading.await.map_err(|error| Refusal::new(RefusalKind::Internal, error.to_string()))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::read_beside;

    #[tokio::test]
    async fn a_large_body_holds_no_worker_up() {
        let (tell, told) = mpsc::channel();
        // The runtime of this test has one thread, so the second is reached only if the first does not hold it.
        let reading = read_beside(move || told.recv_timeout(Duration::from_secs(60)));
        let (read, sent) = tokio::join!(reading, async { tell.send("served") });
        sent.expect("it is read");
        assert_eq!(read.expect("it does not panic"), Ok("served"));
    }
}
