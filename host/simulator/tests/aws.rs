//! The gateway's client of AWS against the simulator: tokens counted as the provider asks for it, and tries counted.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use quarry_aws::{AllowedRegions, Aws, AwsOptions, ConverseRequest, Destination, Received, Region, Source};
use quarry_contract::RequestKind;
use quarry_contract::blobs::join;
use quarry_contract::conversation::{Ending, Prepared, RequestSettings};
use quarry_contract::json::model::default_model;
use quarry_contract::json::options::OptionsForm;
use quarry_contract::json::settings::default_settings;
use quarry_contract::types::{ApiStage, Model};
use quarry_embedded::{EMBEDDED, EMBEDDED_NAME};
use quarry_pi::context::read_context;
use quarry_provider_host::{AotCache, Generation, Host, Limits};
use quarry_simulator::{Pace, Simulator, SimulatorOptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

async fn simulator() -> SocketAddr {
    let options = SimulatorOptions { pace: Pace::Instant, seed: 1 };
    let simulator = Simulator::bind(loopback(), options).await.expect("loopback can be bound");
    let address = simulator.local_addr();
    tokio::spawn(simulator.run(std::future::pending()));
    address
}

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

async fn client(address: SocketAddr, attempts: Option<u32>) -> Aws {
    let options = AwsOptions {
        runtime_endpoint: Some(format!("http://{address}")),
        source: Some(Source::Simulator),
        attempts,
        ..AwsOptions::new(region())
    };
    Aws::connect(options).await.expect("the endpoint is a URL")
}

fn region() -> Region {
    Region::new("us-east-1").expect("a region")
}

fn destination(model_id: &str) -> Destination {
    AllowedRegions::new(region(), None).destination(model_id).expect("a model of the region")
}

fn request(model_id: &str, body: &'static str) -> ConverseRequest {
    ConverseRequest { destination: destination(model_id), body: Bytes::from_static(body.as_bytes()) }
}

const HELLO: &str = r#"{"messages":[{"role":"user","content":[{"text":"Hello"}]}]}"#;
/// The longest that an answer may take.
const LONGEST: Duration = Duration::from_secs(10);
const COUNT_HELLO: &str = r#"{"input":{"converse":{"messages":[{"role":"user","content":[{"text":"Hello"}]}]}}}"#;

/// What stands between a client and the simulator, and counts the requests that pass.
async fn counting(simulator: SocketAddr) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(loopback()).await.expect("loopback can be bound");
    let address = listener.local_addr().expect("it is bound");
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&requests);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(simulator).await.expect("the simulator listens");
            tokio::spawn(pass(client, server, Arc::clone(&counted)));
        }
    });
    (address, requests)
}

async fn pass(client: TcpStream, server: TcpStream, requests: Arc<AtomicUsize>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let back = tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = from_client.read(&mut buffer).await {
        // The requests are small, so that each comes in one read.
        requests.fetch_add(buffer[..read].windows(6).filter(|bytes| bytes == b"POST /").count(), Ordering::Relaxed);
        if to_server.write_all(&buffer[..read]).await.is_err() {
            break;
        }
    }
    drop(to_server);
    let _ = back.await;
}

