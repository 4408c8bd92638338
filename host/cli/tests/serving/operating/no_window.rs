//! Clients of HTTP/2 that open no window, or ask nothing any more: nothing of the gateway is theirs for longer than its limits say.

use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustix::process::Signal;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use super::client::{ENDPOINTS, body, error_event, is_finished};
use super::upstream::{Play, Upstream};
use crate::gateway::Gateway;

/// It speaks as fast as it can and does not end.
const MODEL: &str = "us.anthropic.claude-sonnet-4-6";

/// Far above every limit that is set here.
const PATIENCE: Duration = Duration::from_secs(60);

type Sender = SendRequest<Full<Bytes>>;

/// A connection whose streams may send so many bytes until they are read.
async fn connect(gateway: &Gateway, window: u32) -> (Sender, JoinHandle<Result<(), hyper::Error>>) {
    let address = gateway.base.strip_prefix("http://").expect("the base is plain http");
    let stream = TcpStream::connect(address).await.expect("the gateway listens");
    let mut builder = Builder::new(TokioExecutor::new());
    builder.initial_stream_window_size(window);
    let (sender, connection) = builder.handshake(TokioIo::new(stream)).await.expect("it speaks HTTP/2");
    (sender, tokio::spawn(connection))
}

fn request(path: &str) -> Request<Full<Bytes>> {
    Request::post(format!("http://localhost{path}"))
        .header("content-type", "application/json")
        .body(Full::from(body(path, MODEL, "talk", true).to_string()))
        .expect("it is a request")
}

/// Streams without an end on one connection.
struct Streams {
    gateway: Gateway,
    upstream: Upstream,
    runtime: Runtime,
    responses: Vec<Response<Incoming>>,
    began: Instant,
}

impl Streams {
    /// Asks each endpoint, with this window for each answer.
    fn ask(members: &str, window: u32) -> Self {
        let upstream = Upstream::start();
        let gateway = Gateway::behind(&upstream.configuration(members));
        let runtime = Runtime::new().expect("a runtime");
        upstream.plays(MODEL, vec![Play::Endless; ENDPOINTS.len()]);
        let began = Instant::now();
        let responses = runtime.block_on(async {
            let (mut sender, _connection) = connect(&gateway, window).await;
            let mut responses = Vec::new();
            for path in ENDPOINTS {
                responses.push(sender.send_request(request(path)).await.expect("the head comes all the same"));
            }
            responses
        });
        Streams { gateway, upstream, runtime, responses, began }
    }

    /// Waits until no model is asked any more for these clients: since when they asked.
    fn wait_until_let_go(&self) -> Duration {
        while self.upstream.seen(MODEL).iter().any(|seen| seen.closed.is_none()) {
            assert!(self.began.elapsed() < PATIENCE, "they are still under way\n{}", self.gateway.log());
            thread::sleep(Duration::from_millis(20));
        }
        self.began.elapsed()
    }

    /// The answers, as far as the window lets them come.
    fn read(&mut self) -> Vec<String> {
        let responses = std::mem::take(&mut self.responses);
        self.runtime.block_on(async {
            let mut answers = Vec::new();
            for mut response in responses {
                let mut answer = Vec::new();
                while let Ok(Some(Ok(frame))) = tokio::time::timeout(Duration::from_secs(1), response.frame()).await {
                    answer.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data));
                }
                answers.push(String::from_utf8_lossy(&answer).into_owned());
            }
            answers
        })
    }
}

#[test]
fn a_turn_has_its_time_whoever_polls() {
    let streams = Streams::ask("quarry: { limits: { turnSeconds: 1, stallSeconds: 60 } }", 0);
    assert!(streams.wait_until_let_go() >= Duration::from_secs(1));
    assert_eq!(super::in_flight(&streams.gateway), 0);
    streams.gateway.stop();
}

#[test]
fn a_client_that_takes_nothing_is_let_go() {
    let streams = Streams::ask("quarry: { limits: { stallSeconds: 1 } }", 0);
    assert!(streams.wait_until_let_go() >= Duration::from_secs(1));
    assert_eq!(super::in_flight(&streams.gateway), 0);
    streams.gateway.stop();
}

#[test]
fn a_client_that_reads_again_finds_out_that_its_answer_was_ended() {
    let mut streams = Streams::ask("quarry: { limits: { stallSeconds: 1 } }", 1_000);
    streams.wait_until_let_go();
    for answer in streams.read() {
        assert!(!is_finished(&answer), "{answer}");
        assert!(error_event(&answer).is_some_and(|error| error.contains("stallSeconds")), "{answer}");
    }
    streams.gateway.stop();
}

#[test]
fn shutting_down_waits_for_nobody_who_takes_nothing() {
    let streams = Streams::ask("quarry: { drainSeconds: 0.3 }", 0);
    streams.gateway.signal(Signal::TERM);
    streams.wait_until_let_go();
    streams.gateway.ends();
}

#[test]
fn an_idle_connection_is_closed() {
    let upstream = Upstream::start();
    let gateway = Gateway::behind(&upstream.configuration("quarry: { limits: { headerSeconds: 1 } }"));
    Runtime::new().expect("a runtime").block_on(async {
        let (mut sender, connection) = connect(&gateway, 1 << 16).await;
        let health = Request::get("http://localhost/healthz").body(Full::default()).expect("it is a request");
        let response = sender.send_request(health).await.expect("it answers");
        response.into_body().collect().await.expect("it is whole");
        let closed =
            tokio::time::timeout(PATIENCE, connection).await.expect("it is closed").expect("it does not panic");
        closed.expect("it is closed in good order");
    });
    gateway.stop();
}
