//! From a request to the first delta of its answer: preparing, sending, trying again, falling back.
//!
//! Until the first piece of content came, nobody has seen anything of an answer, so a request that failed for the moment is sent
//! again, and then to the next model. After that never: only the caller knows what a repetition means.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::StatusCode;
use tower::retry::budget::Budget as _;

use super::chain::{self, Target};
use super::cut_short::Deadline;
use super::effective::Effective;
use super::failures;
use super::keys::Admitted;
use super::listeners::{Heard, Listeners, Preparing};
use super::preparing::{Question, Ready};
use super::refusal::{Refusal, RefusalKind};
use super::repairs;
use super::rerun::{Fault, Reference};
use super::turn::{Ask, BeginError, Turn};
use super::wire::Asked;
use crate::blame::{Blame, GATEWAY_FAILURE, PROVIDER_FAILURE};
use crate::capacity::Permit;
use crate::config::gateway::RetryConfig;
use crate::contract::RequestKind;
use crate::contract::conversation::{Context, Delta};
use crate::contract::types::{Failure, FailureKind};
use crate::crash::attributed;
use crate::provider::Generation;
use crate::telemetry::{Answering, Observation};

/// A started answer.
#[derive(Debug)]
pub(crate) struct Begun {
    /// The rest of it.
    pub(crate) turn: Turn,
    /// The deltas up to the first content, in order; perhaps the whole answer.
    pub(crate) first: Vec<Delta>,
    /// The request that is answered.
    pub(crate) ask: Ask,
    /// Who observes the request.
    pub(crate) observation: Observation,
}

/// Why an answer did not start.
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

    /// Says what may have been meant by the name of a model that is not there.
    pub(crate) fn suggesting(mut self, effective: &Effective, client: &Admitted, name: &str) -> Self {
        if let NotBegun::Failed(failure) = &mut self {
            chain::suggest(failure, effective, client, name);
        }
        self
    }

    /// The refusal for a client that gets this status, observed.
    pub(crate) fn observed(&self, mut observation: Observation, status: Option<StatusCode>) -> Refusal {
        if let NotBegun::Failed(failure) = self {
            observation.failed(failure);
        }
        let refusal = self.refusal();
        observation.refused(&refusal.answer(status.unwrap_or(refusal.status)));
        refusal
    }

    /// For a client whose stream is open already.
    pub(crate) fn delta(self) -> Delta {
        failures::failed(match self {
            NotBegun::Failed(failure) => failure,
            NotBegun::Refused(refusal) => {
                let kind = match refusal.kind {
                    RefusalKind::Invalid => FailureKind::Validation,
                    RefusalKind::NotFound => FailureKind::ModelNotFound,
                    RefusalKind::Timeout => FailureKind::Timeout,
                    RefusalKind::ShuttingDown => FailureKind::Overloaded,
                    _ if refusal.blame == Blame::Provider => FailureKind::Other(PROVIDER_FAILURE.to_owned()),
                    _ => FailureKind::Other(GATEWAY_FAILURE.to_owned()),
                };
                Failure { retryable: refusal.retryable, ..failures::failure(kind, refusal.message, None, None) }
            }
        })
    }
}

impl From<&Fault> for NotBegun {
    fn from(fault: &Fault) -> Self {
        NotBegun::Refused(Refusal::from(fault))
    }
}

/// What a request is begun with.
pub(crate) struct Beginning {
    /// The provider.
    pub(crate) generation: Arc<Generation>,
    /// The request's place.
    pub(crate) permit: Arc<Permit>,
    /// The configuration that it came under, whatever is loaded since.
    pub(crate) effective: Arc<Effective>,
    /// What is asked.
    pub(crate) asked: Asked,
    /// Bytes of the request's body.
    pub(crate) size: usize,
    /// The models to ask, in order; not empty.
    pub(crate) chain: Vec<Target>,
    /// Who observes the request.
    pub(crate) observation: Observation,
    /// Until when an answer may go on.
    pub(crate) deadline: Deadline,
    /// Who gets what the request is given too.
    pub(crate) listeners: Listeners,
    /// The version that tells whose fault a failure is.
    pub(crate) reference: Reference,
}

/// Begins an answer.
///
/// # Errors
/// With the failure of the last attempt. The observation comes back with it.
pub(crate) async fn begin(beginning: Beginning) -> Result<Begun, (NotBegun, Observation)> {
    let Beginning {
        generation,
        permit,
        effective,
        asked,
        size,
        chain,
        mut observation,
        deadline,
        listeners,
        reference,
    } = beginning;
    effective.retries.deposit();
    let beginning = (&generation, &permit, &*effective, &reference);
    let asking = ask_chain(beginning, asked, size, chain, &mut observation, &listeners);
    let begun = tokio::select! {
        biased;
        begun = attributed(generation.digest(), asking) => begun,
        why = deadline.passed() => Err(NotBegun::Refused(why.refusal())),
    };
    match begun {
        Ok((turn, first, ask)) => Ok(Begun { turn, first, ask, observation }),
        Err(not_begun) => Err((not_begun, observation)),
    }
}

