//! A simulator of Amazon Bedrock on loopback: the real wire protocol, without an account and without a model.
//!
//! It serves what the real AWS SDKs call when only their endpoint is overridden: `ConverseStream`, `Converse`
//! and `CountTokens` of the runtime, `ListFoundationModels`, `GetFoundationModel`, `ListInferenceProfiles` and
//! `GetInferenceProfile` of the control plane, over HTTP/1.1 and HTTP/2 without TLS, all on one port. Nothing here knows Quarry's own client: what it answers was made after
//! recorded answers of the service, and boto3 and pi-ai read it in the tests.
//!
//! The path of a request: `routes` → `signature` → `request` (shape) → `rules`, `tool_rules`, `limits` (what the service refuses) →
//! `reply` (what is said) → `events` (in which events) → `stage` (with which fault) → `script` (at which pace).
//!
//! What it does not do: it looks at the form of a signature, not at whether a secret made it; it merges no neighbouring
//! messages of one role, as the strictest models of the service do not; and it caches prompts of any length, where the
//! service wants about 1,024 tokens.

mod attachments;
mod catalogue;
mod closed_objects;
mod control;
mod count_tokens;
mod dice;
mod errors;
mod events;
mod faults;
mod frames;
mod limits;
mod models;
mod prompt_cache;
mod reply;
mod request;
mod routes;
mod rules;
mod runtime;
mod schema_values;
mod script;
mod server;
mod signature;
mod speech;
mod stage;
mod staged_replies;
mod structured_output;
mod thinking;
mod tool_calls;
mod tool_rules;
mod usage;
mod whole;

pub use faults::{FAULTS, FaultHelp};
pub use server::Simulator;

/// How fast the simulated model speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pace {
    /// Like a model: the first event after about 300 ms, then a delta each 20 to 40 ms.
    #[default]
    Model,
    /// Without any pause, for tests and benches. Faults that are made of time (`sim.slow.MS`, `sim.silence.after-K`) keep it.
    Instant,
}

/// The settings of a `Simulator`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SimulatorOptions {
    /// How fast the model speaks.
    pub pace: Pace,
    /// Where pauses, paddings, the size of deltas and tool call ids begin. The same seed and the same request give the same events.
    pub seed: u64,
}
