//! Conformance: cases, recordings and properties that every provider must hold to.
//!
//! The same checks run by `quarry conformance` and by the test suite, against any executor: the component in its sandbox, or
//! the guest's code built natively. A case is a data file; what it means to run one is one file a verb.

use quarry_aws as aws;
use quarry_config as config;
use quarry_contract::{self as contract, blobs, json};
#[cfg(test)]
use quarry_embedded as embedded;
use quarry_pi as pi;
use quarry_system::printable;

pub mod bless;
pub mod cases;
pub mod checks;
pub mod component;
pub mod cost;
pub mod diff;
pub mod discover;
pub mod explain;
pub mod frames;
pub mod generated;
pub mod layout;
pub mod merge;
mod numbers;
pub mod own;
pub mod prepare;
pub mod properties;
pub mod protocol;
pub mod provider;
pub mod recordings;
pub mod report;
pub mod rules;
mod sentences;
pub mod service;
pub mod service_model;
pub mod source;
mod splits;
pub mod translate;
pub mod vectors;
