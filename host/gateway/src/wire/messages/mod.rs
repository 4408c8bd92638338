//! Anthropic's Messages: `POST /v1/messages`, `POST /v1/messages/count_tokens` and Anthropic's form of `GET /v1/models`.
//! Compared with the type definitions of `anthropic` 2.12 (PyPI) and `@anthropic-ai/sdk` 1.12 (npm).
//!
//! # What goes where
//! - `system`: the system prompt, its text blocks joined with a blank line; `role: "system"` in the middle goes behind it.
//! - `text`, `image`, `document`, `tool_use`, `tool_result`, `thinking`, `redacted_thinking`: Bedrock's blocks of the same name.
//!   A document of text blocks (`source.type: "content"`) becomes one text.
//! - `cache_control`: a cache point behind its block, wherever it stands; those of `system` and `tools` travel in the extra
//!   `cachePoints`. A request that has any gets no cache point of the gateway's own; one that has none is left to the
//!   gateway's setting (`cacheRetention`).
//! - `thinking`: `enabled` with its budget as it is given; models that think adaptively take no budget and get the effort
//!   that comes next to it. `adaptive` with `output_config.effort` as its level. An effort without adaptive thinking goes to
//!   the model as `output_config.effort`.
//! - `output_config.format`, `output_format`: the shape of the answer. `stop_sequences`: with `/stop_sequence` asked for, so
//!   that the answer can say which it was.
//! - `top_k`, `context_management` and `anthropic-beta`: `additionalModelRequestFields`; a model that does not take them says
//!   so. Betas go to Anthropic's models only. `disable_parallel_tool_use`: the extra `parallelToolCalls`, which the provider
//!   refuses for models that it does not know to take it.
//! - `metadata.user_id`: `requestMetadata` `user_id`, in the letters that Bedrock takes there: others become `_`, and what is
//!   beyond 256 is cut.
//! - `service_tier`: `standard_only` is Bedrock's `default`; `auto` leaves the tier to the gateway.
//! - Bedrock's own members, under its own names: `wire::bedrock_members`.
//!
//! # What is ignored, because nothing is lost by it
//! `eager_input_streaming` (arguments of tools always come as the model writes them), `defer_loading` (every tool is loaded),
//! `safeguards`, `diagnostics`, `cache_control.scope`, citations of the
//! assistant's earlier texts (Bedrock refuses some of its own), and a missing `anthropic-version`. Betas that Bedrock does not
//! take are left out by the provider, with a notice. Pictures that a model makes have no form in this API and are left out of the answer.
//!
//! # How it is answered
//! Blocks come one after the other: where Bedrock interleaves them, the later one waits. A refusal and a stop by a content
//! filter or guardrail are stop reasons here (`refusal`) and not errors. `message_start` has zeros for usage, because Bedrock
//! counts at the end; `message_delta` has all of it, and `server_tool_use` where Bedrock's own tools searched or read the web. Arguments of a tool that are no JSON object stand in a whole answer as
//! `{"INVALID_JSON": …}`, which is Anthropic's own advice for such arguments.

use super::member_names::MemberName;
use super::{Format, ReadError, Received, Request};

mod additional_fields;
mod assistant_content;
mod betas;
mod caching;
mod citations;
mod conversation;
mod ending;
mod error;
mod events;
mod message_events;
pub(crate) mod models;
mod request;
mod server_tools;
mod sources;
#[cfg(test)]
mod tests;
mod thinking;
mod tools;
mod user_content;
mod whole;
mod writer;

/// What the provider's options are called here.
const MEMBERS: &[MemberName] = &[
    ("options.maxTokens", "max_tokens"),
    ("options.stopSequences", "stop_sequences"),
    ("options.parallelToolCalls", "tool_choice.disable_parallel_tool_use"),
    ("options.outputSchema", "output_config.format"),
    ("options.thinkingDisplay", "thinking.display"),
    ("options.thinking", "thinking"),
    ("options.cachePoints", "cache_control"),
];

/// `POST /v1/messages`.
pub(crate) static MESSAGES: Format = Format {
    path: "/v1/messages",
    read: request::read,
    refusal: error::body,
    status: error::status,
    request_id_header: REQUEST_ID_HEADER,
    members: MEMBERS,
};

/// `POST /v1/messages/count_tokens`. What it reads is never answered with deltas: the gateway asks Bedrock's CountTokens and
/// answers with [`counted`].
pub(crate) static COUNT_TOKENS: Format = Format {
    path: "/v1/messages/count_tokens",
    read: read_to_count,
    refusal: error::body,
    status: error::status,
    request_id_header: REQUEST_ID_HEADER,
    members: MEMBERS,
};

/// Where Anthropic's SDKs look for the request's id.
const REQUEST_ID_HEADER: &str = "request-id";

fn read_to_count(received: &Received<'_>) -> Result<Request, ReadError> {
    request::read_uncounted(received)
}

/// The answer to a request that counts tokens.
pub(crate) fn counted(tokens: u64) -> Vec<u8> {
    format!("{{\"input_tokens\":{tokens}}}").into_bytes()
}
