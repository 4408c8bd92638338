//! The load generator: concurrent HTTP/1.1 streams, each on a connection of its own, read as they come. One thread, so that it
//! takes its turn on the machine as one client would.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::protocol::{Form, LONGEST_ORDER_S, Load, Order, Outcome, obey};
use crate::readers::StreamReader;

type Sender = SendRequest<Full<Bytes>>;

/// Carries out orders until the bench is over.
pub(crate) fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut held = Vec::new();
    obey(|order| {
        runtime.block_on(async {
            match order {
                Order::Read(load) => read(load).await,
                Order::Hold { origin, connections } => hold(&origin, connections, &mut held).await,
                Order::Release => {
                    held.clear();
                    Outcome::default()
                }
            }
        })
    });
}

async fn read(load: Load) -> Outcome {
    let begun = Instant::now();
    let deadline = tokio::time::Instant::from_std(begun + Duration::from_secs(LONGEST_ORDER_S));
    let mut connections = JoinSet::new();
    for index in 0..load.streams {
        let load = load.clone();
        let wait = Duration::from_millis(load.ramp_ms).mul_f64(index as f64 / load.streams as f64);
        connections.spawn(async move {
            tokio::time::sleep(wait).await;
            tokio::time::timeout_at(deadline, connection(&load))
                .await
                .unwrap_or_else(|_| Err(format!("not done after {LONGEST_ORDER_S} s")))
        });
    }
    let mut outcome = Outcome::default();
    let mut latencies = Vec::new();
    while let Some(ended) = connections.join_next().await {
        match ended.unwrap_or_else(|error| Err(error.to_string())) {
            Ok((deltas, some)) => {
                outcome.deltas += deltas;
                latencies.extend(some);
            }
            Err(failure) => outcome.fail(failure),
        }
    }
    outcome.elapsed_ns = begun.elapsed().as_nanos() as u64;
    latencies.sort_unstable();
    let percentile = |hundredths: usize| latencies.get(latencies.len() * hundredths / 100).copied().unwrap_or(0);
    outcome.latency_p50_ns = percentile(50);
    outcome.latency_p99_ns = percentile(99);
    outcome
}

/// Reads one stream after the other on a connection.
async fn connection(load: &Load) -> Result<(u64, Vec<u64>), String> {
    let mut sender = connect(&load.origin).await?;
    let (mut deltas, mut latencies) = (0, Vec::new());
    for _ in 0..load.rounds {
        let (some, times) = stream(&mut sender, load).await?;
        deltas += some;
        latencies.extend(times);
    }
    Ok((deltas, latencies))
}

async fn stream(sender: &mut Sender, load: &Load) -> Result<(u64, Vec<u64>), String> {
    let (path, body) = match load.form {
        Form::ChatCompletions => ("/v1/chat/completions".to_owned(), chat_completions_body(&load.model)),
        Form::Frames => (format!("/model/{}/converse-stream", load.model), CONVERSE_BODY.to_owned()),
    };
    sender.ready().await.map_err(|error| format!("the connection is gone: {error}"))?;
    let answer = sender.send_request(request(Method::POST, &load.origin, &path, body)?).await;
    let answer = answer.map_err(|error| format!("no answer: {error}"))?;
    let status = answer.status();
    let mut body = answer.into_body();
    if !status.is_success() {
        let text = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        return Err(format!("{status}: {}", String::from_utf8_lossy(&text)));
    }
    let mut reader = StreamReader::new(load.form);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| format!("the stream broke off: {error}"))?;
        if let Some(bytes) = frame.data_ref() {
            reader.take(bytes)?;
        }
    }
    reader.finish(load.deltas)
}

/// Opens connections, asks each for `/healthz` once so that it is one that has served, and keeps them.
async fn hold(origin: &str, connections: usize, held: &mut Vec<Sender>) -> Outcome {
    let mut outcome = Outcome::default();
    for _ in 0..connections {
        match asked_once(origin).await {
            Ok(sender) => held.push(sender),
            Err(failure) => outcome.fail(failure),
        }
    }
    outcome
}

async fn asked_once(origin: &str) -> Result<Sender, String> {
    let mut sender = connect(origin).await?;
    let answer = sender.send_request(request(Method::GET, origin, "/healthz", String::new())?).await;
    let answer = answer.map_err(|error| format!("no answer: {error}"))?;
    let status = answer.status();
    answer.into_body().collect().await.map_err(|error| format!("the answer broke off: {error}"))?;
    if status.is_success() { Ok(sender) } else { Err(format!("/healthz: {status}")) }
}

async fn connect(origin: &str) -> Result<Sender, String> {
    let authority = origin.strip_prefix("http://").ok_or("the origin is not http")?;
    let connection = TcpStream::connect(authority).await.map_err(|error| format!("cannot connect: {error}"))?;
    connection.set_nodelay(true).map_err(|error| error.to_string())?;
    let (sender, connection) = handshake(TokioIo::new(connection)).await.map_err(|error| error.to_string())?;
    // What goes wrong with the connection reaches whoever waits for an answer on it.
    tokio::spawn(async move { drop(connection.await) });
    Ok(sender)
}

fn request(method: Method, origin: &str, path: &str, body: String) -> Result<Request<Full<Bytes>>, String> {
    let host = origin.strip_prefix("http://").unwrap_or(origin);
    let request = Request::builder().method(method).uri(path).header("host", host);
    let request = request.header("content-type", "application/json").header("authorization", "Bearer sk-bench");
    request.body(Full::new(body.into())).map_err(|error| error.to_string())
}

const CONVERSE_BODY: &str = r#"{"messages":[{"role":"user","content":[{"text":"hi"}]}],"inferenceConfig":{}}"#;

fn chat_completions_body(model: &str) -> String {
    format!(
        r#"{{"model":"{model}","messages":[{{"role":"user","content":"hi"}}],"stream":true,"stream_options":{{"include_usage":true}}}}"#
    )
}
