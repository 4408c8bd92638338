//! Token counts and reasons in OpenAI's words.

use serde::Serialize;

use crate::contract::conversation::{Outcome, StopReason};
use crate::contract::types::Usage as Counted;

/// `usage`.
#[derive(Debug, Serialize)]
pub(super) struct Usage {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    prompt_tokens_details: PromptDetails,
}

#[derive(Debug, Serialize)]
struct PromptDetails {
    cached_tokens: u64,
    /// A member of OpenRouter and LiteLLM, for a count that only Bedrock reports.
    cache_write_tokens: u64,
}

impl From<&Counted> for Usage {
    /// OpenAI counts the cache's tokens among the prompt's; Bedrock leaves them out.
    fn from(usage: &Counted) -> Self {
        let prompt_tokens = usage.input.saturating_add(usage.cache_read).saturating_add(usage.cache_write);
        Usage {
            prompt_tokens,
            completion_tokens: usage.output,
            total_tokens: prompt_tokens.saturating_add(usage.output),
            prompt_tokens_details: PromptDetails {
                cached_tokens: usage.cache_read,
                cache_write_tokens: usage.cache_write,
            },
        }
    }
}

/// `finish_reason`. What OpenAI has no word for stopped the answer before its end, and is reported as a filter.
pub(super) fn finish_reason(outcome: &Outcome) -> &'static str {
    match &outcome.reason {
        StopReason::Stop => "stop",
        StopReason::Length => "length",
        StopReason::ToolUse => "tool_calls",
        StopReason::Other(_) => "content_filter",
    }
}
