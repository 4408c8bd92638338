//! Frames of an event stream: as bytes, as the decoder gets them, and as events, as a turn gets them.

use quarry_guest::contract::conversation::{Batch, Delta, Ending, MessageType, Opening};
use quarry_guest::contract::types::{Cost, Model};
use quarry_guest::translate::Turn;

use crate::aws::frames::encode;
use crate::protocol;
use crate::recorded_frames::{OwnedFrame, batch, decoded_batch};

/// The bytes are read in two ways. As a body: decoding never panics, and no split changes what is decoded. And as text, a frame a
/// line (message type, name, payload, with a space between): encoded and decoded they are the same frames; a turn that is pushed
/// them keeps to the protocol, ends once, and gives the same deltas frame by frame as all at once.
///
/// # Panics
/// When that does not hold.
pub fn frames(data: &[u8]) {
    let half = data.len() / 2;
    assert_eq!(decoded_batch([data]), decoded_batch([&data[..half], &data[half..]]), "a split changes what is decoded");
    let frames: Vec<OwnedFrame> = data.split(|byte| *byte == b'\n').filter_map(frame).collect();
    let whole = batch(&frames);
    check_encoding(&frames, &whole);
    let at_once = turn(std::slice::from_ref(&whole));
    let one_by_one: Vec<Batch> = frames.iter().map(|frame| batch(std::slice::from_ref(frame))).collect();
    assert_eq!(at_once, turn(&one_by_one), "batches change the deltas");
    if let Err(broken) = protocol::check(&at_once) {
        panic!("{broken}");
    }
}

fn frame(line: &[u8]) -> Option<OwnedFrame> {
    let mut words = line.splitn(3, |byte| *byte == b' ');
    let message_type = match words.next()? {
        b"event" => MessageType::Event,
        b"exception" => MessageType::Exception,
        b"error" => MessageType::Error,
        other => MessageType::Other(std::str::from_utf8(other).ok()?.to_owned()),
    };
    let name = std::str::from_utf8(words.next()?).ok()?.to_owned();
    Some(OwnedFrame { message_type, name, payload: words.next().unwrap_or_default().to_vec() })
}

/// Frames that can be encoded come back as they were.
fn check_encoding(frames: &[OwnedFrame], whole: &Batch) {
    let mut body = Vec::new();
    for OwnedFrame { message_type, name, payload } in frames {
        // A header holds 32767 bytes, and a type of that name would be another one.
        if encode(message_type, name, payload, &mut body).is_err() {
            return;
        }
        if matches!(message_type, MessageType::Other(other) if ["event", "exception", "error"].contains(&other.as_str()))
        {
            return;
        }
    }
    let (batch, damage) = decoded_batch([body.as_slice()]);
    assert_eq!(damage, None, "what was encoded cannot be decoded");
    assert_eq!(&batch, whole, "encoding and decoding change frames");
    let half = body.len() / 2;
    assert_eq!(decoded_batch([&body[..half], &body[half..]]), (batch, None), "a split changes what is decoded");
}

fn turn(batches: &[Batch]) -> Vec<Delta> {
    let mut turn = Turn::new(Opening { model: model(), carry: Vec::new(), request_id: None });
    let mut deltas: Vec<Delta> = batches.iter().flat_map(|batch| turn.push(batch)).collect();
    deltas.extend(turn.finish(Ending::Complete));
    deltas
}

fn model() -> Model {
    Model {
        id: "anthropic.claude-test-v1:0".to_owned(),
        name: String::new(),
        reasoning: false,
        input: vec!["text".to_owned()],
        cost: Cost { input: 3.0, output: 15.0, cache_read: 0.3, cache_write: 3.75, tiers: Vec::new() },
        context_window: 200_000,
        max_tokens: 8_192,
        params: None,
        extras: Vec::new(),
    }
}
