//! Quarry's own provider under the contract of `tests/wit-next`: the same logic, so the same answers, behind other exports.
//!
//! The exports are made for wasm alone, as those of the provider itself are.

#[cfg(target_family = "wasm")]
mod bindings;
#[cfg(target_family = "wasm")]
mod provider;
