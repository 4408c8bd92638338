//! From a request to its answer, and the headers that every answer has.

use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode};
use serde_json::Value;

use super::control::{self, Query};
use super::count_tokens;
use super::errors::ServiceError;
use super::runtime::{self, Invocation};
use super::script::{ResetSwitch, ScriptBody};
use super::server::Shared;
use super::signature;

/// A request's body may be so long: more than the service's 20 images of 3.75 MB in base64.
const LONGEST_BODY: usize = 128 << 20;

/// The tail that the service puts behind an exception's name; clients must cut it at the colon.
const ERROR_NAMESPACE: &str = ":http://internal.amazon.com/coral/com.amazon.bedrock/";

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// Answers a request; a refusal is an answer too.
pub(crate) async fn answer(request: Request<Incoming>, shared: &Shared, switch: ResetSwitch) -> Response<ScriptBody> {
    let request_id = shared.next_request_id();
    let (parts, body) = request.into_parts();
    let mut response = match route(&parts, body, shared, switch).await {
        Ok(response) => response,
        Err(error) => error_response(&error),
    };
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    tracing::debug!(method = %parts.method, path = parts.uri.path(), status = response.status().as_u16(), request_id, "simulated answer");
    response
}

async fn route(
    parts: &Parts,
    body: Incoming,
    shared: &Shared,
    switch: ResetSwitch,
) -> Result<Response<ScriptBody>, ServiceError> {
    let path = parts.uri.path();
    let segments: Vec<String> =
        path.trim_start_matches('/').split('/').map(decoded).collect::<Option<_>>().ok_or_else(unknown_operation)?;
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let query = || query(parts.uri.query().unwrap_or_default());
    match (&parts.method, segments.as_slice()) {
        (&Method::POST, ["model", model_id, operation @ ("converse-stream" | "converse")]) => {
            let caller = signature::caller(&parts.headers)?;
            let body = collected(body).await?;
            runtime::converse(
                &Invocation { model_id, caller: &caller, body: &body, streams: *operation == "converse-stream" },
                shared,
                switch,
            )
        }
        (&Method::POST, ["model", model_id, "count-tokens"]) => {
            let caller = signature::caller(&parts.headers)?;
            count_tokens::count_tokens(model_id, &caller, &collected(body).await?, switch)
        }
        (&Method::GET, ["foundation-models"]) => {
            let caller = signature::caller(&parts.headers)?;
            Ok(json_response(&control::list_foundation_models(&caller, &query())))
        }
        (&Method::GET, ["foundation-models", id]) => {
            let caller = signature::caller(&parts.headers)?;
            control::get_foundation_model(&caller, id).map(|body| json_response(&body))
        }
        (&Method::GET, ["inference-profiles"]) => {
            let caller = signature::caller(&parts.headers)?;
            control::list_inference_profiles(&caller, &query()).map(|body| json_response(&body))
        }
        (&Method::GET, ["inference-profiles", id]) => {
            let caller = signature::caller(&parts.headers)?;
            control::get_inference_profile(&caller, id).map(|body| json_response(&body))
        }
        _ => Err(unknown_operation()),
    }
}

async fn collected(body: Incoming) -> Result<Bytes, ServiceError> {
    match Limited::new(body, LONGEST_BODY).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(ServiceError::new(
            413,
            "RequestEntityTooLargeException",
            format!("The request body exceeds {LONGEST_BODY} bytes."),
        )),
        Err(error) => Err(ServiceError::validation(format!("The request body could not be read: {error}"))),
    }
}

fn unknown_operation() -> ServiceError {
    ServiceError::new(404, "UnknownOperationException", "The requested operation is not recognized by the service.")
}

/// A JSON answer with status 200.
pub(crate) fn json_response(body: &Value) -> Response<ScriptBody> {
    typed_response("application/json", ScriptBody::whole(body.to_string()))
}

/// An answer with status 200.
pub(crate) fn typed_response(content_type: &'static str, body: ScriptBody) -> Response<ScriptBody> {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn error_response(error: &ServiceError) -> Response<ScriptBody> {
    let mut response = json_response(&error.body());
    *response.status_mut() = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Ok(value) = HeaderValue::from_str(&format!("{}{ERROR_NAMESPACE}", error.name)) {
        response.headers_mut().insert(ERROR_TYPE, value);
    }
    if let Some(seconds) = error.retry_after {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// One percent-decoded segment of a path; `None` when it is not UTF-8 or an escape is cut.
fn decoded(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
        let (high, low) = (digit(rest.next())?, digit(rest.next())?);
        bytes.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(bytes).ok()
}

fn query(text: &str) -> Query {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .filter_map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decoded(name)?, decoded(&value.replace('+', " "))?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{decoded, query};

    #[test]
    fn labels_are_decoded_once() {
        assert_eq!(decoded("us.amazon.nova-lite-v1%3A0").as_deref(), Some("us.amazon.nova-lite-v1:0"));
        assert_eq!(decoded("arn%3Aaws%3Abedrock%3A%3A%3Ax%2Fy").as_deref(), Some("arn:aws:bedrock:::x/y"));
        assert_eq!(decoded("a%252Fb").as_deref(), Some("a%2Fb"));
        assert_eq!((decoded("a%2"), decoded("a%zz"), decoded("%ff")), (None, None, None));
    }

    #[test]
    fn queries_are_decoded() {
        let pairs = query("maxResults=3&nextToken=a%2Bb%3D&flag");
        assert_eq!(
            pairs,
            [("maxResults", "3"), ("nextToken", "a+b="), ("flag", "")].map(|(a, b)| (a.to_owned(), b.to_owned()))
        );
    }
}
