//! The contract's types under short names: `contract::config::Settings`, `contract::types::Failure`.

pub use crate::bindings::exports::quarry::provider::{about, config, conversation, models, types};
