//! What a collector on loopback receives from a gateway: spans, metrics and log lines, by OTLP.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{Metric, number_data_point};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use prost::Message;

use crate::gateway::{Gateway, KEY, hash};
use crate::operating::client::{ask, body};

const CHAT: &str = "/v1/chat/completions";
const MODEL: &str = "us.amazon.nova-lite-v1:0";

/// The bodies that a collector got, by path.
#[derive(Clone, Default)]
struct Received(Arc<Mutex<BTreeMap<String, Vec<Vec<u8>>>>>);

impl Received {
    fn all<M: Message + Default>(&self, path: &str) -> Vec<M> {
        let received = self.0.lock().expect("no test panics in here");
        let bodies = received.get(path).into_iter().flatten();
        bodies.map(|body| M::decode(&body[..]).expect("OTLP in protobuf")).collect()
    }
}

/// A collector; gives its endpoint and what it gets.
fn collector() -> (String, Received) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback can be bound");
    let endpoint = format!("http://{}", listener.local_addr().expect("it is bound"));
    let received = Received::default();
    let all = received.clone();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let all = all.clone();
            thread::spawn(move || while receive(&stream, &all).is_some() {});
        }
    });
    (endpoint, received)
}

/// One request of a connection.
fn receive(mut stream: &TcpStream, all: &Received) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut length = 0;
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        match line.trim().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.parse().ok()?,
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    all.0.lock().expect("no test panics in here").entry(path).or_default().push(body);
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").ok()
}

fn text(attributes: &[KeyValue], name: &str) -> Option<String> {
    let value = attributes.iter().find(|attribute| attribute.key == name)?.value.clone()?.value?;
    Some(match value {
        Value::StringValue(text) => text,
        Value::IntValue(number) => number.to_string(),
        Value::DoubleValue(number) => number.to_string(),
        other => format!("{other:?}"),
    })
}

#[track_caller]
fn is_of(resource: Option<&Resource>, wanted: &[(&str, &str)]) {
    let attributes = &resource.expect("a resource").attributes;
    for (name, value) in wanted {
        assert_eq!(text(attributes, name).as_deref(), Some(*value), "{name} of {attributes:#?}");
    }
}

fn gateway(quarry: &str, variables: &[(&str, &str)]) -> Gateway {
    let hash = hash(KEY);
    let configuration =
        format!("{{ quarry: {{ retry: {{ attempts: 1 }}, keys: [{{ name: 'laptop', hash: '{hash}' }}], {quarry} }} }}");
    Gateway::start_with(&configuration, |command| {
        command.envs(variables.iter().copied()).env("QUARRY_LOG", "info");
    })
}