/// Asks one model after the other.
async fn ask_chain(
    (generation, permit, effective, reference): (&Arc<Generation>, &Arc<Permit>, &Effective, &Reference),
    asked: Asked,
    size: usize,
    chain: Vec<Target>,
    observation: &mut Observation,
    listeners: &Listeners,
) -> Result<(Turn, Vec<Delta>, Ask), NotBegun> {
    let Asked { mut context, options, blobs, .. } = asked;
    let question = Question {
        kind: RequestKind::Answer,
        generation,
        permit,
        effective,
        options: &options,
        blobs: &blobs,
        size,
        reference,
    };
    let settings = &effective.configuration.settings;
    let mut last = NotBegun::Refused(Refusal::new(RefusalKind::Internal, "no model was called"));
    let mut from: Option<String> = None;
    for target in chain {
        let Target { model, destination } = &target;
        match &from {
            None => observation.asks(&model.id),
            Some(from) => observation.fell_back(from, &model.id),
        }
        let region = destination.region().as_str();
        let preparing = Preparing { generation, settings, region, model, context: &context, options: &options, size };
        let heard = listeners.hear(&preparing);
        let failure = match question.ask(&target, context, observation, &heard).await {
            Ok((Ok((turn, first, ask)), _)) => {
                observation.answering(&Answering {
                    model: ask.destination.model_id(),
                    region: ask.destination.region().as_str(),
                    server: turn.server().map(|server| (&*server.host, server.port)),
                    aws_request_id: turn.request_id(),
                });
                observation.took(&first);
                return Ok((turn, first, ask));
            }
            Ok((Err(failure), given_back)) => {
                context = given_back;
                failure
            }
            Err(not_begun) => {
                heard.came_to_no_stream();
                return Err(match not_begun {
                    NotBegun::Refused(refusal) if from.is_some() => {
                        // The first model took the request, and what is wrong with it for a stand-in is no use to the client.
                        tracing::warn!(model = model.id, problem = %refusal, "the request cannot be prepared for a fallback model");
                        last
                    }
                    not_begun => not_begun,
                });
            }
        };
        heard.came_to_no_stream();
        observation.attempt_failed(&failure);
        let next = may_fall_back(&failure);
        last = NotBegun::Failed(failure);
        if !next {
            break;
        }
        from = Some(target.model.id);
    }
    Err(last)
}

/// What came of asking a model: an answer that begins, with the request that it is to, or the failure of the last attempt.
type CameOf = Result<(Turn, Vec<Delta>, Ask), Failure>;

