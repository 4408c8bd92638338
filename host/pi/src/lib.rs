//! pi's own JSON: the `Context` of a conversation, its messages, its event protocol.

use quarry_contract::{self as contract, blobs};

pub mod context;
pub mod events;
pub mod json;
pub mod message;

/// The provider's id in pi's messages: with [`API`] and the model's id it says whose thinking a message holds.
pub const PROVIDER: &str = "amazon-bedrock";

/// The id of the API in pi's messages.
pub const API: &str = "bedrock-converse-stream";
