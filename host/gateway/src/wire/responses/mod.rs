//! OpenAI's responses: `POST /v1/responses`, as a stream and not (types of openai-python 3.54 and openai-node 6.49).
//!
//! The last answers are kept in memory for a while (`kept`), so that `previous_response_id` and `item_reference` can name them. `store` of an
//! answer says whether it was kept. What is not kept any more is refused with the remedy.
//!
//! # What counts
//! - `model`, `instructions`, `input` (text or items, see `input`), `tools` and `tool_choice` (see `tools`), `stream`,
//!   `max_output_tokens`, `temperature`, `top_p`, `metadata` (what Bedrock's `requestMetadata` can hold of it).
//! - `reasoning.effort`; `reasoning.summary` asks for what is given anyway. `text.format` of `json_schema`; a schema counts whether
//!   `strict` or not. `json_object` is an instruction. `service_tier`: `auto`, `default`, `flex`, `priority` (also as `fast`).
//! - `prompt_cache_retention`: `in_memory` is Bedrock's 5 minutes, `24h` its hour; both are at most what was asked for.
//! - `prompt_cache_breakpoint` of a part: a cache point behind it, of an hour where it asks for `30m`.
//! - Bedrock's own members, under its own names: `wire::bedrock_members`.
//!
//! # What is refused by name
//! `conversation`, `prompt`, `background`, `file_id` (the gateway has no such store);
//! `parallel_tool_calls: false` by the provider, for models that it does not know to take that;
//! `context_management` and `compaction_trigger` (nothing is compacted); `max_tool_calls`; log probabilities; a request whose tools OpenAI
//! would have to run; audio; whatever is not known.
//!
//! # What is ignored, because nothing is lost by it
//! - `user`, `safety_identifier`, `prompt_cache_key`, `client_metadata`, `access_programs`, `prompt_cache_options.mode`, `.ttl` and
//!   `.comparison_response_id`: hints for OpenAI's bookkeeping and cache.
//! - `stream_options`, `truncation`, `text.verbosity`, other values of `include`, `detail` of an image or file, `strict` of a
//!   format, `output_schema` and `defer_loading` of a tool.
//! - Tools that OpenAI runs, beside others; items of what they did; `compaction` items.
//! - In items: `id`, `status`, `phase`, `annotations`, `logprobs`.
//!
//! # The answer
//! Every content block of Bedrock is one output item, so `output_index` is the block's index. Thinking is a `reasoning` item: its
//! text is the `summary` (what every client shows), and `encrypted_content` holds what the next turn needs (`wire::thinking_token`). A
//! reasoning item without a token of this gateway is another model's thinking, and is not replayed. Citations are annotations,
//! see `annotations`. Calls and results of the service's own tools have no form here.
//!
//! A refusal is `incomplete` for the reason `content_filter`, as it is for the finish reason of chat completions: what came before it
//! stays. Where the model says why (Anthropic's `stop_details`), its words are a part `refusal` in a message behind the rest.
//!
//! `input_tokens` counts what the cache served and took, as OpenAI does. `reasoning_tokens` is 0: Bedrock does not say how many of
//! the output tokens were thinking.
//!
//! # A failure in the stream
//! `response.failed` with the answer so far and the error, then an `error` event. Both SDKs hand the first to the program as any event
//! and raise `APIError` on the second, because its data has a member `error`; without it a program that only prints deltas
//! would take half an answer for a whole one.

mod annotations;
mod echo;
mod events;
mod input;
mod items;
pub(crate) mod kept;
mod options;
mod parts;
mod request;
mod response;
mod tools;

#[cfg(test)]
mod answer_tests;
#[cfg(test)]
mod kept_tests;
#[cfg(test)]
mod refusal_tests;
#[cfg(test)]
mod request_tests;
#[cfg(test)]
mod tool_tests;

use super::member_names::MemberName;
use super::{Format, openai_error};

/// What the provider's options are called here.
const MEMBERS: &[MemberName] = &[
    ("options.maxTokens", "max_output_tokens"),
    ("options.parallelToolCalls", "parallel_tool_calls"),
    ("options.outputSchema", "text.format"),
    ("options.thinking", "reasoning.effort"),
    ("options.cacheRetention", "prompt_cache_retention"),
];

/// The format.
pub(crate) static RESPONSES: Format = Format {
    path: "/v1/responses",
    read: request::read,
    refusal: openai_error::refusal,
    status: |refusal| refusal.status,
    request_id_header: "x-request-id",
    members: MEMBERS,
};
