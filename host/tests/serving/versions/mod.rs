//! Versions of the provider in a gateway that runs, with providers that misbehave.

#[path = "../../cli/support/provider.rs"]
mod components;
mod guests;
mod place;
mod streams;

mod commands;
mod hostile;
mod kills;
mod merged;
mod port;
mod quarantine;
mod recordings;
mod refusals;
mod replayed;
mod restarts;
mod swapping;
mod watched;