#[tokio::test]
async fn a_count_is_the_tokens_that_asking_would_use() {
    let host = Arc::new(Host::new(Limits::default()).expect("there is an engine"));
    let cache = AotCache::new(Path::new(env!("CARGO_TARGET_TMPDIR")).join("quarry-cache/aot"));
    let generation =
        Generation::load(&host, EMBEDDED_NAME, EMBEDDED, Some(&cache)).expect("the embedded provider is one");
    let aws = client(simulator().await, Some(1)).await;
    let text = r#"{"systemPrompt":"Be brief.","messages":[{"role":"user","content":[
        {"type":"text","text":"What is this?"},{"type":"image","data":"iVBORw0KGgo=","mimeType":"image/png"}]}],
        "tools":[{"name":"look","description":"Looks.","parameters":{"type":"object","properties":{}}}]}"#;
    let prepare = |kind: RequestKind, options: &str| {
        let mut session = generation.session().expect("there is room for a session");
        let id = "us.anthropic.claude-sonnet-4-6".to_owned();
        let model = Model { id, input: vec!["text".to_owned(), "image".to_owned()], ..default_model() };
        let (context, blobs) = read_context(text).expect("the context is right");
        let options: OptionsForm = serde_json::from_str(options).expect("the options are right");
        let destination = destination(&model.id);
        let region = destination.region().as_str();
        let prepared = session
            .prepare(kind, &RequestSettings::from(&default_settings()), region, &model, &context, &options.into())
            .expect("the provider answers");
        let Prepared { model_id, body, .. } = prepared.expect("the request has no problems");
        let destination = destination.for_model(&model_id).expect("a model of the region");
        ConverseRequest { destination, body: join(&body, &blobs).expect("its blobs are there") }
    };
    let count = prepare(RequestKind::TokenCount, r#"{"cacheRetention":"none"}"#);
    assert_eq!(count.destination.model_id(), "anthropic.claude-sonnet-4-6");
    let counted = aws.count_tokens(count, LONGEST).await.expect("the simulator counts");
    let asked = prepare(RequestKind::Answer, r#"{"cacheRetention":"none"}"#);
    let mut stream = aws.converse_stream(asked, Duration::from_secs(5)).await.expect("the simulator answers");
    let mut all = Vec::new();
    loop {
        match stream.receive().await {
            Received::Frames(batch) => all.extend_from_slice(&batch.bytes),
            Received::Ended(ending) => break assert_eq!(ending, Ending::Complete),
        }
    }
    let all = String::from_utf8_lossy(&all);
    assert!(counted > 1500 && all.contains(&format!("\"inputTokens\":{counted},")), "{counted} in {all}");
}

/// The first line of the next request that comes, which is not answered.
async fn first_line(listener: TcpListener) -> String {
    let (mut client, _) = listener.accept().await.expect("a client comes");
    let mut head = Vec::new();
    while !head.windows(2).any(|bytes| bytes == b"\r\n") {
        assert!(client.read_buf(&mut head).await.expect("a request can be read") > 0, "the client went away");
    }
    String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn an_arn_is_one_label_of_the_path() {
    let listener = TcpListener::bind(loopback()).await.expect("loopback can be bound");
    let aws = client(listener.local_addr().expect("it is bound"), Some(1)).await;
    let arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3";
    let line = tokio::spawn(first_line(listener));
    let asked = aws.converse_stream(request(arn, HELLO), LONGEST).await;
    assert_eq!(asked.map(|_| ()).expect_err("nobody answers").stage, ApiStage::Connect);
    let encoded = arn.replace(':', "%3A").replace('/', "%2F");
    assert_eq!(line.await.expect("it has a line"), format!("POST /model/{encoded}/converse-stream HTTP/1.1"));
}

#[tokio::test]
async fn a_count_that_fails_says_how() {
    let address = simulator().await;
    let aws = client(address, Some(1)).await;
    let failed = async |model: &str| aws.count_tokens(request(model, COUNT_HELLO), LONGEST).await.expect_err(model);
    let profile = failed("us.amazon.nova-lite-v1:0").await;
    assert_eq!((profile.operation.as_str(), &profile.stage), ("CountTokens", &ApiStage::Response));
    assert_eq!(profile.message.as_deref(), Some("The provided model doesn't support counting tokens."));
    assert!(profile.request_id.is_some());
    assert_eq!(failed("sim.http.429").await.status, Some(429));
    // Half of the answer is no count.
    let half = failed("sim.truncate").await;
    assert_eq!((&half.stage, half.status), (&ApiStage::Unreadable, Some(200)));
    assert!(half.message.is_some_and(|message| message.contains("no count")));
    assert_eq!(failed("sim.reset").await.stage, ApiStage::Connect);
    let silent = aws.count_tokens(request("sim.silence", COUNT_HELLO), Duration::from_millis(50)).await;
    assert_eq!(silent.expect_err("nothing comes").stage, ApiStage::Timeout);
    let nobody = TcpListener::bind(loopback()).await.expect("loopback can be bound");
    let address = nobody.local_addr().expect("it is bound");
    drop(nobody);
    let asked = request("x", COUNT_HELLO);
    let error = client(address, Some(1)).await.count_tokens(asked, LONGEST).await.expect_err("nobody is there");
    assert_eq!(error.stage, ApiStage::Connect);
}

#[tokio::test]
async fn the_sdk_tries_as_often_as_it_is_told() {
    let simulator = simulator().await;
    for (attempts, expected) in [(Some(1), 1), (Some(0), 1), (Some(2), 2), (None, 3)] {
        let (address, requests) = counting(simulator).await;
        let aws = client(address, attempts).await;
        let asked = aws.converse_stream(request("sim.http.503", HELLO), Duration::from_secs(20)).await;
        assert_eq!(asked.map(|_| ()).expect_err("it fails each time").status, Some(503));
        assert_eq!(requests.load(Ordering::Relaxed), expected, "{attempts:?}");
    }
}
