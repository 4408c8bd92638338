//! JSON forms of the contract's values: camelCase members, kebab-case variants, what equals its default left out.
//!
//! Used by the conformance cases and by the `--json` outputs of the commands. Every form takes its record apart member by
//! member, so that a member that is added to the contract does not compile until it is given a form here.

pub mod adjustment;
pub mod catalog;
pub mod failure;
pub mod model;
pub mod options;
pub mod overrides;
pub mod problem;
pub mod raw;
pub mod settings;
pub mod turn;

pub use raw::{Json, Members};