impl Question<'_> {
    /// Asks a model until an answer begins or it fails for good. The context comes back for the next one.
    ///
    /// # Errors
    /// When there is no request to send.
    async fn ask(
        &self,
        target: &Target,
        context: Context,
        observation: &mut Observation,
        heard: &Heard,
    ) -> Result<(CameOf, Context), NotBegun> {
        let memory = &self.effective.repairs;
        let mut repairs = memory.of(self.generation.digest(), target);
        // What was refused, and has to be changed by a repair.
        let (mut context, mut attempt, mut refused) = (context, 1, None::<(Bytes, Failure)>);
        loop {
            let options = repairs.options(self.options);
            let question = Question { options: &options, ..*self };
            let (mut ready, given_back) = match (question.prepare(target, context).await, refused.take()) {
                (Ok((ready, context)), Some((body, failure))) if ready.ask.body == body => {
                    return Ok((Err(failure), context));
                }
                (Ok(prepared), _) => prepared,
                // The request is right, and cannot be made one that the model accepts.
                (Err(NotBegun::Refused(refusal)), Some((_, failure))) if refusal.kind == RefusalKind::Invalid => {
                    return Err(NotBegun::Failed(failure));
                }
                (Err(not_begun), _) => return Err(not_begun),
            };
            context = given_back;
            let failure = match question.attempts(&mut ready, &mut attempt, observation, heard).await {
                Ok((turn, first)) => {
                    memory.answered(self.generation.digest(), target, repairs);
                    return Ok((Ok((turn, first, ready.ask)), context));
                }
                Err(failure) => failure,
            };
            let new = repairs.add(&failure);
            if new.is_empty() {
                if Blame::of(&failure) == Blame::Client && question.asks_otherwise(&ready.ask, target, &context) {
                    observation.blame(Blame::Provider);
                }
                return Ok((Err(failure), context));
            }
            tracing::info!(
                model = target.model.id,
                refusal = failure.message,
                "the request is repaired and sent again"
            );
            observation.repaired(&failure, new.iter().map(repairs::kind));
            refused = Some((ready.ask.body, failure));
        }
    }

    /// Sends a request until an answer begins, it fails for good, or it was sent often enough.
    async fn attempts(
        &self,
        ready: &mut Ready,
        attempt: &mut u32,
        observation: &mut Observation,
        heard: &Heard,
    ) -> Result<(Turn, Vec<Delta>), Failure> {
        let retry = &self.effective.configuration.gateway.retry;
        loop {
            let failure = match self.once(ready, observation, heard).await {
                Ok(begun) => return Ok(begun),
                Err(failure) => failure,
            };
            let Some(wait) = wait(retry, *attempt, &failure) else { return Err(failure) };
            if !self.effective.retries.withdraw() {
                observation.retry_denied();
                return Err(failure);
            }
            observation.retried(&failure, wait);
            tokio::time::sleep(wait).await;
            *attempt += 1;
        }
    }

    /// Sends a request once, and reads up to the first content: an exception that is the first thing in a stream is as good as a
    /// refusal before it.
    async fn once(
        &self,
        Ready { ask, generation, session }: &mut Ready,
        observation: &mut Observation,
        heard: &Heard,
    ) -> Result<(Turn, Vec<Delta>), Failure> {
        let session = session.take().map_or_else(|| generation.session_of(self.permit), Ok);
        let session = session.map_err(|error| failures::failure_of(&Fault::unconfirmed(error), None))?;
        let begun = Turn::begin_taped(session, &self.effective.aws, ask.clone(), heard.tape()).await;
        let mut turn = begun.map_err(|error| match error {
            BeginError::Refused(failure) => failure,
            BeginError::Provider(fault) => failures::failure_of(&fault, None),
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
}

/// Whether a client would see something of this delta.
fn is_content(delta: &Delta) -> bool {
    !matches!(delta, Delta::Start | Delta::Notice(_) | Delta::Error(_))
}

/// How long to wait before the next attempt; none when there is to be none.
///
/// Full jitter (a random part of an exponential wait): callers that were throttled together do not come back together. The
/// service's own `retry-after` comes before it where it is not longer than the configured longest wait; a caller that would wait
/// longer is better served by the next model.
pub(crate) fn wait(retry: &RetryConfig, attempt: u32, failure: &Failure) -> Option<Duration> {
    if attempt >= retry.attempts || !failure.retryable {
        return None;
    }
    let after = failure.retry_after_ms.map(Duration::from_millis).unwrap_or_default();
    let longest = retry.base.saturating_mul(2_u32.saturating_pow(attempt - 1)).min(retry.most);
    (after <= retry.most).then(|| after + longest.mul_f64(fastrand::f64()))
}

/// Whether another model may do what this one did not.
pub(crate) fn may_fall_back(failure: &Failure) -> bool {
    failure.retryable || matches!(failure.kind, FailureKind::Quota | FailureKind::ModelNotEnabled)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::wait;
    use crate::config::gateway::RetryConfig;
    use crate::contract::types::{Failure, FailureKind};
    use crate::failures::failure;

    #[test]
    fn nobody_comes_back_earlier_than_was_said_nor_all_at_once() {
        let retry = RetryConfig { attempts: 4, base: Duration::from_millis(100), ..RetryConfig::default() };
        let throttled = |retry_after_ms| {
            let failure = failure(FailureKind::Throttled, "slow down".to_owned(), None, None);
            Failure { retryable: true, retry_after_ms, ..failure }
        };
        for (attempt, said, most) in [(1, None, 100), (3, None, 400), (1, Some(2000), 2100), (3, Some(2000), 2400)] {
            let waits = || (0..200).map(|_| wait(&retry, attempt, &throttled(said)).expect("it is tried again"));
            let bounds = Duration::from_millis(said.unwrap_or(0))..=Duration::from_millis(most);
            assert!(waits().all(|wait| bounds.contains(&wait)), "{attempt} {said:?}");
            let (earliest, latest) = (waits().min(), waits().max());
            assert!(earliest.zip(latest).is_some_and(|(first, last)| last - first > Duration::from_millis(50)));
        }
        assert_eq!(wait(&retry, 4, &throttled(None)), None, "it was the last attempt");
        assert_eq!(wait(&retry, 1, &throttled(Some(20_001))), None, "it would be too long");
    }
}
