//! What unit tests begin with.

use crate::contract::config::{Discovery, Settings};
use crate::contract::conversation::{CachePoints, Options, RequestSettings};

/// The settings of a configuration that says nothing.
pub(crate) fn settings() -> Settings {
    Settings {
        models: Vec::new(),
        discovery: Discovery {
            enabled: None,
            provider_filter: Vec::new(),
            refresh_interval: 3600,
            default_context_window: 32_000,
            default_max_tokens: 4096,
        },
        default_model: None,
        fallback_models: Vec::new(),
        aliases: Vec::new(),
        guardrail: None,
        cache_retention: None,
        origins: Vec::new(),
        extras: Vec::new(),
    }
}

/// What requests get of them.
pub(crate) fn request_settings() -> RequestSettings {
    RequestSettings { guardrail: None, cache_retention: None }
}

/// Options that ask for nothing.
pub(crate) fn options() -> Options {
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
