//! What came back of a request: the body that was taken from under the SDK, or why there is none.

use std::error::Error;
use std::future::Future;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};

use super::body::{TakeBody, Taken};
use super::failure::{self, Asked};
use crate::contract::types::{ApiError, ApiStage};

/// Sends a request, and gives the answer that was taken. What the SDK makes of the stand-in that it parses does not matter.
///
/// # Errors
/// When nothing was taken: the request failed, or its answer had no body.
pub(super) async fn taken<T, E>(
    asked: Asked<'_>,
    sending: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    take: &TakeBody,
) -> Result<Taken, ApiError>
where
    E: Error + 'static,
{
    let sent = sending.await;
    take.taken().ok_or_else(|| match sent {
        Err(error) => failure::api_error(asked, &error),
        Ok(_) => asked.error(ApiStage::Unreadable, Some("the answer has no body".to_owned())),
    })
}

/// All of an answer's body, which is text of at most `limit` bytes.
///
/// # Errors
/// When it breaks off, is longer, or is not UTF-8.
pub(super) async fn text(asked: Asked<'_>, taken: Taken, limit: usize) -> Result<String, ApiError> {
    let Taken { body, status, content_type: _, request_id, server: _ } = taken;
    let read = bytes(body, limit)
        .await
        .and_then(|bytes| String::from_utf8(bytes.into()).map_err(|_| "it is not UTF-8".to_owned()));
    read.map_err(|reason| unreadable(asked, status, request_id, reason))
}

/// All of a body of at most `limit` bytes, or the reason why there is no such.
pub(super) async fn bytes(body: SdkBody, limit: usize) -> Result<Bytes, String> {
    let collected = Limited::new(body, limit).collect().await;
    collected.map(|collected| collected.to_bytes()).map_err(|error| failure::chain(error.as_ref()))
}

/// The error of a successful answer that cannot be read.
pub(super) fn unreadable(asked: Asked<'_>, status: u16, request_id: Option<String>, reason: String) -> ApiError {
    ApiError { status: Some(status), request_id, ..asked.error(ApiStage::Unreadable, Some(reason)) }
}
