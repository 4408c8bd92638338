//! One turn: a conversation in, deltas out.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;

use crate::aws::{Aws, ConverseRequest, Received};
use crate::contract::config::Settings;
use crate::contract::conversation::{Context, Delta, Ending, Opening, Options, Prepared, Problem, TurnFailure};
use crate::contract::types::{ApiError, ApiStage, Failure, FailureKind, Model, Usage, UsageCost};
use crate::provider::{ProviderError, Session};

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
    /// The deltas could not be handed on.
    #[error("the answer could not be handed on: {0}")]
    Sink(#[from] std::io::Error),
    /// The thread that prepares requests was stopped.
    #[error("the request could not be prepared: {0}")]
    Stopped(#[from] tokio::task::JoinError),
}

/// What to prepare a request from.
#[derive(Debug)]
pub struct Prepare {
    /// The configuration.
    pub settings: Settings,
    /// The model to ask.
    pub model: Model,
    /// The conversation.
    pub context: Context,
    /// How to ask.
    pub options: Options,
}

/// A request on its way.
#[derive(Debug)]
pub struct Ask {
    /// The model to ask.
    pub model: Model,
    /// `prepared.model-id`.
    pub model_id: String,
    /// `prepared.region`.
    pub region: String,
    /// The body, blobs in place.
    pub body: Bytes,
    /// `prepared.carry`.
    pub carry: Vec<u8>,
    /// The longest silence.
    pub idle: Duration,
}

/// Has the provider prepare a request. A long history takes milliseconds, so this leaves the async worker.
///
/// # Errors
/// When the provider traps or takes too long. Problems of the request are the inner result.
pub async fn prepare(
    mut session: Session,
    asked: Prepare,
) -> Result<(Session, Prepare, Result<Prepared, Vec<Problem>>), TurnError> {
    tokio::task::spawn_blocking(move || {
        let prepared = session.prepare(&asked.settings, &asked.model, &asked.context, &asked.options)?;
        Ok((session, asked, prepared))
    })
    .await?
}

/// Sends a request and hands the answer's deltas to the sink as they come. When `abort` is ready first, the request is
/// cancelled and the turn ends as aborted, with what came kept.
///
/// # Errors
/// When the sink fails, or the provider fails before the turn is open. A provider that fails later is an `error` delta.
pub async fn run(
    session: &mut Session,
    aws: &Aws,
    ask: Ask,
    abort: impl Future<Output = ()>,
    sink: &mut impl Sink,
) -> Result<(), TurnError> {
    let Ask { model, model_id, region, body, carry, idle } = ask;
    let mut abort = pin!(abort);
    let request = ConverseRequest { model_id: model_id.clone(), region: region.clone(), body };
    let begun = tokio::select! {
        biased;
        () = &mut abort => Err(aborted(model_id, region)),
        begun = aws.converse_stream(request, idle) => begun,
    };
    let mut stream = match begun {
        Ok(stream) => stream,
        Err(error) => {
            let failure = session.explain(&error)?;
            return Ok(sink.take(&[failed(failure)])?);
        }
    };
    let request_id = stream.request_id().map(str::to_owned);
    session.open_turn(&Opening { model, carry, request_id: request_id.clone(), extras: Vec::new() })?;
    loop {
        let received = tokio::select! {
            biased;
            () = &mut abort => Received::Ended(Ending::Aborted),
            received = stream.receive() => received,
        };
        let ended = matches!(received, Received::Ended(_));
        let translated = match received {
            Received::Frames(batch) => session.push(batch),
            Received::Ended(ending) => session.finish(&ending),
        };
        let deltas = translated.unwrap_or_else(|error| vec![failed(provider_failure(&error, request_id.as_deref()))]);
        sink.take(&deltas)?;
        if ended || matches!(deltas.last(), Some(Delta::Error(_))) {
            return Ok(());
        }
    }
}

fn aborted(model_id: String, region: String) -> ApiError {
    ApiError {
        operation: "ConverseStream".to_owned(),
        model_id: Some(model_id),
        region: Some(region),
        stage: ApiStage::Aborted,
        status: None,
        code: None,
        message: None,
        request_id: None,
        retry_after: None,
    }
}

/// The terminal delta of a turn that failed before or beside the provider's own translation.
fn failed(failure: Failure) -> Delta {
    let cost = UsageCost { input: 0.0, output: 0.0, cache_read: 0.0, cache_write: 0.0, total: 0.0 };
    let usage = Usage { input: 0, output: 0, cache_read: 0, cache_write: 0, cache_write_long: 0, total: 0, cost };
    Delta::Error(TurnFailure { failure, raw_stop_reason: None, usage, extras: Vec::new() })
}

fn provider_failure(error: &ProviderError, request_id: Option<&str>) -> Failure {
    Failure {
        kind: FailureKind::Other("provider".to_owned()),
        message: error.to_string(),
        hint: Some("this is a bug of the provider component, not of the request or of AWS".to_owned()),
        retryable: false,
        retry_after_ms: None,
        code: None,
        status: None,
        request_id: request_id.map(str::to_owned),
        suggestions: Vec::new(),
    }
}
