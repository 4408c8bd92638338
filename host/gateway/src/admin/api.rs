//! The admin API: its paths, and the changes of versions behind them.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::routing::{get, post};
use hyper::{Request, Response, StatusCode};

use super::documents::{UnacceptedDifferences, asked, changed, json, plain, problem, refused, told, wanted};
use super::{asking, trials};
use crate::Versions;

/// The routes of the API.
pub(super) fn routes(versions: Arc<Versions>) -> Router {
    Router::new()
        .route("/admin/v1/status", get(status))
        .route("/admin/v1/journal", get(journal))
        .route("/admin/v1/differences", get(differences))
        .route("/admin/v1/activate", post(activate))
        .route("/admin/v1/verify", post(verify))
        .route("/admin/v1/rollback", post(rollback))
        .route("/admin/v1/pin", post(pin))
        .route("/admin/v1/unpin", post(unpin))
        .route("/admin/v1/prune", post(prune))
        .merge(trials::routes())
        .merge(asking::routes())
        .fallback(async || problem(StatusCode::NOT_FOUND, "this path does not exist".to_owned(), None))
        .with_state(versions)
}

async fn status(State(versions): State<Arc<Versions>>) -> Response<Body> {
    told(versions.status().await)
}

async fn journal(State(versions): State<Arc<Versions>>) -> Response<Body> {
    told(versions.journal().await)
}

/// The differences of the last version that was not activated because of them.
async fn differences(State(versions): State<Arc<Versions>>) -> Response<Body> {
    match versions.unaccepted().await {
        Ok(Some(behaviour)) => json(StatusCode::OK, &UnacceptedDifferences::from(behaviour)),
        Ok(None) => problem(
            StatusCode::NOT_FOUND,
            "no version is waiting for an acceptance of its differences".to_owned(),
            None,
        ),
        Err(error) => refused(&error),
    }
}

async fn activate(State(versions): State<Arc<Versions>>, request: Request<Body>) -> Response<Body> {
    match wanted(request).await {
        Ok((wanted, asked, by)) => {
            changed(versions.activate_allowing(asked.downgrades(), asked.acceptance(), wanted, &by).await)
        }
        Err(response) => *response,
    }
}

async fn verify(State(versions): State<Arc<Versions>>, request: Request<Body>) -> Response<Body> {
    match wanted(request).await {
        Ok((wanted, _, by)) => changed(versions.verify(wanted, &by).await),
        Err(response) => *response,
    }
}

async fn rollback(State(versions): State<Arc<Versions>>, request: Request<Body>) -> Response<Body> {
    match asked(request).await {
        Ok((_, by)) => changed(versions.roll_back(&by).await),
        Err(response) => *response,
    }
}

async fn pin(State(versions): State<Arc<Versions>>, request: Request<Body>) -> Response<Body> {
    match asked(request).await {
        Ok((_, by)) => told(versions.pin(&by).await.map(plain)),
        Err(response) => *response,
    }
}

async fn unpin(State(versions): State<Arc<Versions>>, request: Request<Body>) -> Response<Body> {
    match asked(request).await {
        Ok((_, by)) => told(versions.unpin(&by).await.map(|()| plain(versions.serving()))),
        Err(response) => *response,
    }
}

async fn prune(State(versions): State<Arc<Versions>>, request: Request<Body>) -> Response<Body> {
    match asked(request).await {
        Ok((asked, by)) => told(versions.prune(asked.keep.unwrap_or(0), &by).await),
        Err(response) => *response,
    }
}
