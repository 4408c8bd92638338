//! One turn: a conversation in, deltas out.

mod recovery;

use std::future::Future;
use std::pin::pin;
use std::task::{Context as TaskContext, Poll, ready};
use std::time::Duration;

use bytes::Bytes;

use super::answer_size::AnswerSize;
use super::cut_short::CutShort;
use super::failures::{failed, failure_of, interrupted};
use super::provider_time::{self, ProviderTime};
use super::replay::Replay;
use super::rerun::{Fault, Reference, rerun};
use super::worker::beside_the_worker;
use crate::aws::{Aws, ConverseRequest, Destination, EventStream, Received, Server};
use crate::blame::Blame;
use crate::capacity::Purpose;
use crate::contract::conversation::{Delta, Ending, Opening};
use crate::contract::types::{Failure, Model};
use crate::provider::{ProviderError, Session, TooLarge};
use quarry_versions::recording::Tape;

/// Receives the deltas of a turn, in order. The last one is `done` or `error`, exactly once.
pub trait Sink {
    /// Takes the deltas of one read.
    ///
    /// # Errors
    /// When the other side is gone: the turn is given up then.
    fn take(&mut self, deltas: &[Delta]) -> std::io::Result<()>;
}

impl<F: FnMut(&[Delta]) -> std::io::Result<()>> Sink for F {
    fn take(&mut self, deltas: &[Delta]) -> std::io::Result<()> {
        self(deltas)
    }
}

/// Why a turn did not end. Errors of AWS or the model are deltas instead.
#[derive(Debug, thiserror::Error)]
pub enum TurnError {
    /// The provider failed before anything was sent.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The request does not fit into the provider's memory.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    /// The deltas could not be delivered.
    #[error("the answer could not be delivered: {0}")]
    Sink(#[from] std::io::Error),
    /// The thread that prepares requests was stopped.
    #[error("the request could not be prepared: {0}")]
    Stopped(#[from] tokio::task::JoinError),
}

/// A prepared request.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The model to ask.
    pub model: Model,
    /// Its destination.
    pub destination: Destination,
    /// The body, blobs in place.
    pub body: Bytes,
    /// `prepared.carry`.
    pub carry: Vec<u8>,
    /// The kinds of the provider's notices: what it changed in the request.
    pub changes: Vec<String>,
    /// The longest silence.
    pub idle: Duration,
    /// The reference version for failed calls; `None` outside a gateway.
    pub reference: Option<Reference>,
}

/// Sends a request and hands the answer's deltas to the sink as they come. When `abort` is ready first, the request is
/// cancelled and the turn ends as aborted, with what came kept.
///
/// # Errors
/// When the sink fails, or the provider fails before the turn is open. A provider that fails later is an `error` delta.
pub async fn run(
    session: Session,
    aws: &Aws,
    ask: Ask,
    abort: impl Future<Output = ()>,
    sink: &mut impl Sink,
) -> Result<(), TurnError> {
    match run_taped(session, aws, ask, abort, sink, None).await? {
        None => Ok(()),
        Some(failure) => Ok(sink.take(&[failed(failure)])?),
    }
}

/// [`run`], with what comes recorded on a tape. Gives the failure of a request that AWS refused: the sink got nothing of it.
///
/// # Errors
/// As [`run`].
pub async fn run_taped(
    session: Session,
    aws: &Aws,
    ask: Ask,
    abort: impl Future<Output = ()>,
    sink: &mut impl Sink,
    tape: Option<Box<dyn Tape>>,
) -> Result<Option<Failure>, TurnError> {
    let mut abort = pin!(abort);
    let begun = tokio::select! {
        biased;
        () = &mut abort => Err(None),
        begun = Turn::begin_taped(session, aws, ask, tape) => begun.map_err(Some),
    };
    let mut turn = match begun {
        Ok(turn) => turn,
        Err(None) => {
            sink.take(&[failed(interrupted())])?;
            return Ok(None);
        }
        Err(Some(BeginError::Provider(fault))) => return Err((*fault.error).into()),
        Err(Some(BeginError::Refused(failure))) => return Ok(Some(failure)),
    };
    let mut aborted = false;
    loop {
        let deltas = tokio::select! {
            biased;
            () = &mut abort, if !aborted => {
                aborted = true;
                Some(turn.end(&Ending::Aborted))
            }
            deltas = std::future::poll_fn(|context| turn.poll_deltas(context)) => deltas,
        };
        match deltas {
            None => return Ok(None),
            Some(deltas) => sink.take(&deltas)?,
        }
    }
}

/// Why a turn did not start.
#[derive(Debug, thiserror::Error)]
pub enum BeginError {
    /// A call of the provider failed.
    #[error(transparent)]
    Provider(#[from] Fault),
    /// AWS refused the request, or could not be reached.
    #[error("{}", .0.message)]
    Refused(Failure),
}

/// A turn under way.
#[derive(Debug)]
pub struct Turn {
    session: Session,
    stream: EventStream,
    replay: Replay,
    reference: Option<Reference>,
    size: AnswerSize,
    /// What the provider may use up.
    time: ProviderTime,
    /// Whether `done` or `error` was given.
    ended: bool,
    /// Time that the provider took for the last deltas.
    provider_time: Duration,
    /// Where what comes is recorded.
    tape: Option<Box<dyn Tape>>,
}

impl Turn {
    /// Sends a request, and returns the turn when the answer starts.
    ///
    /// # Errors
    /// When AWS refuses the request, explained by the provider, or the provider fails.
    pub async fn begin(session: Session, aws: &Aws, ask: Ask) -> Result<Self, BeginError> {
        Turn::begin_taped(session, aws, ask, None).await
    }

