//! A streamed answer of a wire format: the turn's deltas, rendered as events.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::StatusCode;
use tokio::time::{Instant, Sleep};

use super::activity::UnderWay;
use super::admission::Admission;
use super::overseen::{BrokenOff, Overseen, Source};
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

/// The body of a streamed answer.
pub(super) type Answer = Overseen<Running>;

/// An answer that goes on, with all that it holds.
pub(super) struct Running {
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
        Overseen::over(running, deadline, stall)
    }
}

impl Source for Running {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BrokenOff>>> {
        let _work = work_for(self.admission.seat.version.digest());
        let polled = self.poll_bytes(context);
        if matches!(polled, Poll::Ready(Some(_))) {
            self.last_sent = Instant::now();
        }
        polled.map(|bytes| bytes.map(|bytes| Ok(bytes.into())))
    }

    fn is_over(&self) -> bool {
        matches!(self.state, State::Ended)
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

impl Running {
    /// The next bytes. None are ready while nothing comes.
    fn poll_bytes(&mut self, context: &mut Context<'_>) -> Poll<Option<Vec<u8>>> {
        loop {
            match &mut self.state {
                State::Ended => return Poll::Ready(None),
                State::Begun(_) => {
                    let State::Begun(begun) = std::mem::replace(&mut self.state, State::Ended) else { continue };
                    let Begun { turn, first, ask, mut observation } = *begun;
                    ask.destination.model_id().clone_into(&mut self.head.model);
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
}
