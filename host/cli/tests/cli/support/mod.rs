//! What the tests of the command share.

mod events;
mod mutant;
mod provider;
mod responder;
mod run;
mod simulator;
mod terminal;

pub(crate) use events::{check_events, deltas_of};
pub(crate) use mutant::{MUTANT_KINDS, mutant};
pub(crate) use provider::{Body, component_of, provider_component};
pub(crate) use responder::{Answer, Asked, Responder};
pub(crate) use run::{Outcome, Quarry, Running, shared_cache};
pub(crate) use simulator::simulator;
pub(crate) use terminal::AtTerminal;

/// A model of the simulator.
pub(crate) const SONNET: &str = "us.anthropic.claude-sonnet-4-6";

/// An address of this machine where nobody listens: the port was free a moment ago, and nobody asks for that one.
pub(crate) fn nobody_there() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback can be bound");
    format!("http://{}", listener.local_addr().expect("it is bound"))
}
