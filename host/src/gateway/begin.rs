//! From a request to the first delta of its answer: preparing, sending, trying again, falling back.
//!
//! Until the first piece of content came, nobody has seen anything of an answer, so a request that failed for the moment is sent
//! again, and then to the next model. After that never: only the caller knows what a repetition means.

use std::sync::Arc;
use std::time::Duration;

use super::cut_short::Deadline;
use super::effective::Effective;
use super::listeners::{Heard, Listeners, Preparing};
use super::models;
use super::refusal::{Refusal, RefusalKind};
use super::strict_tools::{is_invalid, without_preferred_strictness};
use super::turn::{self, Ask, BeginError, Prepare, Turn, TurnError};
use super::wire::Asked;
use crate::config::gateway::RetryConfig;
use crate::contract::conversation::{Context, Delta, Message, Options, Problem};
use crate::contract::types::{Failure, FailureKind, Model, Notice};
use crate::pi::blobs;
use crate::provider::{Generation, ProviderError};
use crate::telemetry::{Answering, Observation};

/// Whose messages are replayed as its own.
const PROVIDER: &str = "amazon-bedrock";
const API: &str = "bedrock-converse-stream";

/// An answer that has begun.
#[derive(Debug)]
pub(crate) struct Begun {
    /// The rest of it.
    pub(crate) turn: Turn,
    /// The deltas up to the first content, in order; perhaps the whole answer.
    pub(crate) first: Vec<Delta>,
    /// The model that answers.
    pub(crate) model: String,
    /// Who observes the request.
    pub(crate) observation: Observation,
}

/// Why an answer did not begin.
#[derive(Debug)]
pub(crate) enum NotBegun {
    /// The request cannot be put to the model.
    Refused(Refusal),
    /// AWS, the model or the provider failed, at the last attempt with the last model.
    Failed(Failure),
}

impl NotBegun {
    /// For a client that has not been sent anything.
    pub(crate) fn refusal(&self) -> Refusal {
        match self {
            NotBegun::Refused(refusal) => refusal.clone(),
            NotBegun::Failed(failure) => Refusal::from(failure),
        }
    }

    /// For a client whose stream is open already.
    pub(crate) fn delta(self) -> Delta {
        turn::failed(match self {
            NotBegun::Failed(failure) => failure,
            NotBegun::Refused(refusal) => {
                let kind = match refusal.kind {
                    RefusalKind::Invalid => FailureKind::Validation,
                    RefusalKind::NotFound => FailureKind::ModelNotFound,
                    RefusalKind::Timeout => FailureKind::Timeout,
                    RefusalKind::ShuttingDown => FailureKind::Overloaded,
                    _ => FailureKind::Other("gateway".to_owned()),
                };
                Failure { retryable: refusal.retryable, ..turn::failure(kind, refusal.message, None, None) }
            }
        })
    }
}

/// The longest body of a request, in bytes, that is prepared on the async worker itself: that takes half a millisecond at most,
/// and a usual request takes less than going to another thread and back. Longer ones leave the worker: a long history takes
/// milliseconds.
const PREPARED_IN_PLACE: usize = 16 << 10;

/// What a request is begun with.
pub(crate) struct Beginning {
    /// The provider.
    pub(crate) generation: Arc<Generation>,
    /// The configuration that it came under, whatever is loaded since.
    pub(crate) effective: Arc<Effective>,
    /// What is asked.
    pub(crate) asked: Asked,
    /// Bytes of the request's body.
    pub(crate) size: usize,
    /// The models to ask, in order; not empty.
    pub(crate) chain: Vec<Model>,
    /// Who observes the request.
    pub(crate) observation: Observation,
    /// Until when an answer may go on.
    pub(crate) deadline: Deadline,
    /// Who gets what the request is given too.
    pub(crate) listeners: Listeners,
}

/// Begins an answer.
///
/// # Errors
/// With the failure of the last attempt. The observation comes back with it.
pub(crate) async fn begin(beginning: Beginning) -> Result<Begun, (NotBegun, Observation)> {
    let Beginning { generation, effective, asked, size, chain, mut observation, deadline, listeners } = beginning;
    let begun = tokio::select! {
        biased;
        begun = ask_chain(&generation, &effective, asked, size, chain, &mut observation, &listeners) => begun,
        why = deadline.passed() => Err(NotBegun::Refused(why.refusal())),
    };
    match begun {
        Ok((turn, first, model)) => Ok(Begun { turn, first, model, observation }),
        Err(not_begun) => Err((not_begun, observation)),
    }
}

