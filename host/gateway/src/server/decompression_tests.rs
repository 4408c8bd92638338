use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use hyper::header::CONTENT_ENCODING;
use hyper::{HeaderMap, StatusCode};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::{Codings, STEP, ZSTD_WINDOW};
use crate::capacity::{BodyBudget, BodyBytes};
use crate::refusal::{Refusal, RefusalKind};

const LIMIT: usize = 1 << 20;

type Encode = fn(&[u8]) -> Vec<u8>;

/// The codings, with `deflate` in both forms that clients send.
const CODINGS: [(&str, Encode); 5] =
    [("gzip", gzip), ("deflate", zlib), ("deflate", bare), ("br", brotli), ("zstd", zstd)];

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

fn zlib(body: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

fn bare(body: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

fn brotli(body: &[u8]) -> Vec<u8> {
    let mut encoder = brotli::CompressorWriter::new(Vec::new(), 4096, 5, 22);
    encoder.write_all(body).expect("memory takes it");
    encoder.into_inner()
}

fn zstd(body: &[u8]) -> Vec<u8> {
    compress_to_vec(body, CompressionLevel::Fastest)
}

fn room() -> BodyBytes {
    BodyBudget::default().body("a", false)
}

/// What becomes of a body with these lines of `content-encoding`: the decoded one, or the refusal.
fn decode_in(room: &mut BodyBytes, lines: &[&str], body: &[u8]) -> Result<Bytes, Refusal> {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(CONTENT_ENCODING, line.parse().expect("a value"));
    }
    room.take(body.len(), usize::MAX).expect("there is room");
    Ok(Codings::of(&headers)?.decode(Bytes::copy_from_slice(body), LIMIT, room)?)
}

fn decode(lines: &[&str], body: &[u8]) -> Result<Bytes, Refusal> {
    decode_in(&mut room(), lines, body)
}

fn status(lines: &[&str], body: &[u8]) -> u16 {
    decode(lines, body).map_or_else(|refused| refused.status.as_u16(), |_| 200)
}

/// Text of so many bytes, in which no long part repeats.
fn text(bytes: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(7);
    std::iter::repeat_with(|| random.alphanumeric() as u8).take(bytes).collect()
}

#[test]
fn what_clients_encode_is_decoded() {
    for body in [text(0), text(1), b"{}".to_vec(), text(3 * STEP + 1), vec![b' '; LIMIT], text(LIMIT)] {
        for (name, encode) in CODINGS {
            let mut room = room();
            let decoded = decode_in(&mut room, &[name], &encode(&body));
            assert!(decoded.expect(name) == body, "{name}, {} bytes", body.len());
            assert_eq!(room.taken(), body.len(), "{name}: only what remains has room");
        }
    }
    let parts = [gzip(b"{\"a\""), gzip(b": 1}")].concat();
    assert_eq!(decode(&["gzip"], &parts).expect("several members"), "{\"a\": 1}");
    let skipped = [0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
    let frames = [&skipped[..], &zstd(b"{\"a\""), &skipped, &zstd(b": 1}"), &skipped].concat();
    assert_eq!(decode(&["zstd"], &frames).expect("several frames"), "{\"a\": 1}");
}

#[test]
fn codings_are_named_in_any_case_and_applied_in_their_order() {
    let body = text(5000);
    assert_eq!(decode(&[], &body).expect("none"), body);
    assert_eq!(decode(&["Identity", " ,"], &body).expect("none"), body);
    assert_eq!(decode(&["GZip"], &gzip(&body)).expect("one"), body);
    assert_eq!(decode(&["x-gzip, identity"], &gzip(&body)).expect("one"), body);
    let both = brotli(&gzip(&body));
    assert_eq!(decode(&["gzip, br"], &both).expect("two in a line"), body);
    assert_eq!(decode(&["gzip", "br"], &both).expect("two in two lines"), body);
    assert_eq!(status(&["br, gzip"], &both), 400);
}

#[test]
fn unknown_codings_are_refused() {
    for line in ["compress", "gzip, snappy", "gzip;q=1", "*"] {
        let refused = decode(&[line], b"").expect_err("it is not known");
        assert_eq!(refused.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{line}");
        assert!(refused.message.contains("gzip, deflate, br, zstd"), "{}", refused.message);
    }
    assert_eq!(status(&["gzip, gzip, gzip, gzip, gzip"], b""), 400);
}

#[test]
fn what_becomes_too_large_is_refused_whatever_it_was() {
    let bomb = vec![0; LIMIT + 1];
    for (name, encode) in CODINGS {
        let mut room = room();
        assert!(
            decode_in(&mut room, &[name], &encode(&bomb)).is_err_and(|refused| refused.kind == RefusalKind::TooLarge),
            "{name}"
        );
        assert!(room.taken() <= 2 * LIMIT, "{name}");
        assert_eq!(status(&[name, name], &encode(&encode(&bomb))), 413, "{name} twice");
    }
    // A frame that says that it needs a larger window than anybody has to have.
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 0];
    let exponent = u8::try_from((2 * ZSTD_WINDOW).ilog2() - 10).expect("it is small");
    frame[5] = exponent << 3;
    assert_eq!(status(&["zstd"], &frame), 400);
}

#[test]
fn bodies_of_others_leave_no_room() {
    let budget = BodyBudget::default();
    let mut others: Vec<_> = (0..8).map(|_| budget.body("a", false)).collect();
    assert!(others[1..].iter_mut().all(|body| body.take(LIMIT, LIMIT).is_ok()));
    let body = gzip(&vec![0; LIMIT]);
    let refused = decode_in(&mut others[0], &["gzip"], &body).expect_err("what was sent has room too");
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.retry_after.is_some());
}

#[test]
fn damaged_bodies_are_refused() {
    let body = text(3 * STEP);
    for (name, encode) in CODINGS {
        let encoded = encode(&body);
        for length in [0, 1, 5, encoded.len() / 2, encoded.len() - 1] {
            // No bytes are no frame of zstd, and no damage.
            if (name, length) != ("zstd", 0) {
                assert_eq!(status(&[name], &encoded[..length]), 400, "{name}, {length} bytes");
            }
        }
        assert_eq!(status(&[name], &[&encoded[..], b"and more"].concat()), 400, "{name} with more behind it");
        assert_eq!(status(&[name], &body), 400, "{name}: it is none");
    }
    for (name, encode) in [CODINGS[0], CODINGS[1], CODINGS[4]] {
        let mut encoded = encode(&body);
        let last = encoded.len() - 1;
        encoded[last] ^= 1;
        assert_eq!(status(&[name], &encoded), 400, "{name}: its checksum");
    }
}

#[test]
fn random_bytes_do_no_harm() {
    let mut random = fastrand::Rng::with_seed(1);
    for _ in 0..200 {
        for (name, encode) in CODINGS {
            let mut encoded = encode(&text(2000));
            for _ in 0..3 {
                let at = random.usize(..encoded.len());
                encoded[at] = random.u8(..);
            }
            // It is decoded to something or refused.
            let _ = decode(&[name], &encoded);
        }
    }
}
