//! A client over a connection of its own, which is closed when its answer has ended.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::ways::Way;
use crate::gateway::Gateway;

/// How long an answer may take, a silence of the model included. What takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// An answer, come to its end.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Answer {
    /// A header's text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// An open connection.
struct Connection {
    sender: SendRequest<Full<Bytes>>,
    driver: JoinHandle<hyper::Result<()>>,
}

impl Connection {
    async fn open(base: &str) -> Result<Self, String> {
        let address = base.strip_prefix("http://").unwrap_or(base);
        let stream = TcpStream::connect(address).await.map_err(|error| format!("no connection: {error}"))?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
        Ok(Connection { sender, driver: tokio::spawn(connection) })
    }

    async fn send(&mut self, way: Way, model: &str, prompt: &str) -> Result<Response<Incoming>, String> {
        let body = way.body(model, prompt).to_string();
        let request = Request::post(way.endpoint.path())
            .header("host", "localhost")
            .header("content-type", "application/json")
            .body(Full::from(body))
            .map_err(|error| error.to_string())?;
        self.sender.send_request(request).await.map_err(|error| format!("no answer: {error}"))
    }

    /// Closes it, and waits until it is closed.
    async fn close(self) {
        drop(self.sender);
        // How it ended says nothing that the answer did not.
        let _ = self.driver.await;
    }

    /// Closes it in the middle of whatever it does.
    async fn abort(self) {
        self.driver.abort();
        let _ = self.driver.await;
    }
}

/// Asks, and reads the whole answer.
pub(super) async fn ask(gateway: &Gateway, way: Way, model: &str, prompt: &str) -> Result<Answer, String> {
    let asking = async {
        let mut connection = Connection::open(&gateway.base).await?;
        let (parts, body) = connection.send(way, model, prompt).await?.into_parts();
        let body = body.collect().await.map_err(|error| format!("the body broke off: {error}"))?.to_bytes();
        connection.close().await;
        let body = String::from_utf8(body.to_vec()).map_err(|error| format!("not UTF-8: {error}"))?;
        Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
    };
    in_time(asking).await.map_err(|error| format!("{model} at {way:?}: {error}"))
}

/// When a client goes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaves {
    /// So long after it has sent the request, with nothing read.
    WithoutReading(Duration),
    /// With the first bytes of the body read.
    AfterTheFirstBytes,
}

/// Asks, and goes away in the middle. An answer that has ended by then is no mistake.
pub(super) async fn ask_and_leave(
    gateway: &Gateway,
    way: Way,
    model: &str,
    prompt: &str,
    when: Leaves,
) -> Result<(), String> {
    let asking = async {
        let mut connection = Connection::open(&gateway.base).await?;
        match when {
            Leaves::WithoutReading(after) => {
                // The head of a stream may come in this time.
                let _ = tokio::time::timeout(after, connection.send(way, model, prompt)).await;
            }
            Leaves::AfterTheFirstBytes => {
                let mut response = connection.send(way, model, prompt).await?;
                response.frame().await.transpose().map_err(|error| format!("no first bytes: {error}"))?;
            }
        }
        connection.abort().await;
        Ok(())
    };
    in_time(asking).await
}

async fn in_time<T>(asking: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    tokio::time::timeout(PATIENCE, asking).await.unwrap_or_else(|_| Err(format!("it hangs: nothing in {PATIENCE:?}")))
}

/// The text at a path.
pub(super) async fn get(gateway: &Gateway, path: &str) -> Result<String, String> {
    in_time(async {
        let mut connection = Connection::open(&gateway.base).await?;
        let request = Request::get(path).header("host", "localhost").body(Full::default());
        let request = request.map_err(|error| error.to_string())?;
        let response = connection.sender.send_request(request).await.map_err(|error| error.to_string())?;
        let body = response.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes();
        connection.close().await;
        String::from_utf8(body.to_vec()).map_err(|error| error.to_string())
    })
    .await
}