/// Asks one model after the other.
async fn ask_chain(
    generation: &Arc<Generation>,
    effective: &Effective,
    asked: Asked,
    size: usize,
    chain: Vec<Model>,
    observation: &mut Observation,
    listeners: &Listeners,
) -> Result<(Turn, Vec<Delta>, String), NotBegun> {
    let retry = &effective.configuration.gateway.retry;
    let mut last = NotBegun::Refused(Refusal::new(RefusalKind::Internal, "no model was asked"));
    let mut context = asked.context;
    let mut from: Option<String> = None;
    for model in chain {
        match &from {
            None => observation.asks(&model.id),
            Some(from) => observation.fell_back(from, &model.id),
        }
        let settings = &effective.configuration.settings;
        let options = &asked.options;
        let heard =
            listeners.hear(&Preparing { generation, settings, model: &model, context: &context, options, size });
        let prepared = prepare(generation, effective, &model, context, &asked.options, &asked.blobs, size).await;
        let mut request = match prepared {
            Ok((request, given_back)) => {
                context = given_back;
                request
            }
            Err(NotBegun::Refused(refusal)) if from.is_some() => {
                heard.came_to_no_stream();
                // The first model took the request, and what is wrong with it for a stand-in is no use to the client.
                tracing::warn!(model = model.id, problem = %refusal, "a fallback model cannot take the request");
                return Err(last);
            }
            Err(not_begun) => {
                heard.came_to_no_stream();
                return Err(not_begun);
            }
        };
        let mut begun = attempts(generation, effective, &request, retry, observation, &heard).await;
        if let Err(failure) = &begun
            && is_invalid(failure)
            && let Some(options) = without_preferred_strictness(&context, &asked.options)
        {
            observation.retried(failure, Duration::ZERO);
            let prepared = prepare(generation, effective, &model, context, &options, &asked.blobs, size).await;
            (request, context) = match prepared {
                Ok(prepared) => prepared,
                Err(not_begun) => {
                    heard.came_to_no_stream();
                    return Err(not_begun);
                }
            };
            begun = attempts(generation, effective, &request, retry, observation, &heard).await;
        }
        match begun {
            Ok((turn, first)) => {
                observation.answering(&Answering {
                    model: &request.ask.model_id,
                    region: &request.ask.region,
                    server: turn.server().map(|server| (&*server.host, server.port)),
                    aws_request_id: turn.request_id(),
                });
                observation.took(&first);
                return Ok((turn, first, request.ask.model_id));
            }
            Err(failure) => {
                heard.came_to_no_stream();
                observation.attempt_failed(&failure);
                let next = may_fall_back(&failure);
                last = NotBegun::Failed(failure);
                if !next {
                    break;
                }
            }
        }
        from = Some(model.id);
    }
    Err(last)
}

/// A request that is ready to be sent, again and again.
pub(crate) struct Ready {
    pub(crate) ask: Ask,
}

/// Has the provider prepare a request whose body has `size` bytes.
pub(crate) async fn prepare(
    generation: &Arc<Generation>,
    effective: &Effective,
    model: &Model,
    context: Context,
    options: &Options,
    blobs: &blobs::Blobs,
    size: usize,
) -> Result<(Ready, Context), NotBegun> {
    let mut session = generation.session().map_err(|error| provider_failed(generation, &error))?;
    let settings = &effective.configuration.settings;
    // The instance is not kept for the answer: what it touched would stay in memory for as long as the answer takes (60 KiB).
    // Nor does a version stay on the worker that failed not long ago: it may hold it up again.
    let (context, prepared) = if size <= PREPARED_IN_PLACE && !generation.faults().lately() {
        let prepared = session
            .prepare_in_place(settings, model, &context, options)
            .map_err(|error| provider_failed(generation, &error))?;
        (context, prepared)
    } else {
        let (settings, model, options) = (settings.clone(), model.clone(), options.clone());
        let prepared = turn::prepare(session, Prepare { settings, model, context, options }).await;
        let (_session, asked, prepared) = prepared.map_err(|error| match error {
            TurnError::Provider(error) => provider_failed(generation, &error),
            other => NotBegun::Refused(Refusal::new(RefusalKind::Internal, other.to_string())),
        })?;
        (asked.context, prepared)
    };
    let prepared = prepared.map_err(|problems: Vec<Problem>| NotBegun::Refused(Refusal::of_problems(&problems)))?;
    for Notice { kind, message } in &prepared.notices {
        tracing::info!(model = model.id, kind, message, "the request was changed");
    }
    let body = blobs::join(&prepared.body, blobs)
        .map_err(|error| NotBegun::Refused(Refusal::new(RefusalKind::Internal, error.to_string())))?;
    let ask = Ask {
        model: model.clone(),
        model_id: prepared.model_id,
        region: prepared.region,
        body,
        carry: prepared.carry,
        extras: options.extras.clone(),
        idle: effective.configuration.gateway.limits.idle,
        otherwise: None,
    };
    Ok((Ready { ask }, context))
}

