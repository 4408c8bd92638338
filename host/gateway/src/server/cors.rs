//! What pages of other origins may do: nothing, unless the configuration names them.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::middleware::Next;
use hyper::service::Service as _;
use hyper::{Request, Response};
use hyper_util::service::TowerToHyperService;
use tower_http::cors::{AllowHeaders, AllowOrigin, Any, Cors};

use crate::state::Gateway;

/// Answers a browser's questions by the configuration at work, and marks answers for the origins that may read them.
pub(super) async fn cors(State(gateway): State<Arc<Gateway>>, request: Request<Body>, next: Next) -> Response<Body> {
    let effective = gateway.effective();
    let allowed = match effective.configuration.gateway.cors.as_slice() {
        [] => return next.run(request).await,
        [all] if all == "*" => AllowOrigin::any(),
        some => AllowOrigin::list(some.iter().filter_map(|origin| origin.parse().ok())),
    };
    let cors = Cors::new(next)
        .allow_origin(allowed)
        .allow_methods(Any)
        // `*` does not stand for `authorization` (Fetch, "CORS-safelisted request-header name"), and that is where keys are.
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(Any);
    match TowerToHyperService::new(cors).call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}
