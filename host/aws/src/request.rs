//! What goes out to the runtime: a body as it is, under the SDK's path, headers and signature.

use std::sync::Arc;

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use secrecy::{ExposeSecret as _, SecretString};

use super::destination::Destination;
use super::region::Region;

/// Whether a header, named in lower case, belongs to the signature, the connection or the body: it is the SDK's own, and none of the
/// configuration is sent in its place (pi skips the same).
pub fn is_reserved_header(lower: &str) -> bool {
    matches!(lower, "authorization" | "host" | "content-length" | "content-type") || lower.starts_with("x-amz-")
}

/// A request that is ready.
#[derive(Debug)]
pub struct ConverseRequest {
    /// Where to send it.
    pub destination: Destination,
    /// The body.
    pub body: Bytes,
}

/// The headers of a configuration that are sent: in lower case, without those that are the SDK's own.
pub(super) fn sent_headers(configured: Vec<(String, SecretString)>) -> Arc<[(String, SecretString)]> {
    let lower = configured.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value));
    lower.filter(|(name, _)| !is_reserved_header(name)).collect()
}

/// Puts a body and the configured headers into a request of the SDK. It is to run before signing, so that the signature is
/// over what is sent.
pub(super) fn replace_body(http: &mut HttpRequest, body: &Bytes, headers: &[(String, SecretString)]) {
    http.headers_mut().insert("content-length", body.len().to_string());
    *http.body_mut() = SdkBody::from(body.clone());
    for (name, value) in headers {
        // A header that is not one was refused when the configuration was read.
        let _ = http.headers_mut().try_insert(name.clone(), value.expose_secret().to_owned());
    }
}

/// The configuration of one request to the runtime: its region.
pub(super) fn runtime_region(region: &Region) -> aws_sdk_bedrockruntime::config::Builder {
    let region = aws_sdk_bedrockruntime::config::Region::new(region.as_str().to_owned());
    aws_sdk_bedrockruntime::config::Builder::default().region(region)
}
