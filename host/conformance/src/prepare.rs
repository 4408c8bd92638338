//! Cases of `prepare`.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::layout;
use super::provider::{Fault, Provider};
use super::translate::{Event, opening, translated};
use crate::blobs::{Blobs, join};
use crate::contract::RequestKind;
use crate::contract::config::Settings;
use crate::contract::conversation::{BodyPart, Context, Ending, Opening, Options, Prepared, RequestSettings};
use crate::contract::types::Model;
use crate::json::failure::NoticeForm;
use crate::json::model::ModelOverrides;
use crate::json::options::OptionsForm;
use crate::json::problem::RequestProblemForm;
use crate::json::settings::{RegionForm, SettingsOverrides};
use crate::json::{Json, Members};
use crate::pi::context::{ContextError, read_context};

/// The input of a case of `prepare`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    #[serde(default)]
    kind: RequestKind,
    #[serde(default)]
    settings: SettingsOverrides,
    #[serde(default)]
    region: RegionForm,
    #[serde(default)]
    model: ModelOverrides,
    /// pi's `Context`.
    context: Json,
    #[serde(default)]
    options: OptionsForm,
    /// The events of an answer to the request, as cases of `translate` have them.
    #[serde(default)]
    answer: Vec<Event>,
}

impl Given {
    /// What is asked.
    #[must_use]
    pub fn kind(&self) -> RequestKind {
        self.kind
    }

    /// The model.
    #[must_use]
    pub fn model(&self) -> &Model {
        &self.model.0
    }

    /// The bytes of the attachments.
    ///
    /// # Errors
    /// When the context is not pi's.
    pub(super) fn blobs(&self) -> Result<Blobs, ContextError> {
        Ok(read_context(&self.context.0)?.1)
    }

    /// The arguments of `prepare`, without the bytes of attachments.
    ///
    /// # Errors
    /// When the context is not pi's.
    pub fn input(&self) -> Result<(Settings, String, Model, Context, Options), ContextError> {
        let (context, _) = read_context(&self.context.0)?;
        Ok((self.settings.0.clone(), self.region.0.clone(), self.model.0.clone(), context, self.options.clone().into()))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PreparedForm {
    model_id: String,
    body: Json,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notices: Vec<NoticeForm>,
    /// The deltas of the turn.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<Members<Json>>,
}

#[derive(Serialize)]
struct ProblemsForm {
    problems: Vec<RequestProblemForm>,
}

/// Prepares the request, with the blobs in place.
///
/// # Errors
/// When the call does not return, the context is not pi's, or the body is not JSON.
pub fn run(given: &Given, provider: &mut dyn Provider) -> Result<String, Fault> {
    let (context, blobs) = read_context(&given.context.0).map_err(|error| Fault(error.to_string()))?;
    let options = given.options.clone().into();
    match provider.prepare(
        given.kind,
        &RequestSettings::from(&given.settings.0),
        &given.region.0,
        &given.model.0,
        &context,
        &options,
    )? {
        Err(problems) => {
            layout::text(&ProblemsForm { problems: problems.into_iter().map(RequestProblemForm::from).collect() })
        }
        Ok(Prepared { operation, model_id, body, carry, notices }) => {
            if operation != given.kind.operation() {
                return Err(Fault(format!("the request names the operation {operation:?}")));
            }
            let body = Json(body_text(&body, &blobs)?);
            layout::text(&PreparedForm {
                model_id,
                body,
                notices: notices.into_iter().map(NoticeForm::from).collect(),
                answer: (!given.answer.is_empty()).then(|| answer(given, carry, provider)).transpose()?,
            })
        }
    }
}

/// Translates the answer as one to this request: what `prepare` changed on the way out is undone on the way back.
fn answer(given: &Given, carry: Vec<u8>, provider: &mut dyn Provider) -> Result<Members<Json>, Fault> {
    let frames: Vec<_> = given.answer.iter().map(|event| event.0.clone()).collect();
    let opening = Opening { carry, ..opening(given.model.0.clone(), None) };
    translated(&opening, &frames, &Ending::Complete, provider)
}

/// The body as it goes over the wire.
fn body_text(parts: &[BodyPart], blobs: &Blobs) -> Result<String, Fault> {
    let body = join(parts, blobs).map_err(|error| Fault(error.to_string()))?;
    let text = std::str::from_utf8(&body).map_err(|error| Fault(format!("the body is not UTF-8: {error}")))?;
    match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(Fault(format!("the body is not JSON: {error}: {text}"))),
    }
}
