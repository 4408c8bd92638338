//! Spans, as a collector on loopback receives them.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use opentelemetry_http::HttpClient as _;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use prost::Message as _;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tracing::instrument::WithSubscriber as _;
use tracing_subscriber::filter::LevelFilter;

use super::{Logged, MODEL, answer, answer_what_was_asked, begin};
use crate::config::gateway::Signal;
use crate::contract::types::FailureKind;
use crate::logging::set_up;
use crate::otlp::Collector;
use crate::{Export, LogFormat, LogOptions, Metrics, OtlpOptions, TelemetryError};

/// A collector; gives its endpoint and the requests that it gets.
async fn collector() -> (String, mpsc::UnboundedReceiver<Request<Bytes>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("loopback can be bound");
    let endpoint = format!("http://{}", listener.local_addr().expect("a bound socket has an address"));
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let sender = sender.clone();
            let serve = service_fn(move |request: Request<Incoming>| {
                let sender = sender.clone();
                async move {
                    let (head, body) = request.into_parts();
                    let body = body.collect().await.expect("the body comes").to_bytes();
                    sender.send(Request::from_parts(head, body)).expect("the test waits");
                    Ok::<_, Infallible>(Response::new(Full::new(Bytes::new())))
                }
            });
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(connection), serve));
        }
    });
    (endpoint, receiver)
}

fn exporting_to(endpoint: &str) -> LogOptions {
    let headers = vec![("x-vendor-key".to_owned(), "a SECRET".to_owned().into())];
    let export = Export::To(OtlpOptions { endpoint: endpoint.to_owned(), signals: vec![Signal::Traces], headers });
    LogOptions { format: LogFormat::Text, level: LevelFilter::TRACE, export }
}

fn attribute<'a>(attributes: &'a [KeyValue], name: &str) -> Option<&'a Value> {
    attributes.iter().find(|attribute| attribute.key == name)?.value.as_ref()?.value.as_ref()
}

fn string(text: &str) -> Value {
    Value::StringValue(text.to_owned())
}

