//! The body of an answer as a list of steps, played while the connection asks for it: no task and no channel a stream.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::Sleep;

/// A step of an answer's body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// These bytes.
    Send(Bytes),
    /// A pause, which also brings what was sent before onto the wire.
    Wait(Duration),
    /// What was sent before goes onto the wire, so that the next bytes come in a read of their own.
    Flush,
    /// Nothing more, for ever.
    Hang,
    /// The connection is reset.
    Reset,
}

/// Told by a body, read by the socket: this connection ends with a TCP reset.
#[derive(Debug, Clone, Default)]
pub(crate) struct ResetSwitch(Arc<AtomicBool>);

impl ResetSwitch {
    /// The connection is to be reset.
    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether the connection is to be reset.
    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// The body of an answer.
#[derive(Debug)]
pub(crate) struct ScriptBody {
    steps: VecDeque<Step>,
    length: Option<u64>,
    pause: Option<Pin<Box<Sleep>>>,
    flushed: bool,
    switch: ResetSwitch,
}

/// The script said that the connection is to break here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the simulated connection is reset")]
pub(crate) struct ConnectionReset;

impl ScriptBody {
    /// A body of known length: it has a `Content-Length`.
    pub(crate) fn whole(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Self { length: Some(length), ..Self::played(vec![Step::Send(bytes)], ResetSwitch::default()) }
    }

    /// A body that is played: it comes in chunks.
    pub(crate) fn played(steps: Vec<Step>, switch: ResetSwitch) -> Self {
        Self { steps: steps.into(), length: None, pause: None, flushed: false, switch }
    }
}

impl Body for ScriptBody {
    type Data = Bytes;
    type Error = ConnectionReset;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ConnectionReset>>> {
        loop {
            if let Some(pause) = &mut self.pause {
                match pause.as_mut().poll(context) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(()) => self.pause = None,
                }
            }
            match self.steps.pop_front() {
                None => return Poll::Ready(None),
                Some(Step::Send(bytes)) if bytes.is_empty() => {}
                Some(Step::Send(bytes)) => return Poll::Ready(Some(Ok(Frame::data(bytes)))),
                Some(Step::Wait(pause)) => self.pause = Some(Box::pin(tokio::time::sleep(pause))),
                Some(Step::Flush) if self.flushed => self.flushed = false,
                Some(Step::Flush) => {
                    // Pending once: the connection flushes what it has, and asks again.
                    self.flushed = true;
                    self.steps.push_front(Step::Flush);
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Some(Step::Hang) => {
                    // Nobody wakes this: the connection's end drops it.
                    self.steps.push_front(Step::Hang);
                    return Poll::Pending;
                }
                Some(Step::Reset) => {
                    self.switch.set();
                    return Poll::Ready(Some(Err(ConnectionReset)));
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.steps.is_empty() && self.pause.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.length.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
