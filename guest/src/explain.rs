//! `explain`: what a failed request means for its caller.

use crate::contract::types::{ApiError, Failure};

/// Says what a request that failed before its stream began means.
#[must_use]
pub fn explain(error: &ApiError) -> Failure {
    let _ = error;
    todo!()
}
