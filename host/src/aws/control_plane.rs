//! The list operations of Bedrock's control plane. Their answers stay the JSON that came.

use std::error::Error;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use http_body_util::{BodyExt as _, Limited};
use serde::Deserialize;

use super::body::TakeBody;
use super::client::Aws;
use super::failure::{self, Asked};
use crate::contract::models::Pages;
use crate::contract::types::{ApiError, ApiStage};

/// Largest page that is read, in bytes. The foundation models of a region are about 300 KB.
const MAX_PAGE: usize = 16 << 20;

/// Most pages of one listing: a service that hands out tokens without end must not be followed without end.
const MAX_PAGES: usize = 100;

/// Where a page says that there is more.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Paged {
    next_token: Option<String>,
}

impl Aws {
    /// `ListFoundationModels`, without filters. One page: the operation has no more.
    pub async fn foundation_models(&self, region: &str) -> Pages {
        let asked = Asked { operation: "ListFoundationModels", model_id: None, region };
        let take = TakeBody::leaving("{}");
        let sent = self
            .control
            .list_foundation_models()
            .customize()
            .config_override(control_region(region))
            .interceptor(take.clone())
            .send()
            .await;
        match page(asked, sent, &take).await {
            Ok(body) => Pages { bodies: vec![body], failed: None },
            Err(error) => Pages { bodies: Vec::new(), failed: Some(error) },
        }
    }

    /// `ListInferenceProfiles`: every page, every type.
    pub async fn inference_profiles(&self, region: &str) -> Pages {
        let asked = Asked { operation: "ListInferenceProfiles", model_id: None, region };
        let mut pages = Pages { bodies: Vec::new(), failed: None };
        let mut token = None;
        while pages.bodies.len() < MAX_PAGES {
            let take = TakeBody::leaving("{}");
            let sent = self
                .control
                .list_inference_profiles()
                .set_next_token(token)
                .customize()
                .config_override(control_region(region))
                .interceptor(take.clone())
                .send()
                .await;
            match page(asked, sent, &take).await {
                Ok(body) => {
                    token = serde_json::from_str::<Paged>(&body).ok().and_then(|paged| paged.next_token);
                    pages.bodies.push(body);
                }
                Err(error) => {
                    pages.failed = Some(error);
                    return pages;
                }
            }
            if token.is_none() {
                return pages;
            }
        }
        let endless = format!("there are more than {MAX_PAGES} pages");
        pages.failed = Some(asked.error(ApiStage::Unreadable, Some(endless)));
        pages
    }

    /// `GetInferenceProfile`, by id or ARN.
    pub async fn inference_profile(&self, region: &str, identifier: &str) -> Pages {
        let asked = Asked { operation: "GetInferenceProfile", model_id: Some(identifier), region };
        let take = TakeBody::leaving("{}");
        let sent = self
            .control
            .get_inference_profile()
            .inference_profile_identifier(identifier)
            .customize()
            .config_override(control_region(region))
            .interceptor(take.clone())
            .send()
            .await;
        match page(asked, sent, &take).await {
            Ok(body) => Pages { bodies: vec![body], failed: None },
            Err(error) => Pages { bodies: Vec::new(), failed: Some(error) },
        }
    }
}

fn control_region(region: &str) -> aws_sdk_bedrock::config::Builder {
    aws_sdk_bedrock::config::Builder::default().region(aws_sdk_bedrock::config::Region::new(region.to_owned()))
}

/// The body of one answer. What the SDK made of the stand-in that it parsed does not matter: the body was taken before.
async fn page<T, E>(
    asked: Asked<'_>,
    sent: Result<T, SdkError<E, HttpResponse>>,
    take: &TakeBody,
) -> Result<String, ApiError>
where
    E: Error + 'static,
{
    let Some(taken) = take.taken() else {
        return Err(match sent {
            Err(error) => failure::api_error(asked, &error),
            Ok(_) => asked.error(ApiStage::Unreadable, Some("the answer has no body".to_owned())),
        });
    };
    let unreadable = |reason: String| ApiError {
        status: Some(taken.status),
        request_id: taken.request_id.clone(),
        ..asked.error(ApiStage::Unreadable, Some(reason))
    };
    let bytes = Limited::new(taken.body, MAX_PAGE)
        .collect()
        .await
        .map_err(|error| unreadable(failure::chain(error.as_ref())))?
        .to_bytes();
    String::from_utf8(bytes.into()).map_err(|_| unreadable("it is not UTF-8".to_owned()))
}
