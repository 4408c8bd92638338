//! Counts the tokens of a request of a wire format.

use std::sync::Arc;

use axum::body::Body;
use hyper::{Request, Response};
use tracing::Instrument as _;

use super::body::{self, Upload};
use super::exchange::{deadline, observe, observed, read, refuse, visit};
use super::reply;
use crate::aws::ConverseRequest;
use crate::catalog::Resolver;
use crate::chain;
use crate::contract::RequestKind;
use crate::failures;
use crate::preparing::{Question, Ready};
use crate::refusal::Refusal;
use crate::rerun::Reference;
use crate::state::Gateway;
use crate::wire::{self, Asked, Format};

/// Counts the tokens that a request would send. Only the named model counts, no fallback.
pub(super) async fn count_tokens(
    gateway: Arc<Gateway>,
    format: &'static Format,
    request: Request<Body>,
) -> Response<Body> {
    let id = reply::new_id();
    match counted(&gateway, format, request, &id).await {
        Ok(tokens) => reply::named(reply::document(wire::messages::counted(tokens)), format, &id),
        Err(refused) => reply::refusal(format, &refused, &id),
    }
}

async fn counted(
    gateway: &Arc<Gateway>,
    format: &'static Format,
    request: Request<Body>,
    id: &str,
) -> Result<u64, Refusal> {
    let effective = gateway.effective();
    let (parts, body) = request.into_parts();
    let (visit, body) = visit(gateway, &effective, &parts, body, format.path).await?;
    let mut observation = observe(gateway, format.path, &parts, visit.admitted.name(), id);
    let config = &effective.configuration.gateway;
    let span = observation.span().clone();
    let deadline = deadline(gateway, &visit.seat, config);
    let room = gateway.capacity.bodies().body(visit.admitted.name(), effective.keys.are_needed());
    let counting = async {
        let Upload { body, received, room: _room } = body::read(body, &parts.headers, &config.limits, room).await?;
        observation.received(received);
        let mut asked = read(format, &body, &parts.headers, config, None).await?.asked;
        observed(&asked.notices, &observation);
        let admission = visit.admit(gateway, id, &parts.headers, &asked)?;
        observation.version(admission.seat.version.label());
        let effective = Arc::clone(&admission.seat.effective);
        let generation = Arc::clone(&admission.seat.version.generation);
        let reference = Reference::new(&admission.seat, &body);
        let by = Resolver {
            generation: &generation,
            permit: &admission.permit,
            effective: &effective,
            reference: &reference,
        };
        let chain = chain::of_request(&asked.model, asked.known.as_ref(), &admission.admitted, &by).await?;
        chain::attribute(&mut asked, &chain);
        observation.asked(&asked.model, false, &asked.options, asked.context.tools.len());
        let Asked { model, context, options, blobs, .. } = asked;
        let Some(target) = chain.first() else { return Err(Refusal::invalid("model", "no model is named")) };
        observation.asks(&target.model.id);
        let (effective, size) = (&*effective, body.len());
        // What is counted is what would be sent.
        let options = effective.repairs.of(generation.digest(), target).options(&options).into_owned();
        let (options, blobs) = (&options, &blobs);
        let permit = &admission.permit;
        let question = Question {
            kind: RequestKind::TokenCount,
            generation: &generation,
            permit,
            effective,
            options,
            blobs,
            size,
            reference: &reference,
        };
        let (Ready { ask, .. }, _) =
            question.prepare(target, context).await.map_err(|not_begun| not_begun.refusal())?;
        let request = ConverseRequest { destination: ask.destination, body: ask.body };
        effective.aws.count_tokens(request, config.limits.idle).await.map_err(|error| {
            let explained = generation.session_of(permit).and_then(|mut session| session.explain(&error));
            let mut failure = explained.unwrap_or_else(|error| failures::provider_failure(&error, None));
            chain::suggest(&mut failure, effective, &admission.admitted, &model);
            observation.attempt_failed(&failure);
            observation.failed(&failure);
            Refusal::from(&failure)
        })
    };
    let counted = tokio::select! {
        counted = counting.instrument(span) => counted,
        why = deadline.passed() => Err(why.refusal()),
    };
    match counted {
        Ok(tokens) => {
            observation.answered(200);
            Ok(tokens)
        }
        Err(refused) => Err(refuse(observation, refused)),
    }
}
