//! The contract's types under short names: `contract::config::Settings`, `contract::types::Failure`. They are the one set of types
//! that the host speaks, whichever version of the contract a provider has: `provider::Contract` is where others are converted.

pub use crate::bindings::exports::quarry::provider::{about, config, conversation, models, types};
