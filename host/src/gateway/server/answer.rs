//! A streamed answer: the response's body drives its own turn.
//!
//! The connection polls the body when it has room for more, so a client that reads slowly slows its turn down and holds one
//! batch, not a queue; and a client that goes away drops the body, and with it the request to AWS.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::StatusCode;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep};
use tokio_util::sync::WaitForCancellationFutureOwned;

use super::admission::Admission;
use crate::crash::work_for;
use crate::gateway::begin::{Begun, NotBegun};
use crate::gateway::cut_short::{CutShort, Deadline};
use crate::gateway::turn::Turn;
use crate::gateway::wire::{Head, Writer};
use crate::telemetry::Observation;

/// An answer that may still have to begin.
pub(super) type Beginning = Pin<Box<dyn Future<Output = Result<Begun, (NotBegun, Observation)>> + Send>>;

/// What a stream is bounded by.
#[derive(Debug)]
pub(super) struct Bounds {
    /// After how long a silence something is sent all the same.
    pub(super) keep_alive: Duration,
    /// Until when the answer may go on.
    pub(super) deadline: Deadline,
}

/// The body of a streamed answer.
pub(super) struct Answer {
    state: State,
    head: Head,
    writer: Box<dyn Writer>,
    bounds: Bounds,
    cut_off: Pin<Box<WaitForCancellationFutureOwned>>,
    /// Fires when the silence, or the answer, may have lasted too long. It is set again when it fires and not with every
    /// frame: arming a timer for each event costs more than the event.
    alarm: Pin<Box<Sleep>>,
    last_sent: Instant,
    admission: Admission,
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
    ) -> Self {
        Answer::new(State::Begun(Box::new(begun)), head, writer, bounds, admission)
    }

    /// An answer that lets itself be waited for. A failure from now on is an event of the stream.
    pub(super) fn beginning(
        beginning: Beginning,
        head: Head,
        writer: Box<dyn Writer>,
        bounds: Bounds,
        admission: Admission,
    ) -> Self {
        Answer::new(State::Beginning(beginning), head, writer, bounds, admission)
    }

    fn new(state: State, head: Head, writer: Box<dyn Writer>, bounds: Bounds, admission: Admission) -> Self {
        let now = Instant::now();
        let alarm = Box::pin(tokio::time::sleep_until(alarm_at(&bounds, now)));
        let cut_off = Box::pin(bounds.deadline.cut_off.clone().cancelled_owned());
        Answer { state, head, writer, bounds, cut_off, alarm, last_sent: now, admission }
    }

    /// The next bytes. None are ready while nothing comes.
    fn poll_bytes(&mut self, context: &mut Context<'_>) -> Poll<Option<Vec<u8>>> {
        loop {
            match &mut self.state {
                State::Ended => return Poll::Ready(None),
                State::Begun(_) => {
                    let State::Begun(begun) = std::mem::replace(&mut self.state, State::Ended) else { continue };
                    let Begun { turn, first, model, observation } = *begun;
                    self.head.model = model;
                    self.writer.begin(&self.head);
                    self.admission.live.deltas(first.len());
                    self.state = State::Streaming(Box::new((turn, observation)));
                    let mut out = Vec::with_capacity(512);
                    self.writer.events(&first, &mut out);
                    if !out.is_empty() {
                        return Poll::Ready(Some(out));
                    }
                }
                State::Beginning(beginning) => match beginning.as_mut().poll(context) {
                    Poll::Ready(Ok(begun)) => self.state = State::Begun(Box::new(begun)),
                    Poll::Ready(Err((not_begun, mut observation))) => {
                        let refusal = not_begun.refusal();
                        // The headers went out, so this is what the client and whatever stands between here and there saw.
                        let (status, word) = (StatusCode::OK.as_u16(), refusal.kind.word());
                        observation.refused(status, word, &refusal.message, refusal.blame);
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

    /// While nothing comes: whether the gateway ends it, it lasts too long, or something has to be sent so that nobody takes
    /// the connection for dead.
    fn poll_silence(&mut self, context: &mut Context<'_>) -> Poll<Option<Vec<u8>>> {
        if self.cut_off.as_mut().poll(context).is_ready() {
            return Poll::Ready(Some(self.end(self.bounds.deadline.cut_off_by())));
        }
        loop {
            if self.alarm.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            let now = Instant::now();
            if self.bounds.deadline.until.is_some_and(|until| until <= now) {
                return Poll::Ready(Some(self.end(CutShort::TooLong)));
            }
            let silent = now.duration_since(self.last_sent) >= self.bounds.keep_alive;
            let last = if silent { now } else { self.last_sent };
            self.alarm.as_mut().reset(alarm_at(&self.bounds, last));
            if silent {
                return Poll::Ready(Some(self.writer.keep_alive().to_vec()));
            }
        }
    }

    /// Ends the stream before its time, with an error event.
    fn end(&mut self, why: CutShort) -> Vec<u8> {
        let mut out = Vec::new();
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Streaming(mut streaming) => {
                let (turn, observation) = &mut *streaming;
                let deltas = turn.cut_short(why);
                observation.deltas(&deltas, turn.provider_time());
                self.writer.events(&deltas, &mut out);
            }
            State::Beginning(_) | State::Begun(_) => {
                self.writer.begin(&self.head);
                self.writer.events(&[crate::gateway::failures::failed(why.failure(None))], &mut out);
            }
            State::Ended => {}
        }
        out
    }
}

fn alarm_at(bounds: &Bounds, last_sent: Instant) -> Instant {
    let keep_alive = last_sent + bounds.keep_alive;
    bounds.deadline.until.map_or(keep_alive, |until| until.min(keep_alive))
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let answer = &mut *self;
        let _work = work_for(answer.admission.seat.version.digest());
        // An answer that never pauses has to be bounded too.
        if answer.bounds.deadline.until.is_some_and(|until| answer.last_sent >= until)
            && !matches!(answer.state, State::Ended)
        {
            let out = answer.end(CutShort::TooLong);
            return Poll::Ready(Some(Ok(Frame::data(out.into()))));
        }
        answer.poll_bytes(context).map(|bytes| {
            let bytes = bytes?;
            answer.last_sent = Instant::now();
            Some(Ok(Frame::data(bytes.into())))
        })
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.state, State::Ended)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}
