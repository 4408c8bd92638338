//! One call of Bedrock's runtime: admitted, passed on, answered.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Request, Response};
use tower::retry::budget::Budget as _;
use tracing::Instrument as _;

use super::super::activity::UnderWay;
use super::super::admission::Admission;
use super::super::body::{self, Upload};
use super::super::overseen::Overseen;
use super::super::{exchange as conversation, reply};
use super::call::Call;
use super::error::{of_aws, refusal, shaped};
use super::relay::Relay;
use super::usage;
use crate::answer_size::MOST;
use crate::aws::{ConverseRequest, Destination, EventStream, Operation, Server, WholeAnswer};
use crate::begin::{may_fall_back, wait};
use crate::blame::Blame;
use crate::catalog::Resolver;
use crate::chain::{self, Target};
use crate::contract::no_options;
use crate::contract::types::{ApiError, ApiStage, Failure};
use crate::effective::Effective;
use crate::failures;
use crate::refusal::Refusal;
use crate::rerun::Reference;
use crate::state::Gateway;
use crate::telemetry::{Answering, Observation};

/// Answers a call.
pub(in crate::server) async fn exchange(
    gateway: Arc<Gateway>,
    call: Call,
    model: Result<Path<String>, PathRejection>,
    request: Request<Body>,
) -> Response<Body> {
    let id = reply::new_id();
    match answered(&gateway, call, model, request, &id).await {
        Ok(response) => response,
        Err(refused) => refusal(&refused, &id),
    }
}

async fn answered(
    gateway: &Arc<Gateway>,
    call: Call,
    model: Result<Path<String>, PathRejection>,
    request: Request<Body>,
    id: &str,
) -> Result<Response<Body>, Refusal> {
    let effective = gateway.effective();
    let (parts, body) = request.into_parts();
    let (visit, body) = conversation::visit(gateway, &effective, &parts, body, call.path()).await?;
    let mut observation = conversation::observe(gateway, call.path(), &parts, visit.admitted.name(), id);
    let config = &effective.configuration.gateway;
    let room = gateway.capacity.bodies().body(visit.admitted.name(), effective.keys.are_needed());
    // Its room is given back when the answer begins: by then the body was sent on.
    let Upload { body: sent, received, room: _room } =
        match body::read(body, &parts.headers, &config.limits, room).await {
            Ok(upload) => upload,
            Err(refused) => return Err(conversation::unread(gateway, observation, shaped(refused))),
        };
    observation.received(received);
    let model = match model {
        Ok(Path(model)) => model,
        Err(error) => return Err(refuse(observation, Refusal::invalid("modelId", error.body_text()))),
    };
    let admission = match visit.admit_unread(gateway, id, &model, call.streams()) {
        Ok(admission) => admission,
        Err(refused) => return Err(refuse(observation, refused)),
    };
    observation.version(admission.seat.version.label());
    let effective = Arc::clone(&admission.seat.effective);
    if effective.configuration.gateway.log.prompts {
        observation.prompt(&String::from_utf8_lossy(&sent));
    }
    observation.asked(&model, call.streams(), &no_options(), 0);
    let span = observation.span().clone();
    let limits = &effective.configuration.gateway;
    let deadline = conversation::deadline(gateway, &admission.seat, limits);
    let asking = ask(call, &model, sent, &admission, &effective, &mut observation).instrument(span);
    let asked = tokio::select! {
        biased;
        asked = asking => asked,
        why = deadline.passed() => Err(why.refusal()),
    };
    let answer = match asked {
        Ok(answer) => answer,
        Err(refused) => return Err(refuse(observation, refused)),
    };
    match answer {
        Answer::Whole(whole) => Ok(document(whole, &mut observation)),
        Answer::Counted(tokens) => {
            observation.answered(200);
            Ok(reply::document(serde_json::json!({ "inputTokens": tokens }).to_string().into_bytes()))
        }
        Answer::Stream(stream, asked) => {
            let under_way = parts.extensions.get::<UnderWay>().cloned();
            // As for other streams: only HTTP/2 needs an overseer for that.
            let stall = under_way.is_some().then_some(limits.limits.stall);
            let mut response = Response::new(Body::empty());
            let headers = response.headers_mut();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/vnd.amazon.eventstream"));
            reply::aws_request_id(headers, stream.request_id());
            let relay = Relay::new(*stream, asked, observation, admission, under_way);
            *response.body_mut() = Body::new(Overseen::over(relay, deadline, stall));
            Ok(response)
        }
    }
}

/// Records a refusal as its client gets it.
fn refuse(observation: Observation, refused: Refusal) -> Refusal {
    conversation::refuse(observation, shaped(refused))
}

/// What AWS answered with.
enum Answer {
    /// A document of `Converse`.
    Whole(WholeAnswer),
    /// A count of tokens.
    Counted(u64),
    /// A stream, and what it was asked for.
    Stream(Box<EventStream>, ApiError),
}

