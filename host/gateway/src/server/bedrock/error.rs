//! Refusals in AWS's form, so that the SDKs raise their typed errors.

use axum::body::Body;
use hyper::header::{HeaderName, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};
use serde_json::json;

use super::super::access::Refused;
use super::super::reply;
use crate::contract::types::{ApiError, Failure, FailureKind};
use crate::refusal::{Refusal, RefusalKind};
use crate::wire;

/// Where AWS's SDKs find the type of an error.
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// A refusal with the status and the type that its client gets, which the log and the metrics are to have too.
pub(super) fn shaped(refused: Refusal) -> Refusal {
    let (status, name) = shape(&refused);
    let code = Some(name.to_owned());
    Refusal { status, code, ..refused }
}

/// A refusal as AWS writes errors. Its request id is AWS's where AWS was asked, else the gateway's.
pub(in crate::server) fn refusal(refused: &Refusal, id: &str) -> Response<Body> {
    let (status, name) = shape(refused);
    let body = json!({ "message": refused.message });
    let mut response = reply::document(body.to_string().into_bytes());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    if let Ok(name) = HeaderValue::from_str(name) {
        headers.insert(ERROR_TYPE, name);
    }
    if let Some(after) = refused.retry_after {
        headers.insert(RETRY_AFTER, reply::whole_seconds(after));
    }
    let own = wire::request_id(id);
    reply::aws_request_id(headers, Some(refused.request_id.as_deref().unwrap_or(&own)));
    let (kind, message) = (refused.kind.word(), refused.message.clone());
    response.extensions_mut().insert(Refused { id: id.to_owned(), kind, message });
    response
}

/// The status of a refusal of this kind.
pub(in crate::server) fn status(kind: RefusalKind) -> StatusCode {
    shape(&Refusal::new(kind, "")).0
}

/// The status and the type of an error.
fn shape(refused: &Refusal) -> (StatusCode, &str) {
    if let Some(code) = &refused.code {
        return (refused.status, code);
    }
    match refused.kind {
        RefusalKind::Invalid | RefusalKind::ContextOverflow | RefusalKind::ContentFilter => {
            (refused.status, "ValidationException")
        }
        RefusalKind::TooLarge => (StatusCode::BAD_REQUEST, "ValidationException"),
        RefusalKind::Authentication | RefusalKind::Permission => (StatusCode::FORBIDDEN, "AccessDeniedException"),
        RefusalKind::NotFound => (StatusCode::NOT_FOUND, "ResourceNotFoundException"),
        RefusalKind::UnknownPath | RefusalKind::Method => (refused.status, "UnknownOperationException"),
        RefusalKind::RateLimit | RefusalKind::Quota => (StatusCode::TOO_MANY_REQUESTS, "ThrottlingException"),
        RefusalKind::Overloaded | RefusalKind::ShuttingDown => {
            (StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailableException")
        }
        RefusalKind::Timeout if refused.status == StatusCode::REQUEST_TIMEOUT => {
            (refused.status, "RequestTimeoutException")
        }
        RefusalKind::Timeout => (StatusCode::REQUEST_TIMEOUT, "ModelTimeoutException"),
        RefusalKind::Upstream if refused.retryable => (StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailableException"),
        RefusalKind::Upstream | RefusalKind::Aborted | RefusalKind::Internal => {
            (StatusCode::INTERNAL_SERVER_ERROR, "InternalServerException")
        }
    }
}

/// The refusal of a request that AWS refused: as AWS put it, unless AWS speaks of the gateway's own credentials. Those are not the
/// client's, and a client must not look for the mistake in its key.
pub(super) fn of_aws(error: &ApiError, failure: &Failure) -> Refusal {
    let explained = Refusal { code: None, ..Refusal::from(failure) };
    let is_of_gateway = matches!(failure.kind, FailureKind::CredentialsMissing | FailureKind::CredentialsInvalid);
    let ApiError { status: Some(status), code: Some(code), .. } = error else { return explained };
    match StatusCode::from_u16(*status) {
        Ok(status) if !is_of_gateway && (status.is_client_error() || status.is_server_error()) => Refusal {
            status,
            code: Some(name(code).to_owned()),
            message: error.message.clone().unwrap_or_else(|| explained.message.clone()),
            ..explained
        },
        _ => explained,
    }
}

/// The name in an error type: an address may stand behind it, and a namespace before it.
fn name(code: &str) -> &str {
    let before = code.split(':').next().unwrap_or(code);
    before.rsplit('#').next().unwrap_or(before)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::types::ApiStage;
    use crate::failures::failure;

    fn answer(status: u16, code: &str) -> ApiError {
        ApiError {
            operation: "Converse".to_owned(),
            model_id: None,
            region: None,
            stage: ApiStage::Response,
            status: Some(status),
            code: Some(code.to_owned()),
            message: Some("as AWS put it".to_owned()),
            request_id: Some("aws-1".to_owned()),
            retry_after: None,
        }
    }

    #[test]
    fn every_refusal_has_a_type_that_the_sdks_know() {
        for kind in RefusalKind::ALL {
            let refused = Refusal::new(kind, "no");
            let response = refusal(&refused, "id");
            let name = response.headers()[ERROR_TYPE].to_str().expect("it is text");
            assert!(name.ends_with("Exception"), "{kind:?} {name}");
            assert!(response.status().is_client_error() || response.status().is_server_error(), "{kind:?}");
            assert_eq!(response.headers()["x-amzn-requestid"], "req_id");
        }
    }

    #[test]
    fn what_aws_says_passes_and_what_it_says_of_the_gateways_credentials_does_not() {
        let throttled = failure(FailureKind::Throttled, "explained".to_owned(), None, Some("aws-1"));
        let passed = of_aws(&answer(429, "a.b#ThrottlingException:http://internal"), &throttled);
        assert_eq!(
            (passed.status, passed.code.as_deref()),
            (StatusCode::TOO_MANY_REQUESTS, Some("ThrottlingException"))
        );
        assert_eq!((passed.message.as_str(), passed.request_id.as_deref()), ("as AWS put it", Some("aws-1")));
        let expired = failure(FailureKind::CredentialsInvalid, "explained".to_owned(), None, None);
        let hidden = of_aws(&answer(403, "ExpiredTokenException"), &expired);
        assert_eq!((hidden.code.as_deref(), hidden.message.as_str()), (None, "explained"));
        assert_eq!(shape(&hidden), (StatusCode::INTERNAL_SERVER_ERROR, "InternalServerException"));
    }
}
