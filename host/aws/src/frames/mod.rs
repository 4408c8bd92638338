//! Frames of `application/vnd.amazon.eventstream`, with bounds on what they declare.
//!
//! `aws-smithy-eventstream` reads a frame and checks its checksums. What it does not do is done here: a frame's declared
//! lengths are checked, with the prelude's own checksum, before a byte of it is waited for, so that a damaged or hostile
//! length cannot make the host collect gigabytes; bytes that are left over at the end are an error; and headers that are those
//! of the frame before are not read again.

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
const MESSAGE_CHECKSUM: usize = 4;

/// Why bytes are not an event stream.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
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
    #[error("the last {bytes} bytes are not a whole frame")]
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
    /// What is left of the chunks before it: mostly the beginning of one frame, which gets as much of `chunk` as it lacks.
    begun: BytesMut,
    /// Length of the frame at the front, once its prelude was checked.
    total: Option<usize>,
    /// The headers of the last frame, and what they say.
    known: Option<Known>,
    /// What was wrong, which stays wrong.
    failed: Option<FrameError>,
    /// The decoded frames as they came, where somebody passes them on.
    verbatim: Option<BytesMut>,
}

/// Headers as they lie in a frame, and what they say. The frames of a stream are nearly all of one kind, with the same headers
/// byte for byte, and to read headers takes longer than all else that is done with a frame.
#[derive(Debug)]
struct Known {
    headers: Vec<u8>,
    message_type: MessageType,
    name: String,
}

impl FrameDecoder {
    /// Keeps the bytes of decoded frames from now on, for [`FrameDecoder::take_verbatim`].
    pub fn keep_verbatim(&mut self) {
        self.verbatim.get_or_insert_default();
    }

    /// The bytes of the frames that were decoded since the last call: whole frames with correct checksums, and nothing else.
    pub fn take_verbatim(&mut self) -> Bytes {
        self.verbatim.as_mut().map(|frames| frames.split().freeze()).unwrap_or_default()
    }

    /// Takes the next bytes of the stream.
    pub fn feed(&mut self, chunk: Bytes) {
        let before = std::mem::replace(&mut self.chunk, chunk);
        self.begun.extend_from_slice(&before);
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
        let appended = self.append_next(batch);
        appended.inspect_err(|error| self.failed = Some(error.clone()))
    }

    fn append_next(&mut self, batch: &mut Batch) -> Result<bool, FrameError> {
        let Some(total) = self.whole_frame()? else { return Ok(false) };
        let known = self.known.as_ref().and_then(|known| Some((known, known.payload_of(&self.pending()[..total])?)));
        if let Some((Known { message_type, name, .. }, payload)) = known {
            push(batch, message_type.clone(), name.as_bytes(), payload);
            if let Some(frames) = &mut self.verbatim {
                let pending = if self.begun.is_empty() { &self.chunk[..] } else { &self.begun[..] };
                frames.extend_from_slice(&pending[..total]);
            }
            self.total = None;
            match self.begun.is_empty() {
                true => self.chunk.advance(total),
                false => self.begun.advance(total),
            }
            return Ok(true);
        }
        let frame = self.take(total);
        let message = read(frame.clone())?;
        let (message_type, name, payload) = read_headers(&message)?;
        // The words of an error are in its headers.
        if message_type != MessageType::Error {
            let headers = frame[PRELUDE..total - MESSAGE_CHECKSUM - message.payload().len()].to_vec();
            self.known = Some(Known { headers, message_type: message_type.clone(), name: name.to_owned() });
        }
        push(batch, message_type, name.as_bytes(), payload);
        if let Some(frames) = &mut self.verbatim {
            frames.extend_from_slice(&frame);
        }
        Ok(true)
    }

    /// The next whole frame with its checksums checked, whatever its headers say.
    pub fn next_message(&mut self) -> Result<Option<Message>, FrameError> {
        match self.whole_frame()? {
            Some(total) => read(self.take(total)).map(Some),
            None => Ok(None),
        }
    }

