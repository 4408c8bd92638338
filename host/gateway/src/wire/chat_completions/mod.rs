//! OpenAI's chat completions, as OpenAI's SDKs speak them.
//!
//! What goes beyond OpenAI follows what its users know already: `reasoning_content` and `thinking_blocks` as LiteLLM has them,
//! `cache_control` on content parts as OpenRouter and LiteLLM have it, and Bedrock's own members under its own names
//! (`wire::bedrock_members`).

mod annotations;
mod events;
mod messages;
mod request;
mod tools;
mod usage;
mod whole;

use super::member_names::MemberName;
use super::{Format, openai_error};

/// What the provider's options are called here.
const MEMBERS: &[MemberName] = &[
    ("options.maxTokens", "max_tokens"),
    ("options.stopSequences", "stop"),
    ("options.parallelToolCalls", "parallel_tool_calls"),
    ("options.outputSchema", "response_format"),
    ("options.thinking", "reasoning_effort"),
    ("options.cacheRetention", "prompt_cache_retention"),
];

/// `POST /v1/chat/completions`.
pub(crate) static CHAT_COMPLETIONS: Format = Format {
    path: "/v1/chat/completions",
    read: request::read,
    refusal: openai_error::refusal,
    status: |refusal| refusal.status,
    request_id_header: "x-request-id",
    members: MEMBERS,
};
