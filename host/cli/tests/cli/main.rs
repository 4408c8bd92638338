//! The `quarry` command as a user meets it: the real binary, in an environment with nothing in it but what a test says.
//!
//! One test program for all of it, because each further one would be linked with everything again.

mod auth;
mod chat;
mod chat_input;
mod comparing;
mod config;
mod config_edits;
mod config_schema;
mod configuration;
mod conformance_command;
mod credentials;
#[path = "../versions/debian.rs"]
#[expect(dead_code, reason = "nothing is unpacked here")]
mod debian;
mod doctor;
mod faults;
mod generated;
mod interruption;
mod keys;
mod listings;
mod models;
mod models_marked;
mod models_show;
mod models_terminal;
#[expect(dead_code, reason = "Node's half is for the tests of serving")]
#[path = "../serving/packages.rs"]
mod packages;
#[path = "../serving/planted.rs"]
mod planted;
mod provider;
mod provider_bounds;
mod provider_diff;
mod provider_project;
mod recording;
mod secrets;
mod support;
mod usage;
