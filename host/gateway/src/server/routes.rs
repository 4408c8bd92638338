//! The routes.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{MethodRouter, get, post};
use hyper::{HeaderMap, Request, Response, StatusCode};

use super::admission::Asker;
use super::api::{self, ENDPOINTS, Handler};
use super::bedrock::{self, Call, Listing};
use super::{access, admission, body, compression, cors, counting, exchange, head, metrics, reply};
use crate::contract::types::Model;
use crate::refusal::{Refusal, RefusalKind};
use crate::state::Gateway;
use crate::wire::{self, Format, chat_completions, messages};

/// All routes.
pub(super) fn router(gateway: Arc<Gateway>) -> Router {
    let conversation = |format: &'static Format| {
        post(move |State(gateway): State<Arc<Gateway>>, request: Request<Body>| {
            exchange::exchange(gateway, format, request)
        })
    };
    let routes = ENDPOINTS.iter().fold(Router::new(), |router, endpoint| {
        let handler = match endpoint.handler {
            Handler::Conversation(format) => conversation(format),
            Handler::CountTokens => post(count_tokens),
            Handler::Bedrock(call) => bedrock_call(call),
            Handler::Listing(what) => bedrock_listing(what),
            Handler::Models => get(models),
            Handler::Model => get(model),
            Handler::Health => get(healthy),
            Handler::Readiness => get(ready),
            Handler::Metrics => get(metrics::for_clients),
            Handler::Document => get(document),
        };
        router.route(endpoint.path, handler)
    });
    routes
        .fallback(unknown_path)
        .method_not_allowed_fallback(unknown_method)
        .layer(from_fn_with_state(Arc::clone(&gateway), head::bounded))
        .layer(from_fn(compression::compressed))
        .layer(from_fn_with_state(Arc::clone(&gateway), cors::cors))
        .layer(from_fn_with_state(Arc::clone(&gateway), access::access))
        .with_state(gateway)
}

/// A call of Bedrock's runtime.
fn bedrock_call(call: Call) -> MethodRouter<Arc<Gateway>> {
    post(move |State(gateway): State<Arc<Gateway>>, model: Result<Path<String>, _>, request: Request<Body>| {
        bedrock::exchange(gateway, call, model, request)
    })
}

/// A listing of Bedrock's control plane.
fn bedrock_listing(what: Listing) -> MethodRouter<Arc<Gateway>> {
    get(move |State(gateway): State<Arc<Gateway>>, id: Result<Path<String>, _>, request: Request<Body>| {
        bedrock::listing(gateway, what, id, request)
    })
}

/// Liveness.
async fn healthy() -> Response<Body> {
    reply::text(StatusCode::OK, "ok\n".to_owned())
}

/// Readiness.
async fn ready(State(gateway): State<Arc<Gateway>>) -> Response<Body> {
    if gateway.is_draining() {
        return reply::text(StatusCode::SERVICE_UNAVAILABLE, "draining\n".to_owned());
    }
    if gateway.awaits_credentials() {
        let text = "credentials: AWS has not accepted them yet\n".to_owned();
        return reply::text(StatusCode::SERVICE_UNAVAILABLE, text);
    }
    if let Some((requests, fits)) = gateway.capacity().saturated() {
        let text = format!("saturated: {requests} requests in progress of {fits} that fit\n");
        return reply::text(StatusCode::SERVICE_UNAVAILABLE, text);
    }
    reply::text(StatusCode::OK, "ready\n".to_owned())
}

/// The API as OpenAPI. It says nothing of this gateway, so it needs no key.
async fn document() -> Response<Body> {
    reply::document(api::document().to_string().into_bytes())
}

async fn count_tokens(State(gateway): State<Arc<Gateway>>, request: Request<Body>) -> Response<Body> {
    counting::count_tokens(gateway, &messages::COUNT_TOKENS, request).await
}

async fn models(State(gateway): State<Arc<Gateway>>, request: Request<Body>) -> Response<Body> {
    let format = format_of(request.headers());
    let listed = listed(&gateway, request.headers()).await.and_then(|models| {
        if is_anthropic(request.headers()) {
            let page = messages::models::Page::read(request.uri().query())?;
            messages::models::models(&models, &page)
        } else {
            Ok(wire::models::list(&models))
        }
    });
    match listed {
        Ok(list) => reply::document(list),
        Err(refused) => reply::refusal(format, &refused, &reply::new_id()),
    }
}

