//! pi's own JSON: the `Context` of a conversation, and the bytes that its messages carry.

pub mod blobs;
pub mod context;
mod json;
