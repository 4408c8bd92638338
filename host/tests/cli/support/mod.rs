//! What the tests of the command share.

mod events;
mod provider;
mod responder;
mod run;
mod simulator;

#[allow(unused_imports)]
pub(crate) use events::{check_events, deltas_of};
#[allow(unused_imports)]
pub(crate) use provider::{Body, component_of, provider_component};
#[allow(unused_imports)]
pub(crate) use responder::{Answer, Responder};
#[allow(unused_imports)]
pub(crate) use run::{Outcome, Quarry, Running};
#[allow(unused_imports)]
pub(crate) use simulator::simulator;

/// A model of the simulator.
pub(crate) const SONNET: &str = "us.anthropic.claude-sonnet-4-6";

/// An address of this machine where nobody listens: the port was free a moment ago, and nobody asks for that one.
pub(crate) fn nobody_there() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback can be bound");
    format!("http://{}", listener.local_addr().expect("it is bound"))
}
