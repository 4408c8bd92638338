//! The rest of the admin page's API: requests under way, the last hour, models, and a prompt to a model.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Router, response};
use hyper::{Request, StatusCode};

use super::documents::json;
use crate::Versions;

/// The routes.
pub(super) fn routes() -> Router<Arc<Versions>> {
    Router::new()
        .route("/admin/v1/requests", get(requests))
        .route("/admin/v1/trend", get(trend))
        .route("/admin/v1/models", get(models))
        .route("/admin/v1/chat/completions", post(ask))
}

async fn requests(State(versions): State<Arc<Versions>>) -> response::Response {
    json(StatusCode::OK, &versions.gateway().requests_under_way())
}

async fn trend(State(versions): State<Arc<Versions>>) -> response::Response {
    json(StatusCode::OK, &versions.gateway().trend())
}

async fn models(State(versions): State<Arc<Versions>>) -> response::Response {
    versions.gateway().models_for_operator().await
}

/// A request in the format of `/v1/chat/completions`, without a client key.
async fn ask(State(versions): State<Arc<Versions>>, request: Request<Body>) -> response::Response {
    versions.gateway().answer_operator(request).await
}
