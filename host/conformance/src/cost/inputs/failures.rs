//! Failures that say much.

use super::{Input, Kind};
use crate::contract::types::{ApiError, ApiStage};

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "explain/message",
        input: |n| failure("too many tokens ".repeat(16 * n), "ValidationException".to_owned()),
    },
    Kind { name: "explain/code", input: |n| failure("no".to_owned(), "Exception".repeat(16 * n)) },
];

fn failure(message: String, code: String) -> Input {
    Input::Failure(Box::new(ApiError {
        operation: "ConverseStream".to_owned(),
        model_id: Some("anthropic.claude-sonnet-4-5-20250929-v1:0".to_owned()),
        region: Some("us-east-1".to_owned()),
        stage: ApiStage::Response,
        status: Some(400),
        code: Some(code),
        message: Some(message),
        request_id: None,
        retry_after: None,
    }))
}
