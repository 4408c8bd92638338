//! Frames of recorded bodies and of cases, one by one. The decoder is the one that answers of AWS go through.

use bytes::Bytes;

use crate::aws::frames::{FrameDecoder, FrameError};
use crate::contract::conversation::{Batch, Frame, MessageType};

/// One frame, as the input of a turn.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnedFrame {
    /// The kind of frame.
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
        // Bounded by the decoder where they come from a body, and by a file's size where they come from a case.
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

/// The content of a body: its valid frames, and the damage that ended them, if any.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// The frames before the damage, or all of them.
    pub frames: Vec<OwnedFrame>,
    /// The damage after them.
    pub damage: Option<String>,
}

/// Decodes a body that arrives in these pieces.
#[must_use]
pub fn decode_chunks<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Decoded {
    let (batch, damage) = decoded_batch(chunks);
    Decoded { frames: unbatch(&batch), damage: damage.map(|error| error.to_string()) }
}

/// The same as one batch, byte for byte as the decoder makes it.
pub(crate) fn decoded_batch<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> (Batch, Option<FrameError>) {
    let mut decoder = FrameDecoder::default();
    let mut batch = Batch { frames: Vec::new(), bytes: Vec::new() };
    let damage = chunks
        .into_iter()
        .try_for_each(|chunk| {
            decoder.feed(Bytes::copy_from_slice(chunk));
            while decoder.next_into(&mut batch)? {}
            Ok(())
        })
        .and_then(|()| decoder.end());
    (batch, damage.err())
}

/// The frames of a batch, each with its own bytes.
#[must_use]
pub fn unbatch(batch: &Batch) -> Vec<OwnedFrame> {
    let mut rest = batch.bytes.as_slice();
    let mut take = |length: u32| {
        let (taken, left) = rest.split_at((length as usize).min(rest.len()));
        rest = left;
        taken
    };
    let own = |frame: &Frame| OwnedFrame {
        message_type: frame.message_type.clone(),
        name: String::from_utf8_lossy(take(frame.name_length)).into_owned(),
        payload: take(frame.payload_length).to_vec(),
    };
    batch.frames.iter().map(own).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_and_its_frames_are_the_same() {
        let frame = |name: &str, payload: &[u8]| OwnedFrame {
            message_type: MessageType::Event,
            name: name.to_owned(),
            payload: payload.to_vec(),
        };
        let frames = [frame("messageStart", b"{}"), frame("", b""), frame("é", b"\xff")];
        assert_eq!(unbatch(&batch(&frames)), frames);
    }

    #[test]
    fn bytes_that_are_no_frame_are_damage_and_none_are_none() {
        assert_eq!(decode_chunks([]), Decoded { frames: Vec::new(), damage: None });
        let decoded = decode_chunks([b"HTTP/1.1 200 OK".as_slice()]);
        assert!(decoded.frames.is_empty() && decoded.damage.is_some_and(|damage| damage.contains("checksum")));
        let decoded = decode_chunks([b"abc".as_slice(), b"def"]);
        assert!(decoded.damage.is_some_and(|damage| damage.contains("the last 6 bytes are not a whole frame")));
    }
}
