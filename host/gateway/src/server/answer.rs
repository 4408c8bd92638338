//! A streamed answer: the response's body drives its own turn, and an overseer ends the turn when its time is over.
//!
//! The connection polls the body when it has room for more, so a client that reads slowly slows its turn down and holds one
//! batch, not a queue; and a client that goes away drops the body, and with it the request to AWS. A client that opens no window
//! (HTTP/2) never has the body polled, so deadlines are the overseer's: a task that ends the turn and gives back what it held,
//! whoever polls.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use hyper::StatusCode;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep};
use tokio_util::task::AbortOnDropHandle;

use super::activity::UnderWay;
use super::admission::Admission;
use crate::begin::{Begun, NotBegun};
use crate::crash::work_for;
use crate::cut_short::{CutShort, Deadline};
use crate::telemetry::Observation;
use crate::turn::Turn;
use crate::wire::{Head, Writer};

/// An answer, begun or not.
pub(super) type Beginning = Pin<Box<dyn Future<Output = Result<Begun, (NotBegun, Observation)>> + Send>>;

/// The time limits of a stream.
#[derive(Debug)]
pub(super) struct Bounds {
    /// After how much silence a keep-alive is sent.
    pub(super) keep_alive: Duration,
    /// The deadline of the answer.
    pub(super) deadline: Deadline,
    /// How long the client may read nothing. `None` where the connection itself checks that, as HTTP/1.1 does.
    pub(super) stall: Option<Duration>,
}

/// How long the overseer waits for a poll of the answer that is going on.
const POLL_UNDER_WAY: Duration = Duration::from_millis(5);

/// The body of a streamed answer.
pub(super) struct Answer {
    shared: Arc<Mutex<Shared>>,
    _overseer: AbortOnDropHandle<()>,
}

/// What the connection and the overseer share. Both hold the lock for one poll only.
struct Shared {
    /// None when the answer has ended, whether or not its end was taken.
    running: Option<Running>,
    /// The end that the overseer wrote, for the next poll.
    end: Option<Vec<u8>>,
    /// When the client got the last bytes, while it has not polled again.
    given: Option<Instant>,
    /// The waker of the task that polls for the end.
    waker: Option<Waker>,
}

/// An answer that goes on, with all that it holds.
struct Running {
    state: State,
    head: Head,
    writer: Box<dyn Writer>,
    keep_alive: Duration,
    /// Fires when the silence may have lasted too long. It is set again when it fires and not with every frame: arming a timer for
    /// each event costs more than the event.
    alarm: Pin<Box<Sleep>>,
    last_sent: Instant,
    admission: Admission,
    /// Keeps the connection from being taken for idle.
    _under_way: Option<UnderWay>,
}

enum State {
    /// Nothing came so far; the client has the headers already.
    Beginning(Beginning),
    /// Deltas that are to be sent first, then the rest.
    Begun(Box<Begun>),
    Streaming(Box<(Turn, Observation)>),
    Ended,
}

impl Answer {
    /// An answer whose first deltas are there.
    pub(super) fn begun(
        begun: Begun,
        head: Head,
        writer: Box<dyn Writer>,
        bounds: Bounds,
        admission: Admission,
        under_way: Option<UnderWay>,
    ) -> Self {
        Answer::new(State::Begun(Box::new(begun)), head, writer, bounds, admission, under_way)
    }

    /// An answer without content so far. A failure from now on is an event of the stream.
    pub(super) fn beginning(
        beginning: Beginning,
        head: Head,
        writer: Box<dyn Writer>,
        bounds: Bounds,
        admission: Admission,
        under_way: Option<UnderWay>,
    ) -> Self {
        Answer::new(State::Beginning(beginning), head, writer, bounds, admission, under_way)
    }

    fn new(
        state: State,
        head: Head,
        writer: Box<dyn Writer>,
        bounds: Bounds,
        admission: Admission,
        under_way: Option<UnderWay>,
    ) -> Self {
        let Bounds { keep_alive, deadline, stall } = bounds;
        let last_sent = Instant::now();
        let alarm = Box::pin(tokio::time::sleep_until(last_sent + keep_alive));
        let running = Running { state, head, writer, keep_alive, alarm, last_sent, admission, _under_way: under_way };
        let shared = Shared { running: Some(running), end: None, given: Some(last_sent), waker: None };
        let shared = Arc::new(Mutex::new(shared));
        let overseer = tokio::spawn(oversee(Arc::clone(&shared), deadline, stall));
        Answer { shared, _overseer: AbortOnDropHandle::new(overseer) }
    }
}

/// Ends an answer at its deadline, or when its client stops reading.
async fn oversee(shared: Arc<Mutex<Shared>>, deadline: Deadline, stall: Option<Duration>) {
    let why = tokio::select! {
        why = deadline.passed() => why,
        () = stalled(&shared, stall) => CutShort::Stalled,
    };
    while !try_end(&shared, why) {
        tokio::time::sleep(POLL_UNDER_WAY).await;
    }
}

