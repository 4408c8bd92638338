//! Errors of provider components.

use std::error::Error;
use std::path::PathBuf;

use crate::capacity::{Full, ReserveInUse};

/// Why a component was not loaded.
#[derive(Debug, thiserror::Error)]
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
        "the component {name} imports {}, and a provider must import nothing: build it for wasm32-unknown-unknown, or without the code that needs {}",
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
        /// The version of the contract that it must export, or those that it may.
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

/// Why a call of a provider failed. A provider reports a wrong request as data. Who is to blame for a failed call,
/// `gateway` decides by repeating it.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// There is no room for another request.
    #[error(transparent)]
    Full(#[from] Full),
    /// All reserved sessions are in use.
    #[error("cannot create an instance of the provider now: {0}")]
    Reserve(#[from] ReserveInUse),
    /// No instance could be created: memory is short, or the provider failed at its start.
    #[error("cannot create an instance of the provider {provider}: {reason}")]
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
    /// The provider trapped after it was denied memory.
    #[error("the provider {provider} failed in `{call}`: it requested more memory than {limit} bytes ({reason})")]
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
    /// The provider trapped, or returned a value that the contract does not allow, or that is too large.
    #[error("the provider {provider} failed in `{call}`: {reason}")]
    Trap {
        /// Name of the component.
        provider: String,
        /// The function of the contract.
        call: &'static str,
        /// What wasmtime says of it. Where it was is logged, at the level `debug`.
        reason: String,
    },
    /// The provider returned a value that the types of the contract allow and its rules do not.
    #[error("the provider {provider} broke the contract in `{call}`: {cause}")]
    Answer {
        /// Name of the component.
        provider: String,
        /// The function of the contract.
        call: &'static str,
        /// The rule that it broke.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// The provider met the deadline of each call, but used far more processor time than its work justifies.
    #[error("the provider {provider} took {took_ms} ms of processor time in `{call}`; the limit is {allowed_ms} ms")]
    TooSlow {
        /// Name of the component.
        provider: String,
        /// The function of the contract.
        call: &'static str,
        /// The processor time that it used, in milliseconds.
        took_ms: u128,
        /// The processor time that it was allowed, in milliseconds.
        allowed_ms: u128,
    },
    /// The session is unusable after an earlier trap.
    #[error("the provider {provider} failed before and cannot run `{call}`")]
    Poisoned {
        /// Name of the component.
        provider: String,
        /// The function of the contract.
        call: &'static str,
    },
    /// The provider returned something else for the same input: it is not a pure function.
    #[error(
        "the provider {provider} cannot be replayed after a failure: it returned {given} deltas at first, and {replayed} for the same input in the replay"
    )]
    Unrepeatable {
        /// Name of the component.
        provider: String,
        /// The number of deltas that it returned at first.
        given: usize,
        /// The number of deltas in the replay.
        replayed: usize,
    },
    /// The provider ended a turn without `done` or `error`. The host must not report that as a complete answer.
    #[error("the provider {provider} ended the answer without `done` or `error`")]
    Unended {
        /// Name of the component.
        provider: String,
    },
    /// The host called out of order: no turn or listing is open.
    #[error("`{call}` requires {missing}, and none is open")]
    OutOfOrder {
        /// The function of the contract.
        call: &'static str,
        /// The missing resource.
        missing: &'static str,
    },
}