    /// [`Turn::begin`], with what comes recorded on a tape.
    ///
    /// # Errors
    /// As [`Turn::begin`].
    pub async fn begin_taped(
        mut session: Session,
        aws: &Aws,
        ask: Ask,
        mut tape: Option<Box<dyn Tape>>,
    ) -> Result<Self, BeginError> {
        let Ask { model, destination, body, carry, changes: _, idle, reference } = ask;
        let stream = match aws.converse_stream(ConverseRequest { destination, body }, idle).await {
            Ok(stream) => stream,
            Err(error) => {
                let (explained, _) =
                    provider_time::of_call(&mut session, "explain", 0, |session| session.explain(&error));
                let failure = explained.or_else(|failed| {
                    rerun(reference.as_ref(), &session, failed, |mut session| session.explain(&error))
                })?;
                if let Some(tape) = &mut tape {
                    tape.refused(&error);
                }
                return Err(BeginError::Refused(failure));
            }
        };
        let request_id = stream.request_id().map(str::to_owned);
        let opening = Opening { model, carry, request_id };
        let open = |session: &mut Session| {
            provider_time::of_call(session, "turn", opening.carry.len(), |session| session.open_turn(&opening))
        };
        let (opened, too_slow) = open(&mut session);
        if let Some(error) = too_slow
            && let Some((reference, seat)) = Reference::compared(reference.as_ref())
            && let Ok((Ok(()), None)) = beside_the_worker(|| {
                seat.version.generation.session_for(Purpose::Rerun).map(|mut other| open(&mut other))
            })
        {
            reference.confirm(session.generation(), &error);
        }
        if let Err(error) = opened {
            tracing::warn!(%error, "the provider failed at the start of a turn; another instance repeats the call");
            let mut other = rerun(reference.as_ref(), &session, error, |mut session| {
                session.open_turn(&opening)?;
                Ok(session)
            })?;
            other.take_place_of(&mut session).map_err(Fault::unconfirmed)?;
            session = other;
        }
        if let Some(tape) = &mut tape {
            tape.opened(&opening);
        }
        let replay = Replay::new(opening);
        let (size, provider_time) = (AnswerSize::default(), Duration::ZERO);
        let time = ProviderTime::default();
        Ok(Turn { session, stream, replay, reference, size, time, ended: false, provider_time, tape })
    }

