//! Which path is what.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{HeaderMap, Request, Response, StatusCode};

use super::admission::Asker;
use super::{admission, cors, counting, exchange, head, reply};
use crate::contract::types::Model;
use crate::gateway::refusal::{Refusal, RefusalKind};
use crate::gateway::state::Gateway;
use crate::gateway::wire::{self, Format, chat_completions, messages, pi_stream, responses};
use crate::telemetry::METRICS_CONTENT_TYPE;

/// All routes.
pub(super) fn router(gateway: Arc<Gateway>) -> Router {
    let conversation = |format: &'static Format| {
        post(move |State(gateway): State<Arc<Gateway>>, request: Request<Body>| {
            exchange::exchange(gateway, format, request)
        })
    };
    Router::new()
        .route(chat_completions::CHAT_COMPLETIONS.path, conversation(&chat_completions::CHAT_COMPLETIONS))
        .route(responses::RESPONSES.path, conversation(&responses::RESPONSES))
        .route(messages::MESSAGES.path, conversation(&messages::MESSAGES))
        .route(messages::COUNT_TOKENS.path, post(count_tokens))
        .route(pi_stream::PI_STREAM.path, conversation(&pi_stream::PI_STREAM))
        .route("/v1/models", get(models))
        .route("/v1/models/{*id}", get(model))
        .route("/healthz", get(healthy))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .fallback(unknown_path)
        .method_not_allowed_fallback(unknown_method)
        .layer(from_fn_with_state(Arc::clone(&gateway), head::bounded))
        .layer(from_fn_with_state(Arc::clone(&gateway), cors::cors))
        .with_state(gateway)
}

/// Whether the process lives.
async fn healthy() -> Response<Body> {
    reply::text(StatusCode::OK, "ok\n".to_owned())
}

/// Whether requests are taken.
async fn ready(State(gateway): State<Arc<Gateway>>) -> Response<Body> {
    if gateway.is_draining() {
        return reply::text(StatusCode::SERVICE_UNAVAILABLE, "draining\n".to_owned());
    }
    reply::text(StatusCode::OK, "ready\n".to_owned())
}

async fn metrics(State(gateway): State<Arc<Gateway>>, headers: HeaderMap) -> Response<Body> {
    // Names of models and clients are nobody else's business.
    if let Err(refused) = admission::check_key(&gateway, &gateway.effective(), &headers) {
        return reply::refusal(&chat_completions::CHAT_COMPLETIONS, &refused, &reply::new_id());
    }
    let tasks = tokio::runtime::Handle::current().metrics().num_alive_tasks();
    gateway.metrics.alive(tasks, gateway.lineup.load().primary.version.generation.sessions_alive());
    let mut response = reply::text(StatusCode::OK, gateway.metrics.render());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(METRICS_CONTENT_TYPE));
    response
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
    match models.iter().find(|model| model.id == crate::gateway::models::without_prefix(&id)) {
        Some(model) if is_anthropic(&headers) => reply::document(messages::models::model(model)),
        Some(model) => reply::document(wire::models::one(model)),
        None => {
            let message = format!("there is no model {id:?}; GET /v1/models lists the models");
            let refused = Refusal { param: Some("model".to_owned()), ..Refusal::new(RefusalKind::NotFound, message) };
            reply::refusal(format, &refused, &reply::new_id())
        }
    }
}

/// The models that this client may use.
async fn listed(gateway: &Arc<Gateway>, headers: &HeaderMap) -> Result<Vec<Model>, Refusal> {
    let effective = gateway.effective();
    let admission = admission::admit(gateway, &effective, Asker::Client(headers), "/v1/models")?;
    let effective = Arc::clone(&admission.seat.effective);
    let (configuration, generation) = (&effective.configuration, &admission.seat.version.generation);
    let mut models = effective
        .catalog
        .models(generation, configuration, &effective.aws, &gateway.metrics, admission.seat.shadow())
        .await?;
    models.retain(|model| admission.admitted.may_use(&model.id));
    Ok(models)
}

/// The formats that have a path of their own.
const FORMATS: [&Format; 5] = [
    &chat_completions::CHAT_COMPLETIONS,
    &responses::RESPONSES,
    &messages::MESSAGES,
    &messages::COUNT_TOKENS,
    &pi_stream::PI_STREAM,
];

/// The format in which whoever asks at this path understands errors.
pub(super) fn format_at(path: &str, headers: &HeaderMap) -> &'static Format {
    FORMATS.into_iter().find(|format| format.path == path).unwrap_or_else(|| format_of(headers))
}

/// Whether the client is one of Anthropic's: they all say which version of its API they speak.
fn is_anthropic(headers: &HeaderMap) -> bool {
    headers.contains_key("anthropic-version")
}

/// The format in which a client that asks none of the formats' own paths understands errors.
fn format_of(headers: &HeaderMap) -> &'static Format {
    if is_anthropic(headers) { &messages::MESSAGES } else { &chat_completions::CHAT_COMPLETIONS }
}

async fn unknown_path(request: Request<Body>) -> Response<Body> {
    let message = format!(
        "there is nothing at {}; the gateway serves POST /v1/chat/completions, /v1/responses, /v1/messages, \
         /v1/messages/count_tokens and /api/stream, and GET /v1/models, /healthz, /readyz and /metrics",
        request.uri().path()
    );
    reply::refusal(format_of(request.headers()), &Refusal::new(RefusalKind::UnknownPath, message), &reply::new_id())
}

async fn unknown_method(request: Request<Body>) -> Response<Body> {
    let message = format!("{} does not take {}", request.uri().path(), request.method());
    let format = format_at(request.uri().path(), request.headers());
    reply::refusal(format, &Refusal::new(RefusalKind::Method, message), &reply::new_id())
}
