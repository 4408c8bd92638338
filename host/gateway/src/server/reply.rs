//! Responses without a stream: documents and refusals.

use std::time::Duration;

use axum::body::Body;
use hyper::header::{ACCEPT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use hyper::{HeaderMap, Response, StatusCode};

use super::access::Refused;
use super::decompression;
use crate::refusal::{Refusal, RefusalKind};
use crate::wire::member_names::in_words_of;
use crate::wire::{self, Format};

/// The header that the OpenAI and Anthropic SDKs check before they retry.
const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

/// AWS's id of the request, under AWS's own name for it.
const AWS_REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// Letters and digits of a request's id.
const ID_LENGTH: usize = 24;

/// A JSON document.
pub(super) fn document(body: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// A text.
pub(super) fn text(status: StatusCode, text: String) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

/// A new id of a request: letters and digits.
pub(super) fn new_id() -> String {
    std::iter::repeat_with(fastrand::alphanumeric).take(ID_LENGTH).collect()
}

/// The response with the request's id, where clients of the format look for it.
pub(super) fn named(mut response: Response<Body>, format: &Format, id: &str) -> Response<Body> {
    let name = HeaderName::from_static(format.request_id_header);
    if let Ok(value) = HeaderValue::from_str(&wire::request_id(id)) {
        response.headers_mut().insert(name, value);
    }
    response
}

/// A refusal, as the format's own error object.
pub(super) fn refusal(format: &Format, refused: &Refusal, id: &str) -> Response<Body> {
    let refused = &in_words_of(format, refused);
    let mut response = named(document((format.refusal)(refused, &wire::request_id(id))), format, id);
    *response.status_mut() = (format.status)(refused);
    let headers = response.headers_mut();
    headers.insert(SHOULD_RETRY, HeaderValue::from_static(if refused.retryable { "true" } else { "false" }));
    if let Some(after) = refused.retry_after {
        headers.insert(RETRY_AFTER, whole_seconds(after));
    }
    if refused.kind == RefusalKind::Authentication {
        headers.insert(hyper::header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if refused.status == StatusCode::UNSUPPORTED_MEDIA_TYPE {
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(decompression::ACCEPTED));
    }
    aws_request_id(headers, refused.request_id.as_deref());
    let (kind, message) = (refused.kind.word(), refused.message.clone());
    response.extensions_mut().insert(Refused { id: id.to_owned(), kind, message });
    response
}

/// Whole seconds, rounded up: a client that retries too early is refused again.
pub(super) fn whole_seconds(after: Duration) -> HeaderValue {
    HeaderValue::from(after.as_secs() + u64::from(after.subsec_nanos() > 0))
}

/// Names AWS's id of the request.
pub(super) fn aws_request_id(headers: &mut HeaderMap, id: Option<&str>) {
    if let Some(id) = id.and_then(|id| HeaderValue::from_str(id).ok()) {
        headers.insert(AWS_REQUEST_ID, id);
    }
}
