//! Quarry's host: everything that needs authority.
pub mod admin;
pub mod aws;
pub mod bindings;
pub mod config;
pub mod conformance;
pub mod contract;
pub mod crash;
pub mod discovery;
pub mod files;
pub mod gateway;
pub mod json;
pub mod pi;
pub mod printable;
pub mod provider;
mod reach;
pub mod simulator;
pub mod telemetry;
pub mod versions;