    /// Length of the frame at the front, when it is whole, with its prelude checked.
    fn whole_frame(&mut self) -> Result<Option<usize>, FrameError> {
        if self.total.is_none() && self.has(PRELUDE) {
            self.total = Some(check_prelude(self.pending())?);
        }
        let Some(total) = self.total else { return Ok(None) };
        Ok(self.has(total).then_some(total))
    }

    /// Whether so many bytes are there, in one piece; puts them together where they are not.
    fn has(&mut self, bytes: usize) -> bool {
        if !self.begun.is_empty() {
            let lacking = bytes.saturating_sub(self.begun.len()).min(self.chunk.len());
            self.begun.extend_from_slice(&self.chunk.split_to(lacking));
        }
        self.pending().len() >= bytes
    }

    /// Takes the frame at the front.
    fn take(&mut self, total: usize) -> Bytes {
        self.total = None;
        if self.begun.is_empty() { self.chunk.split_to(total) } else { self.begun.split_to(total).freeze() }
    }

    /// What is in one piece.
    fn pending(&self) -> &[u8] {
        if self.begun.is_empty() { &self.chunk } else { &self.begun }
    }

    /// Says that the stream ended.
    ///
    /// # Errors
    /// When that is in the middle of a frame.
    pub fn end(&self) -> Result<(), FrameError> {
        match self.begun.len() + self.chunk.len() {
            0 => Ok(()),
            bytes => Err(FrameError::LeftOver { bytes }),
        }
    }
}

impl Known {
    /// The payload of a whole frame that has these headers and whose checksum is right. For any other frame the decoder is
    /// asked, which also says what is wrong with it.
    fn payload_of<'frame>(&self, frame: &'frame [u8]) -> Option<&'frame [u8]> {
        let (checked, checksum) = frame.split_last_chunk::<MESSAGE_CHECKSUM>()?;
        let (prelude, rest) = checked.split_first_chunk::<PRELUDE>()?;
        let [_, _, _, _, length @ .., _, _, _, _] = prelude;
        if u32::from_be_bytes(*length) as usize != self.headers.len() {
            return None;
        }
        let payload = rest.strip_prefix(self.headers.as_slice())?;
        (crc32fast::hash(checked) == u32::from_be_bytes(*checksum)).then_some(payload)
    }
}

fn read(frame: Bytes) -> Result<Message, FrameError> {
    read_message_from(frame).map_err(|error| FrameError::Unreadable { reason: error.to_string() })
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
        .and_then(|length| length.checked_add(MESSAGE_CHECKSUM as u32))
        .and_then(|length| total.checked_sub(length));
    match payload {
        None => Err(FrameError::Lengths { total, headers }),
        Some(payload) if payload > MAX_PAYLOAD => {
            Err(FrameError::TooLarge { what: "payload", declared: payload, limit: MAX_PAYLOAD })
        }
        Some(_) => Ok(total as usize),
    }
}

/// What a frame is by `:message-type`, and the name and payload that go with it.
fn read_headers(message: &Message) -> Result<(MessageType, &str, &[u8]), FrameError> {
    let headers = message.headers();
    let message_type = text(headers, ":message-type").ok_or(FrameError::Header { header: ":message-type" })?;
    let required = |header| text(headers, header).ok_or(FrameError::Header { header });
    let payload = message.payload();
    Ok(match message_type {
        "event" => (MessageType::Event, required(":event-type")?, payload),
        "exception" => (MessageType::Exception, required(":exception-type")?, payload),
        // An error has its words in a header, and no payload.
        "error" => {
            let words = text(headers, ":error-message").map_or(&payload[..], str::as_bytes);
            (MessageType::Error, text(headers, ":error-code").unwrap_or_default(), words)
        }
        other => (MessageType::Other(other.to_owned()), text(headers, ":event-type").unwrap_or_default(), payload),
    })
}

/// Appends a frame to a batch.
fn push(batch: &mut Batch, message_type: MessageType, name: &[u8], payload: &[u8]) {
    let length = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
    batch.frames.push(Frame { message_type, name_length: length(name.len()), payload_length: length(payload.len()) });
    batch.bytes.extend_from_slice(name);
    batch.bytes.extend_from_slice(payload);
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
