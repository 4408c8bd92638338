//! Reads answers as a client of each format does, and strictly: what a format does not allow is an error here.

mod chat_completions;
mod messages;
mod pi_stream;
mod responses;
mod sse;

use serde_json::Value;

use super::ask::Answer;
use super::ways::{Endpoint, Way};

/// What an answer comes to.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Outcome {
    /// A status that is an error, with the format's own error object.
    Refused { status: u16, told: Told },
    /// A stream that ended in the format's error event.
    BrokenOff { text: String, told: Told },
    /// An answer that says that it is whole.
    Whole(Whole),
    /// A count of tokens.
    Counted(u64),
}

/// A whole answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Whole {
    pub(super) finish: Finish,
    pub(super) text: String,
    /// The arguments of each tool call, as the model wrote them.
    pub(super) arguments: Vec<String>,
    pub(super) output_tokens: u64,
}

/// How an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finish {
    Stop,
    ToolCalls,
    Filtered,
}

/// An error, as the client sees it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Told {
    /// The format's word for it; pi's protocol has none.
    pub(super) kind: Option<String>,
    pub(super) message: String,
    /// Where the format has a place of its own for it.
    pub(super) request_id: Option<String>,
}

/// Reads an answer.
pub(super) fn outcome(way: Way, answer: &Answer) -> Result<Outcome, String> {
    let media_type = answer.header("content-type").unwrap_or_default();
    if answer.status >= 400 {
        ensure(media_type == "application/json", || format!("an error of the type {media_type:?}"))?;
        let body = json(&answer.body)?;
        let told = match way.endpoint {
            Endpoint::ChatCompletions | Endpoint::Responses => openai_error(&body)?,
            Endpoint::Messages | Endpoint::CountTokens => messages::error(&body)?,
            Endpoint::PiStream => pi_stream::error(&body)?,
        };
        return Ok(Outcome::Refused { status: answer.status, told });
    }
    ensure(answer.status == 200, || format!("the status {}", answer.status))?;
    if way.stream {
        ensure(media_type.starts_with("text/event-stream"), || format!("a stream of the type {media_type:?}"))?;
        let events = sse::read(&answer.body)?;
        return match way.endpoint {
            Endpoint::ChatCompletions => chat_completions::stream(&events),
            Endpoint::Messages => messages::stream(&events),
            Endpoint::Responses => responses::stream(&events),
            Endpoint::PiStream => pi_stream::stream(&events),
            Endpoint::CountTokens => Err("a count is no stream".to_owned()),
        };
    }
    ensure(media_type == "application/json", || format!("a document of the type {media_type:?}"))?;
    let body = json(&answer.body)?;
    match way.endpoint {
        Endpoint::ChatCompletions => chat_completions::whole(&body).map(Outcome::Whole),
        Endpoint::Messages => messages::whole(&body).map(Outcome::Whole),
        Endpoint::Responses => responses::whole(&body).map(Outcome::Whole),
        Endpoint::CountTokens => Ok(Outcome::Counted(number(&body["input_tokens"])?)),
        Endpoint::PiStream => Err("pi's protocol has streams only".to_owned()),
    }
}

/// OpenAI's error object, whose four members are always there.
fn openai_error(body: &Value) -> Result<Told, String> {
    let error = &body["error"];
    for member in ["message", "type", "param", "code"] {
        ensure(error.get(member).is_some(), || format!("the error has no `{member}`: {body}"))?;
    }
    for member in ["param", "code"] {
        ensure(error[member].is_null() || error[member].is_string(), || format!("`{member}` is no text: {body}"))?;
    }
    Ok(Told { kind: Some(text(&error["type"])?), message: text(&error["message"])?, request_id: None })
}

/// The text that the gateway was given, out of what it says of arguments that cannot be read.
fn unread_arguments(problem: &Value) -> Result<String, String> {
    let problem = text(problem)?;
    let (_, written) = problem.split_once("Received arguments:\n").ok_or(format!("what was received? {problem}"))?;
    Ok(written.to_owned())
}

fn json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("not JSON ({error}): {text}"))
}

fn text(value: &Value) -> Result<String, String> {
    value.as_str().map(str::to_owned).ok_or_else(|| format!("{value} is no text"))
}

fn number(value: &Value) -> Result<u64, String> {
    value.as_u64().ok_or_else(|| format!("{value} is no count"))
}

fn list(value: &Value) -> Result<&Vec<Value>, String> {
    value.as_array().ok_or_else(|| format!("{value} is no list"))
}

fn ensure(holds: bool, or: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(or()) }
}
