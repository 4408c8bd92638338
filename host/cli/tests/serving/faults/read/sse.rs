//! Server-sent events.

use serde_json::Value;

use super::{ensure, json};

/// What an event carries.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Data {
    Json(Value),
    /// OpenAI's `[DONE]`.
    Done,
}

/// An event.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Event {
    pub(super) name: Option<String>,
    pub(super) data: Data,
}

/// Reads a whole stream. Comments are skipped; an event is ended by an empty line, the last one too.
pub(super) fn read(body: &str) -> Result<Vec<Event>, String> {
    ensure(body.ends_with("\n\n"), || format!("the last event is not ended: {body:?}"))?;
    let mut events = Vec::new();
    for message in body.trim_end_matches('\n').split("\n\n") {
        let (mut name, mut data) = (None, None);
        for line in message.lines() {
            match line.split_once(": ") {
                Some(("event", value)) if name.is_none() => name = Some(value.to_owned()),
                Some(("data", "[DONE]")) if data.is_none() => data = Some(Data::Done),
                Some(("data", value)) if data.is_none() => data = Some(Data::Json(json(value)?)),
                Some(("", _)) => {}
                _ => return Err(format!("the line {line:?} of {message:?}")),
            }
        }
        match data {
            Some(data) => events.push(Event { name, data }),
            None => ensure(message.starts_with(':'), || format!("no data in {message:?}"))?,
        }
    }
    ensure(!events.is_empty(), || "a stream without events".to_owned())?;
    Ok(events)
}

/// The documents of events whose name is their `type`, as Anthropic and OpenAI's Responses have it.
pub(super) fn named(events: &[Event]) -> Result<Vec<(&str, &Value)>, String> {
    let named = events.iter().map(|event| match (&event.name, &event.data) {
        (Some(name), Data::Json(data)) if data["type"] == name.as_str() => Ok((name.as_str(), data)),
        _ => Err(format!("an event whose name is not its type: {event:?}")),
    });
    named.collect()
}
