//! The ways to ask: every endpoint, streamed and not.

use serde_json::{Value, json};

/// An endpoint that asks a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endpoint {
    ChatCompletions,
    Messages,
    Responses,
    PiStream,
    CountTokens,
}

/// An endpoint, and whether a stream is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Way {
    pub(super) endpoint: Endpoint,
    pub(super) stream: bool,
}

/// All of them. pi's protocol is a stream always, a count never.
pub(super) const EVERY_WAY: [Way; 8] = [
    Way { endpoint: Endpoint::ChatCompletions, stream: false },
    Way { endpoint: Endpoint::ChatCompletions, stream: true },
    Way { endpoint: Endpoint::Messages, stream: false },
    Way { endpoint: Endpoint::Messages, stream: true },
    Way { endpoint: Endpoint::Responses, stream: false },
    Way { endpoint: Endpoint::Responses, stream: true },
    Way { endpoint: Endpoint::PiStream, stream: true },
    Way { endpoint: Endpoint::CountTokens, stream: false },
];

impl Endpoint {
    pub(super) fn path(self) -> &'static str {
        match self {
            Endpoint::ChatCompletions => "/v1/chat/completions",
            Endpoint::Messages => "/v1/messages",
            Endpoint::Responses => "/v1/responses",
            Endpoint::PiStream => "/api/stream",
            Endpoint::CountTokens => "/v1/messages/count_tokens",
        }
    }

    /// Whether its errors are Anthropic's.
    pub(super) fn is_anthropic(self) -> bool {
        matches!(self, Endpoint::Messages | Endpoint::CountTokens)
    }

    /// The header with the gateway's id of the request.
    pub(super) fn request_id_header(self) -> &'static str {
        if self.is_anthropic() { "request-id" } else { "x-request-id" }
    }
}

impl Way {
    /// The body of a request.
    pub(super) fn body(self, model: &str, prompt: &str) -> Value {
        let messages = json!([{"role": "user", "content": prompt}]);
        let stream = self.stream;
        match self.endpoint {
            Endpoint::ChatCompletions if stream => {
                let options = json!({"include_usage": true});
                json!({"model": model, "messages": messages, "stream": true, "stream_options": options})
            }
            Endpoint::ChatCompletions => json!({"model": model, "messages": messages}),
            Endpoint::Messages => json!({"model": model, "messages": messages, "max_tokens": 4000, "stream": stream}),
            Endpoint::Responses => json!({"model": model, "input": prompt, "store": false, "stream": stream}),
            Endpoint::PiStream => json!({
                "model": {"id": model, "provider": "amazon-bedrock"},
                "context": {"messages": [{"role": "user", "content": prompt, "timestamp": 1}]},
                "options": {},
            }),
            Endpoint::CountTokens => json!({"model": model, "messages": messages}),
        }
    }
}
