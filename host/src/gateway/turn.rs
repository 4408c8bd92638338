//! One turn: a conversation in, deltas out.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, ready};
use std::time::Duration;

use bytes::Bytes;

use super::answer_size::AnswerSize;
use super::cut_short::CutShort;
use super::failures::{failed, failure_of, interrupted};
use super::provider_time::{self, ProviderTime};
use super::replay::Replay;
use super::rerun::{Fault, Reference, blame_without_rerun, rerun};
use super::strict_tools::is_invalid;
use super::worker::beside_the_worker;
use crate::aws::{Aws, ConverseRequest, Destination, EventStream, Received, Server};
use crate::blame::Blame;
use crate::capacity::Purpose;
use crate::contract::conversation::{Delta, Ending, Opening};
use crate::contract::types::{Failure, Model, NamedJson};
use crate::provider::{ProviderError, Session, TooLarge};
use crate::versions::recording::Tape;

/// Takes the deltas of a turn, in order. The last one is `done` or `error`, and comes exactly once.
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

/// Why a turn did not come to its end. What AWS or the model does wrong is not among it: that is a delta.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TurnError {
    /// The provider failed before anything was sent.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The provider has no room for the request.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    /// The deltas could not be handed on.
    #[error("the answer could not be handed on: {0}")]
    Sink(#[from] std::io::Error),
    /// The thread that prepares requests was stopped.
    #[error("the request could not be prepared: {0}")]
    Stopped(#[from] tokio::task::JoinError),
}

/// A request on its way.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The model to ask.
    pub model: Model,
    /// Where it goes.
    pub destination: Destination,
    /// The body, blobs in place.
    pub body: Bytes,
    /// `prepared.carry`.
    pub carry: Vec<u8>,
    /// `options.extras`, some of which are for the turn and not for the request.
    pub extras: Vec<NamedJson>,
    /// The longest silence.
    pub idle: Duration,
    /// What to ask in its place if it is refused as invalid.
    pub otherwise: Option<Box<Ask>>,
    /// The version that tells whose fault a failed call is; none outside a gateway.
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
    run_taped(session, aws, ask, abort, sink, None).await
}

/// [`run`], with what comes written down on a tape.
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
) -> Result<(), TurnError> {
    let mut abort = pin!(abort);
    let begun = tokio::select! {
        biased;
        () = &mut abort => Err(None),
        begun = Turn::begin_taped(session, aws, ask, tape) => begun.map_err(Some),
    };
    let mut turn = match begun {
        Ok(turn) => turn,
        Err(None) => return Ok(sink.take(&[failed(interrupted())])?),
        Err(Some(BeginError::Provider(fault))) => return Err((*fault.error).into()),
        Err(Some(BeginError::Refused(failure))) => return Ok(sink.take(&[failed(failure)])?),
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
            None => return Ok(()),
            Some(deltas) => sink.take(&deltas)?,
        }
    }
}

/// Why a turn did not begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BeginError {
    /// A call of the provider failed.
    #[error(transparent)]
    Provider(#[from] Fault),
    /// AWS refused the request, or could not be reached.
    #[error("{}", .0.message)]
    Refused(Failure),
}

/// An answer that is coming.
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
    /// Where what comes is written down.
    tape: Option<Box<dyn Tape>>,
}

impl Turn {
    /// Sends a request, and gives the turn as soon as the answer begins.
    ///
    /// # Errors
    /// When AWS refuses the request, explained by the provider, or the provider fails.
    pub async fn begin(session: Session, aws: &Aws, ask: Ask) -> Result<Self, BeginError> {
        Turn::begin_taped(session, aws, ask, None).await
    }