async fn model(State(gateway): State<Arc<Gateway>>, Path(id): Path<String>, headers: HeaderMap) -> Response<Body> {
    let format = format_of(&headers);
    let models = match listed(&gateway, &headers).await {
        Ok(models) => models,
        Err(refused) => return reply::refusal(format, &refused, &reply::new_id()),
    };
    match models.iter().find(|model| model.id == crate::models::without_prefix(&id)) {
        Some(model) if is_anthropic(&headers) => reply::document(messages::models::model(model)),
        Some(model) => reply::document(wire::models::one(model)),
        None => {
            let known: Vec<&str> = models.iter().map(|model| &*model.id).collect();
            let similar = crate::models::similar(&id, &known);
            let meant =
                if similar.is_empty() { String::new() } else { format!("; did you mean {}?", similar.join(", ")) };
            let message = format!("the model {id:?} does not exist{meant}; GET /v1/models lists the models");
            let refused = Refusal { param: Some("model".to_owned()), ..Refusal::new(RefusalKind::NotFound, message) };
            reply::refusal(format, &refused, &reply::new_id())
        }
    }
}

/// The models that this client may use.
async fn listed(gateway: &Arc<Gateway>, headers: &HeaderMap) -> Result<Vec<Model>, Refusal> {
    let effective = gateway.effective();
    // A gateway that is full lists its models.
    let visit = admission::visit(gateway, &effective, Asker::Client(headers), "/v1/models")?;
    let effective = Arc::clone(&visit.seat.effective);
    let generation = &visit.seat.version.generation;
    let mut models =
        effective.catalog.models(generation, &effective.aws, &gateway.metrics, visit.seat.shadow()).await?;
    models.retain(|model| visit.admitted.may_use(&model.id));
    Ok(models)
}

/// The format in which whoever asks at this path understands errors.
pub(super) fn format_at(path: &str, headers: &HeaderMap) -> &'static Format {
    let at = ENDPOINTS.iter().find(|endpoint| endpoint.path == path);
    match at.map(|endpoint| endpoint.handler) {
        Some(Handler::Conversation(format)) => format,
        Some(Handler::CountTokens) => &messages::COUNT_TOKENS,
        _ => format_of(headers),
    }
}

/// Whether programs ask at this path again and again.
pub(super) fn is_probe(path: &str) -> bool {
    let at = ENDPOINTS.iter().find(|endpoint| endpoint.path == path);
    matches!(at.map(|endpoint| endpoint.handler), Some(Handler::Health | Handler::Readiness | Handler::Metrics))
}

/// Whether the client is one of Anthropic's: they all say which version of its API they speak.
fn is_anthropic(headers: &HeaderMap) -> bool {
    headers.contains_key("anthropic-version")
}

/// The format in which a client that asks none of the formats' own paths understands errors.
fn format_of(headers: &HeaderMap) -> &'static Format {
    if is_anthropic(headers) { &messages::MESSAGES } else { &chat_completions::CHAT_COMPLETIONS }
}

async fn unknown_path(State(gateway): State<Arc<Gateway>>, request: Request<Body>) -> Response<Body> {
    let message = format!("{} does not exist; the gateway serves {}", request.uri().path(), api::listed());
    refuse_unread(&gateway, request, &Refusal::new(RefusalKind::UnknownPath, message)).await
}

async fn unknown_method(State(gateway): State<Arc<Gateway>>, request: Request<Body>) -> Response<Body> {
    let message = format!("{} does not support {}", request.uri().path(), request.method());
    refuse_unread(&gateway, request, &Refusal::new(RefusalKind::Method, message)).await
}

/// Turns a request away whose body nobody wants: see [`body::discard`].
pub(super) async fn refuse_unread(gateway: &Gateway, request: Request<Body>, refused: &Refusal) -> Response<Body> {
    let (parts, body) = request.into_parts();
    body::discard(body, &parts.headers, gateway.effective().configuration.gateway.limits.body).await;
    let (path, id) = (parts.uri.path(), reply::new_id());
    match bedrock::is_path(path) {
        true => bedrock::refusal(refused, &id),
        false => reply::refusal(format_at(path, &parts.headers), refused, &id),
    }
}
