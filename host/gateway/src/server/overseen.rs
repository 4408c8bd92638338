//! The body of a streamed answer: it drives its own source, and an overseer ends the source when its time is over.
//!
//! The connection polls the body when it has room for more, so a client that reads slowly slows its source down and holds one
//! batch, not a queue; and a client that goes away drops the body, and with it the request to AWS. A client that opens no window
//! (HTTP/2) never has the body polled, so deadlines are the overseer's: a task that ends the source and gives back what it held,
//! whoever polls.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use crate::cut_short::{CutShort, Deadline};

/// How long the overseer waits for a poll of the answer that is going on.
const POLL_UNDER_WAY: Duration = Duration::from_millis(5);

/// What an answer breaks off with: the connection is closed before the body's end, so that nobody takes it for whole.
#[derive(Debug, thiserror::Error)]
#[error("the answer broke off upstream: {0}")]
pub(super) struct BrokenOff(pub(super) String);

/// Where the bytes of an answer are from.
pub(super) trait Source: Send + 'static {
    /// The next bytes; none after the last.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BrokenOff>>>;

    /// Whether the last bytes were given.
    fn is_over(&self) -> bool;

    /// Ends the answer before its time, and gives the last bytes of all, which say so. All that the answer held is given back.
    fn end(self, why: CutShort) -> Vec<u8>;
}

/// The body of a streamed answer.
pub(super) struct Overseen<S> {
    shared: Arc<Mutex<Shared<S>>>,
    _overseer: AbortOnDropHandle<()>,
}

/// What the connection and the overseer share. Both hold the lock for one poll only.
struct Shared<S> {
    /// None when the answer has ended, whether or not its end was taken.
    running: Option<S>,
    /// The end that the overseer wrote, for the next poll.
    end: Option<Vec<u8>>,
    /// When the client got the last bytes, while it has not polled again.
    given: Option<Instant>,
    /// The waker of the task that polls for the end.
    waker: Option<Waker>,
}

impl<S: Source> Overseen<S> {
    /// A body over a source, with a deadline. `stall` is how long the client may read nothing, `None` where the connection itself
    /// checks that.
    pub(super) fn over(running: S, deadline: Deadline, stall: Option<Duration>) -> Self {
        let shared = Shared { running: Some(running), end: None, given: Some(Instant::now()), waker: None };
        let shared = Arc::new(Mutex::new(shared));
        let overseer = tokio::spawn(oversee(Arc::clone(&shared), deadline, stall));
        Overseen { shared, _overseer: AbortOnDropHandle::new(overseer) }
    }
}

/// Ends an answer at its deadline, or when its client stops reading.
async fn oversee<S: Source>(shared: Arc<Mutex<Shared<S>>>, deadline: Deadline, stall: Option<Duration>) {
    let why = tokio::select! {
        why = deadline.passed() => why,
        () = stalled(&shared, stall) => CutShort::Stalled,
    };
    while !try_end(&shared, why) {
        tokio::time::sleep(POLL_UNDER_WAY).await;
    }
}

/// Ready when the client has read nothing for `stall`.
async fn stalled<S>(shared: &Mutex<Shared<S>>, stall: Option<Duration>) {
    let Some(stall) = stall else { return std::future::pending().await };
    let mut look = Instant::now() + stall;
    loop {
        tokio::time::sleep_until(look).await;
        // An answer that is being polled has a client that reads.
        let given = shared.try_lock().ok().and_then(|shared| shared.given);
        let now = Instant::now();
        match given.map(|given| given + stall) {
            Some(until) if until <= now => return,
            until => look = until.unwrap_or(now + stall),
        }
    }
}

/// Ends the answer, unless it is being polled just now: a poll may take as long as a call of the provider, and a worker is not to
/// wait for that.
fn try_end<S: Source>(shared: &Mutex<Shared<S>>, why: CutShort) -> bool {
    let mut shared = match shared.try_lock() {
        Ok(shared) => shared,
        Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        Err(TryLockError::WouldBlock) => return false,
    };
    if let Some(running) = shared.running.take() {
        shared.end = Some(running.end(why));
    }
    if let Some(waker) = shared.waker.take() {
        waker.wake();
    }
    true
}

impl<S: Source> Body for Overseen<S> {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.given = None;
        let polled = match &mut shared.running {
            Some(running) => running.poll(context),
            None => Poll::Ready(shared.end.take().filter(|end| !end.is_empty()).map(|end| Ok(end.into()))),
        };
        match &polled {
            Poll::Pending => match &mut shared.waker {
                Some(waker) => waker.clone_from(context.waker()),
                none => *none = Some(context.waker().clone()),
            },
            Poll::Ready(Some(Ok(_))) => shared.given = Some(Instant::now()),
            Poll::Ready(Some(Err(_)) | None) => shared.running = None,
        }
        polled.map(|bytes| bytes.map(|bytes| bytes.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        let shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = shared.running.as_ref().is_none_or(|running| running.is_over());
        is_over && shared.end.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}
