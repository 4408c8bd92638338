//! Reading a request.

use super::super::openai_options;
use super::super::reader::{Object, Reader};
use super::super::{Asked, ReadError, Received, Request, bedrock_members, no_options};
use super::echo::Echo;
use super::events::Events;
use super::{input, options, tools};
use crate::contract::conversation::{Context, Options};

const NOT_STORED: &str = "this gateway stores nothing; send the whole conversation as `input`";

/// Reads a request.
pub(super) fn read(received: &Received<'_>) -> Result<Request, ReadError> {
    let reader = Reader::new(received.fetched);
    let body = reader.body(received.body)?;
    let echo = Echo::of(&body);
    let model = body.require_string("model");
    let stream = body.flag("stream").unwrap_or(false);
    let mut context = Context { system_prompt: body.string("instructions"), messages: Vec::new(), tools: Vec::new() };
    if let Some(given) = body.require("input", "text or an array of items") {
        input::read(&given, &model, &mut context);
    }
    context.tools = tools::tools(&body);
    let tool_choice = tools::tool_choice(&body, &mut context.tools);
    refuse(&body);
    let one_call = (body.flag("parallel_tool_calls") == Some(false)).then_some(false);
    let mut options = Options {
        max_tokens: body.count("max_output_tokens"),
        temperature: body.number("temperature"),
        top_p: body.number("top_p"),
        tool_choice,
        thinking: options::effort(&body),
        output_schema: options::output_schema(&body),
        cache_retention: options::cache_retention(&body),
        service_tier: openai_options::service_tier(&body),
        request_metadata: body
            .take("metadata")
            .and_then(|metadata| metadata.require_object("an object of strings"))
            .map_or_else(Vec::new, Object::strings),
        parallel_tool_calls: one_call,
        ..no_options()
    };
    let of_answer = bedrock_members::read(&body, &mut options);
    body.ignore(&["store", "stream_options", "user", "safety_identifier", "prompt_cache_key"]);
    body.finish();
    let blobs = reader.finish()?;
    let asked = Asked { model, known: None, context, blobs, options, stream };
    Ok(Request { asked, writer: Box::new(Events::new(echo, of_answer)) })
}

/// Refuses what Bedrock, or a gateway without a store, cannot do.
fn refuse(body: &Object<'_, '_>) {
    body.refuse("previous_response_id", &[], NOT_STORED);
    body.refuse("conversation", &[], NOT_STORED);
    body.refuse("prompt", &[], "this gateway stores no prompts; send its text as `instructions` and `input`");
    body.refuse("background", &["false"], "this gateway has no background mode; use `stream`");
    body.refuse("background_options", &["{}"], "this gateway has no background mode");
    body.refuse("truncation", &["\"disabled\""], "this gateway never truncates a conversation; expected `disabled`");
    body.refuse("context_management", &["[]"], "this gateway never compacts a conversation");
    body.refuse("max_tool_calls", &[], "this gateway has no tools that run without the client");
    body.refuse("top_logprobs", &["0"], "Bedrock returns no log probabilities");
    body.refuse("moderation", &[], "Bedrock moderates with guardrails, which the operator configures");
    body.refuse("access_programs", &["{}"], "it has no effect outside OpenAI's service");
    body.refuse("image", &["{}"], "the gateway sends images unchanged");
    for include in body.items("include", "an array of names") {
        if let Some(name) = include.string().filter(|name| name != "reasoning.encrypted_content") {
            include.problem(format!("`{name}` is not supported; expected `reasoning.encrypted_content`"));
        }
    }
}
