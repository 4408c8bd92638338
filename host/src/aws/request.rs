//! What goes out to the runtime: a body as it is, under the SDK's path, headers and signature.

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use secrecy::{ExposeSecret as _, SecretString};

use super::destination::Destination;
use super::region::Region;

/// Whether a header, named in lower case, belongs to the signature, the connection or the body: it is the SDK's own, and none of the
/// configuration is sent in its place (pi skips the same).
pub(crate) fn is_reserved_header(lower: &str) -> bool {
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

/// Puts a body and the configured headers into a request of the SDK. It is to run before signing, so that the signature is
/// over what is sent.
pub(super) fn replacing(
    body: Bytes,
    headers: Vec<(String, SecretString)>,
) -> impl Fn(&mut HttpRequest) + Send + Sync + 'static {
    move |http| {
        http.headers_mut().insert("content-length", body.len().to_string());
        *http.body_mut() = SdkBody::from(body.clone());
        for (name, value) in &headers {
            let name = name.to_ascii_lowercase();
            if !is_reserved_header(&name) {
                // A header that is not one was refused when the configuration was read.
                let _ = http.headers_mut().try_insert(name, value.expose_secret().to_owned());
            }
        }
    }
}

/// The configuration of one request to the runtime: its region.
pub(super) fn runtime_region(region: &Region) -> aws_sdk_bedrockruntime::config::Builder {
    let region = aws_sdk_bedrockruntime::config::Region::new(region.as_str().to_owned());
    aws_sdk_bedrockruntime::config::Builder::default().region(region)
}
