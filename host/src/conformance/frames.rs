//! Frames of recorded bodies: decoded, made up by cases, and put into batches.

use aws_smithy_eventstream::frame::read_message_from;
use aws_smithy_types::event_stream::{HeaderValue, Message};

use crate::contract::conversation::{Batch, Frame, MessageType};

/// Length of the prelude with its checksum.
const PRELUDE: usize = 12;
/// Bounds of the event-stream specification: 128 KiB of headers, 24 MiB of payload.
const MOST_HEADERS: u32 = 128 * 1024;
const MOST_TOTAL: u32 = 24 * 1024 * 1024 + MOST_HEADERS + 16;

/// One frame, as a turn takes it.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnedFrame {
    /// What it is.
    pub message_type: MessageType,
    /// `:event-type`, `:exception-type` or `:error-code`.
    pub name: String,
    /// The payload; of an error the text of `:error-message`.
    pub payload: Vec<u8>,
}

/// Makes one batch of frames.
#[must_use]
pub fn batch(frames: &[OwnedFrame]) -> Batch {
    let mut batch = Batch { frames: Vec::with_capacity(frames.len()), bytes: Vec::new() };
    for OwnedFrame { message_type, name, payload } in frames {
        // Bounded by MOST_TOTAL where they come from a body, and by a file's size where they come from a case.
        let length = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
        batch.frames.push(Frame {
            message_type: message_type.clone(),
            name_length: length(name.len()),
            payload_length: length(payload.len()),
        });
        batch.bytes.extend_from_slice(name.as_bytes());
        batch.bytes.extend_from_slice(payload);
    }
    batch
}

/// What a body holds: the good frames, and what ended them where that was not the body's end.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// The frames before the damage, or all of them.
    pub frames: Vec<OwnedFrame>,
    /// What is wrong with the bytes behind them.
    pub damage: Option<String>,
}

/// Decodes a whole body.
#[must_use]
pub fn decode_frames(body: &[u8]) -> Decoded {
    decode_chunks([body])
}

/// Decodes a body that comes in pieces.
#[must_use]
pub fn decode_chunks<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Decoded {
    let mut reader = FrameReader::default();
    let mut frames = Vec::new();
    for chunk in chunks {
        if let Err(damage) = reader.push(chunk, &mut frames) {
            return Decoded { frames, damage: Some(damage) };
        }
    }
    Decoded { frames, damage: reader.finish().err() }
}

/// Takes bytes as they come, gives frames as they are whole.
#[derive(Debug, Default)]
pub struct FrameReader {
    buffer: Vec<u8>,
}

impl FrameReader {
    /// Takes more bytes and puts the frames that they complete behind the others.
    ///
    /// # Errors
    /// Says why the bytes are not frames of an event stream.
    pub fn push(&mut self, bytes: &[u8], frames: &mut Vec<OwnedFrame>) -> Result<(), String> {
        self.buffer.extend_from_slice(bytes);
        let mut at = 0;
        while let Some(length) = frame_length(&self.buffer[at..])?.filter(|length| at + length <= self.buffer.len()) {
            let message = decode_message(&self.buffer[at..at + length])?;
            frames.push(frame_of(&message)?);
            at += length;
        }
        self.buffer.drain(..at);
        Ok(())
    }

    /// Says that no more bytes come.
    ///
    /// # Errors
    /// When bytes are left over.
    pub fn finish(self) -> Result<(), String> {
        match self.buffer.len() {
            0 => Ok(()),
            left => Err(format!("the body ends within a frame: {left} bytes are left over")),
        }
    }
}

/// The whole length of the frame that begins here; none while its prelude is not there. The prelude's checksum and the
/// bounds are looked at before anything waits for the rest.
fn frame_length(bytes: &[u8]) -> Result<Option<usize>, String> {
    let Some(prelude) = bytes.first_chunk::<PRELUDE>() else { return Ok(None) };
    let [a, b, c, d, e, f, g, h, checksum @ ..] = *prelude;
    let (total, headers) = (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]));
    let (declared, computed) = (u32::from_be_bytes(checksum), crc32fast::hash(&prelude[..8]));
    if declared != computed {
        return Err(format!("the prelude's checksum is {declared:08x}, the bytes give {computed:08x}"));
    }
    if headers > MOST_HEADERS || total > MOST_TOTAL || total < headers.saturating_add(16) {
        return Err(format!("a frame of {total} bytes with {headers} bytes of headers is out of bounds"));
    }
    // A usize holds 32 bits on every machine that the host runs on.
    Ok(Some(total as usize))
}

/// Decodes the one message that these bytes are, its checksums checked.
///
/// # Errors
/// Says why they are none.
pub fn decode_message(bytes: &[u8]) -> Result<Message, String> {
    match frame_length(bytes)? {
        Some(length) if length == bytes.len() => read_message_from(bytes).map_err(|error| error.to_string()),
        Some(length) => Err(format!("the frame declares {length} bytes and {} are there", bytes.len())),
        None => Err(format!("{} bytes are too few for a frame", bytes.len())),
    }
}

/// What a turn has to know of a message.
fn frame_of(message: &Message) -> Result<OwnedFrame, String> {
    let header = |name: &str| {
        message.headers().iter().find(|header| header.name().as_str() == name).and_then(|header| match header.value() {
            HeaderValue::String(text) => Some(text.as_str().to_owned()),
            _ => None,
        })
    };
    let needed = |name: &str| header(name).ok_or_else(|| format!("a frame has no {name} header that is text"));
    let kind = needed(":message-type")?;
    let payload = message.payload().to_vec();
    Ok(match kind.as_str() {
        "event" => OwnedFrame { message_type: MessageType::Event, name: needed(":event-type")?, payload },
        "exception" => OwnedFrame { message_type: MessageType::Exception, name: needed(":exception-type")?, payload },
        "error" => OwnedFrame {
            message_type: MessageType::Error,
            name: needed(":error-code")?,
            payload: header(":error-message").unwrap_or_default().into_bytes(),
        },
        _ => OwnedFrame {
            message_type: MessageType::Other(kind),
            name: header(":event-type").unwrap_or_default(),
            payload,
        },
    })
}
