//! A whole drained stream: from a server on loopback through the AWS SDK, the frames, the sandboxed provider and pi's events as
//! text, against the SDK's own typed receiver that drains the same bytes and renders nothing. CPU time of the one thread that
//! drains; the server has a thread of its own.

mod support;

use std::hint::black_box;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message as Frame};
use bytes::Bytes;
use quarry_aws::{AllowedRegions, Aws, AwsOptions, Region, Source};
use quarry_contract::conversation::Delta;
use quarry_embedded::{EMBEDDED, EMBEDDED_NAME};
use quarry_gateway::{Ask, run};
use quarry_pi::events::write_event;
use quarry_pi::message::Fold;
use quarry_provider_host::{Generation, Host, Limits};
use support::typed::{message, typed_client};
use support::{answer, median, model, thread_cpu_ns};

const MODEL: &str = "anthropic.claude-sonnet-4-20250514-v1:0";

/// How the server hands the events out.
#[derive(Clone, Copy)]
enum Pace {
    /// As fast as the socket takes them: many events come in a read.
    Bulk,
    /// One event in a write, and a pause that is long enough for the reader to be asleep again.
    Alone,
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    println!("drained stream, CPU µs an event (median)   SDK typed    quarry     ratio");
    for (pace, name, deltas, rounds) in
        [(Pace::Bulk, "many events in a read", 8_192, 31), (Pace::Alone, "each event alone", 1_024, 15)]
    {
        let events = deltas + 4;
        let endpoint = format!("http://{}", serve(pace, deltas));
        let (mut typed, mut ours) = (Vec::new(), Vec::new());
        runtime.block_on(async {
            let host = Arc::new(Host::new(Limits::default()).expect("an engine"));
            let generation = Generation::load(&host, EMBEDDED_NAME, EMBEDDED, None).expect("the embedded provider");
            let sdk = typed_client(&endpoint);
            let aws = our_client(&endpoint).await;
            for round in 0..=rounds {
                let start = thread_cpu_ns();
                drain_typed(&sdk, deltas).await;
                let between = thread_cpu_ns();
                drain_ours(&generation, &aws, deltas).await;
                let end = thread_cpu_ns();
                // The first round warms up.
                if round > 0 {
                    typed.push((between - start) as f64 / events as f64 / 1e3);
                    ours.push((end - between) as f64 / events as f64 / 1e3);
                }
            }
        });
        let (typed, ours) = (median(&mut typed), median(&mut ours));
        println!("{name:<40} {typed:>9.2} {ours:>9.2} {:>9.2}", ours / typed);
    }
}

/// The SDK's own typed receiver.
async fn drain_typed(client: &aws_sdk_bedrockruntime::Client, deltas: usize) {
    let mut stream =
        client.converse_stream().model_id(MODEL).messages(message()).send().await.expect("a stream").stream;
    let mut events = 0;
    while let Some(event) = stream.recv().await.expect("an event") {
        black_box(&event);
        events += 1;
    }
    assert_eq!(events, deltas + 4);
}

/// The gateway's path, and its events as JSON lines.
async fn drain_ours(generation: &Arc<Generation>, aws: &Aws, deltas: usize) {
    let session = generation.session().expect("an instance");
    let body = Bytes::from_static(br#"{"messages":[{"role":"user","content":[{"text":"hi"}]}],"inferenceConfig":{}}"#);
    let ask = Ask {
        model: model(),
        destination: AllowedRegions::new(region(), None).destination(MODEL).expect("a model of the region"),
        body,
        carry: Vec::new(),
        changes: Vec::new(),
        idle: Duration::from_secs(30),
        reference: None,
    };
    let mut fold = Fold::new("bedrock-converse-stream", "amazon-bedrock", MODEL, None);
    let mut text = Vec::new();
    let mut events = 0;
    let mut done = false;
    let mut sink = |batch: &[Delta]| {
        for delta in batch {
            fold.apply(delta);
            write_event(&mut text, delta, &fold);
            text.push(b'\n');
            events += usize::from(matches!(delta, Delta::TextDelta(_)));
            done |= matches!(delta, Delta::Done(_));
        }
        black_box(&text);
        text.clear();
        Ok(())
    };
    run(session, aws, ask, std::future::pending(), &mut sink).await.expect("a turn");
    assert!(done && events == deltas);
}

fn region() -> Region {
    Region::new("us-east-1").expect("a region")
}

async fn our_client(endpoint: &str) -> Aws {
    let options = AwsOptions {
        runtime_endpoint: Some(endpoint.to_owned()),
        source: Some(Source::Simulator),
        ..AwsOptions::new(region())
    };
    Aws::connect(options).await.expect("a client")
}

/// Serves the same answer to every request, one connection after the other.
fn serve(pace: Pace, deltas: usize) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
    let address = listener.local_addr().expect("an address");
    let frames: Vec<Vec<u8>> = answer(deltas).iter().map(|(name, payload)| frame(name, payload)).collect();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let connection = connection.expect("a connection");
            connection.set_nodelay(true).expect("no delay");
            let frames = frames.clone();
            std::thread::spawn(move || answer_requests(connection, &frames, pace));
        }
    });
    address
}

fn answer_requests(mut connection: TcpStream, frames: &[Vec<u8>], pace: Pace) {
    const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\n\
        transfer-encoding: chunked\r\nx-amzn-requestid: bench\r\n\r\n";
    let bulk: Vec<u8> = frames.chunks(16).flat_map(|frames| chunk(&frames.concat())).collect();
    while read_request(&mut connection) {
        if connection.write_all(HEAD).is_err() {
            return;
        }
        match pace {
            Pace::Bulk => drop(connection.write_all(&bulk)),
            Pace::Alone => {
                for frame in frames {
                    let _ = connection.write_all(&chunk(frame));
                    std::thread::sleep(Duration::from_micros(150));
                }
            }
        }
        if connection.write_all(b"0\r\n\r\n").is_err() {
            return;
        }
    }
}

/// Reads one request with a body; false at the end of the connection.
fn read_request(connection: &mut TcpStream) -> bool {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match connection.read(&mut buffer) {
            Ok(0) | Err(_) => return false,
            Ok(read) => request.extend_from_slice(&buffer[..read]),
        }
        let text = String::from_utf8_lossy(&request);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .and_then(|(_, length)| length.trim().parse::<usize>().ok())
            .unwrap_or(0);
        if body.len() >= length {
            return true;
        }
    }
}

fn chunk(bytes: &[u8]) -> Vec<u8> {
    let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
    chunk.extend_from_slice(bytes);
    chunk.extend_from_slice(b"\r\n");
    chunk
}

fn frame(name: &'static str, payload: &str) -> Vec<u8> {
    let header = |name: &'static str, value: &'static str| Header::new(name, HeaderValue::String(value.into()));
    let message = Frame::new_from_parts(
        vec![
            header(":event-type", name),
            header(":content-type", "application/json"),
            header(":message-type", "event"),
        ],
        Bytes::from(payload.to_owned()),
    );
    let mut bytes = Vec::new();
    write_message_to(&message, &mut bytes).expect("a frame");
    bytes
}
