//! The facts of a request at its beginning, and when AWS accepted it.

use super::arrival::Arrival;

/// The facts that are known when a request begins.
#[derive(Debug, Clone)]
pub struct Begun<'a> {
    /// The endpoint, as the route has it: `/v1/chat/completions`.
    pub endpoint: &'static str,
    /// The gateway's own id of the request.
    pub request_id: &'a str,
    /// The *name* of the client's key, never the key; empty where none was needed.
    pub key: &'a str,
    /// The request's method: `POST`.
    pub method: &'a str,
    /// When it came, and from whom.
    pub arrival: Arrival,
}

/// The model and endpoint that answer a request.
#[derive(Debug, Clone, Copy)]
pub struct Answering<'a> {
    /// The model's resolved id.
    pub model: &'a str,
    /// The region of the request to AWS.
    pub region: &'a str,
    /// The host of the request to AWS, such as `bedrock-runtime.us-east-1.amazonaws.com`, and its port where the endpoint names one.
    pub server: Option<(&'a str, Option<u16>)>,
    /// AWS's id of the request.
    pub aws_request_id: Option<&'a str>,
}
