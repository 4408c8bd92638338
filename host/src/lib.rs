//! Quarry's host: everything that needs authority.
pub mod bindings;
pub mod config;
pub mod contract;
