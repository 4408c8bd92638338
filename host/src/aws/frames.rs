//! Frames of `application/vnd.amazon.eventstream`, with bounds on what they declare.
//!
//! `aws-smithy-eventstream` reads a frame and checks its checksums. What it does not do is done here: a frame's declared
//! lengths are checked, with the prelude's own checksum, before a byte of it is waited for, so that a damaged or hostile
//! length cannot make the host collect gigabytes; and bytes that are left over at the end are an error.

use aws_smithy_eventstream::frame::{read_message_from, write_message_to};
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use bytes::{Buf as _, Bytes, BytesMut};

use crate::contract::conversation::{Batch, Frame, MessageType};

/// Largest headers that the event stream specification allows, in bytes.
const MAX_HEADERS: u32 = 128 << 10;

/// Largest payload, in bytes (the event stream specification's limit).
const MAX_PAYLOAD: u32 = 24 << 20;

/// Total length, headers' length and the checksum of both: four bytes each.
const PRELUDE: usize = 12;

/// The message's own checksum.
const MESSAGE_CHECKSUM: u32 = 4;

/// Why bytes are not an event stream.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// A frame declares more than the format allows.
    #[error("a frame declares {declared} bytes of {what}, the limit is {limit}")]
    TooLarge {
        /// `headers` or `payload`.
        what: &'static str,
        /// What it declares.
        declared: u32,
        /// The limit.
        limit: u32,
    },
    /// A frame's lengths contradict each other.
    #[error("a frame of {total} bytes declares {headers} bytes of headers")]
    Lengths {
        /// Declared length of the whole frame.
        total: u32,
        /// Declared length of its headers.
        headers: u32,
    },
    /// The checksum of a frame's lengths is wrong: these bytes are no frame.
    #[error("the checksum of a frame's lengths is {found:#010x}, expected {expected:#010x}")]
    PreludeChecksum {
        /// What the lengths have.
        expected: u32,
        /// What the frame says.
        found: u32,
    },
    /// A frame that cannot be read, its checksum among the reasons.
    #[error("a frame cannot be read: {reason}")]
    Unreadable {
        /// What the decoder says.
        reason: String,
    },
    /// A frame without the headers that say what it is.
    #[error("a frame has no {header} header")]
    Header {
        /// The header.
        header: &'static str,
    },
    /// The stream ended inside a frame.
    #[error("{bytes} bytes are left over at the end, which is not a whole frame")]
    LeftOver {
        /// How many.
        bytes: usize,
    },
}

/// Decodes frames out of chunks, whatever the chunks' bounds.
#[derive(Debug, Default)]
pub struct FrameDecoder {
    /// The last chunk, as far as it is not decoded yet: frames are read where they lie.
    chunk: Bytes,
    /// A frame that began in an earlier chunk, and everything after it. While there is something here, `chunk` is empty.
    joined: BytesMut,
    /// Length of the frame at the front, once its prelude was checked.
    total: Option<usize>,
    /// What was wrong, which stays wrong.
    failed: Option<FrameError>,
}

impl FrameDecoder {
    /// Takes the next bytes of the stream.
    pub fn feed(&mut self, chunk: Bytes) {
        if self.pending().is_empty() {
            self.chunk = chunk;
            return;
        }
        self.joined.extend_from_slice(&std::mem::take(&mut self.chunk));
        self.joined.extend_from_slice(&chunk);
    }

    /// The next whole frame, if there is one. It is appended to the batch.
    ///
    /// # Errors
    /// When the bytes are not a frame, as soon as that can be known. Nothing more is decoded then: every later call gives
    /// the same error.
    pub fn next_into(&mut self, batch: &mut Batch) -> Result<bool, FrameError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let decoded = self.next_message().and_then(|message| match message {
            Some(message) => append(&message, batch).map(|()| true),
            None => Ok(false),
        });
        decoded.inspect_err(|error| self.failed = Some(error.clone()))
    }

    /// The next whole frame with its checksums checked, whatever its headers say.
    pub(crate) fn next_message(&mut self) -> Result<Option<Message>, FrameError> {
        let total = match self.total {
            Some(total) => total,
            None if self.pending().len() < PRELUDE => return Ok(None),
            None => *self.total.insert(check_prelude(self.pending())?),
        };
        if self.pending().len() < total {
            return Ok(None);
        }
        self.total = None;
        let frame =
            if self.joined.is_empty() { self.chunk.split_to(total) } else { self.joined.split_to(total).freeze() };
        read_message_from(frame).map(Some).map_err(|error| FrameError::Unreadable { reason: error.to_string() })
    }

    fn pending(&self) -> &[u8] {
        if self.joined.is_empty() { &self.chunk } else { &self.joined }
    }

    /// Says that the stream ended.
    ///
    /// # Errors
    /// When that is in the middle of a frame.
    pub fn end(&self) -> Result<(), FrameError> {
        match self.pending().len() {
            0 => Ok(()),
            bytes => Err(FrameError::LeftOver { bytes }),
        }
    }
}

