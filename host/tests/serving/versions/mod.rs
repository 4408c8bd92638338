//! Versions of the provider in a gateway that runs, with providers that misbehave.

#[path = "../../cli/support/provider.rs"]
mod components;
mod guests;
mod place;
mod streams;

mod commands;
mod hostile;
mod kills;
mod port;
mod quarantine;
mod refusals;
mod replayed;
mod swapping;
