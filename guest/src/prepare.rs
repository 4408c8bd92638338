//! `prepare`: a conversation to the exact ConverseStream request.

use crate::contract::config::Settings;
use crate::contract::conversation::{Context, Options, Prepared, Problem};
use crate::contract::types::Model;

/// Makes the request.
///
/// # Errors
/// All the problems.
pub fn prepare(
    settings: &Settings,
    model: &Model,
    context: Context,
    options: Options,
) -> Result<Prepared, Vec<Problem>> {
    let _ = (settings, model, context, options);
    todo!()
}
