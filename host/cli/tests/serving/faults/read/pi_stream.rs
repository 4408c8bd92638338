//! The protocol of pi's proxy.

use serde_json::Value;

use super::sse::{Data, Event};
use super::{Finish, Outcome, Told, Whole, ensure, number, text, unread_arguments};

/// The body of a refusal: pi's client shows `error` where it is a text.
pub(super) fn error(body: &Value) -> Result<Told, String> {
    Ok(Told { kind: None, message: text(&body["error"])?, request_id: None })
}

/// A stream: `start`, blocks, and exactly one `done` or `error`, the last. A failure before anything began has no `start`.
pub(super) fn stream(events: &[Event]) -> Result<Outcome, String> {
    let (mut said, mut arguments, mut ended) = (String::new(), Vec::new(), None);
    for (number_of_event, event) in events.iter().enumerate() {
        let Data::Json(data) = &event.data else { return Err("[DONE] is not of this protocol".to_owned()) };
        ensure(event.name.is_none(), || format!("an event with a name: {event:?}"))?;
        ensure(ended.is_none(), || format!("{data} after the end"))?;
        let is_first = data["type"] == "start" || (number_of_event == 0 && data["type"] == "error");
        ensure(is_first == (number_of_event == 0), || format!("{data} at {number_of_event}"))?;
        match data["type"].as_str() {
            Some("text_delta") => said.push_str(&text(&data["delta"])?),
            Some("toolcall_end") => arguments.push(match data["toolCall"].get("argumentsError") {
                Some(problem) => unread_arguments(problem)?,
                None => data["toolCall"]["arguments"].to_string(),
            }),
            Some("done") => {
                let finish = match data["reason"].as_str() {
                    Some("stop") => Finish::Stop,
                    Some("toolUse") => Finish::ToolCalls,
                    _ => return Err(format!("the reason of {data}")),
                };
                let output_tokens = number(&data["usage"]["output"])?;
                let (text, arguments) = (said.clone(), arguments.clone());
                ended = Some(Outcome::Whole(Whole { finish, text, arguments, output_tokens }));
            }
            Some("error") => {
                ensure(data["reason"] == "error" && data["usage"].is_object(), || format!("the members of {data}"))?;
                let told = Told { kind: None, message: text(&data["errorMessage"])?, request_id: None };
                ended = Some(Outcome::BrokenOff { text: said.clone(), told });
            }
            Some(_) => {}
            None => return Err(format!("{data} has no type")),
        }
    }
    ended.ok_or_else(|| "it does not end".to_owned())
}
