//! Requests as the SDKs send them, and answers as they read them.

mod answers;
mod refused;
mod requests;
mod streams;
mod through;

use hyper::HeaderMap;

use super::super::{Asked, Format, Head, ReadError, Received, Writer};
use super::ending::AskedOfEnding;
use super::writer::MessageWriter;
use crate::contract::conversation::{AnswerDetails, Delta, Fragment, Outcome, StopReason};
use crate::contract::no_details;
use crate::contract::types::{Usage, UsageCost};
use crate::remote::Fetched;

/// Reads a request with these headers.
fn read_with(format: &Format, headers: &[(&'static str, &str)], body: &str) -> Result<Asked, ReadError> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, value.parse().expect("the test's header is one"));
    }
    let fetched = Fetched::default();
    (format.read)(&Received { body: body.as_bytes(), headers: &map, fetched: &fetched }).map(|request| request.asked)
}

/// Reads a request that must be right.
fn read(body: &str) -> Asked {
    read_with(&super::MESSAGES, &[], body).unwrap_or_else(|error| panic!("{error:?}"))
}

/// The problems of a request that must be wrong, a line each.
fn problems(body: &str) -> String {
    match read_with(&super::MESSAGES, &[], body) {
        Err(ReadError::Refused(refusal)) => refusal.message,
        other => panic!("{:?}", other.map(|asked| asked.options)),
    }
}

/// A writer that has begun.
fn writer(stop_sequences: &[&str]) -> MessageWriter {
    let stop_sequences = stop_sequences.iter().map(|stop| (*stop).to_owned()).collect();
    let mut writer = MessageWriter::new(AskedOfEnding { stop_sequences, ..AskedOfEnding::default() });
    let head = Head {
        id: "0123456789abcdefghijklmn".to_owned(),
        model: "anthropic.claude-test".to_owned(),
        created: std::time::SystemTime::UNIX_EPOCH,
    };
    writer.begin(&head);
    writer
}

/// The stream of some deltas, every one pushed by itself.
fn streamed(deltas: &[Delta], stop_sequences: &[&str]) -> String {
    let (mut writer, mut out) = (writer(stop_sequences), Vec::new());
    for delta in deltas {
        writer.events(std::slice::from_ref(delta), &mut out);
    }
    String::from_utf8(out).expect("events are UTF-8")
}

/// The data of every event of a stream, behind the first; each must be a whole message whose name is its type.
fn data(stream: &str) -> Vec<String> {
    assert!(stream.ends_with("\n\n"), "{stream}");
    let events = stream.trim_end().split("\n\n").map(|event| {
        let (name, data) = event.split_once('\n').unwrap_or_else(|| panic!("{event}"));
        let (name, data) =
            (name.strip_prefix("event: "), data.strip_prefix("data: ").unwrap_or_else(|| panic!("{event}")));
        let value: serde_json::Value = serde_json::from_str(data).unwrap_or_else(|error| panic!("{error}: {data}"));
        assert_eq!(value["type"].as_str(), name, "{event}");
        data.to_owned()
    });
    events.skip(1).collect()
}

fn fragment(content_index: u32, delta: &str) -> Fragment {
    Fragment { content_index, delta: delta.to_owned() }
}

fn usage() -> Usage {
    let cost = UsageCost { input: 0.0, output: 0.0, cache_read: 0.0, cache_write: 0.0, total: 0.0 };
    Usage { input: 10, output: 5, cache_read: 7, cache_write: 300, cache_write_long: 100, total: 322, cost }
}

/// Details by Bedrock's names.
fn details(named: &[(&str, &str)]) -> AnswerDetails {
    let of = |name: &str| named.iter().find(|(given, _)| *given == name).map(|(_, value)| (*value).to_owned());
    AnswerDetails {
        service_tier: of("serviceTier"),
        server_tool_usage: of("serverToolUsage"),
        additional_response_fields: of("additionalModelResponseFields"),
        ..no_details()
    }
}

fn outcome(reason: StopReason, raw: &str, extras: &[(&str, &str)]) -> Outcome {
    Outcome { reason, raw_stop_reason: raw.to_owned(), usage: usage(), details: details(extras) }
}

/// `usage` of an answer with [`usage`].
const USAGE: &str = r#"{"input_tokens":10,"cache_creation_input_tokens":300,"cache_read_input_tokens":7,"cache_creation":{"ephemeral_5m_input_tokens":200,"ephemeral_1h_input_tokens":100},"output_tokens":5,"service_tier":"standard"}"#;
