//! OpenAI's chat completions.

use serde_json::Value;

use super::sse::{Data, Event};
use super::{Finish, Outcome, Whole, ensure, list, number, openai_error, text};

/// A whole completion.
pub(super) fn whole(body: &Value) -> Result<Whole, String> {
    ensure(body["object"] == "chat.completion", || format!("no completion: {body}"))?;
    let choice = &body["choices"][0];
    let message = &choice["message"];
    let calls = if message["tool_calls"].is_null() { &Vec::new() } else { list(&message["tool_calls"])? };
    Ok(Whole {
        finish: finish(&choice["finish_reason"])?,
        text: text(&message["content"])?,
        arguments: calls.iter().map(|call| text(&call["function"]["arguments"])).collect::<Result<_, _>>()?,
        output_tokens: number(&body["usage"]["completion_tokens"])?,
    })
}

/// A stream: chunks, then the finish reason, the usage and `[DONE]`; or chunks, then an error.
pub(super) fn stream(events: &[Event]) -> Result<Outcome, String> {
    let (mut said, mut arguments, mut finished, mut usage) = (String::new(), Vec::new(), None, None);
    let Some((last, chunks)) = events.split_last() else { return Err("no events".to_owned()) };
    for event in chunks {
        let Data::Json(chunk) = &event.data else { return Err("[DONE] is not the last".to_owned()) };
        ensure(event.name.is_none(), || format!("a chunk with a name: {event:?}"))?;
        ensure(chunk["object"] == "chat.completion.chunk", || format!("no chunk: {chunk}"))?;
        ensure(usage.is_none(), || format!("something after the usage: {chunk}"))?;
        let Some(choice) = list(&chunk["choices"])?.first() else {
            usage = Some(number(&chunk["usage"]["completion_tokens"])?);
            continue;
        };
        ensure(finished.is_none(), || format!("something after the finish reason: {chunk}"))?;
        let delta = &choice["delta"];
        said.push_str(delta["content"].as_str().unwrap_or_default());
        for call in delta["tool_calls"].as_array().into_iter().flatten() {
            let index = usize::try_from(number(&call["index"])?).unwrap_or(usize::MAX);
            if index == arguments.len() {
                arguments.push(String::new());
            }
            let all = arguments.get_mut(index).ok_or_else(|| format!("a gap before the call {index}"))?;
            all.push_str(&text(&call["function"]["arguments"])?);
        }
        if !choice["finish_reason"].is_null() {
            finished = Some(finish(&choice["finish_reason"])?);
        }
    }
    match (&last.data, finished, usage) {
        (Data::Done, Some(finish), Some(output_tokens)) => {
            Ok(Outcome::Whole(Whole { finish, text: said, arguments, output_tokens }))
        }
        (Data::Json(error), None, None) => Ok(Outcome::BrokenOff { text: said, told: openai_error(error)? }),
        (last, finished, usage) => Err(format!("the end {last:?} after {finished:?} and {usage:?}")),
    }
}

fn finish(reason: &Value) -> Result<Finish, String> {
    match reason.as_str() {
        Some("stop") => Ok(Finish::Stop),
        Some("tool_calls") => Ok(Finish::ToolCalls),
        Some("content_filter") => Ok(Finish::Filtered),
        _ => Err(format!("the finish reason {reason}")),
    }
}