/// Checks the lengths at the front of a frame, and gives the whole frame's.
fn check_prelude(bytes: &[u8]) -> Result<usize, FrameError> {
    let mut prelude = &bytes[..PRELUDE];
    let expected = crc32fast::hash(&prelude[..8]);
    let (total, headers, found) = (prelude.get_u32(), prelude.get_u32(), prelude.get_u32());
    if expected != found {
        return Err(FrameError::PreludeChecksum { expected, found });
    }
    if headers > MAX_HEADERS {
        return Err(FrameError::TooLarge { what: "headers", declared: headers, limit: MAX_HEADERS });
    }
    let payload = (PRELUDE as u32)
        .checked_add(headers)
        .and_then(|length| length.checked_add(MESSAGE_CHECKSUM))
        .and_then(|length| total.checked_sub(length));
    match payload {
        None => Err(FrameError::Lengths { total, headers }),
        Some(payload) if payload > MAX_PAYLOAD => {
            Err(FrameError::TooLarge { what: "payload", declared: payload, limit: MAX_PAYLOAD })
        }
        Some(_) => Ok(total as usize),
    }
}

/// Appends a frame to a batch: what it is by `:message-type`, and the name and payload that go with it.
fn append(message: &Message, batch: &mut Batch) -> Result<(), FrameError> {
    let headers = message.headers();
    let message_type = text(headers, ":message-type").ok_or(FrameError::Header { header: ":message-type" })?;
    let required = |header| text(headers, header).ok_or(FrameError::Header { header });
    let payload = message.payload();
    let (message_type, name, payload): (_, &str, &[u8]) = match message_type {
        "event" => (MessageType::Event, required(":event-type")?, payload),
        "exception" => (MessageType::Exception, required(":exception-type")?, payload),
        // An error has its words in a header, and no payload.
        "error" => {
            let words = text(headers, ":error-message").map_or(&payload[..], str::as_bytes);
            (MessageType::Error, text(headers, ":error-code").unwrap_or_default(), words)
        }
        other => (MessageType::Other(other.to_owned()), text(headers, ":event-type").unwrap_or_default(), payload),
    };
    let length = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
    batch.frames.push(Frame { message_type, name_length: length(name.len()), payload_length: length(payload.len()) });
    batch.bytes.extend_from_slice(name.as_bytes());
    batch.bytes.extend_from_slice(payload);
    Ok(())
}

/// Longest string that a header can hold, in bytes (the event stream specification's limit).
const LONGEST_HEADER: usize = 0x7fff;

/// Appends the bytes of a frame that decodes to these parts. Its headers are those that say what it is, and no others.
///
/// # Errors
/// When a name does not fit into a header.
pub fn encode(message_type: &MessageType, name: &str, payload: &[u8], bytes: &mut Vec<u8>) -> Result<(), FrameError> {
    let string = |name: &'static str, value: &str| Header::new(name, HeaderValue::String(value.to_owned().into()));
    let words = std::str::from_utf8(payload).ok().filter(|words| words.len() <= LONGEST_HEADER);
    let message = match (message_type, words) {
        (MessageType::Error, Some(words)) => Message::new(Bytes::new())
            .add_header(string(":error-code", name))
            .add_header(string(":error-message", words)),
        // The decoder takes an error's words from its payload where no header has them.
        (MessageType::Error, None) => {
            Message::new(Bytes::copy_from_slice(payload)).add_header(string(":error-code", name))
        }
        (MessageType::Exception, _) => {
            Message::new(Bytes::copy_from_slice(payload)).add_header(string(":exception-type", name))
        }
        (MessageType::Event | MessageType::Other(_), _) => {
            Message::new(Bytes::copy_from_slice(payload)).add_header(string(":event-type", name))
        }
    };
    let kind = match message_type {
        MessageType::Event => "event",
        MessageType::Exception => "exception",
        MessageType::Error => "error",
        MessageType::Other(other) => other,
    };
    write_message_to(&message.add_header(string(":message-type", kind)), bytes)
        .map_err(|error| FrameError::Unreadable { reason: error.to_string() })
}

fn text<'message>(headers: &'message [Header], name: &str) -> Option<&'message str> {
    headers.iter().find(|header| header.name().as_str() == name).and_then(|header| match header.value() {
        HeaderValue::String(value) => Some(value.as_str()),
        _ => None,
    })
}

#[cfg(test)]
mod tests;
