//! Cases of `prepare`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::layout;
use super::provider::{Fault, Provider};
use crate::contract::conversation::{BodyPart, Prepared};
use crate::json::Json;
use crate::json::failure::NoticeForm;
use crate::json::model::ModelOverrides;
use crate::json::options::OptionsForm;
use crate::json::problem::RequestProblemForm;
use crate::json::settings::SettingsOverrides;

/// What a case of `prepare` gives.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    #[serde(default)]
    settings: SettingsOverrides,
    #[serde(default)]
    model: ModelOverrides,
    /// pi's `Context`.
    context: Value,
    #[serde(default)]
    options: OptionsForm,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PreparedForm {
    model_id: String,
    region: String,
    body: Json,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notices: Vec<NoticeForm>,
}

#[derive(Serialize)]
struct ProblemsForm {
    problems: Vec<RequestProblemForm>,
}

/// Makes the request, the blobs in their places.
///
/// # Errors
/// When the call does not return, the context is not pi's, or the body is not JSON.
pub fn run(given: &Given, provider: &mut dyn Provider) -> Result<String, Fault> {
    let (context, blobs) = super::context::parse(&given.context).map_err(Fault)?;
    let options = given.options.clone().into();
    match provider.prepare(&given.settings.0, &given.model.0, &context, &options)? {
        Err(problems) => {
            layout::text(&ProblemsForm { problems: problems.into_iter().map(RequestProblemForm::from).collect() })
        }
        Ok(Prepared { model_id, region, body, carry: _, notices }) => layout::text(&PreparedForm {
            model_id,
            region,
            body: Json(joined(&body, &blobs)?),
            notices: notices.into_iter().map(NoticeForm::from).collect(),
        }),
    }
}

/// The body as it goes over the wire.
fn joined(parts: &[BodyPart], blobs: &[Vec<u8>]) -> Result<String, Fault> {
    let mut body = Vec::new();
    for part in parts {
        match part {
            BodyPart::Json(bytes) => body.extend_from_slice(bytes),
            BodyPart::Blob(index) => {
                let blob = blobs.get(*index as usize);
                let blob = blob.ok_or_else(|| Fault(format!("the body names blob {index}, which is not there")))?;
                body.extend_from_slice(STANDARD.encode(blob).as_bytes());
            }
        }
    }
    let text = String::from_utf8(body).map_err(|error| Fault(format!("the body is not UTF-8: {error}")))?;
    match serde_json::from_str::<serde::de::IgnoredAny>(&text) {
        Ok(_) => Ok(text),
        Err(error) => Err(Fault(format!("the body is not JSON: {error}: {text}"))),
    }
}
