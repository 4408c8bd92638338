//! The events of a reply with the fault of its model id, as the steps of a body.

use std::time::Duration;

use bytes::Bytes;
use serde_json::json;

use super::Pace;
use super::dice::Dice;
use super::errors::ServiceError;
use super::faults::{Fault, HttpFault, StreamException};
use super::frames::{Event, FrameKind, Payload, frame, huge_prelude, with_bad_crc};
use super::script::Step;

/// So much of a stream is on the wire before it is reset.
const BEFORE_RESET: Duration = Duration::from_millis(50);

/// Seconds that `sim.http.429-retry-after` asks for.
const RETRY_AFTER: u32 = 7;

/// Puts a fault into the events of a complete stream.
pub(crate) fn with_fault(mut events: Vec<Event>, fault: Option<&Fault>) -> Vec<Event> {
    match fault {
        Some(Fault::Exception { kind, after }) => {
            events.truncate(*after);
            events.push(kind.event());
        }
        Some(Fault::ErrorFrame { after }) => {
            events.truncate(*after);
            let kind =
                FrameKind::Error("InternalFailure", "The simulator was asked to fail in a way that no SDK models.");
            events.push(Event { kind, payload: Payload::Raw(b"") });
        }
        Some(Fault::Truncate { after } | Fault::Reset { after } | Fault::Silence { after }) => events.truncate(*after),
        Some(Fault::MalformedJson { after }) => {
            let at = (*after).min(events.len().saturating_sub(1));
            if let Some(event) = events.get_mut(at) {
                event.payload = Payload::Raw(br#"{"contentBlockIndex":0,"delta":{"te"#);
            }
        }
        Some(Fault::NoMetadata) => events.retain(|event| event.kind != FrameKind::Event("metadata")),
        Some(Fault::UnknownEvents) => events = with_unknown(events),
        _ => {}
    }
    events
}

/// Events and members of a later version of the service, which a client may skip.
fn with_unknown(events: Vec<Event>) -> Vec<Event> {
    let new_block =
        |name, what: &str| Event::new(name, json!({"contentBlockIndex": 900, what: {"hologram": {"depth": 3}}}));
    let mut all = Vec::with_capacity(events.len() + 4);
    for (number, mut event) in events.into_iter().enumerate() {
        if let Payload::Json(payload) = &mut event.payload {
            payload["newMember"] = json!({"number": number});
        }
        all.push(event);
        if number == 1 {
            all.push(Event::new("weatherReport", json!({"sky": "clear"})));
            all.push(new_block("contentBlockStart", "start"));
            all.push(new_block("contentBlockDelta", "delta"));
            all.push(Event::new("contentBlockStop", json!({"contentBlockIndex": 900})));
        }
    }
    all
}

/// The pause before each event of a complete stream, and before the metadata event that follows them.
pub(crate) fn pauses(events: &[Event], fault: Option<&Fault>, pace: Pace, dice: &mut Dice) -> Vec<Duration> {
    let milliseconds = |number: usize, is_delta: bool, dice: &mut Dice| match (fault, pace) {
        (Some(Fault::Slow { milliseconds }), _) => *milliseconds,
        (_, Pace::Model) if number == 0 => dice.between(260, 340),
        (_, Pace::Model) if is_delta => dice.between(20, 40),
        _ => 0,
    };
    let deltas = events.iter().map(Event::is_delta).chain([false]);
    deltas.enumerate().map(|(number, is_delta)| Duration::from_millis(milliseconds(number, is_delta, dice))).collect()
}

/// The steps that play the events with these pauses.
pub(crate) fn steps(events: &[Event], pauses: &[Duration], fault: Option<&Fault>, dice: &mut Dice) -> Vec<Step> {
    let mut steps = Vec::with_capacity(events.len() * 2 + 2);
    for (number, event) in events.iter().enumerate() {
        let pause = pauses.get(number).copied().filter(|pause| !pause.is_zero());
        steps.extend(pause.map(Step::Wait));
        let bytes = frame(event, dice);
        match fault {
            Some(Fault::BadCrc { after }) if number == (*after).min(events.len() - 1) => {
                steps.push(Step::Send(with_bad_crc(&bytes)))
            }
            Some(Fault::CutMidFrame { after }) if number == (*after).min(events.len() - 1) => {
                steps.push(Step::Send(bytes.slice(..bytes.len() / 2)));
                return steps;
            }
            Some(Fault::HugeFrame { after }) if number == (*after).min(events.len() - 1) => {
                steps.push(Step::Send(huge_prelude()));
                steps.push(Step::Send(Bytes::from_static(&[b'x'; 64])));
                return steps;
            }
            Some(Fault::Drip) => steps.extend(drip(&bytes)),
            _ => steps.push(Step::Send(bytes)),
        }
    }
    match fault {
        Some(Fault::Leftover) => steps.push(Step::Send(Bytes::from_static(&[0, 0, 0]))),
        Some(Fault::Reset { .. }) => steps.extend([Step::Wait(BEFORE_RESET), Step::Reset]),
        Some(Fault::Silence { .. }) => steps.push(Step::Hang),
        _ => {}
    }
    steps
}

/// Each byte in a read of its own.
pub(crate) fn drip(bytes: &Bytes) -> impl Iterator<Item = Step> + use<> {
    let bytes = bytes.clone();
    (0..bytes.len()).flat_map(move |at| [Step::Send(bytes.slice(at..=at)), Step::Flush])
}

impl StreamException {
    /// The frame that ends a stream.
    fn event(self) -> Event {
        let error = self.error();
        let name = match self {
            Self::Throttling => "throttlingException",
            Self::Validation => "validationException",
            Self::InternalServer => "internalServerException",
            Self::ModelStreamError => "modelStreamErrorException",
            Self::ServiceUnavailable => "serviceUnavailableException",
        };
        Event { kind: FrameKind::Exception(name), payload: Payload::Json(error.body()) }
    }

    /// The same as an HTTP answer.
    pub(crate) fn error(self) -> ServiceError {
        match self {
            Self::Throttling => {
                ServiceError::new(429, "ThrottlingException", "Too many requests, please wait before trying again.")
            }
            Self::Validation => {
                ServiceError::validation("The model returned the following errors: the simulator was asked for this.")
            }
            Self::InternalServer => ServiceError::new(
                500,
                "InternalServerException",
                "The system encountered an unexpected error during processing. Try your request again.",
            ),
            Self::ModelStreamError => {
                let message = "Model produced invalid sequence as part of ToolUse. Please refer to the model tool use troubleshooting guide.";
                ServiceError::new(424, "ModelStreamErrorException", message)
                    .with("originalStatusCode", 424)
                    .with("originalMessage", "invalid sequence")
            }
            Self::ServiceUnavailable => {
                ServiceError::new(503, "ServiceUnavailableException", "Bedrock is unable to process your request.")
            }
        }
    }
}

impl HttpFault {
    /// The answer; `None` for the one that is not the service's own.
    pub(crate) fn error(self) -> Option<ServiceError> {
        let error = |status, name, message: &str| Some(ServiceError::new(status, name, message));
        match self {
            Self::Throttling => Some(StreamException::Throttling.error()),
            Self::ThrottlingForSeconds => Some(StreamException::Throttling.error().retry_after(RETRY_AFTER)),
            Self::NotReady => error(
                429,
                "ModelNotReadyException",
                "Model is not ready for inference. Wait and try your request again.",
            ),
            Self::Expired => {
                error(403, "ExpiredTokenException", "The security token included in the request is expired")
            }
            Self::Denied => {
                error(403, "AccessDeniedException", "You don't have access to the model with the specified model ID.")
            }
            Self::Signature => error(
                403,
                "InvalidSignatureException",
                "Signature expired: 20260101T000000Z is now earlier than 20260101T005500Z (20260101T010000Z - 5 min.)",
            ),
            Self::Unrecognized => {
                error(403, "UnrecognizedClientException", "The security token included in the request is invalid.")
            }
            Self::Validation => Some(StreamException::Validation.error()),
            Self::Quota => {
                error(400, "ServiceQuotaExceededException", "Your request exceeds the service quota for your account.")
            }
            Self::TooLong => Some(ServiceError::validation("Input is too long for requested model.")),
            Self::NotFound => error(
                404,
                "ResourceNotFoundException",
                "Could not resolve the foundation model from the provided model identifier.",
            ),
            Self::ModelError => error(
                424,
                "ModelErrorException",
                "The system encountered an unexpected error during processing. Try your request again.",
            )
            .map(|error| error.with("originalStatusCode", 500).with("resourceName", "simulator")),
            Self::Timeout => {
                error(408, "ModelTimeoutException", "Model processing time exceeded the model timeout length.")
            }
            Self::Internal => Some(StreamException::InternalServer.error()),
            Self::Unavailable => Some(StreamException::ServiceUnavailable.error()),
            Self::Html => None,
        }
    }
}
