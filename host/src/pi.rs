//! pi's own JSON: the `Context` of a conversation with the bytes that its messages carry, its messages, its event protocol.

pub mod blobs;
pub mod context;
pub mod events;
pub(crate) mod json;
pub mod message;
