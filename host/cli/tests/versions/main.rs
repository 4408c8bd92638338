//! Versions of the provider from outside: a real registry on loopback, real minisign, and a client of registries that is not ours.

mod authors;
mod command;
mod debian;
mod fake;
mod languages;
mod minisign;
#[path = "../serving/packages.rs"]
#[expect(dead_code, reason = "the half for Node is for the gateway's clients")]
mod packages;
mod pull;
mod refused;
mod registry;
mod signing;
