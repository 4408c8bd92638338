//! Quarry's provider logic for Amazon Bedrock.
//!
//! Pure functions of what they are handed: no clock, no randomness, no environment, no network. The same source builds to a
//! WebAssembly component without imports (the product) and natively (so that the same conformance cases run on both).
//!
//! One module a verb of the contract in `wit/`: [`merge`], [`discover`], [`prepare`], [`translate`], and [`explain`] for
//! requests that failed. [`families`] is the one place where model ids are matched.

pub mod bindings;
mod carry;
#[cfg(all(target_family = "wasm", not(feature = "without-exports")))]
mod component;
pub mod contract;
pub mod discover;
pub mod explain;
pub mod families;
pub mod identity;
pub mod merge;
pub mod prepare;
mod repair;
mod surrogates;
#[cfg(test)]
mod test_values;
pub mod translate;
