//! Compressed bodies: those of requests are decompressed within the limits, and answers are compressed for who accepts that.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::client::{Answer, Client, ENDPOINTS, WHOLE, body, error_of, get, is_finished};
use super::process::metric;
use crate::gateway::Gateway;

const MODEL: &str = "sim.stop.end_turn";
const COUNT: &str = "/v1/messages/count_tokens";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

/// Asks with a body as it is.
fn ask(gateway: &Gateway, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let mut client = Client::open(gateway);
    let head = client.request("POST", path, headers, body.len());
    client.send(head.as_bytes()).expect("it reads");
    client.send(body).expect("it reads");
    client.answer()
}

#[test]
fn compressed_requests_are_read_within_the_limit() {
    let gateway = Gateway::start("{ quarry: { limits: { bodyBytes: 100000 }, retry: { attempts: 1 } } }");
    for path in ENDPOINTS.into_iter().chain([COUNT]) {
        let form = if path == COUNT { "/v1/messages" } else { path };
        let request = body(form, MODEL, "echo hello", true).to_string();
        let answer = ask(&gateway, path, &[("content-encoding", "gzip")], &gzip(request.as_bytes()));
        // Of a count, what only an answer needs is ignored.
        let is_read = if path == COUNT { answer.body.contains("input_tokens") } else { is_finished(&answer.body) };
        assert!(is_read, "{path}: {answer:?}");
        let bomb = gzip(&vec![b' '; 100_001]);
        let answer = ask(&gateway, path, &[("content-encoding", "gzip")], &bomb);
        assert_eq!(answer.status(), 413, "{path}: {answer:?}");
        assert!(answer.error().contains("bodyBytes"), "{path}: {answer:?}");
        let answer = ask(&gateway, path, &[("content-encoding", "gzip")], request.as_bytes());
        assert_eq!(answer.status(), 400, "{path}: {answer:?}");
        assert!(answer.error().contains("not valid gzip"), "{path}: {answer:?}");
        let answer = ask(&gateway, path, &[("content-encoding", "compress")], request.as_bytes());
        assert_eq!(answer.status(), 415, "{path}: {answer:?}");
        assert_eq!(answer.head.header("accept-encoding"), Some("gzip, deflate, br, zstd"), "{path}: {answer:?}");
        assert_eq!(answer.head.header("x-should-retry"), Some("false"), "{path}: {answer:?}");
        assert!(answer.error().contains("compress"), "{path}: {answer:?}");
    }
    assert_eq!(metric(&gateway, "quarry_bodies_in_use_bytes"), 0, "all room was given back");
    gateway.stop();
}

/// The text of an answer, and its coding.
fn text(client: &mut Client) -> (Option<String>, String) {
    let head = client.head();
    assert!(head.header("transfer-encoding").is_some() || head.header("content-length").is_some(), "{head:?}");
    let coding = head.header("content-encoding").map(str::to_owned);
    let mut bytes = Vec::new();
    match head.header("content-length") {
        Some(length) => {
            bytes.resize(length.parse().expect("a length"), 0);
            client.stream_mut().read_exact(&mut bytes).expect("it comes");
        }
        None => {
            while let Some(chunk) = client.bytes().expect("it goes on") {
                bytes.extend(chunk);
            }
        }
    }
    let mut text = String::new();
    match coding.as_deref() {
        Some("gzip") => GzDecoder::new(&*bytes).read_to_string(&mut text).expect("it is gzip"),
        _ => (&*bytes).read_to_string(&mut text).expect("it is text"),
    };
    (coding, text)
}

fn answer_to(gateway: &Gateway, method: &str, path: &str, accepted: &str, request: &Value) -> (Option<String>, String) {
    let mut client = Client::open(gateway);
    let request = if method == "GET" { String::new() } else { request.to_string() };
    let head = client.request(method, path, &[("accept-encoding", accepted)], request.len());
    client.send(format!("{head}{request}").as_bytes()).expect("it reads");
    text(&mut client)
}

#[test]
fn answers_are_compressed_for_who_accepts_it() {
    let gateway = Gateway::open();
    let prompt = format!("echo {}", "so many words ".repeat(500));
    for path in WHOLE {
        let whole = body(path, MODEL, &prompt, false);
        let (coding, text) = answer_to(&gateway, "POST", path, "gzip;q=0.5, snappy", &whole);
        assert_eq!(coding.as_deref(), Some("gzip"), "{path}");
        let answer: Value = serde_json::from_str(&text).expect("it is JSON");
        assert!(error_of(&answer).is_none() && text.contains("so many words"), "{path}: {text}");
        assert_eq!(answer_to(&gateway, "POST", path, "gzip;q=0", &whole).0, None, "{path}");
    }
    for path in ENDPOINTS {
        let (coding, text) = answer_to(&gateway, "POST", path, "gzip, br", &body(path, MODEL, &prompt, true));
        assert_eq!(coding, None, "{path}: events are not held back");
        assert!(is_finished(&text), "{path}: {text}");
    }
    for path in ["/openapi.json", "/metrics", "/v1/models"] {
        let (coding, text) = answer_to(&gateway, "GET", path, "gzip", &json!(null));
        assert_eq!(coding.as_deref(), Some("gzip"), "{path}");
        assert!(!text.is_empty(), "{path}");
        assert_eq!(get(&gateway, path, &[]).head.header("content-encoding"), None, "{path}");
    }
    assert_eq!(answer_to(&gateway, "GET", "/healthz", "gzip", &json!(null)), (None, "ok\n".to_owned()));
    gateway.stop();
}
