//! The bodies of requests.

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::Body as _;
use hyper::header::EXPECT;
use hyper::{HeaderMap, StatusCode};

use crate::blame::Blame;
use crate::config::gateway::GatewayLimits;
use crate::gateway::body_budget::{BodyBytes, NoRoom};
use crate::gateway::refusal::{Refusal, RefusalKind};

/// How long a body is read on that is not wanted.
const DISCARDING: Duration = Duration::from_secs(5);

/// When to try again while there is no room for a body. Nobody knows when another one has been answered.
const UNTIL_THERE_IS_ROOM: Duration = Duration::from_secs(1);

/// Why a body was not read to its end.
enum Unread {
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
        Err(Unread::Broken(error)) => {
            Err(Refusal::new(RefusalKind::Invalid, format!("the request's body broke off: {error}")))
        }
    }
}

async fn collect(body: &mut Body, limit: usize, room: &mut BodyBytes) -> Result<Bytes, Unread> {
    let mut all = BytesMut::new();
    while let Some(frame) = body.frame().await {
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
