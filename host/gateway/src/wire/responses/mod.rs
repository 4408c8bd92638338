//! OpenAI's responses: `POST /v1/responses`, as a stream and not (types of openai-python 3.54 and openai-node 6.49).
//!
//! The gateway keeps no conversations. Every answer says `store: false`; what only a store could answer is refused.
//!
//! # What counts
//! - `model`, `instructions`, `input` (text or items, see `input`), `tools` and `tool_choice` (functions only, see `tools`),
//!   `stream`, `max_output_tokens`, `temperature`, `top_p`, `metadata` (Bedrock's `requestMetadata`, with its rules).
//! - `reasoning.effort`; `reasoning.summary` asks for what is given anyway. `text.format` of `json_schema`; a schema counts whether
//!   `strict` or not. `service_tier`: `auto`, `default`, `flex`, `priority` (also as `fast`).
//! - `prompt_cache_retention`: `in_memory` is Bedrock's 5 minutes, `24h` its hour; both are at most what was asked for.
//! - `prompt_cache_breakpoint` of a part: a cache point behind it, of an hour where it asks for `30m`.
//! - Bedrock's own members, under its own names: `wire::bedrock_members`.
//!
//! # What is refused by name
//! `previous_response_id`, `conversation`, `prompt`, `background`, `item_reference`, `file_id` (nothing is stored);
//! `parallel_tool_calls: false` by the provider, for models that it does not know to take that;
//! `truncation: "auto"`, `context_management`; `max_tool_calls`; `top_logprobs` and `include` of anything but `reasoning.encrypted_content`; `text.format` of `json_object` (Bedrock
//! holds an answer to a schema, and to nothing less); `text.verbosity` of `low` or `high`; tools that OpenAI runs itself; audio;
//! whatever is not known.
//!
//! # What is ignored, because nothing is lost by it
//! - `user`, `safety_identifier`, `prompt_cache_key`, `prompt_cache_options.mode`, `.ttl` and `.comparison_response_id`: hints for
//!   OpenAI's bookkeeping and cache.
//! - `store`, `stream_options`, `detail` of an image or file, `strict` of a format, `output_schema` of a tool.
//! - In items: `id`, `status`, `phase`, `annotations`, `logprobs`.
//! - `include` of `reasoning.encrypted_content`: it always comes.
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
mod options;
mod parts;
mod request;
mod response;
mod tools;

#[cfg(test)]
mod answer_tests;
#[cfg(test)]
mod refusal_tests;
#[cfg(test)]
mod request_tests;

use super::{Format, openai_error};

/// The format.
pub(crate) static RESPONSES: Format = Format {
    path: "/v1/responses",
    read: request::read,
    refusal: openai_error::refusal,
    status: |refusal| refusal.status,
    request_id_header: "x-request-id",
};
