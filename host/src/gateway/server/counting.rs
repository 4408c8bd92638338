//! Counting: a request of some wire format in, the number of its tokens out.

use std::sync::Arc;

use axum::body::Body;
use hyper::{Request, Response};
use tracing::Instrument as _;

use super::exchange::{deadline, observe, read, refuse, visit};
use super::{body, reply};
use crate::aws::ConverseRequest;
use crate::gateway::chain;
use crate::gateway::failures;
use crate::gateway::preparing::Question;
use crate::gateway::refusal::Refusal;
use crate::gateway::rerun::Reference;
use crate::gateway::state::Gateway;
use crate::gateway::wire::{self, Asked, Format};

/// Counts the tokens of what a request would send. The model that it names counts and no other.
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
    let (visit, body) = visit(gateway, &effective, &parts, body, format).await?;
    let mut observation = observe(gateway, format, &parts, visit.admitted.name(), id);
    let config = &effective.configuration.gateway;
    let span = observation.span().clone();
    let deadline = deadline(gateway, &visit.seat, config);
    let mut room = gateway.capacity.bodies().body(visit.admitted.name(), effective.keys.are_needed());
    let counting = async {
        let body = body::read(body, &parts.headers, &config.limits, &mut room).await?;
        observation.received(body.len());
        let mut asked = read(format, &body, &parts.headers, config).await?.asked;
        let admission = visit.admit(gateway, id, &parts.headers, &asked)?;
        let effective = Arc::clone(&admission.seat.effective);
        let generation = Arc::clone(&admission.seat.version.generation);
        let chain = chain::of_request(&effective, &asked, &admission.admitted)?;
        chain::attribute(&mut asked, &chain);
        observation.asked(&asked.model, false, &asked.options, asked.context.tools.len());
        let Asked { context, options, blobs, .. } = asked;
        let Some(target) = chain.first() else { return Err(Refusal::invalid("model", "no model is named")) };
        observation.asks(&target.model.id);
        let (effective, size) = (&*effective, body.len());
        let reference = Reference::new(&admission.seat, &body);
        let (options, blobs) = (&options, &blobs);
        let permit = &admission.permit;
        let question =
            Question { generation: &generation, permit, effective, options, blobs, size, reference: &reference };
        let ((ask, _), _) = question.prepare(target, context).await.map_err(|not_begun| not_begun.refusal())?;
        let request = ConverseRequest { destination: ask.destination, body: ask.body };
        effective.aws.count_tokens(request, config.limits.idle).await.map_err(|error| {
            let explained = generation.session_of(permit).and_then(|mut session| session.explain(&error));
            Refusal::from(&explained.unwrap_or_else(|error| failures::provider_failure(&error, None)))
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
