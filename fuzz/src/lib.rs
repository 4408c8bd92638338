//! What is fuzzed: each function takes any bytes and panics where something does not hold.

mod allocations;
mod configurations;
mod contexts;
mod conversation_rules;
mod frames;
mod large;
mod listing;

pub use configurations::config;
pub use contexts::contexts;
pub use frames::frames;
pub use large::large;
pub use listing::listing;

/// The contract's types and the decoder, where the modules that are included from the host look for them.
pub(crate) mod contract {
    pub(crate) use quarry_guest::contract::*;

    /// The host's name for which function makes a request.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) enum RequestKind {
        Answer,
        TokenCount,
    }
}

/// The host's decoder. The host itself would bring the sandbox and the SDK's clients with it.
#[path = "../../host/aws/src/frames/mod.rs"]
#[allow(dead_code, unreachable_pub, reason = "as the host has it, which uses all of it")]
mod event_stream;

pub(crate) mod aws {
    pub(crate) use crate::event_stream as frames;
}

/// Batches of frames, as cases and recordings have them.
#[path = "../../host/conformance/src/frames.rs"]
#[allow(dead_code, unreachable_pub, reason = "as the host has it, which uses all of it")]
mod recorded_frames;

/// The host's parser of configurations.
#[allow(dead_code, unreachable_pub, reason = "as the host has it, which uses all of it")]
#[path = "."]
pub(crate) mod config {
    #[path = "../../host/config/src/document.rs"]
    mod document;
    #[path = "../../host/config/src/path.rs"]
    mod path;
    #[path = "../../host/config/src/position.rs"]
    mod position;
    #[path = "../../host/config/src/syntax.rs"]
    mod syntax;
    #[path = "../../host/config/src/unmasked.rs"]
    mod unmasked;

    pub(crate) use unmasked::{of_variables, unmasked};
}

/// What holds for the deltas of every turn.
#[path = "../../host/conformance/src/protocol.rs"]
mod protocol;

/// Inputs with much of something, as the checks of what calls cost have them.
#[path = "../../host/conformance/src/cost/inputs/mod.rs"]
mod cost_inputs;
