//! Tests of what is seen of a request: metrics, log lines, spans.

mod lines;
mod openmetrics;
mod reference;
mod requests;
mod spans;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

use super::{Answering, Arrival, Begun, ErrorAnswer, Metrics, Observation};
use crate::blame::Blame;
use crate::contract::conversation::{Delta, Fragment, Options, Outcome, StopReason, TurnFailure};
use crate::contract::no_details;
use crate::contract::no_options;
use crate::contract::types::{Failure, FailureKind, Usage, UsageCost};

const MODEL: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const PUSH: Duration = Duration::from_micros(1);

fn begun() -> Begun<'static> {
    let arrival = Arrival::now(Some([192, 0, 2, 7].into()), Some("mine-1".to_owned()));
    Begun { endpoint: "/v1/chat/completions", request_id: "req-1", key: "laptop", method: "POST", arrival }
}

fn begin(metrics: &Arc<Metrics>) -> Observation {
    Observation::begin(metrics, &begun())
}

fn options() -> Options {
    Options {
        max_tokens: Some(512),
        temperature: Some(0.5),
        top_p: Some(0.9),
        stop_sequences: vec!["END".to_owned()],
        thinking: Some("low".to_owned()),
        ..no_options()
    }
}

fn usage() -> Usage {
    let cost = UsageCost { input: 0.0, output: 0.0, cache_read: 0.0, cache_write: 0.0, total: 0.0 };
    Usage { input: 10, output: 20, cache_read: 300, cache_write: 4000, cache_write_long: 0, total: 4330, cost }
}

fn text(text: &str) -> Delta {
    Delta::TextDelta(Fragment { content_index: 0, delta: text.to_owned() })
}

fn done() -> Delta {
    let (reason, raw_stop_reason) = (StopReason::Stop, "end_turn".to_owned());
    Delta::Done(Outcome { reason, raw_stop_reason, usage: usage(), details: no_details() })
}

fn failure(kind: FailureKind) -> Failure {
    Failure {
        kind,
        message: "Too many requests".to_owned(),
        hint: None,
        retryable: true,
        retry_after_ms: None,
        code: Some("ThrottlingException".to_owned()),
        status: Some(429),
        request_id: None,
        suggestions: Vec::new(),
        repair: None,
    }
}

fn failed(kind: FailureKind) -> Delta {
    Delta::Error(TurnFailure { failure: failure(kind), raw_stop_reason: None, usage: usage(), details: no_details() })
}

/// An error that quotes nothing.
fn error(status: u16, kind: &'static str, message: &'static str, blame: Blame) -> ErrorAnswer<'static> {
    ErrorAnswer { status, kind, message, may_quote: false, member: None, blame }
}

fn answering() -> Answering<'static> {
    Answering { model: MODEL, region: "us-east-1", server: None, aws_request_id: None }
}

/// A whole good request.
fn answer(observation: &mut Observation) {
    observation.asked("sonnet", true, &options(), 2);
    answer_what_was_asked(observation);
}

fn answer_what_was_asked(observation: &mut Observation) {
    observation.asks(MODEL);
    let server = Some(("bedrock-runtime.us-east-1.amazonaws.com", Some(443)));
    observation.answering(&Answering { server, aws_request_id: Some("aws-1"), ..answering() });
    observation.deltas(&[Delta::Start], PUSH);
    observation.deltas(&[Delta::TextStart(0), text("the ANSWER")], PUSH);
    observation.deltas(&[text(" goes on")], PUSH);
    observation.deltas(&[Delta::TextEnd(0), done()], PUSH);
}

/// What was logged.
#[derive(Clone, Default)]
struct Logged(Arc<Mutex<Vec<u8>>>);

impl Logged {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("no test panics in a write").clone()).expect("logs are UTF-8")
    }
}

impl Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no test panics in a write").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Logged {
    type Writer = Logged;

    fn make_writer(&'w self) -> Logged {
        self.clone()
    }
}
