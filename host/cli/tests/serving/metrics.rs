//! Prometheus's own parser reads the metrics, and finds in them what was asked and answered before.

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use quarry_config::Environment;
use quarry_contract::types::{Failure, FailureKind};
use quarry_gateway::{Configuration, ConfigurationSource, Gateway as InProcess, Server};
use quarry_provider_host::{AotCache, Generation, Host, Limits, ProviderError};
use quarry_simulator::{Pace, Simulator, SimulatorOptions};
use quarry_telemetry::{Arrival, Begun, ErrorAnswer, Metrics, Observation};
use serde_json::{Value, json};

use crate::curl::curl;
use crate::gateway::{Gateway, KEY, compiled_components, hash};
use crate::packages::{script, text};
use quarry_embedded::{EMBEDDED, EMBEDDED_NAME};

const CLAUDE: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const NOVA: &str = "amazon.nova-lite-v1:0";
const MESSAGES: &str = "/v1/messages";

/// Gives a script the metrics, and gives what it wrote.
fn read_by(name: &str, metrics: &str) -> Vec<u8> {
    let mut script = script(name)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("Python can be started");
    let mut input = script.stdin.take().expect("a pipe was asked for");
    input.write_all(metrics.as_bytes()).expect("the script reads");
    drop(input);
    let output = script.wait_with_output().expect("the script ends");
    assert!(output.status.success(), "the parser found the metrics wanting:\n{}", text(&output));
    output.stdout
}

/// The samples of a scrape.
struct Scrape(Vec<Value>);

impl Scrape {
    fn of(base: &str) -> Self {
        let answer = curl(&format!("{base}/metrics"), "", &[], None);
        assert_eq!(answer.status, 200, "{answer:?}");
        Scrape(serde_json::from_slice(&read_by("metrics_as_json.py", &answer.body)).expect("the script writes JSON"))
    }

    /// The sum of the samples of this name with, among others, these labels. A series that is not there counts as zero.
    fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let named = self.0.iter().filter(|sample| sample["name"] == name);
        let found = named.filter(|sample| labels.iter().all(|(label, value)| sample["labels"][label] == *value));
        found.map(|sample| sample["value"].as_f64().expect("a value is a number")).sum()
    }

    #[track_caller]
    fn has(&self, name: &str, labels: &[(&str, &str)], wanted: f64) {
        let found = self.sum(name, labels);
        assert!((found - wanted).abs() < 1e-9, "{name} {labels:?} is {found}, not {wanted}:\n{:#?}", self.0);
    }
}

/// Asks under Messages, which tells all four counts of tokens.
fn ask(base: &str, model: &str, prompt: &str, stream: bool) -> crate::curl::Answer {
    let body = json!({
        "model": model, "max_tokens": 500, "stream": stream, "messages": [{"role": "user", "content": prompt}],
    });
    curl(&format!("{base}{MESSAGES}"), "", &["--header", "anthropic-version: 2023-06-01"], Some(&body.to_string()))
}

#[test]
#[ignore = "peers: Python"]
fn prometheus_reads_the_metrics() {
    let metrics = Arc::new(Metrics::new());
    let (odd, other) = ("a \"model\" with a \\ and a\nbreak", "another");
    metrics.know_models(&[odd]);
    let (arrival, key) = (Arrival::now(None, None), "a \"key\"");
    let begun = Begun { endpoint: MESSAGES, request_id: "1", key, method: "POST", arrival };
    let mut observation = Observation::begin(&metrics, &begun);
    observation.version("0123456789ab");
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
        repair: None,
    };
    observation.retried(&failure, Duration::ZERO);
    observation.fell_back(odd, other);
    metrics.guest_fault(&ProviderError::OutOfOrder { call: "push", missing: "a turn" });
    let blame = quarry_contract::blame::Blame::Client;
    let answer = ErrorAnswer { status: 400, kind: "invalid", message: "no", may_quote: false, member: None, blame };
    observation.refused(&answer);
    drop(observation);
    read_by("prometheus_reads_the_metrics.py", &metrics.render());
}

