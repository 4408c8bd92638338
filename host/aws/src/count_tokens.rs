//! `CountTokens`: how many tokens a conversation would be as input, without asking the model.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use super::answer;
use super::body::TakeBody;
use super::client::Aws;
use super::failure::Asked;
use super::operation::Operation;
use super::request::{ConverseRequest, replace_body, runtime_region};
use crate::contract::types::{ApiError, ApiStage};

/// Largest answer that is read, in bytes. It holds one number.
const MAX_ANSWER: usize = 64 << 10;

/// How long the whole may take at most, the SDK's retries included. A count takes well under a second; sending 20 images may
/// not.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// The answer.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Counted {
    input_tokens: u64,
}

impl Aws {
    /// Counts the input tokens of a request whose body `prepare` made for this operation. Nothing is billed for it. The answer
    /// must be there within `longest`, and within 60 s.
    ///
    /// # Errors
    /// When the request failed or its answer holds no count, uninterpreted: `conversation.explain` says what it means.
    pub async fn count_tokens(&self, request: ConverseRequest, longest: Duration) -> Result<u64, ApiError> {
        let ConverseRequest { destination, body } = request;
        let (model_id, region) = (destination.model_id(), destination.region());
        let asked = Asked { operation: Operation::CountTokens, model_id: Some(model_id), region: region.as_str() };
        let sent = self.renewing(asked, || async {
            let take = TakeBody::leaving(r#"{"inputTokens":0}"#);
            let (body, headers) = (body.clone(), Arc::clone(&self.headers));
            let sending = self
                .runtime
                .count_tokens()
                .model_id(model_id)
                .customize()
                .config_override(runtime_region(region))
                .mutate_request(move |http| replace_body(http, &body, &headers))
                .interceptor(take.clone())
                .send();
            answer::taken(asked, sending, &take).await
        });
        let counting = async {
            let taken = sent.await?;
            let (status, request_id) = (taken.status, taken.request_id.clone());
            let text = answer::text(asked, taken, MAX_ANSWER).await?;
            let counted: Counted = serde_json::from_str(&text).map_err(|error| {
                answer::unreadable(asked, status, request_id, format!("it contains no count: {error}"))
            })?;
            Ok(counted.input_tokens)
        };
        tokio::time::timeout(ANSWER_TIMEOUT.min(longest), counting)
            .await
            .map_err(|_| asked.error(ApiStage::Timeout, None))?
    }
}
