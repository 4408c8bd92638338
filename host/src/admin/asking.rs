//! What the page shows and does besides versions: the requests under way, the models, a prompt to one of them.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Router, response};
use hyper::{Request, StatusCode};

use super::documents::json;
use crate::gateway::Versions;

/// The routes.
pub(super) fn routes() -> Router<Arc<Versions>> {
    Router::new()
        .route("/admin/v1/requests", get(requests))
        .route("/admin/v1/models", get(models))
        .route("/admin/v1/chat/completions", post(ask))
}

async fn requests(State(versions): State<Arc<Versions>>) -> response::Response {
    json(StatusCode::OK, &versions.gateway().requests_under_way())
}

async fn models(State(versions): State<Arc<Versions>>) -> response::Response {
    versions.gateway().models_for_operator().await
}

/// A request in the format of `/v1/chat/completions`, without a client key.
async fn ask(State(versions): State<Arc<Versions>>, request: Request<Body>) -> response::Response {
    versions.gateway().answer_operator(request).await
}
