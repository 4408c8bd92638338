//! The contract's types under short names: `contract::config::Settings`, `contract::types::Failure`. They are the one set of types
//! that the host speaks, whichever version of the contract a provider has: `provider::Contract` is where others are converted.

pub mod bindings;
pub mod blame;
pub mod blobs;
pub mod json;

pub use crate::bindings::exports::quarry::provider::{about, config, conversation, models, types};

use self::config::Settings;
use self::conversation::{CachePoints, Options, RequestSettings};

impl From<&Settings> for RequestSettings {
    fn from(settings: &Settings) -> Self {
        RequestSettings { guardrail: settings.guardrail.clone(), cache_retention: settings.cache_retention.clone() }
    }
}

/// Options that ask for nothing.
#[must_use]
pub fn no_options() -> Options {
    Options {
        max_tokens: None,
        temperature: None,
        top_p: None,
        stop_sequences: Vec::new(),
        tool_choice: None,
        thinking: None,
        thinking_budgets: Vec::new(),
        interleaved_thinking: None,
        thinking_display: None,
        cache_retention: None,
        service_tier: None,
        latency: None,
        guardrail: None,
        output_schema: None,
        request_metadata: Vec::new(),
        prompt_variables: Vec::new(),
        additional_request_fields: None,
        additional_response_field_paths: Vec::new(),
        parallel_tool_calls: None,
        system_tools: Vec::new(),
        guard_last_turn_only: false,
        cache_points: CachePoints { system: Vec::new(), tools: Vec::new() },
        adjustments: Vec::new(),
    }
}

/// What a request asks of Bedrock's runtime. Each kind has a function of the contract that makes it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RequestKind {
    /// An answer: `conversation.prepare`.
    #[default]
    Answer,
    /// The number of its tokens: `conversation.count-tokens`.
    TokenCount,
}

impl RequestKind {
    /// The only operation of the API that a request of this kind may name.
    #[must_use]
    pub fn operation(self) -> &'static str {
        match self {
            RequestKind::Answer => "ConverseStream",
            RequestKind::TokenCount => "CountTokens",
        }
    }
}

/// The details of an answer of which Bedrock said nothing else.
#[must_use]
pub fn no_details() -> conversation::AnswerDetails {
    conversation::AnswerDetails {
        service_tier: None,
        server_tool_usage: None,
        additional_response_fields: None,
        metrics: None,
        trace: None,
        performance_config: None,
    }
}
