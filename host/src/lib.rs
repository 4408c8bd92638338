//! Quarry's host: everything that needs authority.
pub mod bindings;
pub mod contract;
pub mod simulator;
