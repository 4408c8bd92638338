//! Events as frames of `application/vnd.amazon.eventstream`.

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use bytes::Bytes;
use serde_json::Value;

use super::dice::Dice;

/// The headers of a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FrameKind {
    /// `:message-type: event` with this `:event-type`.
    Event(&'static str),
    /// `:message-type: exception` with this `:exception-type`.
    Exception(&'static str),
    /// `:message-type: error` with `:error-code` and `:error-message`.
    Error(&'static str, &'static str),
}

/// A frame before it is bytes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    pub(crate) kind: FrameKind,
    pub(crate) payload: Payload,
}

/// The content of a frame.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Payload {
    /// JSON; an event's is padded.
    Json(Value),
    /// Bytes as they are.
    Raw(&'static [u8]),
}

impl Event {
    /// An event with its payload.
    pub(crate) fn new(name: &'static str, payload: Value) -> Self {
        Self { kind: FrameKind::Event(name), payload: Payload::Json(payload) }
    }

    /// Whether it is a delta, which the pace of a model delays.
    pub(crate) fn is_delta(&self) -> bool {
        self.kind == FrameKind::Event("contentBlockDelta")
    }
}

/// The letters of a padding, from the beginning: `abc…zAB…Z01…`.
const PADDING: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// Encodes an event. Header order is the recorded one; the padding has 2 to 61 letters, as recorded.
pub(crate) fn frame(event: &Event, dice: &mut Dice) -> Bytes {
    let payload = match &event.payload {
        Payload::Raw(bytes) => bytes.to_vec(),
        Payload::Json(value) => padded(value, &event.kind, dice).to_string().into_bytes(),
    };
    let headers: [(&'static str, &'static str); 3] = match event.kind {
        FrameKind::Event(name) => {
            [(":event-type", name), (":content-type", "application/json"), (":message-type", "event")]
        }
        FrameKind::Exception(name) => {
            [(":exception-type", name), (":content-type", "application/json"), (":message-type", "exception")]
        }
        FrameKind::Error(code, message) => {
            [(":error-code", code), (":error-message", message), (":message-type", "error")]
        }
    };
    let message = headers.into_iter().fold(Message::new(payload), |message, (name, value)| {
        message.add_header(Header::new(name, HeaderValue::String(value.into())))
    });
    let mut bytes = Vec::with_capacity(256);
    write_message_to(&message, &mut bytes).expect("three short headers and a payload far under 4 GiB can be written");
    Bytes::from(bytes)
}

fn padded(payload: &Value, kind: &FrameKind, dice: &mut Dice) -> Value {
    let mut payload = payload.clone();
    if let (Value::Object(members), FrameKind::Event(_)) = (&mut payload, kind) {
        let letters = usize::try_from(dice.between(2, 61)).unwrap_or(2);
        members.insert("p".to_owned(), Value::from(&PADDING[..letters]));
    }
    payload
}

/// A prelude whose CRC is right and whose declared total length is `0x7fff_ffff`.
pub(crate) fn huge_prelude() -> Bytes {
    let mut prelude = Vec::with_capacity(12);
    prelude.extend_from_slice(&0x7fff_ffff_u32.to_be_bytes());
    prelude.extend_from_slice(&0_u32.to_be_bytes());
    let crc = crc32fast::hash(&prelude);
    prelude.extend_from_slice(&crc.to_be_bytes());
    Bytes::from(prelude)
}

/// The same frame with its message CRC changed.
pub(crate) fn with_bad_crc(frame: &Bytes) -> Bytes {
    let mut bytes = frame.to_vec();
    if let Some(last) = bytes.last_mut() {
        *last ^= 0xff;
    }
    Bytes::from(bytes)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Event, FrameKind, Payload, frame, huge_prelude, with_bad_crc};
    use crate::dice::Dice;

    fn number(bytes: &[u8], at: usize) -> u32 {
        u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
    }

    /// Reads a frame by the published layout, not with the crate that wrote it.
    fn read(bytes: &[u8]) -> (Vec<(String, String)>, Value) {
        assert_eq!(usize::try_from(number(bytes, 0)).expect("fits"), bytes.len());
        assert_eq!(number(bytes, 8), crc32fast::hash(&bytes[..8]), "prelude CRC");
        assert_eq!(number(bytes, bytes.len() - 4), crc32fast::hash(&bytes[..bytes.len() - 4]), "message CRC");
        let end = 12 + usize::try_from(number(bytes, 4)).expect("fits");
        let (mut at, mut headers) = (12, Vec::new());
        let text = |from: usize, length: usize| {
            String::from_utf8(bytes[from..from + length].to_vec()).expect("headers are text")
        };
        while at < end {
            let name = text(at + 1, usize::from(bytes[at]));
            at += 1 + name.len();
            assert_eq!(bytes[at], 7, "every header is a string");
            let length = usize::from(u16::from_be_bytes([bytes[at + 1], bytes[at + 2]]));
            headers.push((name, text(at + 3, length)));
            at += 3 + length;
        }
        let payload = &bytes[end..bytes.len() - 4];
        (headers, serde_json::from_slice(payload).unwrap_or(Value::Null))
    }

    #[test]
    fn an_event_has_the_recorded_headers_and_a_padding() {
        let mut dice = Dice::new(1, b"");
        for _ in 0..200 {
            let (headers, payload) = read(&frame(&Event::new("messageStart", json!({"role": "assistant"})), &mut dice));
            let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, [":event-type", ":content-type", ":message-type"]);
            let padding = payload["p"].as_str().expect("is padded");
            assert!((2..=61).contains(&padding.len()) && padding.starts_with("ab"), "{padding}");
            assert_eq!(payload["role"], "assistant");
        }
    }

    #[test]
    fn exceptions_and_errors_are_not_padded() {
        let mut dice = Dice::new(1, b"");
        let payload = Payload::Json(json!({"message": "slow down"}));
        let exception = Event { kind: FrameKind::Exception("throttlingException"), payload };
        let (headers, payload) = read(&frame(&exception, &mut dice));
        assert_eq!(headers[0], (":exception-type".to_owned(), "throttlingException".to_owned()));
        assert_eq!(payload, json!({"message": "slow down"}));
        let error = Event { kind: FrameKind::Error("InternalError", "broken"), payload: Payload::Raw(b"") };
        assert_eq!(read(&frame(&error, &mut dice)).0[2], (":message-type".to_owned(), "error".to_owned()));
    }

    #[test]
    fn damage_is_where_it_should_be() {
        let good = frame(&Event::new("messageStop", json!({"stopReason": "end_turn"})), &mut Dice::new(1, b""));
        let bad = with_bad_crc(&good);
        assert_eq!(good[..good.len() - 4], bad[..bad.len() - 4]);
        assert_ne!(number(&good, good.len() - 4), number(&bad, bad.len() - 4));
        let huge = huge_prelude();
        assert_eq!((number(&huge, 0), number(&huge, 8)), (0x7fff_ffff, crc32fast::hash(&huge[..8])));
    }
}
