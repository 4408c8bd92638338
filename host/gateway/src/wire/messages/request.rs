//! Reading a request, member by member.

use super::super::reader::{Object, Reader};
use super::super::{Asked, ReadError, Received, Request, bedrock_members, no_options};
use super::additional_fields::AdditionalFields;
use super::betas::Betas;
use super::caching::CachePoints;
use super::ending::AskedOfEnding;
use super::writer::MessageWriter;
use super::{conversation, thinking, tools};
use crate::contract::conversation::{Context, Options, OutputSchema};
use crate::pi::json as text;

/// The longest value that Bedrock's `requestMetadata` accepts.
const LONGEST_METADATA: usize = 256;

/// Reads a request to answer.
pub(super) fn read(received: &Received<'_>) -> Result<Request, ReadError> {
    read_for(received, Purpose::Answer)
}

/// Reads a request whose tokens are counted: the same conversation, without the options of an answer.
pub(super) fn read_uncounted(received: &Received<'_>) -> Result<Request, ReadError> {
    read_for(received, Purpose::Count)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Answer,
    Count,
}

fn read_for(received: &Received<'_>, purpose: Purpose) -> Result<Request, ReadError> {
    let reader = Reader::new(received.fetched);
    let body = reader.body(received.body)?;
    let betas = Betas::read(received.headers, &reader);
    let points = CachePoints::default();
    let mut options = no_options();
    let mut fields = AdditionalFields::default();

    let model = body.require_string("model");
    let tools = tools::tools(&body, &points);
    let system_prompt = conversation::system(&body, &points);
    let mut messages = conversation::messages(&body, &model, &points);
    conversation::cache_all(&body, &points, &mut messages);
    points.put_into(&mut options);

    let mut stream = false;
    if purpose == Purpose::Answer {
        options.max_tokens = body.require("max_tokens", "a whole number of tokens").and_then(|value| {
            let tokens = value.scalar("a whole number, 1 or more");
            if tokens == Some(0) {
                value.problem("0 tokens cannot be requested from Bedrock; expected 1 or more");
            }
            tokens
        });
        stream = body.flag("stream").unwrap_or_default();
        about_the_answer(&body, &mut options, &mut fields);
    }
    tools::tool_choice(&body, &mut options);
    let effort = output_config(&body, &mut options);
    thinking::read(&body, effort, &betas, &mut options, &mut fields);
    if let Some(management) = body.take("context_management") {
        fields.set("context_management", management.raw.get().to_owned());
    }
    let of_answer = bedrock_members::read(&body, &mut options);
    fields.take(options.additional_request_fields.as_deref());
    if let Some(betas) = betas.beside(|field| fields.has(field)) {
        fields.set("anthropic_beta", betas);
    }
    // The client classifies by itself without the first, and the second only adds to the answer.
    body.ignored("safeguards", &["[]"]);
    body.ignored("diagnostics", &["{}", "{\"previous_message_id\":null}"]);
    refuse_what_bedrock_has_not(&body);
    body.finish();

    options.additional_request_fields = fields.into_json(&reader);
    let writer = MessageWriter::new(AskedOfEnding { stop_sequences: options.stop_sequences.clone(), of_answer });
    let (blobs, notices) = reader.finish()?;
    let context = Context { system_prompt, messages, tools };
    let asked = Asked { model, known: None, context, blobs, options, stream, notices };
    Ok(Request { asked, writer: Box::new(writer) })
}

/// Members that say how to answer.
fn about_the_answer(body: &Object<'_, '_>, options: &mut Options, fields: &mut AdditionalFields) {
    options.temperature = body.number("temperature");
    options.top_p = body.number("top_p");
    if let Some(top_k) = body.count("top_k") {
        fields.set("top_k", top_k.to_string());
    }
    for stop in body.items("stop_sequences", "an array of strings") {
        options.stop_sequences.extend(stop.string());
    }
    if !options.stop_sequences.is_empty() {
        // Converse reports that a sequence stopped the answer. Which one, it reports only on request.
        options.additional_response_field_paths.push("/stop_sequence".to_owned());
    }
    if let Some(tier) = body.take("service_tier")
        && let Some(word) = tier.string()
    {
        match &*word {
            "auto" => {}
            "standard_only" => options.service_tier = Some("default".to_owned()),
            other => tier.problem(format!("`{other}` is unknown; expected `auto` or `standard_only`")),
        }
    }
    if let Some(metadata) = body.take("metadata").and_then(|metadata| metadata.require_object("an object")) {
        options.request_metadata.extend(metadata.string("user_id").map(|id| ("user_id".to_owned(), as_metadata(&id))));
        metadata.finish();
    }
}

/// An opaque id in the characters that Bedrock accepts. Some clients send JSON as their id.
fn as_metadata(id: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == ' ' || ":_@$#=/+,-.".contains(c);
    id.chars().take(LONGEST_METADATA).map(|c| if allowed(c) { c } else { '_' }).collect()
}

/// Reads `output_config` and the older `output_format`; returns the effort.
fn output_config(body: &Object<'_, '_>, options: &mut Options) -> Option<String> {
    options.output_schema = format(body, "output_format");
    let config = body.take("output_config")?.require_object("an object with `effort` or `format`")?;
    let effort = thinking::effort(&config);
    if let Some(schema) = format(&config, "format") {
        options.output_schema = Some(schema);
    }
    config.finish();
    effort
}

fn format(object: &Object<'_, '_>, name: &str) -> Option<OutputSchema> {
    let format = object.take(name)?.require_object("an object with the type `json_schema`")?;
    let kind = format.require_string("type");
    if kind != "json_schema" {
        format.reader().problem(format.path_of("type"), format!("`{kind}` is unknown; expected `json_schema`"));
        return None;
    }
    let schema = format.require("schema", "a JSON Schema, which is an object")?;
    if text::object(schema.raw).is_none() {
        schema.expected("a JSON Schema, which is an object");
    }
    let name = format.string("name").unwrap_or_default();
    format.finish();
    Some(OutputSchema { name, description: None, schema: schema.raw.get().to_owned() })
}

/// Members of Anthropic's API for what Bedrock does not have.
fn refuse_what_bedrock_has_not(body: &Object<'_, '_>) {
    body.refuse("container", &[], "Bedrock has no containers");
    body.refuse("fallbacks", &["[]"], "the gateway's configuration sets the fallback models");
    body.refuse("inference_geo", &[], "the region and the inference profile of the model decide the location");
    body.refuse("mcp_servers", &["[]"], "Bedrock calls no MCP servers; call them yourself and pass their tools");
    body.refuse("speed", &["\"standard\""], "Bedrock has no such mode");
    body.refuse("user_profile_id", &[], "Bedrock has no user profiles");
    body.refuse("workspace_id", &[], "Bedrock has no workspaces");
}