#[test]
#[ignore = "peers: curl, Python"]
fn what_was_asked_and_answered_is_counted() {
    let gateway = Gateway::start(&format!(
        r#"{{
            agents: {{ defaults: {{
                model: {{ primary: "amazon-bedrock/{CLAUDE}", fallbacks: ["amazon-bedrock/{NOVA}"] }},
                models: {{ "amazon-bedrock/sim.http.429": {{ alias: "busy" }} }},
            }} }},
            quarry: {{ retry: {{ attempts: 2, baseMilliseconds: 1, mostMilliseconds: 1 }} }},
        }}"#
    ));
    let base = &gateway.base;

    // The counts of tokens are those that the clients got.
    let whole = ask(base, CLAUDE, "Say something", false).json();
    let streamed = ask(base, &format!("amazon-bedrock/{CLAUDE}"), "Say something else", true).events();
    let (begun, ended) = (&streamed[0]["message"]["usage"], &streamed[streamed.len() - 2]["usage"]);
    let scrape = Scrape::of(base);
    for (kind, member) in [
        ("input", "input_tokens"),
        ("output", "output_tokens"),
        ("cache_read", "cache_read_input_tokens"),
        ("cache_write", "cache_creation_input_tokens"),
    ] {
        let told = [&whole["usage"], if ended[member].is_u64() { ended } else { begun }];
        let told: u64 = told.iter().map(|usage| usage[member].as_u64().expect("a count")).sum();
        assert!(told > 0 || kind.starts_with("cache"), "{kind}: {whole:#} {ended:#}");
        scrape.has(
            "quarry_tokens_total",
            &[("model", CLAUDE), ("kind", kind)],
            f64::from(u32::try_from(told).unwrap_or(0)),
        );
    }
    let ok = [("endpoint", MESSAGES), ("model", CLAUDE), ("status", "2xx"), ("outcome", "ok")];
    scrape.has("quarry_requests_total", &ok, 2.0);
    scrape.has("quarry_requests_total", &[], 2.0);
    scrape.has("quarry_time_to_first_delta_seconds_count", &[("model", CLAUDE)], 2.0);
    scrape.has("quarry_request_duration_seconds_count", &[("endpoint", MESSAGES)], 2.0);
    scrape.has("quarry_requests_in_flight", &[], 0.0);
    // A stream has an event for each delta, a few for the ends of blocks, and its beginning.
    let events = f64::from(u32::try_from(streamed.len()).expect("an answer is short"));
    let deltas = scrape.sum("quarry_deltas_total", &[("model", CLAUDE)]);
    assert!(deltas >= events && deltas <= 4.0 * events, "{deltas} deltas, {events} events");

    // A model that is throttled is asked twice, then the fallback answers.
    assert_eq!(ask(base, "busy", "Hello", false).status, 200);
    let scrape = Scrape::of(base);
    scrape.has("quarry_upstream_errors_total", &[("model", "sim.http.429"), ("kind", "throttled")], 2.0);
    scrape.has("quarry_upstream_errors_total", &[], 2.0);
    scrape.has("quarry_retries_total", &[("model", "sim.http.429")], 1.0);
    scrape.has("quarry_fallbacks_total", &[("from", "sim.http.429"), ("to", NOVA)], 1.0);
    scrape.has("quarry_requests_total", &[("model", NOVA), ("outcome", "ok")], 1.0);

    // A model that nobody knows has no label of its own, and a stream that breaks is no 2xx that went well.
    assert_eq!(ask(base, "no-such-model", "Hello", false).status, 404);
    let broken = ask(base, "sim.exception.internal-server.after-4", "Hello", true);
    assert_eq!((broken.status, &broken.events().last().expect("an event")["type"]), (200, &json!("error")));
    let scrape = Scrape::of(base);
    scrape.has("quarry_requests_total", &[("model", "other"), ("status", "4xx"), ("outcome", "error")], 1.0);
    let broke = [("model", "sim.exception.internal-server.after-4"), ("status", "2xx"), ("outcome", "error")];
    scrape.has("quarry_requests_total", &broke, 1.0);
    scrape.has("quarry_upstream_errors_total", &[broke[0], ("kind", "service")], 1.0);
    scrape.has("quarry_upstream_errors_total", &[("model", "other"), ("kind", "model-not-found")], 1.0);

    // The first listing asks AWS, the second does not.
    scrape.has("quarry_discovery_cache_reads_total", &[], 0.0);
    for _ in 0..2 {
        assert_eq!(curl(&format!("{base}/v1/models"), "", &[], None).status, 200);
    }
    let scrape = Scrape::of(base);
    scrape.has("quarry_discovery_cache_reads_total", &[("result", "miss")], 1.0);
    scrape.has("quarry_discovery_cache_reads_total", &[("result", "hit")], 1.0);
    scrape.has("quarry_guest_faults_total", &[], 0.0);
    gateway.stop();
}

