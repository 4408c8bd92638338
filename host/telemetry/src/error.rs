//! What can go wrong when logs and spans are set up.

/// Why logs and spans could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// Logs go to a process, so they are set up once.
    #[error("logs were set up before")]
    AlreadyStarted,
    /// The collector's endpoint is not a URL.
    #[error("`{endpoint}` is not the endpoint of a collector; expected a URL such as http://127.0.0.1:4318")]
    Endpoint {
        /// What was configured.
        endpoint: String,
    },
    /// A header cannot be sent. The error omits the value, which is a secret.
    #[error("the header `{name}` for the collector has a name or a value that HTTP does not allow")]
    Header {
        /// The header's name.
        name: String,
    },
    /// OpenTelemetry's exporter refused its configuration.
    #[error("spans cannot be exported: {reason}")]
    Exporter {
        /// Why.
        reason: String,
    },
    /// Spans are exported over the network, which needs a tokio runtime.
    #[error("spans can only be exported from within a tokio runtime")]
    NoRuntime,
}
