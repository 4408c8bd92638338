use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use bytes::{BufMut as _, Bytes, BytesMut};

use super::{FrameDecoder, FrameError, LONGEST_HEADER, MAX_HEADERS, MAX_PAYLOAD, encode};
use crate::contract::conversation::{Batch, MessageType};

fn header(name: &'static str, value: &'static str) -> Header {
    Header::new(name, HeaderValue::String(value.into()))
}

fn frame(headers: Vec<Header>, payload: &'static [u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_message_to(&Message::new_from_parts(headers, payload), &mut bytes).expect("the frame can be written");
    bytes
}

fn event(name: &'static str, payload: &'static [u8]) -> Vec<u8> {
    frame(vec![header(":event-type", name), header(":message-type", "event")], payload)
}

/// A frame's first twelve bytes, with their checksum right.
fn prelude(total: u32, headers: u32) -> Bytes {
    let mut bytes = BytesMut::new();
    bytes.put_u32(total);
    bytes.put_u32(headers);
    bytes.put_u32(crc32fast::hash(&bytes));
    bytes.freeze()
}

fn decode(chunks: impl IntoIterator<Item = Bytes>) -> (Batch, Result<(), FrameError>) {
    let mut decoder = FrameDecoder::default();
    let mut batch = Batch { frames: Vec::new(), bytes: Vec::new() };
    for chunk in chunks {
        decoder.feed(chunk);
        loop {
            match decoder.next_into(&mut batch) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => return (batch, Err(error)),
            }
        }
    }
    (batch, decoder.end())
}

#[test]
fn any_two_cuts_give_the_same_frames() {
    let bytes: Vec<u8> =
        [event("messageStart", b"{}"), event("contentBlockDelta", b"{\"a\":1}"), event("x", b"")].concat();
    let whole = decode([Bytes::from(bytes.clone())]);
    assert_eq!((whole.0.frames.len(), &whole.1), (3, &Ok(())));
    for first in 0..bytes.len() {
        for second in first..bytes.len() {
            let [a, b, c] =
                [0..first, first..second, second..bytes.len()].map(|range| Bytes::copy_from_slice(&bytes[range]));
            assert_eq!(decode([a, b, c]), whole, "cut at {first} and {second}");
        }
    }
}

#[test]
fn a_declared_length_is_refused_before_it_is_waited_for() {
    let payload_too_large = prelude(MAX_PAYLOAD + 12 + 4 + 1, 0);
    assert!(matches!(decode([payload_too_large]).1, Err(FrameError::TooLarge { what: "payload", .. })));
    let headers_too_large = prelude(u32::MAX, MAX_HEADERS + 1);
    assert!(matches!(decode([headers_too_large]).1, Err(FrameError::TooLarge { what: "headers", .. })));
    let contradiction = prelude(20, 100);
    assert!(matches!(decode([contradiction]).1, Err(FrameError::Lengths { total: 20, headers: 100 })));
    let too_short = prelude(15, 0);
    assert!(matches!(decode([too_short]).1, Err(FrameError::Lengths { .. })));
}