#[test]
#[ignore = "peers: curl, Python"]
fn the_metrics_have_a_listener_of_their_own() {
    let configuration = format!(
        r#"{{ quarry: {{
            metrics: {{ listen: "127.0.0.1:0" }},
            keys: [{{ name: "clients", hash: "{}" }}],
        }} }}"#,
        hash(KEY)
    );
    let gateway = Gateway::start(&configuration);
    gateway.wait_for_log("metrics: http://", 1);
    let log = gateway.log();
    let told = log.lines().find_map(|line| line.trim().strip_prefix("metrics: ")).expect("it tells where they are");
    let metrics = told.strip_suffix("/metrics").expect("their path");
    let body =
        json!({"model": CLAUDE, "max_tokens": 50, "messages": [{"role": "user", "content": "Hello"}]}).to_string();
    let asks = |body: &str| curl(&format!("{}{MESSAGES}", gateway.base), KEY, &[], Some(body)).status;
    assert_eq!((asks(&body), asks("{}")), (200, 400));
    let scrape = Scrape::of(metrics);
    // A scrape is no client's connection, and takes none of a key's requests.
    scrape.has("quarry_connections_open", &[], 0.0);
    scrape.has("quarry_refused_total", &[], 0.0);
    let key = ("key", "clients");
    scrape.has("quarry_key_requests_total", &[key, ("outcome", "ok"), ("blame", "none")], 1.0);
    scrape.has("quarry_key_requests_total", &[key, ("outcome", "error"), ("blame", "client")], 1.0);
    assert!(scrape.sum("quarry_key_tokens_total", &[key, ("kind", "output")]) > 0.0);
    let served = |sample: &&Value| {
        sample["name"] == "quarry_version_requests_total"
            && sample["labels"]["outcome"] == "ok"
            && sample["value"] == 1.0
    };
    let version = scrape.0.iter().find(served).expect("the version that answered")["labels"]["version"].clone();
    let version = version.as_str().expect("a text");
    assert!(version.len() == 12 && version.bytes().all(|digit| digit.is_ascii_hexdigit()), "{version}");
    scrape.has("quarry_version_time_to_first_delta_seconds_count", &[("version", version)], 1.0);
    // Off the clients' port, and nothing else is here.
    let refused = curl(&format!("{}/metrics", gateway.base), KEY, &[], None);
    assert!(refused.status == 404 && refused.body.contains("quarry.metrics.listen"), "{refused:?}");
    let status = |path: &str, headers: &[&str]| curl(&format!("{metrics}{path}"), "", headers, None).status;
    for path in ["/", "/v1/models", "/healthz"] {
        assert_eq!(status(path, &[]), 404, "{path}");
    }
    assert_eq!(status("/metrics", &["--header", "origin: https://evil.example"]), 403);
    assert_eq!(status("/metrics", &["--header", "host: rebound.example"]), 403);
    gateway.stop();
}

