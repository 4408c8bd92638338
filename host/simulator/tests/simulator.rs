//! The AWS SDK for Rust, and a plain socket, read the simulator. What other programs make of it is in `peers.rs`.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
use aws_sdk_bedrockruntime::error::ProvideErrorMetadata as _;
use aws_sdk_bedrockruntime::types::{
    ContentBlock, ContentBlockDelta, ConversationRole, ConverseStreamOutput, ConverseTokensRequest, CountTokensInput,
    Message, StopReason, Tool, ToolConfiguration, ToolInputSchema, ToolSpecification,
};
use aws_smithy_types::Document;
use quarry_simulator::{Pace, Simulator, SimulatorOptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const NOVA: &str = "amazon.nova-lite-v1:0";

async fn simulator(pace: Pace) -> SocketAddr {
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let simulator = Simulator::bind(address, SimulatorOptions { pace, seed: 1 }).await.expect("loopback can be bound");
    let address = simulator.local_addr();
    tokio::spawn(simulator.run(std::future::pending()));
    address
}

fn client(address: SocketAddr) -> Client {
    let config = aws_sdk_bedrockruntime::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(Credentials::new("AKIDSIMULATOR", "not-a-secret", None, None, "test"))
        .endpoint_url(format!("http://{address}"))
        .retry_config(RetryConfig::disabled())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    Client::from_conf(config)
}

fn user(text: &str) -> Message {
    let message = Message::builder().role(ConversationRole::User).content(ContentBlock::Text(text.to_owned()));
    message.build().expect("has a role and content")
}

/// The joined text, the joined arguments and the stop reason of a stream, or the error that ended it: its code over HTTP, its debug form in mid-stream.
async fn stream(
    client: &Client,
    model: &str,
    prompt: &str,
    tools: Option<ToolConfiguration>,
) -> Result<(String, String, Option<StopReason>), String> {
    let answer = client.converse_stream().model_id(model).messages(user(prompt)).set_tool_config(tools).send().await;
    let mut answer = answer.map_err(|error| error.code().unwrap_or("no code").to_owned())?;
    // An exception in a stream has a type and no code.
    let (mut text, mut arguments, mut stop) = (String::new(), String::new(), None);
    loop {
        match answer.stream.recv().await.map_err(|error| format!("{error:?}"))? {
            None => return Ok((text, arguments, stop)),
            Some(ConverseStreamOutput::ContentBlockDelta(event)) => match event.delta {
                Some(ContentBlockDelta::Text(piece)) => text.push_str(&piece),
                Some(ContentBlockDelta::ToolUse(piece)) => arguments.push_str(piece.input()),
                _ => {}
            },
            Some(ConverseStreamOutput::MessageStop(event)) => stop = Some(event.stop_reason),
            Some(_) => {}
        }
    }
}

#[tokio::test]
async fn the_rust_sdk_streams_text_and_tool_calls() {
    let client = client(simulator(Pace::Instant).await);
    let (text, _, stop) = stream(&client, NOVA, "Tell me about bedrock", None).await.expect("is a good stream");
    assert_eq!(stop, Some(StopReason::EndTurn));
    for part in ["\"Tell me about bedrock\"", "simulator", NOVA, "eu-west-1"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    let schema = Document::Object([("type".to_owned(), Document::String("object".to_owned()))].into());
    let clock = ToolSpecification::builder()
        .name("clock")
        .input_schema(ToolInputSchema::Json(schema))
        .build()
        .expect("is whole");
    let tools = ToolConfiguration::builder().tools(Tool::ToolSpec(clock)).build().expect("has a tool");
    let (_, arguments, stop) = stream(&client, NOVA, "Read the clock", Some(tools)).await.expect("is a good stream");
    assert_eq!((arguments.as_str(), stop), ("{}", Some(StopReason::ToolUse)));
}

#[tokio::test]
async fn the_rust_sdk_meets_faults() {
    let client = client(simulator(Pace::Instant).await);
    for (model, code) in [
        ("no.such-model", "ValidationException"),
        ("us.amazon.nova-lite-v1:0", "ValidationException"),
        ("sim.http.429", "ThrottlingException"),
        ("sim.http.403-expired", "ExpiredTokenException"),
        ("sim.exception.throttling.after-2", "ThrottlingException(ThrottlingException"),
        ("sim.exception.model-stream-error.after-0", "ModelStreamErrorException(ModelStreamErrorException"),
    ] {
        let error = stream(&client, model, "Hello", None).await.expect_err(model);
        assert!(error.contains(code), "{model}: {error}");
    }
    let (_, _, stop) =
        stream(&client, "sim.truncate.after-2", "Hello", None).await.expect("the SDK does not miss messageStop");
    assert_eq!(stop, None);
}

#[tokio::test]
async fn the_rust_sdk_counts_tokens() {
    let client = client(simulator(Pace::Instant).await);
    let count = async |model: &str| {
        let converse = ConverseTokensRequest::builder().messages(user("How many tokens is this?")).build();
        let answer = client.count_tokens().model_id(model).input(CountTokensInput::Converse(converse)).send().await;
        answer.map(|counted| counted.input_tokens).map_err(|error| error.code().unwrap_or("no code").to_owned())
    };
    let asked = client.converse().model_id(NOVA).messages(user("How many tokens is this?")).send().await;
    let usage = asked.expect("is a good answer").usage.expect("has usage");
    assert_eq!(count(NOVA).await, Ok(usage.input_tokens));
    assert_eq!(count("eu.amazon.nova-lite-v1:0").await, Err("ValidationException".to_owned()));
    assert_eq!(count("sim.http.404").await, Err("ResourceNotFoundException".to_owned()));
    assert_eq!(count("sim.exception.internal-server").await, Err("InternalServerException".to_owned()));
}

#[tokio::test]
async fn a_model_takes_its_time() {
    let client = client(simulator(Pace::Model).await);
    let began = Instant::now();
    let (text, _, _) = stream(&client, NOVA, "echo a few words", None).await.expect("is a good stream");
    assert_eq!(text, "a few words");
    assert!(began.elapsed() >= Duration::from_millis(280), "{:?}", began.elapsed());
}

#[tokio::test]
async fn nobody_else_can_reach_it() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let address: SocketAddr = address.parse().expect("is an address");
        let error = Simulator::bind(address, SimulatorOptions::default()).await.expect_err("is not loopback");
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput, "{address}: {error}");
        assert!(error.to_string().contains(&address.to_string()), "{error}");
    }
}

