//! Operations whose answer is one document: a body goes out as it is, the document comes back as it is.

use std::time::Duration;

use bytes::Bytes;

use super::answer;
use super::body::{self, Server, TakeBody, Taken};
use super::client::Aws;
use super::failure::Asked;
use super::operation::Operation;
use super::request::{ConverseRequest, runtime_region};
use crate::contract::types::{ApiError, ApiStage};

/// A document that AWS answered with.
#[derive(Debug, Clone)]
pub struct WholeAnswer {
    /// The document, byte for byte.
    pub body: Bytes,
    /// Its content type.
    pub content_type: Option<String>,
    /// AWS's id of the request.
    pub request_id: Option<String>,
    /// The server that answered.
    pub server: Option<Server>,
}

impl Aws {
    /// Sends a request to `Converse`, and gives the document of at most `most` bytes. It must be there within `longest`.
    ///
    /// # Errors
    /// When the request failed, uninterpreted, or its answer broke off or is larger.
    pub async fn converse(
        &self,
        request: ConverseRequest,
        most: usize,
        longest: Duration,
    ) -> Result<WholeAnswer, ApiError> {
        let ConverseRequest { destination, body } = request;
        let (model_id, region) = (destination.model_id(), destination.region());
        let asked = Asked { operation: Operation::Converse, model_id: Some(model_id), region: region.as_str() };
        let sent = self.renewing(asked, || async {
            let take = TakeBody::leaving("{}");
            let operation = self.runtime.converse().model_id(model_id);
            let sending = operation.customize().config_override(runtime_region(region)).send();
            // As for streams: the SDK's future is large.
            let sending = Box::pin(body::exchanging(body.clone(), take.clone(), sending));
            answer::taken(asked, sending, &take).await
        });
        let whole = async {
            let Taken { body, status, content_type, request_id, server } = sent.await?;
            let read = answer::bytes(body, most).await;
            let body = read.map_err(|reason| answer::unreadable(asked, status, request_id.clone(), reason))?;
            Ok(WholeAnswer { body, content_type, request_id, server })
        };
        tokio::time::timeout(longest, whole).await.map_err(|_| asked.error(ApiStage::Timeout, None))?
    }
}
