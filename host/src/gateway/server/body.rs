//! The bodies of requests.

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::Body as _;
use hyper::header::EXPECT;
use hyper::{HeaderMap, StatusCode};
use tokio::time::Instant;

use crate::blame::Blame;
use crate::capacity::{BodyBytes, NoRoom};
use crate::config::gateway::GatewayLimits;
use crate::gateway::refusal::{Refusal, RefusalKind};

/// How long a body is read on that is not wanted.
const DISCARDING: Duration = Duration::from_secs(5);

/// When to try again while there is no room for a body. Nobody knows when another one has been answered.
const UNTIL_THERE_IS_ROOM: Duration = Duration::from_secs(1);

/// The least rate of an upload, in bytes a second, once [`HEAD_START`] is over: a body that comes byte by byte would hold its connection
/// and what it was given for all of `bodySeconds`.
const LEAST_RATE: f64 = 1024.0;

/// For how long an upload may be slower than that.
const HEAD_START: Duration = Duration::from_secs(10);

/// Why a body was not read to its end.
enum Unread {
    TooSlow,
    TooLarge,
    NoRoom(NoRoom),
    Broken(axum::Error),
}

/// Reads the whole body, within its limits and those of all bodies under way.
pub(super) async fn read(
    mut body: Body,
    headers: &HeaderMap,
    limits: &GatewayLimits,
    room: &mut BodyBytes,
) -> Result<Bytes, Refusal> {
    let limit = limits.body;
    let too_large = || {
        let message = format!("the request's body is over {limit} bytes (quarry.limits.bodyBytes)");
        Refusal::new(RefusalKind::TooLarge, message)
    };
    if body.size_hint().lower() > limit as u64 {
        discard(body, headers, limit).await;
        return Err(too_large());
    }
    let reading = collect(&mut body, limit, room);
    let read = tokio::time::timeout(limits.body_time, reading).await.map_err(|_| {
        let seconds = limits.body_time.as_secs_f64();
        let refusal = Refusal::new(RefusalKind::Timeout, format!("the request's body did not come within {seconds} s"));
        Refusal { status: StatusCode::REQUEST_TIMEOUT, ..refusal }
    })?;
    match read {
        Ok(bytes) => Ok(bytes),
        Err(Unread::TooLarge) => {
            discard(body, headers, limit).await;
            Err(too_large())
        }
        Err(Unread::NoRoom(error)) => {
            discard(body, headers, limit).await;
            let refusal = Refusal::new(RefusalKind::Overloaded, error.to_string());
            Err(Refusal { blame: Blame::Host, retry_after: Some(UNTIL_THERE_IS_ROOM), ..refusal })
        }
        Err(Unread::TooSlow) => Err(Refusal {
            status: StatusCode::REQUEST_TIMEOUT,
            ..Refusal::new(
                RefusalKind::Timeout,
                format!("the request's body came at less than {LEAST_RATE} bytes a second"),
            )
        }),
        Err(Unread::Broken(error)) => {
            Err(Refusal::new(RefusalKind::Invalid, format!("the request's body broke off: {error}")))
        }
    }
}

async fn collect(body: &mut Body, limit: usize, room: &mut BodyBytes) -> Result<Bytes, Unread> {
    let mut all = BytesMut::new();
    let began = Instant::now();
    loop {
        let until = began + HEAD_START + Duration::from_secs_f64(all.len() as f64 / LEAST_RATE);
        let frame = tokio::time::timeout_at(until, body.frame()).await.map_err(|_| Unread::TooSlow)?;
        let Some(frame) = frame else { break };
        let Ok(data) = frame.map_err(Unread::Broken)?.into_data() else { continue };
        if data.len() > limit - all.len() {
            return Err(Unread::TooLarge);
        }
        room.take(data.len(), limit).map_err(Unread::NoRoom)?;
        if all.is_empty() && body.is_end_stream() {
            return Ok(data);
        }
        all.extend_from_slice(&data);
    }
    Ok(all.freeze())
}

/// Reads a body that is not wanted to its end, but so many bytes at most and not for long. Most clients send all of a request
/// before they read: to close on them with bytes unread makes the system reset the connection, and they never see the answer
/// that says what is wrong. A client that waits to be told to go on is not.
pub(super) async fn discard(mut body: Body, headers: &HeaderMap, most: usize) {
    if headers.contains_key(EXPECT) {
        return;
    }
    let reading = async {
        let mut read = 0_usize;
        while read < most
            && let Some(Ok(frame)) = body.frame().await
        {
            read = read.saturating_add(frame.data_ref().map_or(0, Bytes::len));
        }
    };
    // What is left then is left.
    let _ = tokio::time::timeout(DISCARDING, reading).await;
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use std::convert::Infallible;
    use std::future::Future as _;
    use std::pin::Pin;
    use std::task::{Context, Poll, ready};

    use bytes::Bytes;
    use hyper::body::Frame;
    use hyper::{HeaderMap, StatusCode};
    use tokio::time::{Instant, Sleep};

    use super::read;
    use crate::capacity::BodyBudget;
    use crate::config::gateway::GatewayLimits;

    /// A body of pieces that come with pauses.
    struct Pieces {
        left: usize,
        bytes: usize,
        pause: Duration,
        next: Pin<Box<Sleep>>,
    }

    impl hyper::body::Body for Pieces {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            if self.left == 0 {
                return Poll::Ready(None);
            }
            ready!(self.next.as_mut().poll(context));
            let next = Instant::now() + self.pause;
            self.next.as_mut().reset(next);
            self.left -= 1;
            Poll::Ready(Some(Ok(Frame::data(Bytes::from(vec![b'x'; self.bytes])))))
        }
    }

    /// How reading ends when so many pieces of so many bytes come with these pauses, and after how long.
    async fn upload(left: usize, bytes: usize, pause: Duration) -> (Result<usize, StatusCode>, Duration) {
        let next = Box::pin(tokio::time::sleep(pause));
        let body = axum::body::Body::new(Pieces { left, bytes, pause, next });
        let limits = GatewayLimits { body_time: Duration::from_secs(120), ..GatewayLimits::default() };
        let mut room = BodyBudget::default().body("a", false);
        let began = Instant::now();
        let read = read(body, &HeaderMap::new(), &limits, &mut room).await;
        (read.map(|body| body.len()).map_err(|refused| refused.status), began.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_comes_byte_by_byte_is_not_waited_for() {
        let (read, took) = upload(100, 1, Duration::from_secs(1)).await;
        assert_eq!((read, took.as_secs()), (Err(StatusCode::REQUEST_TIMEOUT), 10));
        let (read, _) = upload(60, 2048, Duration::from_secs(1)).await;
        assert_eq!(read, Ok(60 * 2048), "slowly, and not too slowly");
        let (read, took) = upload(1000, 2048, Duration::from_secs(1)).await;
        assert_eq!((read, took.as_secs()), (Err(StatusCode::REQUEST_TIMEOUT), 120), "the whole time holds too");
    }
}
