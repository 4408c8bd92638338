//! What the upstream answers, told by the model id: `load.paced.50ms.200` is 200 deltas, one every 50 ms, each with its number
//! and the time of sending; `load.full.2048` is 2,048 deltas as fast as they are taken, each as an HTTP chunk of its own, as Bedrock
//! sends them; `load.blocks.2048` the same in chunks of 16 KiB. So the gateway needs no configuration.

use std::time::Duration;

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use bytes::Bytes;

/// Digits of a delta's number, which begins its text.
pub(crate) const NUMBER_DIGITS: usize = 8;
/// Digits of the time of sending in nanoseconds, which follows after a colon when the stream is paced.
pub(crate) const TIME_DIGITS: usize = 20;
/// Bytes that the upstream hands to the socket at once at full speed.
const WRITE_BYTES: usize = 16 * 1024;

/// A model id, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Script {
    /// The time between two deltas; none at full speed.
    pub(crate) pause: Option<Duration>,
    /// Whether each event is an HTTP chunk of its own.
    pub(crate) is_chunked: bool,
    /// How many deltas.
    pub(crate) deltas: u64,
}

impl Script {
    /// Reads a model id.
    pub(crate) fn parse(model: &str) -> Option<Self> {
        let parts: Vec<&str> = model.split('.').collect();
        match parts[..] {
            ["load", "paced", pause, deltas] => {
                let pause = pause.strip_suffix("ms")?.parse().ok()?;
                let pause = Some(Duration::from_millis(pause));
                Some(Self { pause, is_chunked: true, deltas: deltas.parse().ok()? })
            }
            ["load", kind @ ("full" | "blocks"), deltas] => {
                Some(Self { pause: None, is_chunked: kind == "full", deltas: deltas.parse().ok()? })
            }
            _ => None,
        }
    }

    /// The frames before the deltas.
    pub(crate) fn head() -> Bytes {
        encode("messageStart", r#"{"p":"abcdefghijklm","role":"assistant"}"#).into()
    }

    /// The frames after the deltas. The usage says how many deltas there were, so that the reader can check it.
    pub(crate) fn tail(self) -> Bytes {
        let deltas = self.deltas;
        let mut tail = encode("contentBlockStop", r#"{"contentBlockIndex":0,"p":"abcdefgh"}"#);
        tail.extend(encode("messageStop", r#"{"p":"abcdef","stopReason":"end_turn"}"#));
        let usage = format!(
            r#"{{"metrics":{{"latencyMs":1500}},"p":"abc","usage":{{"inputTokens":10,"outputTokens":{deltas},"totalTokens":{}}}}}"#,
            deltas + 10
        );
        tail.extend(encode("metadata", &usage));
        tail.into()
    }

    /// The whole answer at full speed, in pieces as they are written.
    pub(crate) fn pieces(self) -> Vec<Bytes> {
        const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ012345678";
        let delta = |number: u64| {
            // Bedrock pads each event to a random length under `p`.
            let padding = &LETTERS[..2 + number as usize * 7 % 59];
            Bytes::from(encode("contentBlockDelta", &delta(&format!("{number:0NUMBER_DIGITS$}"), padding)))
        };
        let events: Vec<Bytes> =
            std::iter::once(Self::head()).chain((0..self.deltas).map(delta)).chain([self.tail()]).collect();
        if self.is_chunked {
            return events;
        }
        let whole = Bytes::from(events.concat());
        (0..whole.len()).step_by(WRITE_BYTES).map(|at| whole.slice(at..whole.len().min(at + WRITE_BYTES))).collect()
    }
}

/// A delta's frame, encoded once; number, time and checksum are written into a copy.
#[derive(Debug)]
pub(crate) struct Stamped {
    frame: Vec<u8>,
    text_at: usize,
}

impl Stamped {
    /// Encodes the frame.
    pub(crate) fn new() -> Self {
        let blank = format!("{:0NUMBER_DIGITS$}:{:0TIME_DIGITS$}", 0, 0);
        let frame = encode("contentBlockDelta", &delta(&blank, "abcdefghijklmnopqrstuvwxyz"));
        let text_at = frame.windows(blank.len()).position(|window| window == blank.as_bytes());
        Self { frame, text_at: text_at.expect("the text is in the frame as it is") }
    }

    /// The frame of one delta.
    pub(crate) fn frame(&self, number: u64, time_ns: u64) -> Bytes {
        let mut frame = self.frame.clone();
        write_digits(&mut frame[self.text_at..][..NUMBER_DIGITS], number);
        write_digits(&mut frame[self.text_at + NUMBER_DIGITS + 1..][..TIME_DIGITS], time_ns);
        // The last four bytes of a frame are the CRC-32 of all before them.
        let checked = frame.len() - 4;
        let checksum = crc32fast::hash(&frame[..checked]);
        frame[checked..].copy_from_slice(&checksum.to_be_bytes());
        frame.into()
    }
}

fn write_digits(place: &mut [u8], mut value: u64) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

fn delta(text: &str, padding: &str) -> String {
    format!(r#"{{"contentBlockIndex":0,"delta":{{"text":"{text}"}},"p":"{padding}"}}"#)
}

fn encode(event: &'static str, payload: &str) -> Vec<u8> {
    let header = |name: &'static str, value: &'static str| Header::new(name, HeaderValue::String(value.into()));
    let message = Message::new_from_parts(
        vec![
            header(":event-type", event),
            header(":content-type", "application/json"),
            header(":message-type", "event"),
        ],
        Bytes::from(payload.to_owned()),
    );
    let mut frame = Vec::new();
    write_message_to(&message, &mut frame).expect("the frame is far below the format's bounds");
    frame
}
