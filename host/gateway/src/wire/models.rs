//! OpenAI's list of models.

use serde::Serialize;
use serde_json::Value;

use super::sse;
use crate::contract::types::Model;
use crate::discovery::told;
use crate::pi;

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
    /// Where the two limits are from: `configuration`, `listing`, `known-models` or `defaults`, or an object of both.
    #[serde(skip_serializing_if = "Option::is_none")]
    limits_from: Option<Value>,
    /// The listing has expired, because AWS could not be reached.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stale: bool,
}

impl<'a> One<'a> {
    fn of(model: &'a Model) -> Self {
        One {
            id: &model.id,
            object: "model",
            created: 0,
            owned_by: pi::PROVIDER,
            name: &model.name,
            context_window: model.context_window,
            max_output_tokens: model.max_tokens,
            input_modalities: &model.input,
            limits_from: told::limits_from(model),
            stale: told::is_stale(model),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::types::NamedJson;
    use crate::json::model::default_model;

    #[test]
    fn limits_say_where_they_are_from_and_old_models_that_they_are_old() {
        let plain: Value = serde_json::from_slice(&one(&default_model())).expect("it is JSON");
        assert_eq!((&plain["limits_from"], &plain["stale"]), (&Value::Null, &Value::Null));
        let mut model = default_model();
        let from = r#"{"contextWindow":"known-models","maxTokens":"listing"}"#;
        model.extras.push(NamedJson { name: "limitsFrom".to_owned(), value: from.to_owned() });
        told::mark_stale(&mut model);
        let listed: Value = serde_json::from_slice(&list(&[model])).expect("it is JSON");
        assert_eq!(listed["data"][0]["limits_from"]["maxTokens"], "listing");
        assert_eq!(listed["data"][0]["stale"], true);
    }
}
