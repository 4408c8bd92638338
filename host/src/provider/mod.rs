//! Provider components: loading, bounds, and calls. The only place that names wasmtime, besides the generated bindings.
//!
//! A component is loaded once into a [`Generation`]. Each stream gets a [`Session`] of its own: a store with bounded memory,
//! handles, lifted bytes and time for each call. A trap poisons the session and costs one stream. Components of more than one
//! version of the contract are served in one process ([`Contracts`]).

mod aot;
mod bounds;
pub mod clamp;
mod component;
mod contract;
mod deadline;
mod digest;
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
pub use self::contract::{Bound, Calls, Contract, Contracts};
pub use self::digest::{Digest, DigestError};
pub use self::encode::{EncodeError, encode};
pub use self::engine::Host;
pub use self::error::{BrokenRule, LoadError, ProviderError};
pub use self::faults::{FaultCount, Faults};
pub use self::generation::{FaultObserver, Generation};
pub use self::imports::ImportPolicy;
pub use self::inspect::{Inspection, component_bytes, inspect};
pub use self::limits::Limits;
pub use self::request_memory::{RequestMemory, TooLarge};
pub use self::scan::{Scan, code_digest, scan};
pub use self::session::Session;

/// The provider component that this binary was built with.
pub const EMBEDDED: &[u8] = include_bytes!(env!("QUARRY_GUEST_COMPONENT"));

/// The digest of [`EMBEDDED`], reckoned once: it is a megabyte.
#[must_use]
pub fn embedded_digest() -> Digest {
    static DIGEST: std::sync::OnceLock<Digest> = std::sync::OnceLock::new();
    *DIGEST.get_or_init(|| Digest::of(EMBEDDED))
}

/// What the embedded component is called where a file's path would stand.
pub const EMBEDDED_NAME: &str = "(embedded)";
