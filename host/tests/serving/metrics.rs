//! Prometheus's own parser reads the metrics.

use std::io::Write as _;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use quarry::contract::types::{Failure, FailureKind};
use quarry::provider::ProviderError;
use quarry::telemetry::{Begun, Metrics, Observation};

use crate::packages::{script, text};

#[test]
fn prometheus_reads_the_metrics() {
    let metrics = Arc::new(Metrics::new());
    let (odd, other) = ("a \"model\" with a \\ and a\nbreak", "another");
    metrics.know_models([odd]);
    let begun = Begun { endpoint: "/v1/messages", request_id: "1", key: "", stream: false };
    let mut observation = Observation::begin(&metrics, begun);
    observation.deltas(&[], Duration::from_micros(3));
    let failure = Failure {
        kind: FailureKind::Throttled,
        message: "Too many requests".to_owned(),
        hint: None,
        retryable: true,
        retry_after_ms: None,
        code: None,
        status: Some(429),
        request_id: None,
        suggestions: Vec::new(),
    };
    observation.retried(&failure, Duration::ZERO);
    observation.fell_back(odd, other);
    metrics.guest_fault(&ProviderError::OutOfOrder { call: "push", missing: "a turn" });
    observation.refused(400, "invalid_request_error", "no");
    observation.end();
    let mut script = script("prometheus_reads_the_metrics.py")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("Python can be started");
    let mut input = script.stdin.take().expect("a pipe was asked for");
    input.write_all(metrics.render().as_bytes()).expect("the script reads");
    drop(input);
    let output = script.wait_with_output().expect("the script ends");
    assert!(output.status.success(), "the parser found the metrics wanting:\n{}", text(&output));
}
