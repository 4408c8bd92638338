//! The AWS SDK as it is, with its typed receiver: what the benches compare with.

use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::config::{BehaviorVersion, Builder, Credentials, Region, StalledStreamProtectionConfig};
use aws_sdk_bedrockruntime::types::{ContentBlock, ConversationRole, Message};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

/// A client of an endpoint on loopback.
pub(crate) fn typed_client(endpoint: &str) -> Client {
    let http = aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let config = Builder::new()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(endpoint)
        .credentials_provider(Credentials::new("bench", "bench", None, None, "bench"))
        .http_client(http)
        // As in quarry, so that both drain the bare body.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    Client::from_conf(config.build())
}

/// What is asked.
pub(crate) fn message() -> Message {
    let message = Message::builder().role(ConversationRole::User).content(ContentBlock::Text("hi".to_owned()));
    message.build().expect("role and content are there")
}