fn provider_failed(generation: &Generation, error: &ProviderError) -> NotBegun {
    generation.faults().lost();
    NotBegun::Failed(turn::provider_failure(error, None))
}

/// Sends a request until an answer begins, it fails for good, or it was sent often enough.
async fn attempts(
    generation: &Arc<Generation>,
    effective: &Effective,
    request: &Ready,
    retry: &RetryConfig,
    observation: &mut Observation,
    heard: &Heard,
) -> Result<(Turn, Vec<Delta>), Failure> {
    let mut attempt = 1;
    loop {
        let failure = match once(generation, effective, request, observation, heard).await {
            Ok(begun) => return Ok(begun),
            Err(failure) => failure,
        };
        let Some(wait) = wait(retry, attempt, &failure) else { return Err(failure) };
        observation.retried(&failure, wait);
        tokio::time::sleep(wait).await;
        attempt += 1;
    }
}

/// Sends a request once, and reads up to the first content: an exception that is the first thing in a stream is as good as a
/// refusal before it.
async fn once(
    generation: &Arc<Generation>,
    effective: &Effective,
    request: &Ready,
    observation: &mut Observation,
    heard: &Heard,
) -> Result<(Turn, Vec<Delta>), Failure> {
    let lost = |error: &ProviderError| {
        generation.faults().lost();
        turn::provider_failure(error, None)
    };
    let session = generation.session().map_err(|error| lost(&error))?;
    let begun = Turn::begin_taped(session, &effective.aws, request.ask.clone(), heard.tape()).await;
    let mut turn = begun.map_err(|error| match error {
        BeginError::Refused(failure) => failure,
        BeginError::Provider(error) => lost(&error),
    })?;
    let mut first = Vec::new();
    while let Some(deltas) = std::future::poll_fn(|context| turn.poll_deltas(context)).await {
        observation.pushed(turn.provider_time());
        let has_content = deltas.iter().any(is_content);
        let failed_first = !has_content && matches!(deltas.last(), Some(Delta::Error(_)));
        first.extend(deltas);
        if failed_first && let Some(Delta::Error(failed)) = first.pop() {
            return Err(failed.failure);
        }
        if has_content {
            break;
        }
    }
    Ok((turn, first))
}

/// Whether a client would see something of this delta.
fn is_content(delta: &Delta) -> bool {
    !matches!(delta, Delta::Start | Delta::Notice(_) | Delta::Error(_))
}

/// How long to wait before the next attempt; none when there is to be none.
///
/// Full jitter (a random part of an exponential wait): callers that were throttled together do not come back together. The
/// service's own `retry-after` counts where it is not longer than the configured longest wait; a caller that would wait longer
/// is better served by the next model.
fn wait(retry: &RetryConfig, attempt: u32, failure: &Failure) -> Option<Duration> {
    if attempt >= retry.attempts || !failure.retryable {
        return None;
    }
    if let Some(after) = failure.retry_after_ms.map(Duration::from_millis) {
        return (after <= retry.most).then_some(after);
    }
    let longest = retry.base.saturating_mul(2_u32.saturating_pow(attempt - 1)).min(retry.most);
    Some(longest.mul_f64(fastrand::f64()))
}

/// Whether another model may do what this one did not.
fn may_fall_back(failure: &Failure) -> bool {
    failure.retryable || matches!(failure.kind, FailureKind::Quota | FailureKind::ModelNotEnabled)
}

/// Takes messages of the assistant for the answers of the model that is asked first, where the format does not say whose they
/// are, or names the model as the client does: only a model's own thinking is taken back.
pub(crate) fn attribute(asked: &mut Asked, chain: &[Model]) {
    let Some(first) = chain.first() else { return };
    for message in &mut asked.context.messages {
        if let Message::Assistant(message) = message
            && (message.model.is_empty() || message.model == asked.model)
        {
            message.provider = PROVIDER.to_owned();
            message.api = API.to_owned();
            message.model.clone_from(&first.id);
        }
    }
}

/// The model ids that a chain asks, for a key that may not use all.
pub(crate) fn ids(chain: &[Model]) -> impl Iterator<Item = &str> {
    chain.iter().map(|model| model.id.as_str())
}

/// The chain for a name, or the refusal of a name that means nothing.
pub(crate) fn chain(effective: &Effective, asked: &Asked) -> Result<Vec<Model>, Refusal> {
    let configuration = &effective.configuration;
    let fallbacks = configuration.gateway.fallbacks;
    let chain = models::chain(&configuration.settings, &asked.model, asked.known.as_ref(), fallbacks);
    if chain.is_empty() {
        let message = "no model is named, and the configuration has no agents.defaults.model.primary; \
                       GET /v1/models lists the models";
        return Err(Refusal::invalid("model", message));
    }
    Ok(chain)
}
