//! Bedrock as the load sees it: `POST /model/{id}/converse-stream` on loopback, in a process of its own so that its CPU time is
//! not the gateway's. One thread, frames encoded beforehand.

use std::collections::HashMap;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body, Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::time::{Instant, Sleep};

use crate::clock::now_ns;
use crate::protocol::serve_until_told;
use crate::script::{Script, Stamped};

type Answer = UnsyncBoxBody<Bytes, Infallible>;

/// What all requests share.
struct Prepared {
    stamped: Arc<Stamped>,
    /// Answers at full speed, by script, made when first asked for.
    whole: Mutex<HashMap<Script, Arc<[Bytes]>>>,
}

/// Serves until the bench is over.
pub(crate) fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        serve_until_told(listener.local_addr().expect("a bound socket has an address"));
        let prepared = Arc::new(Prepared { stamped: Arc::new(Stamped::new()), whole: Mutex::default() });
        loop {
            let (connection, _) = listener.accept().await.expect("a connection");
            connection.set_nodelay(true).expect("a TCP socket has the option");
            let prepared = Arc::clone(&prepared);
            tokio::spawn(async move {
                let service = service_fn(|request| answer(request, &prepared));
                // A client that goes away is its own business: who reads finds out that something is missing.
                let _ = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(connection), service)
                    .await;
            });
        }
    });
}

async fn answer(request: Request<Incoming>, prepared: &Prepared) -> Result<Response<Answer>, hyper::Error> {
    let path = request.uri().path().to_owned();
    request.into_body().collect().await?;
    let model = path.strip_prefix("/model/").and_then(|rest| rest.strip_suffix("/converse-stream"));
    let Some(script) = model.and_then(Script::parse) else {
        let mut refused =
            Response::new(Full::new(Bytes::from_static(b"{\"message\":\"no such load\"}")).boxed_unsync());
        *refused.status_mut() = StatusCode::NOT_FOUND;
        return Ok(refused);
    };
    let body = match script.pause {
        Some(_) => Paced::new(script, Arc::clone(&prepared.stamped)).boxed_unsync(),
        None => Whole { pieces: whole(prepared, script), next: 0 }.boxed_unsync(),
    };
    let answer = Response::builder()
        .header("content-type", "application/vnd.amazon.eventstream")
        .header("x-amzn-requestid", "00000000-0000-4000-8000-000000000000");
    Ok(answer.body(body).expect("the headers are fixed"))
}

fn whole(prepared: &Prepared, script: Script) -> Arc<[Bytes]> {
    let mut whole = prepared.whole.lock().expect("nobody panics with it");
    Arc::clone(whole.entry(script).or_insert_with(|| script.pieces().into()))
}

/// An answer at full speed.
struct Whole {
    pieces: Arc<[Bytes]>,
    next: usize,
}

impl Body for Whole {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = self.pieces.get(self.next).cloned();
        self.next += 1;
        Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
    }
}

/// A delta each time that the pause is over, stamped when it is handed to the socket.
struct Paced {
    script: Script,
    stamped: Arc<Stamped>,
    /// What is sent next: the head, then deltas by number, then the tail.
    step: u64,
    due: Pin<Box<Sleep>>,
}

impl Paced {
    fn new(script: Script, stamped: Arc<Stamped>) -> Self {
        Self { script, stamped, step: 0, due: Box::pin(tokio::time::sleep_until(Instant::now())) }
    }
}

impl Body for Paced {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let step = self.step;
        let deltas = self.script.deltas;
        if step > deltas + 1 {
            return Poll::Ready(None);
        }
        // The tail follows the last delta at once.
        if (1..=deltas).contains(&step) {
            ready!(self.due.as_mut().poll(cx));
        }
        let bytes = match step {
            0 => Script::head(),
            step if step <= deltas => self.stamped.frame(step - 1, now_ns()),
            _ => self.script.tail(),
        };
        // From the time that was meant, so that lateness does not add up.
        let next = self.due.deadline() + self.script.pause.unwrap_or_default();
        self.due.as_mut().reset(next);
        self.step += 1;
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }
}