fn strings(text: &str) -> Value {
    let values = vec![AnyValue { value: Some(string(text)) }];
    Value::ArrayValue(opentelemetry_proto::tonic::common::v1::ArrayValue { values })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_is_a_span_below_the_clients_with_the_call_of_the_model_below_it() {
    let (endpoint, mut requests) = collector().await;
    let lines = Logged::default();
    let (subscriber, guard) = set_up(&exporting_to(&endpoint), lines.clone(), false).expect("a right configuration");
    let mut headers = HeaderMap::new();
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    headers.insert("traceparent", parent.parse().expect("a header's value"));
    tracing::subscriber::with_default(subscriber, || {
        let mut observation = begin(&Arc::new(Metrics::new()));
        observation.child_of(&headers);
        observation.asked("sonnet", true, &super::options(), 2);
        observation.retried(&super::failure(FailureKind::Throttled), Duration::from_millis(20));
        let _entered = observation.span().clone().entered();
        let _of_a_library = tracing::info_span!(target: "hyper", "library").entered();
        answer_what_was_asked(&mut observation);
    });
    guard.end().await;
    let request = tokio::time::timeout(Duration::from_secs(60), requests.recv()).await;
    let request = request.expect("the span comes").expect("the collector runs");
    assert_eq!(request.uri().path(), "/v1/traces");
    assert_eq!(request.headers()["x-vendor-key"], "a SECRET");
    assert_eq!(request.headers()["content-type"], "application/x-protobuf");

    let export = ExportTraceServiceRequest::decode(request.into_body()).expect("OTLP");
    let [resource] = &export.resource_spans[..] else { panic!("not one resource: {export:#?}") };
    let about = &resource.resource.as_ref().expect("a resource").attributes;
    assert_eq!(attribute(about, "service.name"), Some(&string("quarry")));
    assert_eq!(attribute(about, "service.version"), Some(&string(env!("CARGO_PKG_VERSION"))));
    let spans: Vec<&Span> = resource.scope_spans.iter().flat_map(|scope| &scope.spans).collect();
    let find = |kind| spans.iter().copied().find(|span| span.kind() == kind).expect("a span of each kind");
    let (span, server) = (find(SpanKind::Client), find(SpanKind::Server));
    assert_eq!((spans.len(), &*server.name, &*span.name), (2, "POST /v1/chat/completions", "chat sonnet"));
    for span in [span, server] {
        assert_eq!(hex(&span.trace_id), "0af7651916cd43dd8448eb211c80319c");
    }
    assert_eq!(hex(&server.parent_span_id), "b7ad6b7169203331");
    assert_eq!(span.parent_span_id, server.span_id);
    assert!(server.start_time_unix_nano <= span.start_time_unix_nano);
    for (name, wanted) in [
        ("http.request.method", string("POST")),
        ("http.route", string("/v1/chat/completions")),
        ("http.response.status_code", Value::IntValue(200)),
        ("client.address", string("192.0.2.7")),
        ("quarry.key.name", string("laptop")),
        ("quarry.request.id", string("req-1")),
    ] {
        assert_eq!(attribute(&server.attributes, name), Some(&wanted), "{name} of {server:#?}");
    }
    for (name, wanted) in [
        ("gen_ai.operation.name", string("chat")),
        ("gen_ai.provider.name", string("aws.bedrock")),
        ("gen_ai.request.model", string("sonnet")),
        ("gen_ai.request.stream", Value::BoolValue(true)),
        ("gen_ai.request.max_tokens", Value::IntValue(512)),
        ("gen_ai.request.temperature", Value::DoubleValue(0.5)),
        ("gen_ai.request.top_p", Value::DoubleValue(0.9)),
        ("gen_ai.request.stop_sequences", strings("END")),
        ("gen_ai.response.model", string(MODEL)),
        ("gen_ai.response.id", string("aws-1")),
        ("gen_ai.response.finish_reasons", strings("end_turn")),
        ("gen_ai.usage.input_tokens", Value::IntValue(4310)),
        ("gen_ai.usage.output_tokens", Value::IntValue(20)),
        ("gen_ai.usage.cache_read.input_tokens", Value::IntValue(300)),
        ("gen_ai.usage.cache_creation.input_tokens", Value::IntValue(4000)),
        ("server.address", string("bedrock-runtime.us-east-1.amazonaws.com")),
        ("server.port", Value::IntValue(443)),
        ("quarry.request.tools", Value::IntValue(2)),
        ("quarry.request.thinking", string("low")),
        ("cloud.region", string("us-east-1")),
        ("aws.request_id", string("aws-1")),
    ] {
        assert_eq!(attribute(&span.attributes, name), Some(&wanted), "{name} of {span:#?}");
    }
    let first = attribute(&span.attributes, "gen_ai.response.time_to_first_chunk");
    assert!(matches!(first, Some(Value::DoubleValue(seconds)) if *seconds > 0.0), "{span:#?}");
    assert_eq!(attribute(&span.attributes, "error.type"), None, "{span:#?}");
    let events: Vec<&str> = span.events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(events, ["quarry.retry"], "{span:#?}");
    let all = format!("{span:?}{server:?}");
    assert!(!all.contains("ANSWER") && !all.contains("SECRET"), "{span:#?}");
    let text = lines.text();
    assert!(text.contains("req-1") && !text.contains("ANSWER") && !text.contains("SECRET"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_request_is_a_failed_span_with_what_was_said_where_asked_for() {
    let (endpoint, mut requests) = collector().await;
    let (subscriber, guard) =
        set_up(&exporting_to(&endpoint), Logged::default(), false).expect("a right configuration");
    tracing::subscriber::with_default(subscriber, || {
        let mut observation = begin(&Arc::new(Metrics::new()));
        observation.prompt("the PROMPT");
        observation.asked("sonnet", true, &super::options(), 0);
        observation.deltas(&[super::text("half an ANSWER"), super::failed(FailureKind::Service)], super::PUSH);
    });
    guard.end().await;
    let request = requests.recv().await.expect("the collector runs");
    let export = ExportTraceServiceRequest::decode(request.into_body()).expect("OTLP");
    let spans = &export.resource_spans[0].scope_spans[0].spans;
    let span = spans.iter().find(|span| span.kind() == SpanKind::Client).expect("the call of the model");
    assert_eq!(attribute(&span.attributes, "error.type"), Some(&string("service")));
    let status = span.status.as_ref().expect("a status");
    assert_eq!((status.code, &*status.message), (2, "Too many requests"), "{span:#?}");
    let said = |name| format!("{:?}", attribute(&span.attributes, name));
    assert!(said("gen_ai.input.messages").contains("the PROMPT"), "{span:#?}");
    assert!(said("gen_ai.output.messages").contains("half an ANSWER"), "{span:#?}");
}

/// An endpoint on loopback that nobody listens at.
async fn nobody() -> String {
    let closed = TcpListener::bind(("127.0.0.1", 0)).await.expect("loopback can be bound");
    format!("http://{}", closed.local_addr().expect("a bound socket has an address"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_is_down_does_not_hold_anybody_up() {
    let lines = Logged::default();
    let options = exporting_to(&nobody().await);
    let (subscriber, guard) = set_up(&options, lines.clone(), false).expect("a right configuration");
    tracing::subscriber::with_default(subscriber, || {
        let metrics = Arc::new(Metrics::new());
        (0..5000).for_each(|_| answer(&mut begin(&metrics)));
    });
    guard.end().await;
    assert_eq!(lines.text().matches("outcome=\"ok\"").count(), 5000);
}

#[tokio::test]
async fn that_a_collector_is_down_is_said_once_and_that_it_is_back_too() {
    let (endpoint, _requests) = collector().await;
    let lines = Logged::default();
    let options = LogOptions { level: LevelFilter::INFO, ..LogOptions::default() };
    let (subscriber, _guard) = set_up(&options, lines.clone(), false).expect("nothing is exported");
    let client = Collector::new(Signal::Traces, None, tokio::runtime::Handle::current());
    let (down, exports) = (nobody().await, async |endpoint: &str| {
        let request = Request::post(format!("{endpoint}/v1/traces")).body(Bytes::new()).expect("a request");
        client.send_bytes(request).await.map(|response| response.status())
    });
    async {
        exports(&down).await.expect_err("nobody listens");
        exports(&down).await.expect_err("nobody listens");
        assert_eq!(exports(&endpoint).await.expect("the collector answers"), 200);
        assert_eq!(exports(&endpoint).await.expect("the collector answers"), 200);
    }
    .with_subscriber(subscriber)
    .await;
    let text = lines.text();
    assert_eq!(text.matches("WARN quarry::telemetry").count(), 1, "{text}");
    assert_eq!(text.matches("INFO quarry::telemetry").count(), 1, "{text}");
}

#[tokio::test]
async fn an_endpoint_or_header_that_cannot_be_is_refused_without_its_secret() {
    for endpoint in ["", "not a url", "127.0.0.1:4318", "grpc://collector:4317", "http://"] {
        let refused = set_up(&exporting_to(endpoint), Logged::default(), false).map(|_| ());
        assert!(matches!(refused, Err(TelemetryError::Endpoint { .. })), "{endpoint}: {refused:?}");
    }
    let headers = vec![("x-key".to_owned(), "a\nSECRET".to_owned().into())];
    let endpoint = "http://127.0.0.1:4318".to_owned();
    let export = Export::To(OtlpOptions { endpoint, signals: Signal::ALL.to_vec(), headers });
    let options = LogOptions { export, ..LogOptions::default() };
    let refused = set_up(&options, Logged::default(), false).map(|_| ()).expect_err("a line break in a header");
    assert!(refused.to_string().contains("x-key") && !refused.to_string().contains("SECRET"), "{refused}");
}
