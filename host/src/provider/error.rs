//! What can go wrong with a provider component.

use std::path::PathBuf;

use crate::aws::DestinationError;
use crate::capacity::{Full, ReserveInUse};
use crate::pi::blobs::BodyError;

/// Why a component was not loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file cannot be read.
    #[error("cannot read the component {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is larger than the limit.
    #[error("the component {name} has {size} bytes, the limit is {limit}")]
    TooLarge {
        /// The component.
        name: String,
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: usize,
    },
    /// The bytes are not a component.
    #[error("{name} is not a WebAssembly component: {reason}")]
    NotAComponent {
        /// The component.
        name: String,
        /// What it is instead.
        reason: String,
    },
    /// The component imports something.
    #[error(
        "the component {name} imports {}, and a provider imports nothing: build it for wasm32-unknown-unknown, or without \
         whatever needs {}",
        imports.join(", "),
        if imports.len() == 1 { "it" } else { "them" }
    )]
    Imports {
        /// The component.
        name: String,
        /// Every import, by name.
        imports: Vec<String>,
    },
    /// The component is no provider, or one of another version of the contract.
    #[error("the component {name} does not export quarry:provider@{expected}: {reason}")]
    NotAProvider {
        /// The component.
        name: String,
        /// The version of the contract that it has to export, or those that it may.
        expected: String,
        /// What is missing or different.
        reason: String,
    },
    /// The engine cannot be made.
    #[error("cannot set up the WebAssembly engine: {reason}")]
    Engine {
        /// Why.
        reason: String,
    },
}

/// A rule of the contract that an answer of a provider broke.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BrokenRule {
    /// The parts of the request body.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The model that the request is for.
    #[error("it named a model that the request cannot be put to: {0}")]
    Destination(#[from] DestinationError),
}

/// Why a call of a provider failed. A provider says what is wrong with a request as data; whose fault a failed call is, `gateway`
/// decides by running it again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProviderError {
    /// There is no room for another request.
    #[error(transparent)]
    Full(#[from] Full),
    /// There is no room for another session that is no request's.
    #[error("cannot make an instance of the provider now: {0}")]
    Reserve(#[from] ReserveInUse),
    /// No instance could be made: memory is short, or the provider failed as it began.
    #[error("cannot make an instance of the provider {provider}: {reason}")]
    Instantiate {
        /// Name of the component.
        provider: String,
        /// Why.
        reason: String,
    },
    /// The provider took longer than a call may.
    #[error("the provider {provider} was stopped in `{call}`: it took longer than {limit_ms} ms")]
    Deadline {
        /// Name of the component.
        provider: String,
        /// The function of the contract.
        call: &'static str,
        /// The limit in milliseconds.
        limit_ms: u128,
    },
    /// The provider trapped after it was refused memory.
    #[error("the provider {provider} failed in `{call}`: it wanted more memory than {limit} bytes ({reason})")]
    OutOfMemory {
        /// Name of the component.
        provider: String,
        /// The function of the contract.
        call: &'static str,
        /// The limit in bytes.
        limit: usize,
        /// What wasmtime says of the trap.
        reason: String,
    },
    /// The provider trapped, or gave back what the contract does not allow, or too much of it.
    #[error("the provider {provider} failed in `{call}`: {reason}")]
    Trap {
        /// Name of the component.
        provider: String,
        /// The function of the contract.
        call: &'static str,
        /// What wasmtime says of it. Where it was is logged, at the level `debug`.
        reason: String,
    },
    /// The provider gave back what the types of the contract allow and its rules do not.
    #[error("the provider {provider} broke the contract in `{call}`: {cause}")]
    Answer {
        /// Name of the component.
        provider: String,
        /// The function of the contract.
        call: &'static str,
        /// The rule that it broke.
        #[source]
        cause: BrokenRule,
    },
    /// The provider answered, below the deadline of each call, and took far more processor time than it was given work for.
    #[error("the provider {provider} took {took_ms} ms of processor time in `{call}`; the limit is {allowed_ms} ms")]
    TooSlow {
        /// Name of the component.
        provider: String,
        /// The function of the contract.
        call: &'static str,
        /// What it took in milliseconds.
        took_ms: u128,
        /// What it had in milliseconds.
        allowed_ms: u128,
    },
    /// The session is of no use after an earlier trap.
    #[error("the provider {provider} cannot go on with `{call}` after it failed before")]
    Poisoned {
        /// Name of the component.
        provider: String,
        /// The function of the contract.
        call: &'static str,
    },
    /// The provider, given the same again, did not do the same again: it is no pure function of what it is handed.
    #[error(
        "the provider {provider} cannot be replayed after a failure: it gave {given} deltas at first, and {replayed} for the same input again"
    )]
    Unrepeatable {
        /// Name of the component.
        provider: String,
        /// Deltas that it gave.
        given: usize,
        /// Deltas that it gave for the same input.
        replayed: usize,
    },
    /// The provider ended a turn without `done` or `error`, which must not be taken for an end.
    #[error("the provider {provider} ended the answer without saying how")]
    Unended {
        /// Name of the component.
        provider: String,
    },
    /// The host called out of order: no turn or listing is open.
    #[error("`{call}` needs {missing}, and none is open")]
    OutOfOrder {
        /// The function of the contract.
        call: &'static str,
        /// What has to be opened first.
        missing: &'static str,
    },
}
