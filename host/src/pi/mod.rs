//! pi's terms: its messages and its event protocol.

pub mod events;
pub mod message;
