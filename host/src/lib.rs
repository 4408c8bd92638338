//! Quarry's host: everything that needs authority.
pub mod bindings;
pub mod conformance;
pub mod contract;
pub mod json;
pub mod pi;
pub mod provider;
