//! The load generator: answers over HTTP/1.1, read as they come: concurrent ones, each on a connection of
//! its own, or ones at a rate. One thread, so that it
//! takes its turn on the machine as one client would.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::protocol::{Form, LONGEST_ORDER_S, Load, Order, Outcome, Percentiles, Rate, obey};
use crate::readers::StreamReader;

type Sender = SendRequest<Full<Bytes>>;

/// Connections that requests at a rate have at most. What is due while all are in use waits, and its wait counts.
const MOST_CONNECTIONS: usize = 256;

/// Carries out orders until the bench is over.
pub(crate) fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut held = Vec::new();
    obey(|order| {
        runtime.block_on(async {
            match order {
                Order::Read(load) => read(load).await,
                Order::Send(rate) => send(rate).await,
                Order::Hold { origin, connections } => hold(&origin, connections, &mut held).await,
                Order::Release => {
                    held.clear();
                    Outcome::default()
                }
            }
        })
    });
}

/// What one connection read, or one request.
#[derive(Default)]
struct Readings {
    deltas: u64,
    /// Of each delta, in nanoseconds.
    latencies: Vec<u64>,
    /// To the first byte of each answer, in nanoseconds.
    first_bytes: Vec<u64>,
    /// To the last.
    wholes: Vec<u64>,
}

impl Readings {
    fn add(&mut self, other: Readings) {
        self.deltas += other.deltas;
        self.latencies.extend(other.latencies);
        self.first_bytes.extend(other.first_bytes);
        self.wholes.extend(other.wholes);
    }
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
    outcome(connections, begun).await
}

/// Sends requests when they are due. Latencies count from then, so that one that waits for others is not flattered.
async fn send(rate: Rate) -> Outcome {
    let begun = Instant::now();
    let deadline = tokio::time::Instant::from_std(begun + Duration::from_secs(LONGEST_ORDER_S));
    let question = Arc::new(Question::of(&rate.origin, rate.form, &rate.model, rate.prompt, &rate.headers));
    let idle = Arc::new(Mutex::new(Vec::<Sender>::new()));
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut requests = JoinSet::new();
    for index in 0..rate.per_second * rate.seconds {
        let due = begun + Duration::from_secs(1).mul_f64(index as f64 / rate.per_second as f64);
        // Reads answers meanwhile: one thread does both.
        tokio::time::sleep_until(due.into()).await;
        let (question, idle, places) = (Arc::clone(&question), Arc::clone(&idle), Arc::clone(&places));
        let deltas = rate.deltas;
        requests.spawn(async move {
            let once = async {
                let _place = places.acquire().await.map_err(|error| error.to_string())?;
                let free = idle.lock().expect("nobody panics with it").pop();
                let mut sender = match free {
                    Some(sender) => sender,
                    None => connect(&question.origin).await?,
                };
                let readings = answer(&mut sender, &question, deltas, due).await?;
                idle.lock().expect("nobody panics with it").push(sender);
                Ok(readings)
            };
            tokio::time::timeout_at(deadline, once)
                .await
                .unwrap_or_else(|_| Err(format!("not done after {LONGEST_ORDER_S} s")))
        });
    }
    outcome(requests, begun).await
}

async fn outcome(mut tasks: JoinSet<Result<Readings, String>>, begun: Instant) -> Outcome {
    let mut outcome = Outcome::default();
    let mut all = Readings::default();
    while let Some(ended) = tasks.join_next().await {
        match ended.unwrap_or_else(|error| Err(error.to_string())) {
            Ok(readings) => all.add(readings),
            Err(failure) => outcome.fail(failure),
        }
    }
    outcome.elapsed_ns = begun.elapsed().as_nanos() as u64;
    let Readings { deltas, latencies, first_bytes, wholes } = all;
    outcome.deltas = deltas;
    outcome.answers = wholes.len() as u64;
    outcome.latency = Percentiles::of(latencies);
    outcome.first_byte = Percentiles::of(first_bytes);
    outcome.whole = Percentiles::of(wholes);
    outcome
}

/// Reads one answer after the other on a connection.
async fn connection(load: &Load) -> Result<Readings, String> {
    let question = Question::of(&load.origin, load.form, &load.model, 0, &load.headers);
    let mut sender = connect(&load.origin).await?;
    let mut all = Readings::default();
    for _ in 0..load.rounds {
        all.add(answer(&mut sender, &question, load.deltas, Instant::now()).await?);
    }
    Ok(all)
}

/// What is asked.
struct Question {
    origin: String,
    form: Form,
    path: String,
    headers: Vec<(String, String)>,
    body: Bytes,
}

impl Question {
    fn of(origin: &str, form: Form, model: &str, prompt: usize, headers: &[(String, String)]) -> Self {
        // About as many tokens as a fifth of its bytes.
        let text = if prompt == 0 { "hi".to_owned() } else { "word ".repeat(prompt / 5) };
        let (path, body) = match form {
            Form::ChatCompletions => (
                "/v1/chat/completions".to_owned(),
                format!(
                    r#"{{"model":"{model}","messages":[{{"role":"user","content":"{text}"}}],"stream":true,"stream_options":{{"include_usage":true}}}}"#
                ),
            ),
            Form::Json => (
                "/v1/chat/completions".to_owned(),
                format!(r#"{{"model":"{model}","messages":[{{"role":"user","content":"{text}"}}]}}"#),
            ),
            Form::Frames => (
                format!("/model/{model}/converse-stream"),
                format!(r#"{{"messages":[{{"role":"user","content":[{{"text":"{text}"}}]}}],"inferenceConfig":{{}}}}"#),
            ),
        };
        Question { origin: origin.to_owned(), form, path, headers: headers.to_vec(), body: body.into() }
    }
}

/// Asks, and reads the answer; durations count from `begun`.
async fn answer(sender: &mut Sender, question: &Question, deltas: u64, begun: Instant) -> Result<Readings, String> {
    let Question { origin, form, path, headers, body } = question;
    sender.ready().await.map_err(|error| format!("the connection is gone: {error}"))?;
    let answer = sender.send_request(request(Method::POST, origin, path, headers, body.clone())?).await;
    let answer = answer.map_err(|error| format!("no answer: {error}"))?;
    let status = answer.status();
    let mut body = answer.into_body();
    if !status.is_success() {
        let text = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        return Err(format!("{status}: {}", String::from_utf8_lossy(&text)));
    }
    let mut reader = StreamReader::new(*form);
    let mut first_byte = None;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| format!("the stream broke off: {error}"))?;
        if let Some(bytes) = frame.data_ref() {
            first_byte.get_or_insert_with(|| begun.elapsed());
            reader.take(bytes)?;
        }
    }
    let whole = begun.elapsed().as_nanos() as u64;
    let (deltas, latencies) = reader.finish(deltas)?;
    let first_bytes = first_byte.map(|first| first.as_nanos() as u64).into_iter().collect();
    Ok(Readings { deltas, latencies, first_bytes, wholes: vec![whole] })
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
    let answer = sender.send_request(request(Method::GET, origin, "/healthz", &[], Bytes::new())?).await;
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

fn request(
    method: Method,
    origin: &str,
    path: &str,
    headers: &[(String, String)],
    body: Bytes,
) -> Result<Request<Full<Bytes>>, String> {
    let host = origin.strip_prefix("http://").unwrap_or(origin);
    let request = Request::builder().method(method).uri(path).header("host", host);
    let request = request.header("content-type", "application/json").header("authorization", "Bearer sk-bench");
    let request = headers.iter().fold(request, |request, (name, value)| request.header(name, value));
    request.body(Full::new(body)).map_err(|error| error.to_string())
}
