//! A stream that passes through: whole frames, byte for byte.

use std::task::{Context, Poll, ready};

use bytes::Bytes;

use super::super::activity::UnderWay;
use super::super::admission::Admission;
use super::super::overseen::{BrokenOff, Source};
use super::usage::Progress;
use crate::aws::frames;
use crate::aws::{EventStream, Received};
use crate::contract::conversation::{Delta, Ending, MessageType, TurnFailure};
use crate::contract::no_details;
use crate::contract::types::{ApiError, Failure, FailureKind};
use crate::crash::work_for;
use crate::cut_short::CutShort;
use crate::failures;
use crate::telemetry::Observation;

/// The exception with which the gateway ends a stream: in every stream of Bedrock's runtime, and retryable for the SDKs.
const ENDED: &str = "serviceUnavailableException";

/// A stream under way, with all that it holds.
pub(super) struct Relay {
    stream: EventStream,
    progress: Progress,
    /// What the request was, for the provider's explanation of an exception.
    asked: ApiError,
    observation: Observation,
    admission: Admission,
    /// Keeps the connection from being taken for idle.
    _under_way: Option<UnderWay>,
    /// Why the stream breaks off, with the next poll.
    broken: Option<BrokenOff>,
    is_over: bool,
}

impl Relay {
    /// Passes a stream on. `asked` is an error of this request without anything that came back.
    pub(super) fn new(
        mut stream: EventStream,
        asked: ApiError,
        observation: Observation,
        admission: Admission,
        under_way: Option<UnderWay>,
    ) -> Self {
        stream.keep_verbatim();
        let progress = Progress::default();
        Relay { stream, progress, asked, observation, admission, _under_way: under_way, broken: None, is_over: false }
    }

    /// Records the failure of the stream, with the counts that came before it.
    fn failed(&mut self, failure: Failure) {
        let (usage, details) = (self.progress.usage(), no_details());
        let failed = TurnFailure { failure, raw_stop_reason: None, usage, details };
        self.observation.took(&[Delta::Error(failed)]);
    }

    /// What an exception in the stream means, by the provider's table.
    fn explained(&self, name: &str, payload: &[u8]) -> Failure {
        let message = serde_json::from_slice::<serde_json::Value>(payload).ok();
        let message = message.and_then(|body| Some(body.get("message")?.as_str()?.to_owned()));
        let error = ApiError {
            code: Some(name.to_owned()),
            message: message.or_else(|| Some(String::from_utf8_lossy(payload).into_owned())),
            request_id: self.stream.request_id().map(str::to_owned),
            ..self.asked.clone()
        };
        let Admission { seat, permit, .. } = &self.admission;
        let explained = seat.version.generation.session_of(permit).and_then(|mut session| session.explain(&error));
        explained.unwrap_or_else(|error| failures::provider_failure(&error, None))
    }

    /// The end of the stream, as AWS ended it.
    fn ended(&mut self, ending: &Ending) -> Option<Result<Bytes, BrokenOff>> {
        let request_id = self.stream.request_id().map(str::to_owned);
        let broken = |kind, message: String| failures::failure(kind, message, None, request_id.as_deref());
        if let Some((name, payload)) = self.progress.exception() {
            // The client has the exception, so it may end in good order.
            let failure = self.explained(name, payload);
            self.failed(failure);
            return None;
        }
        let reason = match ending {
            Ending::Complete => match self.progress.done() {
                Some(done) => {
                    self.observation.took(&[done]);
                    return None;
                }
                None => "the stream has no end".to_owned(),
            },
            Ending::Idle(milliseconds) => {
                let message = format!("nothing came from AWS for {milliseconds} ms");
                self.failed(broken(FailureKind::Timeout, message.clone()));
                return Some(Ok(exception(&message).into()));
            }
            Ending::Damaged(reason) | Ending::Broken(reason) | Ending::Limited(reason) => reason.clone(),
            Ending::Aborted => "the request was aborted".to_owned(),
        };
        let kind = if matches!(ending, Ending::Damaged(_)) { FailureKind::Damaged } else { FailureKind::Truncated };
        self.failed(broken(kind, reason.clone()));
        Some(Err(BrokenOff(reason)))
    }
}

impl Source for Relay {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BrokenOff>>> {
        if self.is_over {
            return Poll::Ready(self.broken.take().map(Err));
        }
        let _work = work_for(self.admission.seat.version.digest());
        let ending = match ready!(self.stream.poll_receive(context)) {
            Received::Frames(batch) => {
                self.progress.read(batch);
                self.observation.relayed(batch.frames.len());
                self.admission.live.deltas(batch.frames.len());
                let frames = self.stream.take_verbatim();
                self.observation.sent(frames.len());
                return Poll::Ready(Some(Ok(frames)));
            }
            Received::Ended(ending) => ending,
        };
        self.is_over = true;
        match self.ended(&ending) {
            Some(Err(broken)) => {
                // The connection writes what it has while nothing is ready. With the error it drops what it has not written.
                self.broken = Some(broken);
                context.waker().wake_by_ref();
                Poll::Pending
            }
            ended => Poll::Ready(ended),
        }
    }

    fn is_over(&self) -> bool {
        self.is_over && self.broken.is_none()
    }

    fn end(mut self, why: CutShort) -> Vec<u8> {
        let failure = why.failure(self.stream.request_id());
        let frame = exception(&failure.message);
        // A client that stopped reading counts as one that closed the connection: nothing failed.
        if why != CutShort::Stalled {
            self.failed(failure);
        }
        frame
    }
}

/// The frame of an exception of the gateway's own.
fn exception(message: &str) -> Vec<u8> {
    let mut frame = Vec::new();
    let payload = serde_json::json!({ "message": message }).to_string();
    // The name fits into a header, so there is nothing that could fail.
    let _ = frames::encode(&MessageType::Exception, ENDED, payload.as_bytes(), &mut frame);
    frame
}
