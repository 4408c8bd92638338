//! Cases of `explain`.

use serde::{Deserialize, Serialize};

use super::layout;
use super::provider::{Fault, Provider};
use crate::json::failure::{ApiErrorForm, FailureForm};

/// The input of a case of `explain`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    error: ApiErrorForm,
}

#[derive(Serialize)]
struct Explained {
    failure: FailureForm,
}

/// Explains the error. The default operation is `ConverseStream`.
///
/// # Errors
/// When the call does not return.
pub fn run(given: &Given, provider: &mut dyn Provider) -> Result<String, Fault> {
    let error = given.error.clone().of_operation("ConverseStream");
    layout::text(&Explained { failure: provider.explain(&error)?.into() })
}