#[test]
fn a_collector_gets_spans_metrics_and_log_lines_of_the_service_that_the_environment_names() {
    let (endpoint, received) = collector();
    let gateway = gateway(
        "",
        &[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint),
            ("OTEL_SERVICE_NAME", "edge"),
            ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test,service.namespace=llm"),
        ],
    );
    let asks =
        |model: &str| ask(&gateway, CHAT, &[("x-api-key", KEY)], &body(CHAT, model, "the PROMPT", true)).status();
    assert_eq!((asks(MODEL), asks("sim.http.429")), (200, 429));
    gateway.stop();
    let version = env!("CARGO_PKG_VERSION");
    let service = [
        ("service.name", "edge"),
        ("service.version", version),
        ("deployment.environment.name", "test"),
        ("service.namespace", "llm"),
    ];

    let exports: Vec<ExportTraceServiceRequest> = received.all("/v1/traces");
    let resources: Vec<_> = exports.iter().flat_map(|export| &export.resource_spans).collect();
    resources.iter().for_each(|spans| is_of(spans.resource.as_ref(), &service));
    let spans: Vec<&Span> =
        resources.iter().flat_map(|spans| &spans.scope_spans).flat_map(|scope| &scope.spans).collect();
    let servers: Vec<_> = spans.iter().filter(|span| span.kind() == SpanKind::Server).collect();
    let calls: Vec<_> = spans.iter().filter(|span| span.kind() == SpanKind::Client).collect();
    assert_eq!((servers.len(), calls.len()), (2, 2), "{spans:#?}");
    for call in &calls {
        let server = servers.iter().find(|server| server.span_id == call.parent_span_id).expect("a request above it");
        assert_eq!((&*server.name, server.trace_id == call.trace_id), ("POST /v1/chat/completions", true));
    }

    let exports: Vec<ExportLogsServiceRequest> = received.all("/v1/logs");
    let resources: Vec<_> = exports.iter().flat_map(|export| &export.resource_logs).collect();
    resources.iter().for_each(|logs| is_of(logs.resource.as_ref(), &service));
    let records: Vec<_> =
        resources.iter().flat_map(|logs| &logs.scope_logs).flat_map(|scope| &scope.log_records).collect();
    let of_requests: Vec<_> = records.iter().filter(|record| text(&record.attributes, "outcome").is_some()).collect();
    assert_eq!(of_requests.len(), 2, "{records:#?}");
    for record in of_requests {
        let said = record.body.clone().and_then(|AnyValue { value }| value);
        assert_eq!((said, &*record.severity_text), (Some(Value::StringValue("request".to_owned())), "INFO"));
        assert_eq!(text(&record.attributes, "key").as_deref(), Some("laptop"), "a field of the span: {record:#?}");
        assert!(text(&record.attributes, "duration_ms").is_some() && record.time_unix_nano > 0, "{record:#?}");
        assert!(servers.iter().any(|server| server.span_id == record.span_id && server.trace_id == record.trace_id));
    }
    assert!(!format!("{records:?}{spans:?}").contains("PROMPT"));

    let exports: Vec<ExportMetricsServiceRequest> = received.all("/v1/metrics");
    let last = exports.last().expect("they are exported at the end at the latest");
    is_of(last.resource_metrics[0].resource.as_ref(), &service);
    let metrics: BTreeMap<&str, &Metric> = last.resource_metrics[0]
        .scope_metrics
        .iter()
        .flat_map(|scope| &scope.metrics)
        .map(|metric| (&*metric.name, metric))
        .collect();
    let histogram = |name: &str, labels: &[(&str, &str)]| {
        let metric = metrics.get(name).unwrap_or_else(|| panic!("no {name} in {:?}", metrics.keys()));
        let Some(Data::Histogram(histogram)) = &metric.data else { panic!("{metric:#?}") };
        let points = histogram.data_points.iter();
        let found = points.filter(|point| {
            labels.iter().all(|(label, value)| text(&point.attributes, label).as_deref() == Some(*value))
        });
        (found.map(|point| point.count).sum::<u64>(), &*metric.unit)
    };
    let bedrock = ("gen_ai.provider.name", "aws.bedrock");
    let model = ("gen_ai.request.model", MODEL);
    assert_eq!(histogram("gen_ai.client.operation.duration", &[bedrock, ("gen_ai.operation.name", "chat")]), (2, "s"));
    assert_eq!(histogram("gen_ai.client.operation.duration", &[("error.type", "throttled")]), (1, "s"));
    for kind in ["input", "output"] {
        assert_eq!(histogram("gen_ai.client.token.usage", &[model, ("gen_ai.token.type", kind)]), (1, "{token}"));
    }
    for name in ["gen_ai.server.time_to_first_token", "gen_ai.server.time_per_output_token"] {
        assert_eq!(histogram(name, &[bedrock, model]), (1, "s"), "{name}");
    }
    assert_eq!(histogram("gen_ai.server.request.duration", &[bedrock]), (2, "s"));
    // Our own beside them, under their names.
    let Some(Data::Sum(requests)) = &metrics["quarry_key_requests"].data else { panic!("no counter") };
    let ok = requests.data_points.iter().find(|point| text(&point.attributes, "outcome").as_deref() == Some("ok"));
    let ok = ok.unwrap_or_else(|| panic!("{requests:#?}"));
    assert_eq!(
        (text(&ok.attributes, "key").as_deref(), ok.value),
        (Some("laptop"), Some(number_data_point::Value::AsInt(1)))
    );
    assert!(requests.is_monotonic);
    assert!(matches!(metrics["quarry_sessions_available"].data, Some(Data::Gauge(_))));
}

#[test]
fn a_collector_gets_what_is_configured_and_what_the_environment_does_not_switch_off() {
    let (endpoint, received) = collector();
    let quarry = format!("otlp: {{ endpoint: '{endpoint}', signals: ['logs'] }}");
    // A name that the environment does not give is our own.
    let gateway = self::gateway(&quarry, &[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")]);
    assert_eq!(ask(&gateway, CHAT, &[("x-api-key", KEY)], &body(CHAT, MODEL, "hello", true)).status(), 200);
    gateway.stop();
    let paths =
        |received: &Received| received.0.lock().expect("no test panics in here").keys().cloned().collect::<Vec<_>>();
    assert_eq!(paths(&received), ["/v1/logs"]);
    let logs: Vec<ExportLogsServiceRequest> = received.all("/v1/logs");
    is_of(logs[0].resource_logs[0].resource.as_ref(), &[("service.name", "quarry")]);

    let (endpoint, received) = collector();
    let off = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &*endpoint),
        ("OTEL_LOGS_EXPORTER", "none"),
        ("OTEL_METRICS_EXPORTER", "none"),
    ];
    let gateway = self::gateway("", &off);
    assert_eq!(ask(&gateway, CHAT, &[("x-api-key", KEY)], &body(CHAT, MODEL, "hello", true)).status(), 200);
    gateway.stop();
    assert_eq!(paths(&received), ["/v1/traces"]);
}
