//! The admin API of the canary and the shadow.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Router, response};
use hyper::{Request, StatusCode};

use super::documents::{Asked, asked, bad, changed, json, plain, problem, refused, told, wanted};
use crate::{CanaryRule, Versions};

/// The routes of the canary and the shadow.
pub(super) fn routes() -> Router<Arc<Versions>> {
    Router::new()
        .route("/admin/v1/canary", post(canary))
        .route("/admin/v1/canary/promote", post(promote))
        .route("/admin/v1/canary/stop", post(stop_canary))
        .route("/admin/v1/shadow", get(report).post(shadow))
        .route("/admin/v1/shadow/stop", post(stop_shadow))
}

async fn canary(State(versions): State<Arc<Versions>>, request: Request<Body>) -> response::Response {
    let (wanted, asked, by) = match wanted(request).await {
        Ok(wanted) => wanted,
        Err(response) => return *response,
    };
    let rule = match &asked {
        Asked { share: Some(share), key: None, .. } => CanaryRule::Share(*share),
        Asked { share: None, key: Some(key), .. } => CanaryRule::Key(key.clone()),
        _ => {
            return *bad(
                "exactly one of `share` (a percentage) and `key` (the name of a client key) is required".to_owned()
            );
        }
    };
    changed(versions.begin_canary(wanted, rule, asked.promote_after, asked.downgrades(), asked.acceptance(), &by).await)
}

async fn promote(State(versions): State<Arc<Versions>>, request: Request<Body>) -> response::Response {
    match asked(request).await {
        Ok((_, by)) => changed(versions.promote_canary(&by).await),
        Err(response) => *response,
    }
}

async fn stop_canary(State(versions): State<Arc<Versions>>, request: Request<Body>) -> response::Response {
    match asked(request).await {
        Ok((_, by)) => told(versions.stop_canary(&by).await.map(plain)),
        Err(response) => *response,
    }
}

async fn shadow(State(versions): State<Arc<Versions>>, request: Request<Body>) -> response::Response {
    let (wanted, asked, by) = match wanted(request).await {
        Ok(wanted) => wanted,
        Err(response) => return *response,
    };
    let Some(share) = asked.share else { return *bad("`share` (a percentage) is missing".to_owned()) };
    changed(versions.begin_shadow(wanted, share, asked.prompts.unwrap_or(false), asked.acceptance(), &by).await)
}

async fn stop_shadow(State(versions): State<Arc<Versions>>, request: Request<Body>) -> response::Response {
    match asked(request).await {
        Ok((_, by)) => told(versions.stop_shadow(&by).await.map(plain)),
        Err(response) => *response,
    }
}

async fn report(State(versions): State<Arc<Versions>>) -> response::Response {
    match versions.shadow_report().await {
        Ok(Some(report)) => json(StatusCode::OK, &report),
        Ok(None) => problem(StatusCode::NOT_FOUND, "no shadow was started yet".to_owned(), None),
        Err(error) => refused(&error),
    }
}
