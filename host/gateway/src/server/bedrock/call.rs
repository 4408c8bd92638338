//! The calls of Bedrock's runtime that the gateway passes on. There are no others.

/// A call of Bedrock's runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server) enum Call {
    /// `Converse`.
    Converse,
    /// `ConverseStream`.
    ConverseStream,
    /// `CountTokens`.
    CountTokens,
}

impl Call {
    /// The path, as axum writes it. Logs and metrics name the call so.
    pub(in crate::server) const fn path(self) -> &'static str {
        match self {
            Call::Converse => "/model/{id}/converse",
            Call::ConverseStream => "/model/{id}/converse-stream",
            Call::CountTokens => "/model/{id}/count-tokens",
        }
    }

    /// Whether the answer is an event stream.
    pub(super) const fn streams(self) -> bool {
        matches!(self, Call::ConverseStream)
    }

    /// Whether the fallback models can take the same body. A count is of the model that was named.
    pub(super) const fn falls_back(self) -> bool {
        matches!(self, Call::Converse | Call::ConverseStream)
    }
}
