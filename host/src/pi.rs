//! pi's own JSON: the `Context` of a conversation with the bytes that its messages carry, its messages, its event protocol.

pub mod blobs;
pub mod context;
pub mod events;
pub(crate) mod json;
pub mod message;

/// The provider's id in pi's messages: with [`API`] and the model's id it says whose thinking a message holds.
pub const PROVIDER: &str = "amazon-bedrock";

/// The id of the API in pi's messages.
pub const API: &str = "bedrock-converse-stream";
