//! The bodies of requests.

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::Body as _;
use hyper::header::EXPECT;
use hyper::{HeaderMap, StatusCode};
use tokio::time::Instant;

use super::decompression::Codings;
use crate::blame::Blame;
use crate::capacity::{BodyBudget, BodyBytes, NoRoom};
use crate::config::gateway::GatewayLimits;
use crate::refusal::{Refusal, RefusalKind};
use crate::worker::read_beside;

/// How long the body of a refused request is read.
const DISCARDING: Duration = Duration::from_secs(5);

/// `Retry-After` while there is no room for a body. When another request will end is unknown.
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

/// A body that was read.
#[derive(Debug)]
pub(super) struct Upload {
    /// The body, decompressed.
    pub(super) body: Bytes,
    /// The bytes that came.
    pub(super) received: usize,
    /// The room that the body takes.
    pub(super) room: BodyBytes,
}

/// Reads the whole body, within its limits and those of all bodies under way, and decompresses it.
pub(super) async fn read(
    mut body: Body,
    headers: &HeaderMap,
    limits: &GatewayLimits,
    mut room: BodyBytes,
) -> Result<Upload, Refusal> {
    let limit = limits.body;
    let too_large = || {
        let message = format!("the request body is larger than {limit} bytes (quarry.limits.bodyBytes)");
        Refusal::new(RefusalKind::TooLarge, message)
    };
    let codings = match Codings::of(headers) {
        Ok(codings) => codings,
        Err(error) => {
            discard(body, headers, limit).await;
            return Err(error.into());
        }
    };
    if body.size_hint().lower() > limit as u64 {
        discard(body, headers, limit).await;
        return Err(too_large());
    }
    let reading = collect(&mut body, limit, &mut room);
    let read = tokio::time::timeout(limits.body_time, reading).await.map_err(|_| {
        let seconds = limits.body_time.as_secs_f64();
        let refusal = Refusal::new(RefusalKind::Timeout, format!("the request body did not arrive within {seconds} s"));
        Refusal { status: StatusCode::REQUEST_TIMEOUT, ..refusal }
    })?;
    match read {
        Ok(bytes) => {
            let received = bytes.len();
            let (body, room) = decoded(codings, bytes, limit, room).await.map_err(|refused| match refused.kind {
                RefusalKind::TooLarge => Refusal { message: format!("{refused} (quarry.limits.bodyBytes)"), ..refused },
                _ => refused,
            })?;
            Ok(Upload { body, received, room })
        }
        Err(Unread::TooLarge) => {
            discard(body, headers, limit).await;
            Err(too_large())
        }
        Err(Unread::NoRoom(error)) => {
            discard(body, headers, limit).await;
            Err(no_room(error))
        }
        Err(Unread::TooSlow) => Err(Refusal {
            status: StatusCode::REQUEST_TIMEOUT,
            ..Refusal::new(
                RefusalKind::Timeout,
                format!("the request body arrived at less than {LEAST_RATE} bytes per second"),
            )
        }),
        Err(Unread::Broken(error)) => {
            Err(Refusal::new(RefusalKind::Invalid, format!("the request body is incomplete: {error}")))
        }
    }
}

/// The refusal of a body for which there is no room.
pub(super) fn no_room(error: NoRoom) -> Refusal {
    let refusal = Refusal::new(RefusalKind::Overloaded, error.to_string());
    Refusal { blame: Blame::Host, retry_after: Some(UNTIL_THERE_IS_ROOM), ..refusal }
}

/// Decodes a body that becomes at most `limit` bytes. Few bytes can become many, so all of that leaves the async worker.
async fn decoded(
    codings: Codings,
    body: Bytes,
    limit: usize,
    mut room: BodyBytes,
) -> Result<(Bytes, BodyBytes), Refusal> {
    if codings.is_empty() {
        return Ok((body, room));
    }
    read_beside(move || Ok((codings.decode(body, limit, &mut room)?, room))).await?
}

/// Decodes a body of a listener that keeps no budget.
///
/// # Errors
/// When its coding is not supported, or it is damaged or becomes too large.
pub(crate) async fn decompressed(headers: &HeaderMap, body: Bytes, limit: usize) -> Result<Bytes, Refusal> {
    let mut room = BodyBudget::default().body("", false);
    room.take(body.len(), limit).map_err(no_room)?;
    Ok(decoded(Codings::of(headers)?, body, limit, room).await?.0)
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

/// Reads the body of a refused request, within bounds of size and time. Most clients send the whole request before they read.
/// Closing a connection with unread bytes makes the system reset it, and the client never sees the refusal. A client that waits
/// for `100 Continue` has sent nothing yet.
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
        let room = BodyBudget::default().body("a", false);
        let began = Instant::now();
        let read = read(body, &HeaderMap::new(), &limits, room).await;
        (read.map(|upload| upload.body.len()).map_err(|refused| refused.status), began.elapsed())
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
