//! OpenAI's responses.

use serde_json::Value;

use super::sse::{Event, named};
use super::{Finish, Outcome, Whole, ensure, list, number, openai_error, text};

/// A whole response.
pub(super) fn whole(body: &Value) -> Result<Whole, String> {
    ensure(body["object"] == "response" && body["error"].is_null(), || format!("no good response: {body}"))?;
    let (mut said, mut arguments) = (String::new(), Vec::new());
    for item in list(&body["output"])? {
        match item["type"].as_str() {
            Some("message") => said.push_str(&text_of(item)?),
            Some("function_call") => arguments.push(text(&item["arguments"])?),
            _ => {}
        }
    }
    let finish = match (body["status"].as_str(), body["incomplete_details"]["reason"].as_str()) {
        (Some("completed"), None) if arguments.is_empty() => Finish::Stop,
        (Some("completed"), None) => Finish::ToolCalls,
        (Some("incomplete"), Some("content_filter")) => Finish::Filtered,
        end => return Err(format!("the end {end:?}")),
    };
    Ok(Whole { finish, text: said, arguments, output_tokens: number(&body["usage"]["output_tokens"])? })
}

/// What the model said. Why it refused to go on is a part of its own and no text.
fn text_of(message: &Value) -> Result<String, String> {
    let said = |part: &Value| match part["type"].as_str() {
        Some("refusal") => text(&part["refusal"]).map(|_| String::new()),
        _ => text(&part["text"]),
    };
    list(&message["content"])?.iter().map(said).collect()
}

/// A stream: numbered events up to `response.completed` or `response.incomplete`, or up to `response.failed` and `error`.
pub(super) fn stream(events: &[Event]) -> Result<Outcome, String> {
    let (mut said, mut arguments, mut failed, mut ended) = (String::new(), Vec::new(), false, None);
    let events = named(events)?;
    for (number_of_event, (name, event)) in events.iter().enumerate() {
        ensure(event["sequence_number"] == number_of_event, || format!("{event} at {number_of_event}"))?;
        ensure((*name == "response.created") == (number_of_event == 0), || format!("{name} at {number_of_event}"))?;
        ensure(ended.is_none(), || format!("{name} after the end"))?;
        ensure(!failed || *name == "error", || format!("{name} after the failure"))?;
        match *name {
            "response.output_text.delta" => said.push_str(&text(&event["delta"])?),
            "response.function_call_arguments.done" => arguments.push(text(&event["arguments"])?),
            "response.completed" | "response.incomplete" => ended = Some(Outcome::Whole(whole(&event["response"])?)),
            "response.failed" => {
                let response = &event["response"];
                ensure(response["status"] == "failed", || format!("the status of {response}"))?;
                ensure(response["error"]["message"].is_string(), || format!("the error of {response}"))?;
                failed = true;
            }
            "error" => {
                ensure(failed, || "an error without response.failed".to_owned())?;
                let told = openai_error(event)?;
                ensure(event["message"] == told.message.as_str(), || format!("two messages: {event}"))?;
                ended = Some(Outcome::BrokenOff { text: said.clone(), told });
            }
            _ => {}
        }
    }
    let ended = ended.ok_or("it does not end")?;
    if let Outcome::Whole(whole) = &ended {
        ensure(whole.text == said, || format!("the text {:?}, and in pieces {said:?}", whole.text))?;
        ensure(whole.arguments == arguments, || format!("{:?}, and in pieces {arguments:?}", whole.arguments))?;
    }
    Ok(ended)
}
