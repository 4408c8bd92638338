//! Anthropic's messages.

use serde_json::Value;

use super::sse::{Event, named};
use super::{Finish, Outcome, Told, Whole, ensure, list, number, text, unread_arguments};

/// The error object, as a body and in an event.
pub(super) fn error(body: &Value) -> Result<Told, String> {
    ensure(body["type"] == "error", || format!("no error: {body}"))?;
    let error = &body["error"];
    let request_id = body["request_id"].as_str().map(str::to_owned);
    Ok(Told { kind: Some(text(&error["type"])?), message: text(&error["message"])?, request_id })
}

/// A whole message.
pub(super) fn whole(body: &Value) -> Result<Whole, String> {
    ensure(body["type"] == "message" && body["role"] == "assistant", || format!("no message: {body}"))?;
    let (mut said, mut arguments) = (String::new(), Vec::new());
    for block in list(&body["content"])? {
        match block["type"].as_str() {
            Some("text") => said.push_str(&text(&block["text"])?),
            Some("tool_use") => arguments.push(match block["input"].get("INVALID_JSON") {
                Some(problem) => unread_arguments(problem)?,
                None => block["input"].to_string(),
            }),
            _ => {}
        }
    }
    let output_tokens = number(&body["usage"]["output_tokens"])?;
    Ok(Whole { finish: finish(&body["stop_reason"])?, text: said, arguments, output_tokens })
}

/// A stream: `message_start`, blocks, `message_delta`, `message_stop`; or an `error` in the place of the rest. A `ping` may come
/// anywhere: the SDKs skip it before they look at anything.
pub(super) fn stream(events: &[Event]) -> Result<Outcome, String> {
    let (mut said, mut arguments, mut stopped) = (String::new(), Vec::new(), None);
    let (mut open, mut blocks) = (None, 0);
    let events = named(events)?;
    let Some(((last, data), before)) = events.split_last() else { return Err("no events".to_owned()) };
    let without_pings = before.iter().filter(|(name, _)| *name != "ping");
    for (number_of_event, (name, event)) in without_pings.enumerate() {
        ensure((*name == "message_start") == (number_of_event == 0), || format!("{name} at {number_of_event}"))?;
        ensure(stopped.is_none(), || format!("{name} after message_delta"))?;
        if name.starts_with("content_block_") {
            ensure(event["index"] == blocks, || format!("{event} while the block {blocks} is due"))?;
        }
        match *name {
            "message_start" => {}
            "content_block_start" => {
                ensure(open.replace(&event["content_block"]["type"]).is_none(), || "two open blocks".to_owned())?;
                if event["content_block"]["type"] == "tool_use" {
                    arguments.push(String::new());
                }
            }
            "content_block_delta" => {
                let delta = &event["delta"];
                ensure(open.is_some(), || format!("a delta of no block: {event}"))?;
                said.push_str(delta["text"].as_str().unwrap_or_default());
                if let (Some(all), true) = (arguments.last_mut(), open.is_some_and(|kind| kind == "tool_use")) {
                    all.push_str(&text(&delta["partial_json"])?);
                }
            }
            "content_block_stop" => {
                ensure(open.take().is_some(), || format!("an end of no block: {event}"))?;
                blocks += 1;
            }
            "message_delta" => {
                ensure(open.is_none(), || "message_delta in a block".to_owned())?;
                stopped = Some((finish(&event["delta"]["stop_reason"])?, number(&event["usage"]["output_tokens"])?));
            }
            other => return Err(format!("the event {other}")),
        }
    }
    match (*last, stopped) {
        ("message_stop", Some((finish, output_tokens))) => {
            Ok(Outcome::Whole(Whole { finish, text: said, arguments, output_tokens }))
        }
        ("error", None) => Ok(Outcome::BrokenOff { text: said, told: error(data)? }),
        (last, stopped) => Err(format!("the end {last} after {stopped:?}")),
    }
}

fn finish(reason: &Value) -> Result<Finish, String> {
    match reason.as_str() {
        Some("end_turn") => Ok(Finish::Stop),
        Some("tool_use") => Ok(Finish::ToolCalls),
        Some("refusal") => Ok(Finish::Filtered),
        _ => Err(format!("the stop reason {reason}")),
    }
}
