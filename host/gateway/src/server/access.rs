//! Every request from its first byte: who sent it, and a line in the log whatever comes of it.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::middleware::Next;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};

use super::forwarded::sender;
use super::routes;
use crate::state::Gateway;
use crate::telemetry::{Arrival, Unobserved};

/// Where callers put an id of their own, and find it again.
const CALLER_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id of a caller that is accepted.
const LONGEST_CALLER_ID: usize = 128;

/// The status in the log where the client left before there was one, as nginx writes it.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// The other end of the connection that a request came by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) IpAddr);

/// The reason of a refusal, as an extension of its response.
#[derive(Debug, Clone)]
pub(super) struct Refused {
    pub(super) id: String,
    pub(super) kind: &'static str,
    pub(super) message: String,
}

/// Records a request's arrival, and logs the request unless the observation of a model request does.
pub(super) async fn access(
    State(gateway): State<Arc<Gateway>>,
    mut request: Request<Body>,
    next: Next,
) -> Response<Body> {
    let peer = request.extensions().get::<Peer>().map(|Peer(peer)| *peer);
    let client = peer.map(|peer| sender(peer, request.headers(), &gateway.effective().configuration.gateway.proxies));
    let caller_id = request.headers().get(CALLER_ID).filter(|id| is_usable(id)).cloned();
    let told = caller_id.as_ref().and_then(|id| id.to_str().ok()).map(str::to_owned);
    let arrival = Arrival::now(client, told);
    request.extensions_mut().insert(arrival.clone());
    let mut line =
        Line { arrival, method: request.method().clone(), path: request.uri().path().to_owned(), answer: None };
    let mut response = next.run(request).await;
    line.answer = Some((response.status(), response.extensions_mut().remove::<Refused>()));
    if let Some(id) = caller_id {
        response.headers_mut().insert(CALLER_ID, id);
    }
    response
}

fn is_usable(id: &HeaderValue) -> bool {
    (1..=LONGEST_CALLER_ID).contains(&id.len()) && id.as_bytes().iter().all(u8::is_ascii_graphic)
}

/// The line of a request; written when this is dropped, so that a client that went away has one too.
struct Line {
    arrival: Arrival,
    method: Method,
    path: String,
    answer: Option<(StatusCode, Option<Refused>)>,
}

impl Drop for Line {
    fn drop(&mut self) {
        let (status, refused) = match &self.answer {
            Some((status, refused)) => (status.as_u16(), refused.as_ref()),
            None => (CLIENT_CLOSED_REQUEST, None),
        };
        self.arrival.log(&Unobserved {
            method: self.method.as_str(),
            path: &self.path,
            status,
            request_id: refused.map(|refused| refused.id.as_str()),
            refused: refused.map(|refused| (refused.kind, refused.message.as_str())),
            is_probe: routes::is_probe(&self.path),
        });
    }
}