#[tokio::test]
async fn shutdown_ends_open_streams() {
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let simulator = Simulator::bind(address, SimulatorOptions { pace: Pace::Instant, seed: 1 })
        .await
        .expect("loopback can be bound");
    let client = client(simulator.local_addr());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(simulator.run(async { drop(stopped.await) }));
    let silent = tokio::spawn(async move { stream(&client, "sim.silence.after-2", "Hello", None).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!silent.is_finished(), "silence lasts");
    drop(stop);
    let ended = tokio::time::timeout(Duration::from_secs(5), async { (server.await, silent.await) })
        .await
        .expect("both end at once");
    assert!(ended.0.expect("does not panic").is_ok());
    assert!(ended.1.expect("does not panic").is_err(), "a cut connection is an error");
}

/// Sends a request by hand and gives the head of the answer and its body, as they came.
async fn raw(address: SocketAddr, request: &str) -> (String, Vec<u8>) {
    let mut socket = TcpStream::connect(address).await.expect("the simulator listens");
    socket.write_all(request.as_bytes()).await.expect("can be sent");
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.expect("the simulator closes when asked to");
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("has a head");
    (String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase(), answer[end + 4..].to_vec())
}

fn post(path: &str, headers: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[tokio::test]
async fn answers_have_the_headers_of_the_service() {
    let address = simulator(Pace::Instant).await;
    let body = r#"{"messages":[{"role":"user","content":[{"text":"Hello"}]}]}"#;
    let bearer = "authorization: Bearer abc\r\n";
    let (head, _) = raw(address, &post("/model/amazon.nova-lite-v1%3A0/converse-stream", bearer, body)).await;
    for part in [
        "200 ok",
        "content-type: application/vnd.amazon.eventstream",
        "x-amzn-requestid: ",
        "transfer-encoding: chunked",
    ] {
        assert!(head.contains(part), "{part} is not in {head}");
    }
    assert!(!head.contains("content-length"), "{head}");
    for (path, headers, body, status, name) in [
        ("/model/amazon.nova-lite-v1%3A0/converse", "", body, "403", "missingauthenticationtokenexception"),
        (
            "/model/amazon.nova-lite-v1%3A0/converse",
            "authorization: AWS4-HMAC-SHA256 x\r\n",
            body,
            "403",
            "incompletesignatureexception",
        ),
        ("/model/amazon.nova-lite-v1%3A0/converse", bearer, "{", "400", "validationexception"),
        ("/model/amazon.nova-lite-v1%3A0/converse", bearer, "[1]", "400", "validationexception"),
        ("/model/amazon.nova-lite-v1:0/invoke", bearer, body, "404", "unknownoperationexception"),
        ("/model/a%2/converse", bearer, body, "404", "unknownoperationexception"),
        ("/", bearer, body, "404", "unknownoperationexception"),
    ] {
        let (head, answer) = raw(address, &post(path, headers, body)).await;
        let answer: serde_json::Value = serde_json::from_slice(&answer).expect("an error is JSON");
        assert!(
            head.contains(&format!(" {status} ")) && head.contains(&format!("x-amzn-errortype: {name}:http")),
            "{path}: {head}"
        );
        assert!(answer["message"].as_str().is_some_and(|message| !message.is_empty()), "{path}: {answer}");
        assert!(head.contains("x-amzn-requestid: "), "{head}");
    }
}

#[tokio::test]
async fn the_same_request_gives_the_same_bytes() {
    let address = simulator(Pace::Instant).await;
    let body = r#"{"messages":[{"role":"user","content":[{"text":"count to 50"}]}]}"#;
    let request = post("/model/sim.no-metadata/converse-stream", "authorization: Bearer abc\r\n", body);
    let (first, second) = (raw(address, &request).await, raw(address, &request).await);
    // How the bytes fall into chunks depends on the socket only where a client reads slowly; here it reads all.
    assert_eq!(first.1, second.1);
    let id = |head: &str| head.lines().find(|line| line.starts_with("x-amzn-requestid")).map(ToOwned::to_owned);
    assert_ne!(id(&first.0), id(&second.0), "a request id is its request's own");
}