    /// AWS's id of the request.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.stream.request_id()
    }

    /// The server that answers.
    #[must_use]
    pub fn server(&self) -> Option<&Server> {
        self.stream.server()
    }

    /// The provider's time for the last returned deltas.
    #[must_use]
    pub fn provider_time(&self) -> Duration {
        self.provider_time
    }

    /// The deltas of the next read; none after the last. The last one of all is `done` or `error`. There may be no deltas
    /// in what is given.
    pub fn poll_deltas(&mut self, context: &mut TaskContext<'_>) -> Poll<Option<Vec<Delta>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let received = ready!(self.stream.poll_receive(context));
        match (&mut self.tape, &received) {
            (Some(tape), Received::Frames(batch)) => tape.frames(batch),
            (Some(tape), Received::Ended(ending)) => tape.ended(ending),
            (None, _) => {}
        }
        let began = std::time::Instant::now();
        let (translated, over) = match received {
            Received::Frames(batch) => {
                self.replay.keep(batch);
                let given = (batch.frames.len(), batch.bytes.len());
                let pushed = self.time.of_stream(&mut self.session, "push", given, |session| session.push(batch));
                (self.recovered(pushed, |_| Ok(Vec::new())), false)
            }
            Received::Ended(ending) => (self.finish(&ending), true),
        };
        let deltas = self.given(translated, over, began);
        self.judge_time();
        Poll::Ready(Some(if self.size.is_over_with(&deltas) { self.too_large() } else { deltas }))
    }

    /// Ends an answer that is larger than one may be, in place of the deltas that make it so.
    fn too_large(&mut self) -> Vec<Delta> {
        if self.ended {
            return vec![failed(CutShort::TooLarge.failure(self.request_id()))];
        }
        self.cut_short(CutShort::TooLarge)
    }

    /// Ends the turn early. Returns its last deltas, none if it has ended already.
    pub fn end(&mut self, ending: &Ending) -> Vec<Delta> {
        if self.ended {
            return Vec::new();
        }
        if let Some(tape) = &mut self.tape {
            tape.ended(ending);
        }
        let began = std::time::Instant::now();
        let translated = self.finish(ending);
        self.given(translated, true, began)
    }

    /// Ends the turn because the gateway does: what came is kept, and the error says why there is no more.
    pub(super) fn cut_short(&mut self, why: CutShort) -> Vec<Delta> {
        let mut deltas = self.end(&Ending::Limited(why.words().to_owned()));
        if let Some(Delta::Error(failed)) = deltas.last_mut() {
            // The provider knows limits of one kind, and would advise to ask for less.
            failed.failure = why.failure(self.request_id());
        }
        deltas
    }

    fn given(&mut self, translated: Result<Vec<Delta>, Fault>, over: bool, began: std::time::Instant) -> Vec<Delta> {
        self.provider_time = began.elapsed();
        let mut deltas = translated.unwrap_or_else(|fault| vec![failed(failure_of(&fault, self.request_id()))]);
        self.replay.given(deltas.len());
        let ends = matches!(deltas.last(), Some(Delta::Done(_) | Delta::Error(_)));
        if over && !ends {
            let provider = self.session.generation().name().to_owned();
            // It broke the contract by itself: no input excuses that.
            let error = ProviderError::Unended { provider };
            if let Some(reference) = &self.reference {
                reference.confirm(self.session.generation(), &error);
            }
            deltas.push(failed(failure_of(&Fault::new(Blame::Provider, error), self.request_id())));
        }
        self.ended = over || ends;
        deltas
    }

    fn finish(&mut self, ending: &Ending) -> Result<Vec<Delta>, Fault> {
        let finished = self.time.of_stream(&mut self.session, "finish", (0, 0), |session| session.finish(ending));
        self.recovered(finished, |session| session.finish(ending))
    }
}
