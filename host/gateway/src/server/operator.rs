//! Requests of the operator, which need no client key. They arrive at the admin listener alone.

use std::sync::Arc;

use axum::body::Body;
use hyper::{Request, Response};

use super::{exchange, reply};
use crate::state::Gateway;
use crate::wire::{self, chat_completions};

/// Marks a request of the operator. It is an extension and no header, so no client can send it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Operator;

impl Gateway {
    /// Answers a request as `POST /v1/chat/completions` does, on the same path, for the operator: no client key is asked for
    /// and none is used up. All else holds: the gateway's bounds, canaries, the metrics.
    pub async fn answer_operator(self: &Arc<Self>, mut request: Request<Body>) -> Response<Body> {
        request.extensions_mut().insert(Operator);
        exchange::exchange(Arc::clone(self), &chat_completions::CHAT_COMPLETIONS, request).await
    }

    /// Lists the models as `GET /v1/models` does, whichever keys may use them.
    pub async fn models_for_operator(&self) -> Response<Body> {
        let seat = self.lineup.load().primary.clone();
        let (generation, effective) = (&seat.version.generation, &seat.effective);
        let listed = effective.catalog.models(generation, &effective.aws, &self.metrics, None).await;
        match listed {
            Ok(models) => reply::document(wire::models::list(&models)),
            Err(refused) => reply::refusal(&chat_completions::CHAT_COMPLETIONS, &refused, &reply::new_id()),
        }
    }
}
