//! Errors of the service: HTTP status, exception name and message.

use serde_json::{Map, Value, json};

/// An HTTP answer that is not a success.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{status} {name}: {message}")]
pub(crate) struct ServiceError {
    /// HTTP status.
    pub(crate) status: u16,
    /// Name of the exception, in PascalCase as over HTTP.
    pub(crate) name: &'static str,
    /// The response of the error.
    pub(crate) message: String,
    /// Other members of the body, such as `originalStatusCode`.
    pub(crate) more: Map<String, Value>,
    /// Seconds in the header `retry-after`, where there is one.
    pub(crate) retry_after: Option<u32>,
}

impl ServiceError {
    /// An error with nothing but a message.
    pub(crate) fn new(status: u16, name: &'static str, message: impl Into<String>) -> Self {
        Self { status, name, message: message.into(), more: Map::new(), retry_after: None }
    }

    /// 400 `ValidationException`: the service's answer to nearly every fault of a request.
    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::new(400, "ValidationException", message)
    }

    /// The service's words for a value that breaks a constraint of its model.
    pub(crate) fn constraint(value: impl std::fmt::Display, at: &str, rule: &str) -> Self {
        Self::validation(format!(
            "1 validation error detected: Value '{value}' at '{at}' failed to satisfy constraint: Member must {rule}"
        ))
    }

    /// 400 for a model id that nothing answers to.
    pub(crate) fn invalid_model() -> Self {
        Self::validation("The provided model identifier is invalid.")
    }

    /// The same with another member in the body.
    pub(crate) fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.more.insert(member.to_owned(), value.into());
        self
    }

    /// The same with `retry-after`.
    pub(crate) fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The body of the answer.
    pub(crate) fn body(&self) -> Value {
        let mut body = self.more.clone();
        body.insert("message".to_owned(), json!(self.message));
        Value::Object(body)
    }
}
