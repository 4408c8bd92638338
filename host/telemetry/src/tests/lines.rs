//! Log lines: one a request, without what was said.

use std::sync::Arc;

use tracing_subscriber::filter::LevelFilter;

use super::{Logged, MODEL, answer, begin, error, failed};
use crate::blame::Blame;
use crate::contract::conversation::{Delta, TurnFailure};
use crate::contract::no_details;
use crate::contract::types::FailureKind;
use crate::logging::set_up;
use crate::{ErrorAnswer, Export, LogFormat, LogOptions, Metrics};

/// What is logged while this runs.
fn logged(format: LogFormat, level: LevelFilter, run: impl FnOnce(&Arc<Metrics>)) -> String {
    let lines = Logged::default();
    let options = LogOptions { format, level, export: Export::Off };
    let (subscriber, _guard) = set_up(&options, lines.clone(), false).expect("nothing is exported");
    tracing::subscriber::with_default(subscriber, || run(&Arc::new(Metrics::new())));
    lines.text()
}

#[test]
fn a_request_is_one_json_line() {
    let text = logged(LogFormat::Json, LevelFilter::INFO, |metrics| answer(&mut begin(metrics)));
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    let [line] = &lines[..] else { panic!("not one line:\n{text}") };
    for (member, wanted) in [
        ("level", serde_json::json!("INFO")),
        ("status", 200.into()),
        ("outcome", "ok".into()),
        ("model", MODEL.into()),
        ("asked", "sonnet".into()),
        ("input_tokens", 10.into()),
        ("output_tokens", 20.into()),
        ("cache_read_tokens", 300.into()),
        ("cache_write_tokens", 4000.into()),
        ("deltas", 6.into()),
        ("aws_request_id", "aws-1".into()),
    ] {
        assert_eq!(line[member], wanted, "{member} of {line:#}");
    }
    let span = serde_json::json!({
        "name": "request", "request_id": "req-1", "caller_request_id": "mine-1",
        "endpoint": "/v1/chat/completions", "key": "laptop", "client": "192.0.2.7",
    });
    assert_eq!(line["span"], span, "{line:#}");
    assert!(line["duration_ms"].is_number() && line["first_delta_ms"].is_number(), "{line:#}");
}

#[test]
fn a_failed_request_says_why_and_a_client_cannot_write_lines() {
    let text = logged(LogFormat::Text, LevelFilter::INFO, |metrics| {
        let mut observation = begin(metrics);
        observation.asked("model\nINFO quarry: \u{1b}[31mforged", true, &super::options(), 0);
        observation.deltas(&[failed(FailureKind::Throttled)], super::PUSH);
        observation.refused(&error(429, "rate_limit", "Too many requests", Blame::Client));
    });
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.contains("status=429 outcome=\"error\" error=\"throttled\" why=\"Too many requests\""), "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
}

#[test]
fn no_value_ends_its_line_whichever_way_it_is_formatted() {
    let hostile = "x\n2026-11-30T10:00:00Z  INFO forged: \u{1b}[31m\r\u{9b}\u{7f}\u{202e}\u{2028}\u{200b}\ty";
    let escaped = r"x\n2026-11-30T10:00:00Z  INFO forged: \u001b[31m\r\u009b\u007f\u202e\u2028\u200b\ty";
    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Failure(&'static str);
    let failure = Failure(hostile);
    let log = |_: &Arc<Metrics>| {
        let _span = tracing::error_span!(target: "quarry::gateway", "request", key = %hostile).entered();
        tracing::error!(target: "quarry::gateway", "message {hostile}");
        tracing::error!(target: "quarry::gateway", message = hostile);
        tracing::error!(target: "quarry::gateway", shown = %hostile, text = hostile, error = &failure as &dyn std::error::Error, "m");
        tracing::error!(target: "quarry::gateway", debug = ?format_args!("{hostile}"), "m");
        // A library's error may quote what a peer sent.
        tracing::error!(target: "hyper", "{hostile}");
    };
    let text = logged(LogFormat::Text, LevelFilter::INFO, log);
    assert_eq!(text.lines().count(), 5, "{text}");
    assert!(text.lines().all(|line| line.matches(escaped).count() >= 1 && line.contains("key=x")), "{text}");
    assert!(!text.chars().any(|c| c != '\n' && c.is_control() || "\u{202e}\u{2028}\u{200b}".contains(c)), "{text:?}");
    let json = logged(LogFormat::Json, LevelFilter::INFO, log);
    assert!(json.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()), "{json}");
    assert_eq!(json.lines().count(), 5, "{json}");
}

#[test]
fn nothing_that_was_said_is_logged_at_any_level() {
    for format in [LogFormat::Text, LogFormat::Json] {
        let text = logged(format, LevelFilter::TRACE, |metrics| {
            let mut observation = begin(metrics);
            observation.retried(&super::failure(FailureKind::Throttled), super::PUSH);
            answer(&mut observation);
            drop(observation);
            // Such messages quote what was sent, or what the model wrote.
            let mut refused = begin(metrics);
            let quoting = error(400, "invalid", "the ANSWER is not one", Blame::Client);
            refused.refused(&ErrorAnswer { may_quote: true, member: Some("messages[0]"), ..quoting });
            let mut failure = super::failure(FailureKind::Validation);
            failure.message = "the ANSWER is not one".to_owned();
            let (raw_stop_reason, usage, details) = (None, super::usage(), no_details());
            begin(metrics)
                .deltas(&[Delta::Error(TurnFailure { failure, raw_stop_reason, usage, details })], super::PUSH);
        });
        assert!(text.contains("req-1") && text.contains("validation") && text.contains("messages[0]"), "{text}");
        assert!(!text.contains("ANSWER"), "{text}");
    }
}

#[test]
fn what_was_said_is_logged_where_it_is_asked_for() {
    let text = logged(LogFormat::Json, LevelFilter::INFO, |metrics| {
        let mut observation = begin(metrics);
        observation.prompt(r#"[{"role":"user","parts":[{"type":"text","content":"the PROMPT"}]}]"#);
        answer(&mut observation);
    });
    let content = text.lines().find(|line| line.contains("quarry::content")).expect("a line of content");
    let content: serde_json::Value = serde_json::from_str(content).expect("a line is JSON");
    let input = content["gen_ai.input.messages"].as_str().expect("the prompt");
    assert!(input.contains("the PROMPT"), "{content:#}");
    let output = content["gen_ai.output.messages"].as_str().expect("the answer");
    assert!(output.contains("the ANSWER goes on"), "{content:#}");
}

#[test]
fn libraries_are_shown_from_errors_on() {
    let text = logged(LogFormat::Text, LevelFilter::TRACE, |_| {
        tracing::warn!(target: "aws_smithy_runtime", "a request with its SIGNATURE");
        tracing::error!(target: "hyper", "a library failed");
        tracing::trace!(target: "quarry::gateway", "our own");
    });
    assert!(!text.contains("SIGNATURE"), "{text}");
    assert!(text.contains("a library failed") && text.contains("our own"), "{text}");
}