    /// [`Turn::begin`], with what comes written down on a tape.
    ///
    /// # Errors
    /// As [`Turn::begin`].
    pub async fn begin_taped(
        mut session: Session,
        aws: &Aws,
        ask: Ask,
        mut tape: Option<Box<dyn Tape>>,
    ) -> Result<Self, BeginError> {
        let Ask { model, destination, body, carry, extras, idle, otherwise, reference } = ask;
        let stream = match aws.converse_stream(ConverseRequest { destination, body }, idle).await {
            Ok(stream) => stream,
            Err(error) => {
                let (explained, _) =
                    provider_time::of_call(&mut session, "explain", 0, |session| session.explain(&error));
                let failure = explained.or_else(|failed| {
                    rerun(reference.as_ref(), &session, failed, |mut session| session.explain(&error))
                })?;
                if let Some(ask) = otherwise.filter(|_| is_invalid(&failure)) {
                    tracing::info!(
                        failure = failure.message,
                        "the request was refused; what it only wished for is given up"
                    );
                    return Box::pin(Turn::begin_taped(session, aws, *ask, tape)).await;
                }
                if let Some(tape) = &mut tape {
                    tape.refused(&error);
                }
                return Err(BeginError::Refused(failure));
            }
        };
        let request_id = stream.request_id().map(str::to_owned);
        let opening = Opening { model, carry, request_id, extras };
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
            tracing::warn!(%error, "the provider failed at the beginning of a turn; another instance tries");
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

    /// How long the provider took for the deltas that were given last.
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

    /// Ends the turn before its time. None are given when it has ended already.
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

    /// Confirms that the version is to blame for using up the stream's time: another one that is given the same does not.
    fn judge_time(&mut self) {
        let compared = Reference::compared(self.reference.as_ref());
        let (Some(error), Some((reference, seat))) = (self.time.take_too_slow(), compared) else { return };
        let (replayed, took) =
            beside_the_worker(|| provider_time::measured(|| self.replay.by_another_version(&seat.version.generation)));
        if matches!(replayed, Some(Ok(_))) && self.time.allows(took) {
            reference.confirm(self.session.generation(), &error);
        }
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

    /// What a call gave; after a failure what another instance gives that is brought to the same place, and `again` of it. Where
    /// that fails too, another version decides whose fault it is; it does not go on, because it may have given other deltas.
    fn recovered(
        &mut self,
        called: Result<Vec<Delta>, ProviderError>,
        again: impl Fn(&mut Session) -> Result<Vec<Delta>, ProviderError>,
    ) -> Result<Vec<Delta>, Fault> {
        let failed = match called {
            Ok(deltas) => return Ok(deltas),
            Err(error) => error,
        };
        let generation = Arc::clone(self.session.generation());
        let Some(replayed) = beside_the_worker(|| self.replay.replayed(&generation)) else {
            return Err(Fault::unconfirmed(failed));
        };
        tracing::warn!(error = %failed, "the provider failed during a turn; another instance continues it");
        let recovered = replayed.and_then(|(mut other, mut deltas)| {
            deltas.extend(again(&mut other)?);
            other.take_place_of(&mut self.session)?;
            Ok((other, deltas))
        });
        match recovered {
            Ok((other, deltas)) => {
                self.session = other;
                self.replay.saved();
                Ok(deltas)
            }
            Err(error) => Err(self.judged(error, again)),
        }
    }

    /// Whose fault it is that a turn failed, and failed again when it was replayed.
    fn judged(&self, error: ProviderError, again: impl Fn(&mut Session) -> Result<Vec<Delta>, ProviderError>) -> Fault {
        let Some((reference, seat)) = Reference::compared(self.reference.as_ref()) else {
            return Fault::unconfirmed(error);
        };
        if let Some(blame) = blame_without_rerun(&error) {
            return Fault::new(blame, error);
        }
        let other = beside_the_worker(|| {
            let replayed = self.replay.by_another_version(&seat.version.generation)?;
            Some(replayed.and_then(|mut session| again(&mut session)))
        });
        let Some(other) = other else { return Fault::unconfirmed(error) };
        match other {
            Ok(_) => {
                reference.confirm(self.session.generation(), &error);
                Fault::new(Blame::Provider, error)
            }
            Err(other) => Fault::new(blame_without_rerun(&other).unwrap_or(Blame::Upstream), error),
        }
    }
}
