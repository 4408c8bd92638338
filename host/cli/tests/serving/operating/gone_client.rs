//! A client that goes away: the request to AWS ends at once, wherever it is.

use std::net::Shutdown;
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use super::client::{Client, ENDPOINTS, WHOLE, body};
use super::upstream::{Play, Upstream};
use crate::gateway::Gateway;

/// Far shorter than what would end the request otherwise, and long for a machine that is busy.
const SOON: Duration = Duration::from_secs(30);

/// How a client leaves.
#[derive(Debug, Clone, Copy)]
enum Leaving {
    /// It closes its socket.
    Close,
    /// It says that it sends no more, and reads no more either: what a proxy does.
    HalfClose,
}

/// The endpoints, asked for a stream or for a whole answer.
fn ways() -> impl Iterator<Item = (&'static str, bool)> {
    ENDPOINTS.into_iter().map(|path| (path, true)).chain(WHOLE.into_iter().map(|path| (path, false)))
}

fn leave(client: Client, how: Leaving) -> Option<Client> {
    match how {
        Leaving::Close => None,
        Leaving::HalfClose => {
            client.socket().shutdown(Shutdown::Write).expect("it is open");
            Some(client)
        }
    }
}

/// The time from leaving until the gateway closed its connection for the one request for a model.
fn closed_after(upstream: &Upstream, model: &str, left: Instant) -> Duration {
    loop {
        let seen = upstream.seen(model);
        assert_eq!(seen.len(), 1, "it was asked once: {seen:?}");
        if let Some(closed) = seen[0].closed {
            return closed.saturating_duration_since(left);
        }
        assert!(left.elapsed() < Duration::from_secs(60), "{model} is still asked");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn the_request_to_aws_is_cancelled() {
    let upstream = Upstream::start();
    let gateway = Gateway::behind(&upstream.configuration("quarry: { keepAliveSeconds: 20 }"));
    // The simulator plays a fault for any number, and a number tells requests apart.
    let mut number = 20;
    for (path, stream) in ways() {
        for how in [Leaving::Close, Leaving::HalfClose] {
            // Before the first delta: the service has not answered, and the client has no headers.
            number += 1;
            let model = format!("sim.slow.{number}");
            upstream.plays(&model, [Play::Silence]);
            let mut client = Client::open(&gateway);
            client.post(path, &[], &body(path, &model, "count to 5000", stream));
            upstream.wait_for(&model, 1);
            let left = Instant::now();
            let _kept = leave(client, how);
            let took = closed_after(&upstream, &model, left);
            assert!(took < SOON, "{path}, stream {stream}, {how:?}, before the first delta: {took:?}");

            // In the middle.
            number += 1;
            let model = format!("sim.slow.{number}");
            let mut client = Client::open(&gateway);
            client.post(path, &[], &body(path, &model, "count to 5000", stream));
            upstream.wait_for(&model, 1);
            if stream {
                assert_eq!(client.head().status, 200, "{path}");
                assert!(client.chunk().expect("it goes on").is_some(), "{path}");
            } else {
                thread::sleep(Duration::from_millis(150));
            }
            let left = Instant::now();
            let _kept = leave(client, how);
            let took = closed_after(&upstream, &model, left);
            assert!(took < SOON, "{path}, stream {stream}, {how:?}, in the middle: {took:?}");
        }
    }
    gateway.stop();
}

/// Over HTTP/2 a client gives up one request, and its connection stays.
#[test]
fn a_request_that_is_reset_is_cancelled_and_its_connection_stays() {
    let upstream = Upstream::start();
    let gateway = Gateway::behind(&upstream.configuration("quarry: { keepAliveSeconds: 20 }"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let host = gateway.base.trim_start_matches("http://");
        let stream = TcpStream::connect(host).await.expect("it listens");
        let (mut sender, connection) =
            http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("it speaks HTTP/2");
        tokio::spawn(connection);
        for (number, (path, stream)) in (60..).zip(ways()) {
            for silent in [true, false] {
                let model = format!("sim.slow.{number}{}", u8::from(silent));
                if silent {
                    upstream.plays(&model, [Play::Silence]);
                }
                let text = body(path, &model, "count to 5000", stream).to_string();
                let request = Request::post(format!("{}{path}", gateway.base)).body(Full::new(Bytes::from(text)));
                let answer = sender.send_request(request.expect("a request"));
                let (asked, of) = (upstream.clone(), model.clone());
                // What is sent, is sent while it is waited for.
                let waiting = tokio::task::spawn_blocking(move || asked.wait_for(&of, 1));
                if stream && !silent {
                    let mut answer = answer.await.expect("it answers");
                    assert!(answer.body_mut().frame().await.is_some(), "{path}");
                } else {
                    waiting.await.expect("it is asked");
                    drop(answer);
                }
                let left = Instant::now();
                let asked = upstream.clone();
                let closing = tokio::task::spawn_blocking(move || closed_after(&asked, &model, left));
                let took = closing.await.expect("it is closed");
                assert!(took < SOON, "{path}, stream {stream}, silent {silent}: {took:?}");
            }
        }
        assert!(sender.is_ready(), "the connection stays");
    });
    gateway.stop();
}

#[test]
fn nothing_is_asked_again_for_a_client_that_is_gone() {
    let upstream = Upstream::start();
    let retry = "quarry: { retry: { attempts: 5, baseMilliseconds: 1, mostMilliseconds: 60000 } }";
    let gateway = Gateway::behind(&upstream.configuration(retry));
    for (number, (path, stream)) in (1..).zip(ways()) {
        let model = format!("sim.slow.{number}");
        // The client leaves in the wait before the second attempt.
        upstream.plays(&model, [Play::throttled("retry-after: 60\r\n")]);
        let mut client = Client::open(&gateway);
        client.post(path, &[], &body(path, &model, "count to 9", stream));
        upstream.wait_for(&model, 1);
    }
    let left = Instant::now();
    while super::in_flight(&gateway) > 0 {
        assert!(left.elapsed() < SOON, "it waits for clients that are gone");
        thread::sleep(Duration::from_millis(10));
    }
    for number in 1..=ways().count() {
        assert_eq!(upstream.seen(&format!("sim.slow.{number}")).len(), 1, "it was asked again");
    }
    gateway.stop();
}
