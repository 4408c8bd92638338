//! What the checks give a provider. It is data (`inputs.json`), in the form that cases have as `given`.

use std::sync::OnceLock;

use serde::Deserialize;

use crate::json::Members;
use crate::{discover, merge, prepare, translate};

/// The inputs of all checks, by name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Inputs {
    pub(super) layers: Members<merge::Given>,
    pub(super) listings: Members<discover::Given>,
    pub(super) requests: Members<prepare::Given>,
    pub(super) streams: Members<translate::Given>,
}

/// The inputs, read once.
///
/// # Errors
/// When the file that the binary was built with is not what it must be.
pub(super) fn inputs() -> Result<&'static Inputs, String> {
    static INPUTS: OnceLock<Result<Inputs, String>> = OnceLock::new();
    let read = || {
        serde_json::from_str(include_str!("inputs.json"))
            .map_err(|error| format!("the inputs of the checks cannot be read: {error}"))
    };
    INPUTS.get_or_init(read).as_ref().map_err(Clone::clone)
}
