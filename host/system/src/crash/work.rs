//! For which version a thread works right now.

use std::cell::Cell;
use std::marker::PhantomData;

use crate::digest::Digest;

thread_local! {
    /// Without a destructor and with a constant beginning: reading it in a signal handler touches nothing but the thread's own memory.
    static WORK: Cell<Option<Digest>> = const { Cell::new(None) };
}

/// While this lives, this thread works for a version. It stays on its thread.
#[derive(Debug)]
pub struct Work {
    before: Option<Digest>,
    _of_this_thread: PhantomData<*const ()>,
}

/// Notes that this thread works for a version, until the guard is dropped: a call of its component, or what the host makes of the answer.
/// It costs some nanoseconds.
#[must_use]
pub fn work_for(version: Digest) -> Work {
    Work { before: WORK.replace(Some(version)), _of_this_thread: PhantomData }
}

impl Drop for Work {
    fn drop(&mut self) {
        WORK.set(self.before);
    }
}

/// The version that this thread works for; none between requests.
pub(super) fn current() -> Option<Digest> {
    WORK.get()
}

/// A future with all that it does, whenever it is polled, noted as work for a version.
pub async fn attributed<F: Future>(version: Digest, future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|context| {
        let _work = work_for(version);
        future.as_mut().poll(context)
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::{attributed, current, work_for};
    use crate::digest::Digest;

    #[tokio::test]
    async fn work_is_nested_and_ends_with_its_guard() {
        let (outer, inner) = (Digest::of(b"outer"), Digest::of(b"inner"));
        assert_eq!(current(), None);
        let worked = attributed(outer, async {
            let before = current();
            let within = {
                let _work = work_for(inner);
                current()
            };
            tokio::task::yield_now().await;
            (before, within, current())
        });
        assert_eq!(worked.await, (Some(outer), Some(inner), Some(outer)));
        assert_eq!(current(), None);
    }
}
