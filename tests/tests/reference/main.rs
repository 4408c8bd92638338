//! `docs/reference`: what is committed is what the program says. `QUARRY_BLESS=1` writes it.

mod api;
mod commands;
mod environment;
mod errors;
mod events;
mod limits;
mod log;
mod models;
mod page;
mod rules;
mod settings;
mod source;
mod troubleshooting;
