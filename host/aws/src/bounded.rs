//! A bound on what whoever answers in AWS's place can have this process keep: the SDK collects bodies without one.

use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use http_body_util::BodyExt as _;

/// Largest error body that is read, in bytes; the rest of one is left out. AWS's own have some hundred bytes, and status and headers
/// say what kind of error it is.
const MOST_OF_ERROR: usize = 64 << 10;

/// Largest answer of a source of credentials, in bytes. A session token of STS has some thousand.
const MOST_OF_CREDENTIALS: usize = 64 << 10;

/// Which answers a client gets besides errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answers {
    /// Of Bedrock: whoever takes such a body bounds it.
    Bedrock,
    /// Of sources of credentials, which the SDK reads.
    Credentials,
}

/// An answer is larger than any of its kind can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the response is larger than {MOST_OF_CREDENTIALS} bytes, the limit for credentials")]
struct AnswerTooLarge;

/// A client whose answers are bounded.
#[derive(Debug)]
pub(super) struct BoundedClient {
    pub(super) inner: SharedHttpClient,
    pub(super) answers: Answers,
}

impl HttpClient for BoundedClient {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let (inner, answers) = (self.inner.http_connector(settings, components), self.answers);
        SharedHttpConnector::new(BoundedConnector { inner, answers })
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.inner.connector_metadata()
    }
}

#[derive(Debug)]
struct BoundedConnector {
    inner: SharedHttpConnector,
    answers: Answers,
}

impl HttpConnector for BoundedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (answering, answers) = (self.inner.call(request), self.answers);
        HttpConnectorFuture::new(async move { bounded(answering.await?, answers).await })
    }
}

/// The answer with as much of its body as it may have.
async fn bounded(mut response: HttpResponse, answers: Answers) -> Result<HttpResponse, ConnectorError> {
    let is_error = !response.status().is_success();
    if !is_error && answers == Answers::Bedrock {
        return Ok(response);
    }
    let most = if is_error { MOST_OF_ERROR } else { MOST_OF_CREDENTIALS };
    let mut body = response.take_body();
    let mut read = Vec::new();
    while let Some(frame) = body.frame().await {
        // Of an error whose body breaks off, what came says most.
        let frame = match frame {
            Ok(frame) => frame,
            Err(_) if is_error => break,
            Err(error) => return Err(ConnectorError::io(error)),
        };
        // Trailers say nothing here.
        let Ok(data) = frame.into_data() else { continue };
        let room = most - read.len();
        if data.len() > room && !is_error {
            return Err(ConnectorError::other(AnswerTooLarge.into(), None));
        }
        read.extend_from_slice(&data[..data.len().min(room)]);
        if data.len() > room {
            break;
        }
    }
    *response.body_mut() = SdkBody::from(read);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use aws_smithy_runtime_api::http::StatusCode;
    use bytes::Bytes;
    use hyper::body::{Body, Frame};

    use super::*;

    /// A body that does not end.
    struct Endless;

    impl Body for Endless {
        type Data = Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            self: Pin<&mut Self>,
            _context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b' '; 40_000])))))
        }
    }

    /// How much is kept of an endless answer; `None` where it is left to who takes it.
    async fn kept(status: u16, answers: Answers) -> Result<Option<usize>, ConnectorError> {
        let status = StatusCode::try_from(status).expect("a status");
        let response = bounded(HttpResponse::new(status, SdkBody::from_body_1_x(Endless)), answers).await?;
        Ok(response.body().bytes().map(<[u8]>::len))
    }

    #[tokio::test]
    async fn no_body_is_read_without_end() {
        for (status, answers) in
            [(500, Answers::Bedrock), (301, Answers::Bedrock), (500, Answers::Credentials), (404, Answers::Credentials)]
        {
            assert_eq!(kept(status, answers).await.expect("it is cut"), Some(MOST_OF_ERROR), "{status} {answers:?}");
        }
        let told = kept(200, Answers::Credentials).await.expect_err("it is too large");
        assert!(format!("{told:?}").contains("AnswerTooLarge"), "{told:?}");
        assert_eq!(kept(200, Answers::Bedrock).await.expect("it is left as it is"), None);
    }
}
