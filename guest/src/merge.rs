//! `merge`: layers of configuration to settings.

use crate::contract::config::{Layer, Merged, Problem};

/// Merges layers, lowest first.
///
/// # Errors
/// All the problems, warnings among them, when any is an error.
pub fn merge(layers: &[Layer]) -> Result<Merged, Vec<Problem>> {
    let _ = layers;
    todo!()
}
