//! What can be asked about candidates: a part of the requests, and its end.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::routing::post;
use axum::{Router, response};
use hyper::{Request, StatusCode};

use super::api::{Asked, asked, bad, changed, json, plain, refused, wanted};
use crate::gateway::{CanaryRule, Versions};

/// The routes of candidates.
pub(super) fn routes() -> Router<Arc<Versions>> {
    Router::new()
        .route("/admin/v1/canary", post(canary))
        .route("/admin/v1/canary/promote", post(promote))
        .route("/admin/v1/canary/stop", post(stop_canary))
}

async fn canary(State(versions): State<Arc<Versions>>, request: Request<Body>) -> response::Response {
    let (wanted, asked, by) = match wanted(request).await {
        Ok(wanted) => wanted,
        Err(response) => return *response,
    };
    let rule = match asked {
        Asked { share: Some(share), key: None, .. } => CanaryRule::Share(share),
        Asked { share: None, key: Some(key), .. } => CanaryRule::Key(key),
        _ => return *bad("exactly one of `share` (per cent) and `key` (a client key's name) is needed".to_owned()),
    };
    changed(versions.begin_canary(wanted, rule, asked.promote_after, &by).await)
}

async fn promote(State(versions): State<Arc<Versions>>, request: Request<Body>) -> response::Response {
    match asked(request).await {
        Ok((_, by)) => changed(versions.promote_canary(&by).await),
        Err(response) => *response,
    }
}

async fn stop_canary(State(versions): State<Arc<Versions>>, request: Request<Body>) -> response::Response {
    match asked(request).await {
        Ok((_, by)) => match versions.stop_canary(&by).await {
            Ok(version) => json(StatusCode::OK, &plain(version)),
            Err(error) => refused(&error),
        },
        Err(response) => *response,
    }
}
