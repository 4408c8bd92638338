//! The size limit of a request's head.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::middleware::Next;
use hyper::header::{HOST, HeaderValue};
use hyper::{HeaderMap, Request, Response, StatusCode, Uri, Version};

use super::routes;
use crate::refusal::{Refusal, RefusalKind};
use crate::state::Gateway;
use crate::telemetry::Refusal as Reason;

/// What stands beside each header's name and value: a colon, a space and the end of the line.
const BESIDE: usize = 4;

/// Turns away a head that is over the limit of the configuration at work, in the words of the endpoint that was asked. hyper has
/// a limit of its own above this one; what is over that one is turned away unread, with the bare status.
pub(super) async fn bounded(
    State(gateway): State<Arc<Gateway>>,
    mut request: Request<Body>,
    next: Next,
) -> Response<Body> {
    if request.version() == Version::HTTP_11 && request.headers().get_all(HOST).iter().count() != 1 {
        // RFC 9112, 3.2: whoever stands between would take the request for another host's.
        let message = "an HTTP/1.1 request must have exactly one Host header";
        return routes::refuse_unread(&gateway, request, &Refusal::new(RefusalKind::Invalid, message)).await;
    }
    host_of_target(&mut request);
    let most = gateway.effective().configuration.gateway.limits.headers;
    if size(request.uri(), request.headers()) <= most {
        return next.run(request).await;
    }
    gateway.metrics.refused(Reason::Size);
    let message = format!("the request head is larger than {most} bytes (quarry.limits.headerBytes)");
    let refused =
        Refusal { status: StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, ..Refusal::new(RefusalKind::TooLarge, message) };
    routes::refuse_unread(&gateway, request, &refused).await
}

/// Puts the host that a target names into `host`, where everybody looks: the target counts (RFC 9112, 3.2.2), and HTTP/2 has it
/// nowhere else.
fn host_of_target(request: &mut Request<Body>) {
    let host = request.uri().authority().and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
    if let Some(host) = host {
        request.headers_mut().insert(HOST, host);
    }
}

/// The bytes of a head as HTTP/1.1 writes it, all but the method and the version.
fn size(uri: &Uri, headers: &HeaderMap) -> usize {
    let target = uri.path_and_query().map_or(0, |target| target.as_str().len());
    target + headers.iter().map(|(name, value)| name.as_str().len() + value.len() + BESIDE).sum::<usize>()
}
