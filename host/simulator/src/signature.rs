//! The `Authorization` header: that it is there, its form, and the region that it was made for.
//!
//! Whether a secret made the signature is not looked at: the simulator has no secret to compare with.

use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, DATE};

use super::errors::ServiceError;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// The signer of a request, as far as the simulator checks it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    /// The region of the credential scope; a bearer token has none.
    pub(crate) region: Option<String>,
}

/// Reads the header.
///
/// # Errors
/// 403 `MissingAuthenticationTokenException` without a header, 403 `IncompleteSignatureException` with a malformed one. No
/// message repeats any part of the header: it is secret.
pub(crate) fn caller(headers: &HeaderMap) -> Result<Caller, ServiceError> {
    let header = headers.get(AUTHORIZATION).ok_or_else(missing)?;
    let header = header.to_str().map_err(|_| incomplete("Authorization header is not visible ASCII."))?.trim();
    let (scheme, rest) = header.split_once(' ').unwrap_or((header, ""));
    if scheme.is_empty() {
        return Err(missing());
    }
    if scheme.eq_ignore_ascii_case("bearer") {
        return match rest.trim() {
            "" => Err(incomplete("Authorization header requires a token after 'Bearer'.")),
            _ => Ok(Caller { region: None }),
        };
    }
    if scheme != ALGORITHM {
        return Err(incomplete("Unsupported AWS 'algorithm' in the Authorization header."));
    }
    let credential = parameter(rest, "Credential")?;
    let signed_headers = parameter(rest, "SignedHeaders")?;
    parameter(rest, "Signature")?;
    if !headers.contains_key("x-amz-date") && !headers.contains_key(DATE) {
        return Err(incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."));
    }
    if !signed_headers.split(';').any(|name| name == "host" || name == ":authority") {
        return Err(incomplete("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."));
    }
    region_of(credential).map(|region| Caller { region: Some(region) })
}

/// The region of `KEY/DATE/REGION/SERVICE/aws4_request`. A key id may hold `/` itself, so it is read from the end.
fn region_of(credential: &str) -> Result<String, ServiceError> {
    let mut parts = credential.rsplit('/');
    let (end, service, region) = (parts.next(), parts.next(), parts.next());
    let (date, key) = (parts.next(), parts.next());
    match (key, date, region, service, end) {
        (Some(key), Some(date), Some(region), Some("bedrock"), Some("aws4_request"))
            if !key.is_empty() && date.len() == 8 && !region.is_empty() =>
        {
            Ok(region.to_owned())
        }
        (Some(_), Some(_), Some(_), Some(_), Some("aws4_request")) => Err(ServiceError::new(
            403,
            "InvalidSignatureException",
            "Credential should be scoped to correct service: 'bedrock'.",
        )),
        _ => Err(incomplete(
            "Credential must have exactly 5 slash-delimited elements: KEY/DATE/REGION/SERVICE/aws4_request.",
        )),
    }
}

fn parameter<'a>(parameters: &'a str, name: &str) -> Result<&'a str, ServiceError> {
    parameters
        .split(',')
        .filter_map(|parameter| parameter.trim().split_once('='))
        .find_map(|(key, value)| (key == name && !value.is_empty()).then_some(value))
        .ok_or_else(|| incomplete(&format!("Authorization header requires '{name}' parameter.")))
}

fn missing() -> ServiceError {
    ServiceError::new(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
}

fn incomplete(message: &str) -> ServiceError {
    ServiceError::new(403, "IncompleteSignatureException", message)
}

#[cfg(test)]
mod tests {
    use hyper::HeaderMap;
    use hyper::header::HeaderValue;

    use super::caller;

    fn headers(authorization: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", HeaderValue::from_static(authorization));
        headers.insert("x-amz-date", HeaderValue::from_static("20260101T000000Z"));
        headers
    }

    fn refusal(authorization: &'static str) -> &'static str {
        caller(&headers(authorization)).expect_err("must be refused").name
    }

    #[test]
    fn a_signature_tells_its_region() {
        let good = "AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/bedrock/aws4_request, SignedHeaders=host;x-amz-date, Signature=0a1b";
        assert_eq!(caller(&headers(good)).expect("is well formed").region.as_deref(), Some("eu-west-1"));
        assert_eq!(caller(&headers("Bearer abc")).expect("is well formed").region, None);
    }

    #[test]
    fn what_is_missing_or_malformed_is_refused() {
        assert_eq!(caller(&HeaderMap::new()).expect_err("no header").name, "MissingAuthenticationTokenException");
        assert_eq!(refusal("Bearer "), "IncompleteSignatureException");
        assert_eq!(refusal("Basic abc"), "IncompleteSignatureException");
        assert_eq!(
            refusal("AWS4-HMAC-SHA256 Credential=A/20260101/r/bedrock/aws4_request"),
            "IncompleteSignatureException"
        );
        assert_eq!(
            refusal("AWS4-HMAC-SHA256 Credential=A/r/bedrock, SignedHeaders=host, Signature=0"),
            "IncompleteSignatureException"
        );
        assert_eq!(
            refusal("AWS4-HMAC-SHA256 Credential=A/20260101/r/s3/aws4_request, SignedHeaders=host, Signature=0"),
            "InvalidSignatureException"
        );
    }
}