/// Ready when the client has read nothing for `stall`.
async fn stalled(shared: &Mutex<Shared>, stall: Option<Duration>) {
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
fn try_end(shared: &Mutex<Shared>, why: CutShort) -> bool {
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

impl Running {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Vec<u8>>> {
        let _work = work_for(self.admission.seat.version.digest());
        let polled = self.poll_bytes(context);
        if matches!(polled, Poll::Ready(Some(_))) {
            self.last_sent = Instant::now();
        }
        polled
    }

    /// The next bytes. None are ready while nothing comes.
    fn poll_bytes(&mut self, context: &mut Context<'_>) -> Poll<Option<Vec<u8>>> {
        loop {
            match &mut self.state {
                State::Ended => return Poll::Ready(None),
                State::Begun(_) => {
                    let State::Begun(begun) = std::mem::replace(&mut self.state, State::Ended) else { continue };
                    let Begun { turn, first, model, mut observation } = *begun;
                    self.head.model = model;
                    self.writer.begin(&self.head);
                    self.admission.live.deltas(first.len());
                    let mut out = Vec::with_capacity(512);
                    self.writer.events(&first, &mut out);
                    observation.sent(out.len());
                    self.state = State::Streaming(Box::new((turn, observation)));
                    if !out.is_empty() {
                        return Poll::Ready(Some(out));
                    }
                }
                State::Beginning(beginning) => match beginning.as_mut().poll(context) {
                    Poll::Ready(Ok(begun)) => self.state = State::Begun(Box::new(begun)),
                    Poll::Ready(Err((not_begun, observation))) => {
                        let not_begun = self.admission.suggesting(not_begun, &self.head.model);
                        // The headers went out, so this is what the client and whatever stands between here and there saw.
                        drop(not_begun.observed(observation, Some(StatusCode::OK)));
                        self.state = State::Ended;
                        self.writer.begin(&self.head);
                        let mut out = Vec::new();
                        self.writer.events(&[not_begun.delta()], &mut out);
                        return Poll::Ready(Some(out));
                    }
                    Poll::Pending => return self.poll_silence(context),
                },
                State::Streaming(streaming) => {
                    let (turn, observation) = &mut **streaming;
                    match turn.poll_deltas(context) {
                        Poll::Ready(None) => self.state = State::Ended,
                        Poll::Ready(Some(deltas)) => {
                            let mut out = Vec::with_capacity(256 + 160 * deltas.len());
                            observation.deltas(&deltas, turn.provider_time());
                            self.admission.live.deltas(deltas.len());
                            self.writer.events(&deltas, &mut out);
                            observation.sent(out.len());
                            if !out.is_empty() {
                                return Poll::Ready(Some(out));
                            }
                        }
                        Poll::Pending => return self.poll_silence(context),
                    }
                }
            }
        }
    }

    /// While nothing comes: whether something must be sent so that nobody takes the connection for dead.
    fn poll_silence(&mut self, context: &mut Context<'_>) -> Poll<Option<Vec<u8>>> {
        loop {
            if self.alarm.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            let now = Instant::now();
            let silent = now.duration_since(self.last_sent) >= self.keep_alive;
            let last = if silent { now } else { self.last_sent };
            self.alarm.as_mut().reset(last + self.keep_alive);
            if silent {
                return Poll::Ready(Some(self.writer.keep_alive().to_vec()));
            }
        }
    }

    /// Ends the stream before its time: the error event that says so. All that the answer held is given back.
    fn end(mut self, why: CutShort) -> Vec<u8> {
        let _work = work_for(self.admission.seat.version.digest());
        let mut out = Vec::new();
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Streaming(mut streaming) => {
                let (turn, observation) = &mut *streaming;
                let deltas = turn.cut_short(why);
                // A client that stopped reading counts as one that closed the connection: nothing failed.
                if why != CutShort::Stalled {
                    observation.deltas(&deltas, turn.provider_time());
                }
                self.writer.events(&deltas, &mut out);
            }
            State::Beginning(_) | State::Begun(_) => {
                self.writer.begin(&self.head);
                self.writer.events(&[crate::failures::failed(why.failure(None))], &mut out);
            }
            State::Ended => {}
        }
        out
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.given = None;
        let polled = match &mut shared.running {
            Some(running) => running.poll(context),
            None => Poll::Ready(shared.end.take().filter(|end| !end.is_empty())),
        };
        match &polled {
            Poll::Pending => match &mut shared.waker {
                Some(waker) => waker.clone_from(context.waker()),
                none => *none = Some(context.waker().clone()),
            },
            Poll::Ready(Some(_)) => shared.given = Some(Instant::now()),
            Poll::Ready(None) => shared.running = None,
        }
        polled.map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes.into()))))
    }

    fn is_end_stream(&self) -> bool {
        let shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = shared.running.as_ref().is_none_or(|running| matches!(running.state, State::Ended));
        is_over && shared.end.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}
