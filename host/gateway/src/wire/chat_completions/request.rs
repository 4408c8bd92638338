//! Reading a request.

use super::events::ChunkWriter;
use super::{messages, tools};
use crate::contract::conversation::{Context, Options, OutputSchema};
use crate::wire::reader::{Object, Reader};
use crate::wire::{Asked, ReadError, Received, Request, bedrock_members, no_options, openai_options};

/// Members that say something about the caller to OpenAI, or are hints for OpenAI's own caches: nothing is lost without them.
const HINTS: &[&str] = &["user", "safety_identifier", "prompt_cache_key"];

/// Reads a request.
pub(super) fn read(received: &Received<'_>) -> Result<Request, ReadError> {
    let reader = Reader::new(received.fetched);
    let (mut asked, writer) = {
        let body = reader.body(received.body)?;
        let asked = body_of(&body);
        body.finish();
        asked
    };
    (asked.blobs, asked.notices) = reader.finish()?;
    Ok(Request { asked, writer: Box::new(writer) })
}

fn body_of(body: &Object<'_, '_>) -> (Asked, ChunkWriter) {
    let mut options = no_options();
    let model = body.string("model").unwrap_or_default();
    let mut context = messages::read(body, &mut options);
    tools::read(body, &mut context, &mut options);
    sampling(body, &mut options);
    reasoning(body, &mut options);
    response_format(body, &mut context, &mut options);
    let of_answer = bedrock_members::read(body, &mut options);
    openai_options::begin_with_the_user(&mut context, &options);
    let stream = body.flag("stream").unwrap_or(false);
    let include_usage = stream_options(body);
    refused(body);
    ignored(body);
    body.ignore(HINTS);
    let asked =
        Asked { model, known: None, context, blobs: Default::default(), options, stream, notices: Default::default() };
    (asked, ChunkWriter::new(include_usage, of_answer))
}

fn sampling(body: &Object<'_, '_>, options: &mut Options) {
    let old = body.count("max_tokens");
    options.max_tokens = body.count("max_completion_tokens").or(old);
    options.temperature = body.number("temperature");
    options.top_p = body.number("top_p");
    if let Some(stop) = body.take("stop") {
        options.stop_sequences = if stop.is_string() {
            stop.string().into_iter().collect()
        } else {
            stop.items("a string, or an array of strings").filter_map(|value| value.string()).collect()
        };
    }
    options.service_tier = openai_options::service_tier(body);
    if let Some(retention) = openai_options::cache_retention(body) {
        options.cache_retention = Some(retention);
    }
    options.request_metadata.extend(openai_options::metadata(body));
}

/// Effort in OpenAI's words, or thinking in Anthropic's, as LiteLLM takes it.
fn reasoning(body: &Object<'_, '_>, options: &mut Options) {
    // OpenRouter's form; what else it has says how thinking is shown.
    let nested = body.take("reasoning").and_then(|reasoning| reasoning.require_object("an object with an `effort`"));
    let effort = nested.and_then(|reasoning| {
        let effort = reasoning.string("effort");
        reasoning.ignore(&["exclude", "summary"]);
        reasoning.finish();
        effort
    });
    if let Some(effort) = body.string("reasoning_effort").or(effort) {
        options.thinking = Some(if effort == "none" { "off".to_owned() } else { effort });
    }
    let Some(thinking) = body.take("thinking").and_then(|thinking| thinking.require_object("an object with a `type`"))
    else {
        return;
    };
    match thinking.require_string("type").as_str() {
        "disabled" => options.thinking = Some("off".to_owned()),
        "adaptive" => options.thinking = Some("adaptive".to_owned()),
        "enabled" => {
            options.thinking = Some("high".to_owned());
            options.thinking_budgets.extend(thinking.count("budget_tokens").map(|budget| ("high".to_owned(), budget)));
        }
        other => body.reader().problem(
            thinking.path_of("type"),
            format!("it is {other:?}; expected \"enabled\", \"disabled\" or \"adaptive\""),
        ),
    }
    thinking.finish();
}

fn response_format(body: &Object<'_, '_>, context: &mut Context, options: &mut Options) {
    let Some(format) = body.take("response_format").and_then(|format| format.require_object("an object with a `type`"))
    else {
        return;
    };
    match format.require_string("type").as_str() {
        "text" => {}
        "json_schema" => {
            let expected = "an object with `name` and `schema`";
            if let Some(schema) =
                format.require("json_schema", expected).and_then(|schema| schema.require_object(expected))
            {
                options.output_schema = Some(OutputSchema {
                    name: schema.require_string("name"),
                    description: schema.string("description"),
                    schema: schema
                        .require("schema", "a JSON Schema")
                        .map(|value| value.raw.get().to_owned())
                        .unwrap_or_default(),
                });
                // Bedrock keeps to every schema; there is nothing looser to ask for.
                let _ = schema.flag("strict");
                schema.finish();
            }
        }
        "json_object" => openai_options::json_object(context),
        other => body.reader().problem(
            format.path_of("type"),
            format!("it is {other:?}; expected \"text\", \"json_object\" or \"json_schema\""),
        ),
    }
    format.finish();
}

fn stream_options(body: &Object<'_, '_>) -> bool {
    let Some(options) = body.take("stream_options").and_then(|options| options.require_object("an object")) else {
        return false;
    };
    let include_usage = options.flag("include_usage").unwrap_or(false);
    // Padding against an observer of sizes; TLS is not this process's.
    options.ignore(&["include_obfuscation"]);
    options.finish();
    include_usage
}

/// Wishes that Bedrock cannot grant and that change no meaning. `usage` and `provider` are OpenRouter's.
fn ignored(body: &Object<'_, '_>) {
    body.ignored("seed", &[]);
    body.ignored("store", &["false"]);
    body.ignored("verbosity", &["\"medium\""]);
    body.ignored("provider", &["{}"]);
    body.ignore(&["usage"]);
}

/// What chat completions have and Bedrock cannot do.
fn refused(body: &Object<'_, '_>) {
    body.refuse("n", &["1"], "Bedrock gives one answer per request; send `n` requests");
    body.refuse("logprobs", &["false"], "Bedrock's Converse gives no log probabilities");
    body.refuse("top_logprobs", &["0"], "Bedrock's Converse gives no log probabilities");
    body.refuse("logit_bias", &["{}"], "Bedrock's Converse has no token bias");
    body.refuse("frequency_penalty", &["0", "0.0"], "Bedrock's Converse has no penalties");
    body.refuse("presence_penalty", &["0", "0.0"], "Bedrock's Converse has no penalties");
    body.refuse("modalities", &["[\"text\"]"], "Bedrock's Converse answers with text");
    body.refuse("audio", &[], "Bedrock's Converse answers with text");
    body.refuse("prediction", &[], "Bedrock's Converse has no predicted output");
    body.refuse("web_search_options", &[], "Bedrock's Converse has no web search");
    body.refuse("functions", &["[]"], "it is the old form of `tools`; use `tools`");
    body.refuse("function_call", &[], "it is the old form of `tool_choice`; use `tool_choice`");
}
