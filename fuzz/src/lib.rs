//! What is fuzzed: each function takes any bytes and panics where something does not hold.

mod allocations;
mod config;
mod contexts;
mod conversation_rules;
mod frames;
mod large;
mod listing;

pub use config::config;
pub use contexts::contexts;
pub use frames::frames;
pub use large::large;
pub use listing::listing;

/// The contract's types and the decoder, where the modules that are included from the host look for them.
pub(crate) use quarry_guest::contract;

/// The host's decoder. The host itself would bring the sandbox and the SDK's clients with it.
#[path = "../../host/src/aws/frames/mod.rs"]
#[allow(dead_code, unreachable_pub, reason = "as the host has it, which uses all of it")]
mod event_stream;

pub(crate) mod aws {
    pub(crate) use crate::event_stream as frames;
}

/// Batches of frames, as cases and recordings have them.
#[path = "../../host/src/conformance/frames.rs"]
#[allow(dead_code, unreachable_pub, reason = "as the host has it, which uses all of it")]
mod recorded_frames;

/// What holds for the deltas of every turn.
#[path = "../../host/src/conformance/protocol.rs"]
mod protocol;

/// Inputs with much of something, as the checks of what calls cost have them.
#[path = "../../host/src/conformance/cost/inputs/mod.rs"]
mod cost_inputs;
