//! Reading a request.

use super::super::openai_options;
use super::super::reader::{Object, Reader};
use super::super::{Asked, ReadError, Received, Request, bedrock_members, no_options};
use super::echo::{Echo, RequestFacts};
use super::events::Events;
use super::kept::Named;
use super::{input, options, tools};
use crate::contract::conversation::{Context, Options};

const NOT_STORED: &str =
    "this gateway keeps no conversation; send the whole conversation as `input` (`store: false` in the client)";

/// Reads a request.
pub(super) fn read(received: &Received<'_>) -> Result<Request, ReadError> {
    let reader = Reader::new(received.fetched);
    let body = reader.body(received.body)?;
    let echo = Echo::of(&body);
    let model = body.require_string("model");
    let stream = body.flag("stream").unwrap_or(false);
    let mut context = Context { system_prompt: body.string("instructions"), messages: Vec::new(), tools: Vec::new() };
    let mut tools = tools::Tools::default();
    tools.declare(&body);
    let previous = body.string("previous_response_id");
    let to_keep = (body.flag("store") != Some(false)).then(input::Items::default);
    let mut input = input::Input { recalled: received.fetched.recalled(), named: Vec::new(), to_keep };
    if let Some(given) = body.require("input", "text or an array of items") {
        input.read(&given, &model, &mut context, &mut tools);
    }
    let input::Input { named, to_keep, recalled } = input;
    let named = Named { previous, items: named };
    if recalled.is_none() && named != Named::default() {
        return Err(ReadError::Recalls(named));
    }
    let tool_choice = tools::tool_choice(&body, &mut tools);
    tools.tell_left_out(&body, tool_choice.as_ref());
    let tools::Tools { functions, names, .. } = tools;
    context.tools = functions;
    refuse(&body);
    let one_call = (body.flag("parallel_tool_calls") == Some(false)).then_some(false);
    let mut options = Options {
        max_tokens: body.count("max_output_tokens"),
        temperature: body.number("temperature"),
        top_p: body.number("top_p"),
        tool_choice,
        thinking: options::effort(&body),
        output_schema: options::output_schema(&body, &mut context),
        cache_retention: options::cache_retention(&body),
        service_tier: openai_options::service_tier(&body),
        request_metadata: openai_options::metadata(&body),
        parallel_tool_calls: one_call,
        ..no_options()
    };
    let of_answer = bedrock_members::read(&body, &mut options);
    body.ignored("access_programs", &["{}"]);
    body.ignore(&["client_metadata", "prompt_cache_key", "safety_identifier", "stream_options", "truncation", "user"]);
    body.finish();
    openai_options::begin_with_the_user(&mut context, &options);
    let (blobs, notices) = reader.finish()?;
    let asked = Asked { model, known: None, context, blobs, options, stream, notices };
    Ok(Request {
        asked,
        writer: Box::new(Events::new(RequestFacts {
            echo,
            names,
            of_answer,
            previous: named.previous,
            to_keep: to_keep.map(|items| items.texts),
            keeper: None,
        })),
    })
}

/// Refuses what Bedrock, or a gateway without a store, cannot do.
fn refuse(body: &Object<'_, '_>) {
    body.refuse("conversation", &[], NOT_STORED);
    body.refuse("prompt", &[], "this gateway stores no prompts; send its text as `instructions` and `input`");
    body.refuse("background", &["false"], "this gateway has no background mode; use `stream`");
    body.refuse("background_options", &["{}"], "this gateway has no background mode");
    body.refuse("context_management", &["[]"], "this gateway never compacts a conversation");
    body.refuse("max_tool_calls", &[], "this gateway has no tools that run without the client");
    body.refuse("top_logprobs", &["0"], "Bedrock returns no log probabilities");
    body.refuse("moderation", &[], "Bedrock moderates with guardrails, which the operator configures");
    body.refuse("image", &["{}"], "the gateway sends images unchanged");
    for include in body.items("include", "an array of names") {
        // Everything else adds to what comes anyway, or to the answers of tools that are not there.
        if include.string().is_some_and(|name| name == "message.output_text.logprobs") {
            include.problem("Bedrock returns no log probabilities");
        }
    }
}
