//! Cases of `translate`.

use serde::{Deserialize, Deserializer};

use super::frames::{OwnedFrame, batch};
use super::provider::{Fault, Provider};
use super::{layout, protocol};
use crate::contract::conversation::{Delta, Ending, MessageType, Opening};
use crate::contract::types::Model;
use crate::json::model::ModelOverrides;
use crate::json::turn::EndingForm;
use crate::json::{Json, Members};
use crate::pi::events::event_json;
use crate::pi::message::Fold;

/// The input of a case of `translate`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Given {
    #[serde(default)]
    model: ModelOverrides,
    #[serde(default)]
    request_id: Option<String>,
    events: Vec<Event>,
    #[serde(default)]
    ending: EndingForm,
}

/// One event: a frame under its name.
#[derive(Debug)]
pub(super) struct Event(pub(super) OwnedFrame);

/// Members of `{"frame": …}`, for frames that no other form can say.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FrameMembers {
    message_type: String,
    name: String,
    payload: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ErrorMembers {
    code: String,
    message: String,
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        fn only<E: Error>(members: Members<Json>) -> Result<(String, String), E> {
            match <[(String, Json); 1]>::try_from(members.0) {
                Ok([(name, value)]) => Ok((name, value.0)),
                Err(_) => Err(E::custom("an event is an object with one member, its name")),
            }
        }
        fn read<'a, T: Deserialize<'a>, E: Error>(text: &'a str) -> Result<T, E> {
            serde_json::from_str(text).map_err(E::custom)
        }
        let (name, value) = only(Members::<Json>::deserialize(deserializer)?)?;
        let frame = match name.as_str() {
            "exception" => {
                let (name, payload) = only(read(&value)?)?;
                OwnedFrame { message_type: MessageType::Exception, name, payload: payload.into_bytes() }
            }
            "error" => {
                let ErrorMembers { code, message } = read(&value)?;
                OwnedFrame { message_type: MessageType::Error, name: code, payload: message.into_bytes() }
            }
            "frame" => {
                let FrameMembers { message_type, name, payload } = read(&value)?;
                let message_type = match message_type.as_str() {
                    "event" => MessageType::Event,
                    "exception" => MessageType::Exception,
                    "error" => MessageType::Error,
                    _ => MessageType::Other(message_type),
                };
                OwnedFrame { message_type, name, payload: payload.into_bytes() }
            }
            _ => OwnedFrame { message_type: MessageType::Event, name, payload: value.into_bytes() },
        };
        Ok(Event(frame))
    }
}

impl Given {
    /// The opening of the turn.
    #[must_use]
    pub fn opening(&self) -> Opening {
        opening(self.model.0.clone(), self.request_id.clone())
    }

    /// The frames.
    #[must_use]
    pub fn frames(&self) -> Vec<OwnedFrame> {
        self.events.iter().map(|event| event.0.clone()).collect()
    }

    /// The end of the frames.
    #[must_use]
    pub fn ending(&self) -> Ending {
        self.ending.clone().into()
    }
}

/// The opening of a turn for a model and a request.
#[must_use]
pub fn opening(model: Model, request_id: Option<String>) -> Opening {
    Opening { model, carry: Vec::new(), request_id }
}

/// Runs a whole turn, its frames in these batches: all its deltas.
///
/// # Errors
/// When a call does not return.
pub fn turn<'a>(
    provider: &mut dyn Provider,
    opening: &Opening,
    batches: impl IntoIterator<Item = &'a [OwnedFrame]>,
    ending: &Ending,
) -> Result<Vec<Delta>, Fault> {
    provider.open_turn(opening)?;
    let mut deltas = Vec::new();
    for frames in batches {
        deltas.extend(provider.push(&batch(frames))?);
    }
    deltas.extend(provider.finish(ending)?);
    Ok(deltas)
}

/// Translates the events, one a batch.
///
/// # Errors
/// When a call does not return, or the deltas break the protocol.
pub fn run(given: &Given, provider: &mut dyn Provider) -> Result<String, Fault> {
    layout::text(&translated(&given.opening(), &given.frames(), &given.ending(), provider)?)
}

/// A whole turn, one frame a batch: the deltas, and the message that they make.
///
/// # Errors
/// When a call does not return, or the deltas break the protocol.
pub(super) fn translated(
    opening: &Opening,
    frames: &[OwnedFrame],
    ending: &Ending,
    provider: &mut dyn Provider,
) -> Result<Members<Json>, Fault> {
    let identity = provider.identify()?;
    let deltas = turn(provider, opening, frames.chunks(1), ending)?;
    protocol::check(&deltas).map_err(Fault)?;
    let mut fold = Fold::new(&identity.api, &identity.provider, &opening.model.id, None);
    let mut events = Vec::new();
    let mut message = Json("null".to_owned());
    for delta in &deltas {
        fold.apply(delta);
        let event = event_json(delta, &fold);
        if matches!(delta, Delta::Done(_) | Delta::Error(_)) {
            let (event, whole) = without_message(&event)?;
            message = whole;
            events.push(event);
        } else {
            events.push(Json(event));
        }
    }
    let deltas = Json(layout::text(&events)?);
    Ok(Members(vec![("deltas".to_owned(), deltas), ("message".to_owned(), message)]))
}

/// Takes the message out of the last event: a case has it beside the deltas, not twice.
fn without_message(event: &str) -> Result<(Json, Json), Fault> {
    let mut members: Members<Json> =
        serde_json::from_str(event).map_err(|error| Fault(format!("the last event is not JSON: {error}")))?;
    match members.0.pop() {
        Some((name, message)) if name == "message" || name == "error" => Ok((Json(layout::text(&members)?), message)),
        _ => Err(Fault(format!("the last event has no message: {event}"))),
    }
}
