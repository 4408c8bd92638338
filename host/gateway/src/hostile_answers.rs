//! Answers of a provider that are within the contract's types and hostile in everything else, through all that the host makes of
//! them: bodies, refusals, events and documents of every format, catalogs, metrics. Nothing is random: a failure comes again.
//! `HOSTILE_ROUNDS` has more of them made.

mod allocator;
mod numbers;

use std::sync::Arc;
use std::time::SystemTime;

use hyper::HeaderMap;

use self::allocator::bounded;
use self::numbers::Numbers;
use super::refusal::Refusal;
use super::remote::Fetched;
use super::wire::{Format, Head, Received, Writer, chat_completions, messages, models, pi_stream, responses};
use crate::blobs::{self, Blobs};
use crate::contract::conversation::{BodyPart, Delta, Prepared, Problem};
use crate::contract::models::{Catalog, CatalogSource, LeftOut};
use crate::contract::types::Model;
use crate::json::model::default_model;
use crate::pi::message::Fold;
use crate::provider::clamp;
use crate::telemetry::{Arrival, Begun, Metrics, Observation};

/// Answers of each call.
const ROUNDS: usize = 2_000;

fn rounds() -> usize {
    std::env::var("HOSTILE_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(ROUNDS)
}

/// Makes so many answers of a call, and has them checked.
fn each<T: std::fmt::Debug>(make: impl Fn(&mut Numbers) -> T, check: impl Fn(T)) {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for _ in 0..rounds() {
        check(make(&mut numbers));
    }
}

/// The size of an answer: what it is in a debug print, which no part of it is left out of.
fn size(answer: &impl std::fmt::Debug) -> usize {
    format!("{answer:?}").len()
}

/// The formats, each with a request that asks for all that an answer can be told with.
fn formats() -> [(&'static Format, &'static str); 4] {
    [
        (&chat_completions::CHAT_COMPLETIONS, r#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#),
        (&messages::MESSAGES, r#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#),
        (&responses::RESPONSES, r#"{"model":"m","input":"hi","store":false}"#),
        (
            &pi_stream::PI_STREAM,
            r#"{"model":{"id":"m"},"context":{"messages":[{"role":"user","content":"hi"}]},"options":{}}"#,
        ),
    ]
}

fn writer((format, body): (&Format, &str)) -> Box<dyn Writer> {
    let (headers, fetched) = (HeaderMap::new(), Fetched::default());
    let received = Received { body: body.as_bytes(), headers: &headers, fetched: &fetched };
    let Ok(mut request) = (format.read)(&received) else { panic!("{body} was refused") };
    let (id, model) = ("i".to_owned(), "m".to_owned());
    request.writer.begin(&Head { id, model, created: SystemTime::UNIX_EPOCH });
    request.writer
}

/// No byte of a text drives a terminal or ends an event before its time.
#[track_caller]
fn has_no_control(what: &str, text: &[u8], allowed: &[u8]) {
    let raw = text.iter().find(|byte| **byte < 0x20 && !allowed.contains(byte));
    assert_eq!(raw, None, "{what}: {:?}", String::from_utf8_lossy(text));
}

/// Events and nothing else: each line of data is a JSON document.
#[track_caller]
fn is_stream(path: &str, stream: &[u8]) {
    has_no_control(path, stream, b"\n");
    let text = std::str::from_utf8(stream).unwrap_or_else(|error| panic!("{path}: {error}"));
    for line in text.lines().filter(|line| !line.is_empty()) {
        let told = line.split_once(": ").filter(|(name, _)| matches!(*name, "data" | "event"));
        let (name, value) = told.unwrap_or_else(|| panic!("{path}: {line:?} is no line of an event"));
        if name == "data" && value != "[DONE]" {
            is_json(path, value.as_bytes());
        }
    }
}

#[track_caller]
fn is_json(path: &str, document: &[u8]) {
    has_no_control(path, document, b"");
    let read = serde_json::from_slice::<&serde_json::value::RawValue>(document);
    assert!(read.is_ok(), "{path}: {read:?}: {}", String::from_utf8_lossy(document));
}

#[test]
fn prepare() {
    let mut given = Blobs::new();
    for size in [0, 1, 1000, 10_000] {
        given.add_bytes(&vec![7; size]);
    }
    let attached: usize = (0..4).filter_map(|index| given.base64(index)).map(|blob| blob.len()).sum();
    let part = |numbers: &mut Numbers| match numbers.below(3) {
        0 => BodyPart::Json(numbers.json().into_bytes()),
        _ => BodyPart::Blob(numbers.index()),
    };
    let answer = |numbers: &mut Numbers| match numbers.below(3) {
        0 => Err(numbers.list(300, |numbers| Problem {
            path: numbers.text(),
            message: numbers.text(),
            expected: numbers.text(),
        })),
        _ => Ok(Prepared {
            operation: "ConverseStream".to_owned(),
            model_id: numbers.text(),
            body: numbers.list(if numbers.0.is_multiple_of(50) { 5000 } else { 4 }, part),
            carry: Vec::new(),
            notices: numbers.list(200, Numbers::notice),
        }),
    };
    each(answer, |mut answer| {
        let parts =
            |part: &BodyPart| size_of::<BodyPart>() + if let BodyPart::Json(json) = part { json.len() } else { 0 };
        let size = match &answer {
            Ok(Prepared { body, notices, .. }) => body.iter().map(parts).sum::<usize>() + size(notices),
            Err(problems) => size(problems),
        };
        bounded(size + attached, || {
            clamp::prepared(&mut answer);
            match answer {
                Ok(Prepared { body, notices, .. }) => {
                    assert!(notices.len() <= 100);
                    let json: usize =
                        body.iter().map(|part| if let BodyPart::Json(json) = part { json.len() } else { 0 }).sum();
                    if let Ok(body) = blobs::join(&body, &given) {
                        assert!(body.len() <= json + attached);
                    }
                }
                Err(problems) => refused(&Refusal::of_problems(&problems)),
            }
        });
    });
}

#[test]
fn explain() {
    each(Numbers::failure, |mut failure| {
        bounded(size(&failure), || {
            clamp::failure(&mut failure);
            refused(&Refusal::from(&failure));
        });
    });
}

/// What clients are told of a refusal.
fn refused(refusal: &Refusal) {
    for (format, _) in formats() {
        is_json(format.path, &(format.refusal)(refusal, "req_i"));
        assert!((format.status)(refusal).as_u16() >= 400, "{}: {refusal:?}", format.path);
    }
    assert!(refusal.retry_after.is_none_or(|after| after.as_secs() <= 24 * 3600), "{refusal:?}");
}

#[test]
fn push_and_finish() {
    let metrics = Arc::new(Metrics::new());
    let answer = |numbers: &mut Numbers| {
        let mut deltas = numbers.list(12, Numbers::delta);
        deltas.push(numbers.end());
        deltas
    };
    each(answer, |mut deltas| {
        bounded(size(&deltas), || {
            clamp::deltas(&mut deltas);
            for (format, body) in formats() {
                let (mut out, mut fold) = (Vec::new(), Fold::new("", "", "", None));
                let mut streaming = writer((format, body));
                for delta in &deltas {
                    streaming.events(std::slice::from_ref(delta), &mut out);
                    fold.apply(delta);
                }
                is_stream(format.path, &out);
                if let (Some(Delta::Done(outcome)), true) = (deltas.last(), format.path != "/api/stream") {
                    let mut out = Vec::new();
                    writer((format, body)).whole(fold.message(), outcome, &mut out);
                    is_json(format.path, &out);
                }
            }
        });
        let begun = Begun {
            endpoint: "/v1/messages",
            request_id: "i",
            key: "",
            method: "POST",
            arrival: Arrival::now(None, None),
        };
        let mut observation = Observation::begin(&metrics, &begun);
        observation.deltas(&deltas, std::time::Duration::ZERO);
    });
    let rendered = metrics.render();
    let total = |line: &str| line.starts_with("quarry_tokens_total").then(|| line.rsplit(' ').next()?.parse().ok());
    let totals: Vec<u64> = rendered.lines().filter_map(|line| total(line)?).collect();
    // An answer has at most a thousand million tokens of a kind, and each answer here 13 ends.
    assert!(
        !totals.is_empty() && totals.iter().all(|total| *total <= 13 * 1_000_000_000 * rounds() as u64),
        "{totals:?}"
    );
    has_no_control("metrics", rendered.as_bytes(), b"\n");
}

#[test]
fn resume() {
    let row = |numbers: &mut Numbers| Model {
        id: numbers.text(),
        name: numbers.text(),
        input: numbers.list(3, Numbers::text),
        context_window: numbers.count(),
        max_tokens: numbers.count(),
        params: numbers.option(Numbers::json),
        extras: numbers.list(2, Numbers::named),
        ..default_model()
    };
    let answer = |numbers: &mut Numbers| Catalog {
        models: numbers.list(6, row),
        left_out: numbers.list(3, |numbers| LeftOut {
            id: numbers.text(),
            reason: numbers.text(),
            message: numbers.text(),
        }),
        source: CatalogSource::Live,
        failures: numbers.list(2, Numbers::failure),
        notices: numbers.list(200, Numbers::notice),
    };
    each(answer, |mut catalog| {
        bounded(size(&catalog), || {
            clamp::catalog(&mut catalog);
            let Catalog { models: rows, .. } = &catalog;
            for (index, row) in rows.iter().enumerate() {
                assert!(!row.id.is_empty() && rows[..index].iter().all(|before| before.id != row.id), "{rows:?}");
                is_json("a model", &models::one(row));
                is_json("a model", &messages::models::model(row));
            }
            is_json("the models", &models::list(rows));
        });
    });
}
