//! What a turn begins with and how it ends.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::model::{ModelForm, ModelOverrides};
use super::raw::{Json, Members};
use crate::contract::conversation::{Ending, Opening};

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
    #[serde(skip_serializing_if = "Members::is_empty")]
    extras: Members<Json>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OpeningMembers {
    #[serde(default)]
    model: ModelOverrides,
    #[serde(default)]
    carry: String,
    request_id: Option<String>,
    #[serde(default)]
    extras: Members<Json>,
}

impl From<OpeningMembers> for OpeningForm {
    fn from(OpeningMembers { model, carry, request_id, extras }: OpeningMembers) -> Self {
        OpeningForm { model: model.0.into(), carry, request_id, extras }
    }
}

impl From<Opening> for OpeningForm {
    fn from(Opening { model, carry, request_id, extras }: Opening) -> Self {
        OpeningForm { model: model.into(), carry: STANDARD.encode(carry), request_id, extras: extras.into() }
    }
}

impl TryFrom<OpeningForm> for Opening {
    type Error = base64::DecodeError;

    fn try_from(OpeningForm { model, carry, request_id, extras }: OpeningForm) -> Result<Self, Self::Error> {
        Ok(Opening { model: model.into(), carry: STANDARD.decode(carry)?, request_id, extras: extras.into() })
    }
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
