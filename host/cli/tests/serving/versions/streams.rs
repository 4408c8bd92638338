//! Streams of pi's events: nothing in them but what was said, so two that are asked the same are the same to the byte.

use std::time::{Duration, Instant};

use crate::gateway::Gateway;
use crate::operating::client::{Client, body};

/// The endpoint.
pub(super) const PATH: &str = "/api/stream";

/// A stream that came to its end.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) status: u16,
    pub(super) bytes: String,
    /// The longest time in which nothing came, once it had begun.
    pub(super) longest_gap: Duration,
    /// Until the first content.
    pub(super) to_first: Duration,
}

impl Stream {
    /// Reads one to its end.
    pub(super) fn of(gateway: &Gateway, model: &str, prompt: &str) -> Self {
        Self::asked(gateway, &[], model, prompt)
    }

    /// Reads one of a client with a key.
    pub(super) fn with_key(gateway: &Gateway, key: &str, model: &str, prompt: &str) -> Self {
        Self::asked(gateway, &[("authorization", &format!("Bearer {key}"))], model, prompt)
    }

    fn asked(gateway: &Gateway, headers: &[(&str, &str)], model: &str, prompt: &str) -> Self {
        let began = Instant::now();
        let mut client = Client::open(gateway);
        client.post(PATH, headers, &body(PATH, model, prompt, true));
        let head = client.head();
        if head.header("content-length").is_some() {
            let mut rest = String::new();
            let length: u64 = head.header("content-length").and_then(|length| length.parse().ok()).expect("a length");
            let mut body = std::io::Read::take(client.stream_mut(), length);
            std::io::Read::read_to_string(&mut body, &mut rest).expect("it comes");
            let to_first = began.elapsed();
            return Stream { status: head.status, bytes: rest, longest_gap: Duration::ZERO, to_first };
        }
        let mut stream =
            Stream { status: head.status, bytes: String::new(), longest_gap: Duration::ZERO, to_first: Duration::ZERO };
        let mut last = Instant::now();
        while let Some(chunk) = client.chunk().unwrap_or_else(|error| panic!("it broke off ({error}): {stream:?}")) {
            if stream.bytes.is_empty() {
                stream.to_first = began.elapsed();
            } else {
                stream.longest_gap = stream.longest_gap.max(last.elapsed());
            }
            last = Instant::now();
            stream.bytes.push_str(&chunk);
        }
        stream
    }

    /// Whether it ended well.
    pub(super) fn is_done(&self) -> bool {
        self.status == 200 && self.bytes.contains("\"type\":\"done\"") && !self.bytes.contains("\"type\":\"error\"")
    }
}
