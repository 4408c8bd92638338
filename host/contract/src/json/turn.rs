//! What a turn begins with and how it ends.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::model::{ModelForm, ModelOverrides};
use super::raw::{Json, Members};
use crate::conversation::{AnswerDetails, Ending, Opening};

/// The JSON form of what a turn is told first. A model is written whole, and read as what differs from the model that cases
/// start from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, from = "OpeningMembers")]
pub struct OpeningForm {
    model: ModelForm,
    /// Base64 of the bytes.
    #[serde(skip_serializing_if = "String::is_empty")]
    carry: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OpeningMembers {
    #[serde(default)]
    model: ModelOverrides,
    #[serde(default)]
    carry: String,
    request_id: Option<String>,
}

impl From<OpeningMembers> for OpeningForm {
    fn from(OpeningMembers { model, carry, request_id }: OpeningMembers) -> Self {
        OpeningForm { model: model.0.into(), carry, request_id }
    }
}

impl From<Opening> for OpeningForm {
    fn from(Opening { model, carry, request_id }: Opening) -> Self {
        OpeningForm { model: model.into(), carry: STANDARD.encode(carry), request_id }
    }
}

impl TryFrom<OpeningForm> for Opening {
    type Error = base64::DecodeError;

    fn try_from(OpeningForm { model, carry, request_id }: OpeningForm) -> Result<Self, Self::Error> {
        Ok(Opening { model: model.into(), carry: STANDARD.decode(carry)?, request_id })
    }
}

/// What Bedrock said of an answer besides its content, under Bedrock's names.
#[must_use]
pub fn named_details(details: &AnswerDetails) -> Members<Json> {
    let AnswerDetails {
        service_tier,
        server_tool_usage,
        additional_response_fields,
        metrics,
        trace,
        performance_config,
    } = details.clone();
    let service_tier = service_tier.map(|tier| serde_json::json!({ "type": tier }).to_string());
    let named = [
        ("additionalModelResponseFields", additional_response_fields),
        ("serverToolUsage", server_tool_usage),
        ("metrics", metrics),
        ("trace", trace),
        ("performanceConfig", performance_config),
        ("serviceTier", service_tier),
    ];
    Members(named.into_iter().filter_map(|(name, json)| Some((name.to_owned(), Json(json?)))).collect())
}

/// The JSON form of how the frames of a turn ended.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the arms are those of `ending` in the contract")]
pub enum EndingForm {
    #[default]
    Complete,
    Aborted,
    Idle(u64),
    Broken(String),
    Damaged(String),
    Limited(String),
}

impl From<EndingForm> for Ending {
    fn from(form: EndingForm) -> Self {
        match form {
            EndingForm::Complete => Ending::Complete,
            EndingForm::Aborted => Ending::Aborted,
            EndingForm::Idle(milliseconds) => Ending::Idle(milliseconds),
            EndingForm::Broken(text) => Ending::Broken(text),
            EndingForm::Damaged(text) => Ending::Damaged(text),
            EndingForm::Limited(text) => Ending::Limited(text),
        }
    }
}

impl From<Ending> for EndingForm {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Complete => EndingForm::Complete,
            Ending::Aborted => EndingForm::Aborted,
            Ending::Idle(milliseconds) => EndingForm::Idle(milliseconds),
            Ending::Broken(text) => EndingForm::Broken(text),
            Ending::Damaged(text) => EndingForm::Damaged(text),
            Ending::Limited(text) => EndingForm::Limited(text),
        }
    }
}