#[test]
#[ignore = "peers: curl, Python"]
fn times_are_those_of_the_stream() {
    const SLOW: &str = "sim.slow.40";
    let gateway = Gateway::open();
    let answer = ask(&gateway.base, SLOW, &format!("echo {}", "many words ".repeat(30)), true);
    assert_eq!(answer.status, 200, "{answer:?}");
    let scrape = Scrape::of(&gateway.base);
    let model = [("model", SLOW)];
    let mean = |name: &str, labels: &[(&str, &str)]| {
        let part = |part: &str| scrape.sum(&format!("quarry_{name}_seconds_{part}"), labels);
        (part("sum") / part("count"), part("count"))
    };
    let (between, gaps) = mean("time_between_deltas", &model);
    assert!(gaps > 3.0 && (0.03..0.2).contains(&between), "{between} s in {gaps} gaps");
    let (first, _) = mean("time_to_first_delta", &model);
    assert!((0.04..2.0).contains(&first), "{first} s to the first delta");
    let (whole, _) = mean("request_duration", &[("endpoint", MESSAGES)]);
    assert!(whole > first + gaps * 0.03, "{whole} s in all");
    // One push for each read, of which a few bring nothing that is handed on.
    let (push, pushes) = mean("guest_push_duration", &[]);
    assert!(pushes > gaps && pushes <= gaps + 6.0, "{pushes} pushes, {gaps} gaps");
    assert!(push > 0.0 && push < 0.05, "{push} s a push");
    gateway.stop();
}

/// A gateway in this process, whose provider has these limits; gives its address.
async fn with_limits(limits: Limits) -> SocketAddr {
    let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
    let options = SimulatorOptions { pace: Pace::Instant, seed: 1 };
    let simulator = Simulator::bind(loopback, options).await.expect("loopback can be bound");
    let upstream = simulator.local_addr();
    tokio::spawn(simulator.run(std::future::pending()));
    let host = Arc::new(Host::new(limits).expect("there is an engine"));
    let cache = AotCache::new(compiled_components());
    let generation =
        Generation::load(&host, EMBEDDED_NAME, EMBEDDED, Some(&cache)).expect("the embedded component loads");
    let source = ConfigurationSource { environment: Environment::default(), ..ConfigurationSource::default() };
    let mut session = generation.session().expect("there is room for a session");
    let configuration = Configuration::load(&mut session, None, &source.environment, &[]).expect("nothing is wrong");
    let metrics = Arc::new(Metrics::new());
    let gateway = InProcess::new(generation, source, configuration, Some(upstream), metrics).await;
    let server = Server::bind(gateway.expect("there is a gateway"), loopback).await.expect("loopback can be bound");
    let address = server.local_addr();
    tokio::spawn(server.run(std::future::pending()));
    address
}

#[test]
#[ignore = "peers: curl, Python"]
fn a_provider_that_fails_is_counted_by_call_and_fault() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime can be built");
    let long = "word ".repeat(400_000);
    // What the provider has no memory for is refused before it is called, and its fault is nobody's.
    let base = format!("http://{}", runtime.block_on(with_limits(Limits { memory: 3 << 20, ..Limits::default() })));
    assert_eq!(ask(&base, CLAUDE, &long, false).status, 413);
    Scrape::of(&base).has("quarry_guest_faults_total", &[], 0.0);
    Scrape::of(&base).has("quarry_failed_requests_total", &[("blame", "client")], 1.0);
    let (fault, limits) = ("trap", Limits { lifted_bytes: 1 << 20, ..Limits::default() });
    let base = format!("http://{}", runtime.block_on(with_limits(limits)));
    assert_eq!(ask(&base, CLAUDE, "Hello", false).status, 200, "{fault}");
    let failed = ask(&base, CLAUDE, &long, false);
    assert_eq!(failed.status, 500, "{fault}: {failed:?}");
    let scrape = Scrape::of(&base);
    // It is run again on the same version: there is no other one.
    scrape.has("quarry_guest_faults_total", &[("call", "prepare"), ("fault", fault)], 2.0);
    scrape.has("quarry_guest_faults_total", &[], 2.0);
    scrape.has("quarry_upstream_errors_total", &[], 0.0);
    scrape.has("quarry_requests_total", &[("status", "5xx"), ("outcome", "error")], 1.0);
}
