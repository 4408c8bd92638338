//! What goes out to the runtime: a body as it is, under the SDK's path, headers and signature.

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use secrecy::{ExposeSecret as _, SecretString};

/// Headers of the configuration that are not sent: they are the SDK's own (pi skips the same).
const RESERVED_HEADERS: &[&str] = &["authorization", "host", "content-length", "content-type"];

/// A request that is ready.
#[derive(Debug)]
pub struct ConverseRequest {
    /// One path label of the URL; the SDK encodes it.
    pub model_id: String,
    /// Where to send it.
    pub region: String,
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
            if !RESERVED_HEADERS.contains(&name.as_str()) && !name.starts_with("x-amz-") {
                // A header that is not one was refused when the configuration was read.
                let _ = http.headers_mut().try_insert(name, value.expose_secret().to_owned());
            }
        }
    }
}

/// The configuration of one request to the runtime: its region.
pub(super) fn runtime_region(region: &str) -> aws_sdk_bedrockruntime::config::Builder {
    let region = aws_sdk_bedrockruntime::config::Region::new(region.to_owned());
    aws_sdk_bedrockruntime::config::Builder::default().region(region)
}
