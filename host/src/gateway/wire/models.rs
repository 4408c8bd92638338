//! OpenAI's list of models.

use serde::Serialize;

use super::sse;
use crate::contract::types::Model;

#[derive(Serialize)]
struct List<'a> {
    object: &'static str,
    data: Vec<One<'a>>,
}

/// A model. What OpenAI's form has no place for stands beside it, as OpenRouter and vLLM do.
#[derive(Serialize)]
struct One<'a> {
    id: &'a str,
    object: &'static str,
    /// Bedrock does not say when a model was made; the SDKs want a number.
    created: u64,
    owned_by: &'static str,
    name: &'a str,
    context_window: u64,
    max_output_tokens: u64,
    input_modalities: &'a [String],
}

impl<'a> One<'a> {
    fn of(model: &'a Model) -> Self {
        One {
            id: &model.id,
            object: "model",
            created: 0,
            owned_by: "amazon-bedrock",
            name: &model.name,
            context_window: model.context_window,
            max_output_tokens: model.max_tokens,
            input_modalities: &model.input,
        }
    }
}

/// The answer to `GET /v1/models`.
pub(crate) fn list(models: &[Model]) -> Vec<u8> {
    let mut out = Vec::new();
    sse::json(&mut out, &List { object: "list", data: models.iter().map(One::of).collect() });
    out
}

/// The answer to `GET /v1/models/{id}`.
pub(crate) fn one(model: &Model) -> Vec<u8> {
    let mut out = Vec::new();
    sse::json(&mut out, &One::of(model));
    out
}
