//! Hosts providers of Amazon Bedrock: WebAssembly components that decide, without authority of their own, what is sent to a model and
//! what its answer means. This crate loads them, bounds them and calls them; it knows no client, no configuration and no AWS SDK.
//!
//! A component is loaded once into a [`Generation`]. Each stream gets a [`Session`] of its own: a store with bounded memory,
//! handles, lifted bytes and time for each call. A trap poisons the session and costs one stream. Components of more than one
//! version of the contract are served in one process ([`Contracts`]).
//!
//! # Example
//!
//! A component is loaded by its digest, answers a stream, and new streams get another version:
//!
//! ```no_run
#![doc = include_str!("../tests/embedding/example.rs")]
//! # fn main() {}
//! ```

use quarry_contract::bindings;
#[cfg(test)]
use quarry_embedded as embedded;
use quarry_system::{crash, digest, files};

mod aot;
mod bounds;
pub mod capacity;
pub mod clamp;
mod component;
mod contract;
mod deadline;
mod encode;
mod engine;
mod error;
mod faults;
mod generation;
mod imports;
mod inspect;
mod interface;
mod limits;
mod request_memory;
mod scan;
mod session;

pub use self::aot::AotCache;
pub use self::bounds::Bounds;
pub use self::component::read_component;
pub use self::contract::{Bound, Calls, Contract, Contracts};
pub use self::encode::{EncodeError, encode};
pub use self::engine::{Host, open_page_map};
pub use self::error::{LoadError, ProviderError};
pub use self::faults::{FaultCount, Faults};
pub use self::generation::{FaultObserver, Generation};
pub use self::imports::ImportPolicy;
pub use self::inspect::{Inspection, inspect};
pub use self::limits::{Limits, MOST_SOURCES};
pub use self::request_memory::{RequestMemory, TooLarge};
pub use self::scan::{Scan, code_digest, scan};
pub use self::session::Session;
pub use crate::digest::{Digest, DigestError};
pub use quarry_contract::{about, blobs, config, conversation, json, models, no_options, types};
