//! Calls of the provider on the workers that all streams share.

use tokio::runtime::{Handle, RuntimeFlavor};

use crate::provider::Session;

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