impl Answer {
    fn server(&self) -> Option<&Server> {
        match self {
            Answer::Whole(whole) => whole.server.as_ref(),
            Answer::Counted(_) => None,
            Answer::Stream(stream, _) => stream.server(),
        }
    }

    fn request_id(&self) -> Option<&str> {
        match self {
            Answer::Whole(whole) => whole.request_id.as_deref(),
            Answer::Counted(_) => None,
            Answer::Stream(stream, _) => stream.request_id(),
        }
    }
}

/// Resolves the model, and asks it and the fallback models until one answers.
async fn ask(
    call: Call,
    model: &str,
    body: Bytes,
    admission: &Admission,
    effective: &Effective,
    observation: &mut Observation,
) -> Result<Answer, Refusal> {
    let reference = Reference::new(&admission.seat, &body);
    let generation = &admission.seat.version.generation;
    let by = Resolver { generation, permit: &admission.permit, effective, reference: &reference };
    let chain = chain::of_request(model, None, &admission.admitted, &by).await?;
    let most = if call.falls_back() { chain.len() } else { 1 };
    effective.retries.deposit();
    let mut first: Option<Refusal> = None;
    let mut from: Option<String> = None;
    for target in chain.into_iter().take(most) {
        match &from {
            None => observation.asks(&target.model.id),
            Some(from) => observation.fell_back(from, &target.model.id),
        }
        let (error, mut failure) = match attempts(call, &target, &body, admission, effective, observation).await {
            Ok(answer) => {
                observation.answering(&Answering {
                    model: target.destination.model_id(),
                    region: target.destination.region().as_str(),
                    server: answer.server().map(|server| (&*server.host, server.port)),
                    aws_request_id: answer.request_id(),
                });
                return Ok(answer);
            }
            Err(failed) => *failed,
        };
        observation.attempt_failed(&failure);
        let next = may_fall_back(&failure);
        let is_first = first.is_none();
        if is_first || Blame::of(&failure) != Blame::Client {
            observation.failed(&failure);
            if is_first {
                chain::suggest(&mut failure, effective, &admission.admitted, model);
            }
            first = Some(of_aws(&error, &failure));
        }
        if !next {
            break;
        }
        from = Some(target.model.id);
    }
    Err(first.unwrap_or_else(|| Refusal::invalid("modelId", "no model is named")))
}

/// Asks one model until it answers, fails for good, or was asked often enough.
async fn attempts(
    call: Call,
    target: &Target,
    body: &Bytes,
    admission: &Admission,
    effective: &Effective,
    observation: &mut Observation,
) -> Result<Answer, Box<(ApiError, Failure)>> {
    let retry = &effective.configuration.gateway.retry;
    let mut attempt = 1;
    loop {
        let error = match once(call, target, body.clone(), effective).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let generation = &admission.seat.version.generation;
        let explained = generation.session_of(&admission.permit).and_then(|mut session| session.explain(&error));
        let failure = explained.unwrap_or_else(|error| failures::provider_failure(&error, None));
        let Some(wait) = wait(retry, attempt, &failure) else { return Err(Box::new((error, failure))) };
        if !effective.retries.withdraw() {
            observation.retry_denied();
            return Err(Box::new((error, failure)));
        }
        observation.retried(&failure, wait);
        tokio::time::sleep(wait).await;
        attempt += 1;
    }
}

/// Sends a request once.
async fn once(call: Call, target: &Target, body: Bytes, effective: &Effective) -> Result<Answer, ApiError> {
    let idle = effective.configuration.gateway.limits.idle;
    let request = ConverseRequest { destination: target.destination.clone(), body };
    match call {
        Call::Converse => effective.aws.converse(request, MOST, idle).await.map(Answer::Whole),
        Call::CountTokens => effective.aws.count_tokens(request, idle).await.map(Answer::Counted),
        Call::ConverseStream => {
            let asked = unanswered(&target.destination);
            let stream = effective.aws.converse_stream(request, idle).await?;
            Ok(Answer::Stream(Box::new(stream), asked))
        }
    }
}

/// An error of a stream's request, without anything that came back.
fn unanswered(destination: &Destination) -> ApiError {
    ApiError {
        operation: Operation::ConverseStream.name().to_owned(),
        model_id: Some(destination.model_id().to_owned()),
        region: Some(destination.region().to_string()),
        stage: ApiStage::Response,
        status: None,
        code: None,
        message: None,
        request_id: None,
        retry_after: None,
    }
}

/// A document, byte for byte.
fn document(whole: WholeAnswer, observation: &mut Observation) -> Response<Body> {
    let WholeAnswer { body, content_type, request_id, server: _ } = whole;
    match usage::of_document(&body) {
        Some(done) => observation.took(&[done]),
        None => tracing::warn!("an answer of Converse has no token counts"),
    }
    observation.answered(200);
    observation.sent(body.len());
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    let content_type = content_type.and_then(|kind| HeaderValue::from_str(&kind).ok());
    headers.insert(CONTENT_TYPE, content_type.unwrap_or(HeaderValue::from_static("application/json")));
    reply::aws_request_id(headers, request_id.as_deref());
    response
}
