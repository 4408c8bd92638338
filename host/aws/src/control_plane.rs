//! The operations of Bedrock's control plane that discovery may call. Their answers stay the JSON that came.

use std::error::Error;
use std::future::Future;

use aws_sdk_bedrock::types::InferenceProfileType;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use serde::Deserialize;

use super::answer;
use super::body::TakeBody;
use super::client::Aws;
use super::failure::Asked;
use super::operation::Operation;
use crate::contract::models::Source;
use crate::contract::types::{ApiError, ApiStage};

/// Most bytes of one listing, over all its pages. The foundation models of a region are about 300 KB.
const MAX_LISTING: usize = 8 << 20;

/// Most pages of one listing: a service that hands out tokens without end must not be followed without end.
const MAX_PAGES: usize = 100;

/// The longest identifier of an inference profile (API model of GetInferenceProfile).
const MAX_IDENTIFIER: usize = 2048;

/// A call of the control plane that a provider may choose. There are no others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ControlCall {
    /// `ListFoundationModels`, without filters.
    FoundationModels,
    /// `ListInferenceProfiles` of a type: every page.
    InferenceProfiles(String),
    /// `GetInferenceProfile`, by id or ARN.
    InferenceProfile(String),
}

/// What a call came to: the verbatim JSON of its pages, and what failed behind them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// Response bodies.
    pub bodies: Vec<String>,
    /// The failure of the next page.
    pub failed: Option<ApiError>,
}

/// Where a page says that there is more.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Paged {
    next_token: Option<String>,
}

impl ControlCall {
    /// The call that a source of a provider names. `None` for one that the host does not make.
    #[must_use]
    pub fn of(source: &Source) -> Option<Self> {
        let parameters: Vec<(&str, &str)> =
            source.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        match (source.operation.as_str(), parameters.as_slice()) {
            ("ListFoundationModels", []) => Some(ControlCall::FoundationModels),
            ("ListInferenceProfiles", [("type", kind)]) if is_word(kind) => {
                Some(ControlCall::InferenceProfiles((*kind).to_owned()))
            }
            ("GetInferenceProfile", [("inferenceProfileIdentifier", id)]) if is_identifier(id) => {
                Some(ControlCall::InferenceProfile((*id).to_owned()))
            }
            _ => None,
        }
    }

    /// The operation.
    #[must_use]
    pub fn operation(&self) -> Operation {
        match self {
            ControlCall::FoundationModels => Operation::ListFoundationModels,
            ControlCall::InferenceProfiles(_) => Operation::ListInferenceProfiles,
            ControlCall::InferenceProfile(_) => Operation::GetInferenceProfile,
        }
    }
}

fn is_word(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

/// The pattern of the API model, without characters that a path could be made of.
fn is_identifier(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-:._/".contains(&byte);
    (1..=MAX_IDENTIFIER).contains(&text.len()) && text.bytes().all(allowed)
}

impl Aws {
    /// Makes a call in the configured region.
    pub async fn control(&self, call: &ControlCall) -> Answer {
        let asked = Asked { operation: call.operation(), model_id: None, region: self.region.as_str() };
        let (mut bodies, mut token, mut room) = (Vec::new(), None, MAX_LISTING);
        while bodies.len() < MAX_PAGES {
            match self.renewing(asked, || self.page(asked, call, token.clone(), room)).await {
                Ok(body) => {
                    token = serde_json::from_str::<Paged>(&body).ok().and_then(|paged| paged.next_token);
                    room = room.saturating_sub(body.len());
                    bodies.push(body);
                }
                Err(error) => return Answer { bodies, failed: Some(error) },
            }
            if token.is_none() || !matches!(call, ControlCall::InferenceProfiles(_)) {
                return Answer { bodies, failed: None };
            }
        }
        let endless = format!("the listing has more than {MAX_PAGES} pages");
        Answer { bodies, failed: Some(asked.error(ApiStage::Unreadable, Some(endless))) }
    }

    /// One page, of at most `room` bytes.
    async fn page(
        &self,
        asked: Asked<'_>,
        call: &ControlCall,
        token: Option<String>,
        room: usize,
    ) -> Result<String, ApiError> {
        let take = TakeBody::leaving("{}");
        match call {
            ControlCall::FoundationModels => {
                let sending = self.control.list_foundation_models().customize().interceptor(take.clone()).send();
                text(asked, sending, &take, room).await
            }
            ControlCall::InferenceProfiles(kind) => {
                let request = self
                    .control
                    .list_inference_profiles()
                    .type_equals(InferenceProfileType::from(kind.as_str()))
                    .set_next_token(token);
                text(asked, request.customize().interceptor(take.clone()).send(), &take, room).await
            }
            ControlCall::InferenceProfile(id) => {
                let request = self.control.get_inference_profile().inference_profile_identifier(id);
                text(asked, request.customize().interceptor(take.clone()).send(), &take, room).await
            }
        }
    }
}

/// The body of one answer, of at most `most` bytes.
async fn text<T, E>(
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_chooses_among_the_calls_and_cannot_make_others() {
        let call = |operation: &str, parameters: &[(&str, &str)]| {
            let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            ControlCall::of(&Source { operation: operation.to_owned(), parameters }).map(|call| call.operation())
        };
        let by = |id: &str| call("GetInferenceProfile", &[("inferenceProfileIdentifier", id)]);
        let arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/q7simteam0a1";
        assert_eq!(call("ListFoundationModels", &[]), Some(Operation::ListFoundationModels));
        assert_eq!(call("ListInferenceProfiles", &[("type", "APPLICATION")]), Some(Operation::ListInferenceProfiles));
        assert_eq!(by(arn), Some(Operation::GetInferenceProfile));
        assert_eq!(by("a/../b?c"), None);
        assert_eq!(by(""), None);
        assert_eq!(call("ListInferenceProfiles", &[]), None);
        assert_eq!(call("ListInferenceProfiles", &[("type", "A&x=1")]), None);
        assert_eq!(call("ListFoundationModels", &[("byProvider", "x")]), None);
        assert_eq!(call("DeleteInferenceProfile", &[("inferenceProfileIdentifier", arn)]), None);
    }
}
