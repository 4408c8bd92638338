//! The same over one connection of HTTP/2: what one request meets is no matter of the others on its connection.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use super::ask::Answer;
use super::check::check;
use super::held::look;
use super::together::{at_once, nothing_wrong};
use super::ways::{EVERY_WAY, Way};
use super::{TEXT, every_fault, gateway};

/// Requests at once on the connection.
const AT_ONCE: usize = 32;

/// Ways of each fault: others for the next one.
const WAYS: usize = 3;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long the gateway may take to let go of what was left in the middle.
const NOTICED: Duration = Duration::from_secs(60);

type Sender = SendRequest<Full<Bytes>>;

fn request(way: Way, model: &str) -> Result<Request<Full<Bytes>>, String> {
    let body = way.body(model, &format!("echo {TEXT}")).to_string();
    Request::post(format!("http://localhost{}", way.endpoint.path()))
        .header("content-type", "application/json")
        .body(Full::from(body))
        .map_err(|error| error.to_string())
}

async fn ask(mut sender: Sender, way: Way, model: &str) -> Result<Answer, String> {
    let asking = async {
        let response = sender.send_request(request(way, model)?).await.map_err(|error| error.to_string())?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map_err(|error| format!("the body broke off: {error}"))?.to_bytes();
        let body = String::from_utf8(body.to_vec()).map_err(|error| error.to_string())?;
        Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
    };
    tokio::time::timeout(PATIENCE, asking).await.unwrap_or_else(|_| Err(format!("it hangs: nothing in {PATIENCE:?}")))
}

/// Asks, reads the first bytes, and resets the stream; the connection stays.
async fn leave(mut sender: Sender, way: Way, model: &str) -> Result<(), String> {
    let mut response = sender.send_request(request(way, model)?).await.map_err(|error| error.to_string())?;
    response.frame().await.transpose().map(drop).map_err(|error| format!("no first bytes: {error}"))
}

#[tokio::test]
async fn every_fault_on_one_connection_of_http2() {
    let gateway = Arc::new(gateway());
    let address = gateway.base.strip_prefix("http://").expect("the base is plain http");
    let stream = TcpStream::connect(address).await.expect("the gateway listens");
    let (sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("it speaks HTTP/2");
    let connection = tokio::spawn(connection);
    let requests =
        || every_fault().into_iter().flat_map(|played| vec![played; WAYS]).zip(EVERY_WAY.into_iter().cycle());
    // Half of the clients leave in the middle, beside the others.
    let requests = requests().flat_map(|(played, way)| [false, true].map(|leaves| (played.clone(), way, leaves)));
    let wrong = at_once(AT_ONCE, requests, |(played, way, leaves)| {
        let sender = sender.clone();
        async move {
            if leaves {
                return leave(sender, way, &played.model).await;
            }
            let answer = ask(sender, way, &played.model).await;
            check(&played, way, &answer.map_err(|error| format!("{} at {way:?}: {error}", played.model))?)
        }
    })
    .await;
    nothing_wrong(&gateway, &wrong);
    let ended = Instant::now();
    loop {
        let (held, _) = look(&gateway).await.unwrap_or_else(|error| panic!("{error}"));
        // The connection itself is still there, counted as a socket and as a metric.
        if (held.clients, held.sessions, held.requests) == (2, 0, 0) {
            break;
        }
        assert!(ended.elapsed() < NOTICED, "{held:?}\n{}", gateway.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    drop(sender);
    connection.await.expect("it is not cancelled").expect("it ends in good order");
    Arc::into_inner(gateway).expect("nobody asks any more").stop();
}
