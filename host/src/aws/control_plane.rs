//! The list operations of Bedrock's control plane. Their answers stay the JSON that came.

use std::error::Error;
use std::future::Future;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use serde::Deserialize;

use super::answer;
use super::body::TakeBody;
use super::client::Aws;
use super::failure::Asked;
use super::operation::Operation;
use crate::contract::models::Pages;
use crate::contract::types::{ApiError, ApiStage};

/// Most bytes of one listing, over all its pages. The foundation models of a region are about 300 KB.
const MAX_LISTING: usize = 8 << 20;

/// Most pages of one listing: a service that hands out tokens without end must not be followed without end.
const MAX_PAGES: usize = 100;

/// Where a page says that there is more.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Paged {
    next_token: Option<String>,
}

impl Aws {
    /// `ListFoundationModels` of the configured region, without filters. One page: the operation has no more.
    pub async fn foundation_models(&self) -> Pages {
        let asked = Asked { operation: Operation::ListFoundationModels, model_id: None, region: self.region.as_str() };
        let page = self.renewing(asked, || async {
            let take = TakeBody::leaving("{}");
            let sending = self.control.list_foundation_models().customize().interceptor(take.clone()).send();
            page(asked, sending, &take, MAX_LISTING).await
        });
        only_page(page.await)
    }

    /// `ListInferenceProfiles` of the configured region: every page, every type.
    pub async fn inference_profiles(&self) -> Pages {
        let asked = Asked { operation: Operation::ListInferenceProfiles, model_id: None, region: self.region.as_str() };
        let mut bodies = Vec::new();
        let mut token = None;
        let mut room = MAX_LISTING;
        while bodies.len() < MAX_PAGES {
            let page = self.renewing(asked, || async {
                let take = TakeBody::leaving("{}");
                let sending = self
                    .control
                    .list_inference_profiles()
                    .set_next_token(token.clone())
                    .customize()
                    .interceptor(take.clone())
                    .send();
                page(asked, sending, &take, room).await
            });
            match page.await {
                Ok(body) => {
                    token = serde_json::from_str::<Paged>(&body).ok().and_then(|paged| paged.next_token);
                    room = room.saturating_sub(body.len());
                    bodies.push(body);
                }
                Err(error) => return Pages { bodies, failed: Some(error) },
            }
            if token.is_none() {
                return Pages { bodies, failed: None };
            }
        }
        let endless = format!("there are more than {MAX_PAGES} pages");
        Pages { bodies, failed: Some(asked.error(ApiStage::Unreadable, Some(endless))) }
    }
}

/// The pages of an operation that has one.
fn only_page(page: Result<String, ApiError>) -> Pages {
    match page {
        Ok(body) => Pages { bodies: vec![body], failed: None },
        Err(error) => Pages { bodies: Vec::new(), failed: Some(error) },
    }
}

/// The body of one answer, of at most `most` bytes.
async fn page<T, E>(
    asked: Asked<'_>,
    sending: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    take: &TakeBody,
    most: usize,
) -> Result<String, ApiError>
where
    E: Error + 'static,
{
    answer::text(asked, answer::taken(asked, sending, take).await?, most).await
}