#[test]
fn json_in_place_of_frames_is_told_by_its_checksum() {
    let json = Bytes::from_static(br#"{"message":"not an event stream"}"#);
    assert!(matches!(decode([json]).1, Err(FrameError::PreludeChecksum { .. })));
}

#[test]
fn damage_stays_and_what_came_before_it_counts() {
    let mut bytes = event("messageStart", b"{}");
    let mut damaged = event("contentBlockDelta", b"{\"a\":1}");
    let last = damaged.len() - 6;
    damaged[last] ^= 1;
    bytes.extend(damaged);
    bytes.extend(event("messageStop", b"{}"));
    let mut decoder = FrameDecoder::default();
    let mut batch = Batch { frames: Vec::new(), bytes: Vec::new() };
    decoder.feed(Bytes::from(bytes));
    assert_eq!(decoder.next_into(&mut batch), Ok(true));
    let first = decoder.next_into(&mut batch);
    assert!(matches!(first, Err(FrameError::Unreadable { .. })));
    assert_eq!(decoder.next_into(&mut batch), first);
    assert_eq!(batch.frames.len(), 1);
}

#[test]
fn bytes_left_over_are_told() {
    let mut bytes = event("metadata", b"{}");
    bytes.extend([0, 0, 0]);
    assert_eq!(decode([Bytes::from(bytes)]).1, Err(FrameError::LeftOver { bytes: 3 }));
}

#[test]
fn an_error_frame_has_its_words_in_a_header() {
    let bytes = frame(
        vec![
            header(":message-type", "error"),
            header(":error-code", "InternalFailure"),
            header(":error-message", "it broke"),
        ],
        b"",
    );
    let (batch, ended) = decode([Bytes::from(bytes)]);
    assert_eq!((&batch.frames[0].message_type, ended), (&MessageType::Error, Ok(())));
    assert_eq!(batch.bytes, b"InternalFailureit broke");
}

#[test]
fn a_frame_that_does_not_say_what_it_is_is_damage() {
    let nameless = frame(vec![header(":message-type", "event")], b"{}");
    assert_eq!(decode([Bytes::from(nameless)]).1, Err(FrameError::Header { header: ":event-type" }));
    let typeless = frame(vec![header(":event-type", "messageStart")], b"{}");
    assert_eq!(decode([Bytes::from(typeless)]).1, Err(FrameError::Header { header: ":message-type" }));
}

/// Frames of every kind, with headers that repeat and headers that do not.
fn mixed() -> Vec<Vec<u8>> {
    let typed =
        |name, value, payload| frame(vec![header(":message-type", name), header(":event-type", value)], payload);
    let exception =
        frame(vec![header(":message-type", "exception"), header(":exception-type", "throttlingException")], b"{}");
    let error = |words| {
        let code = header(":error-code", "InternalFailure");
        frame(vec![header(":message-type", "error"), code, header(":error-message", words)], b"")
    };
    vec![
        event("contentBlockDelta", b"{\"a\":1}"),
        event("contentBlockDelta", b""),
        event("contentBlockDelta", b"{\"a\":22}"),
        event("contentBlockStopp", b"{\"a\":3}"),
        event("contentBlockDelta", b"{\"a\":4}"),
        error("one"),
        error("two"),
        exception.clone(),
        exception,
        typed("later", "thing", b"1"),
        typed("later", "thing", b"2"),
    ]
}

#[test]
fn a_frame_is_read_alike_after_any_other() {
    let frames = mixed();
    let alone: Vec<_> = frames.iter().map(|frame| decode([Bytes::from(frame.clone())])).collect();
    let expected = alone.iter().fold(Batch { frames: Vec::new(), bytes: Vec::new() }, |mut all, (batch, ended)| {
        assert_eq!(ended, &Ok(()));
        all.frames.extend_from_slice(&batch.frames);
        all.bytes.extend_from_slice(&batch.bytes);
        all
    });
    assert_eq!(expected.frames.len(), frames.len());
    assert_eq!(decode([Bytes::from(frames.concat())]), (expected.clone(), Ok(())));
    assert_eq!(decode(frames.into_iter().map(Bytes::from)), (expected, Ok(())));
}

#[test]
fn damage_is_told_alike_where_the_headers_are_known() {
    let good = event("contentBlockDelta", b"{\"a\":1}");
    for at in 0..good.len() {
        for bit in 0..8 {
            let mut damaged = good.clone();
            damaged[at] ^= 1 << bit;
            let (_, alone) = decode([Bytes::from(damaged.clone())]);
            assert!(alone.is_err(), "byte {at}, bit {bit}");
            let (batch, after) = decode([Bytes::from([good.as_slice(), &damaged].concat())]);
            assert_eq!((batch.frames.len(), after), (1, alone), "byte {at}, bit {bit}");
        }
    }
}

#[test]
fn chunks_may_come_faster_than_frames_are_taken() {
    let frames = mixed();
    let mut decoder = FrameDecoder::default();
    for chunk in frames.concat().chunks(50) {
        decoder.feed(Bytes::copy_from_slice(chunk));
    }
    let mut batch = Batch { frames: Vec::new(), bytes: Vec::new() };
    while decoder.next_into(&mut batch).expect("the frames are good") {}
    assert_eq!((batch, decoder.end()), decode([Bytes::from(frames.concat())]));
}

#[test]
fn what_is_encoded_decodes_to_the_same() {
    let long = "x".repeat(LONGEST_HEADER + 1);
    let other = MessageType::Other("odd".to_owned());
    let frames: [(MessageType, &str, &[u8]); 6] = [
        (MessageType::Event, "metadata", b"{}"),
        (MessageType::Exception, "throttlingException", b"{\"message\":\"slow down\"}"),
        (MessageType::Error, "InternalError", "W\u{f6}rter".as_bytes()),
        (MessageType::Error, "InternalError", long.as_bytes()),
        (other, "", b"\xff\x00"),
        (MessageType::Event, "", b""),
    ];
    let mut bytes = Vec::new();
    for (message_type, name, payload) in &frames {
        encode(message_type, name, payload, &mut bytes).expect("it fits into a frame");
    }
    let (batch, ended) = decode([Bytes::from(bytes)]);
    assert_eq!(ended, Ok(()));
    let mut expected = Vec::new();
    for ((message_type, name, payload), frame) in frames.iter().zip(&batch.frames) {
        assert_eq!((&frame.message_type, frame.name_length as usize), (message_type, name.len()));
        expected.extend_from_slice(name.as_bytes());
        expected.extend_from_slice(payload);
    }
    assert_eq!((batch.frames.len(), batch.bytes == expected), (frames.len(), true));
    assert!(encode(&MessageType::Event, &"n".repeat(1 << 16), b"", &mut Vec::new()).is_err());
}
