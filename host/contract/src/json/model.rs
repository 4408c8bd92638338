//! Models and their prices.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::overrides::overridden;
use super::raw::{Json, Members, number};
use crate::types::{Cost, CostTier, Model};

/// The JSON form of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ModelForm {
    id: String,
    name: String,
    reasoning: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    input: Vec<String>,
    #[serde(default, skip_serializing_if = "CostForm::is_zero")]
    cost: CostForm,
    context_window: u64,
    max_tokens: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    params: Option<Json>,
    #[serde(default, skip_serializing_if = "Members::is_empty")]
    extras: Members<Json>,
}

/// The JSON form of prices.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CostForm {
    #[serde(default, serialize_with = "number")]
    input: f64,
    #[serde(default, serialize_with = "number")]
    output: f64,
    #[serde(default, serialize_with = "number")]
    cache_read: f64,
    #[serde(default, serialize_with = "number")]
    cache_write: f64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tiers: Vec<TierForm>,
}

impl CostForm {
    fn is_zero(&self) -> bool {
        *self == CostForm::default()
    }
}

/// The JSON form of the prices of one tier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TierForm {
    input_tokens_above: u64,
    #[serde(serialize_with = "number")]
    input: f64,
    #[serde(serialize_with = "number")]
    output: f64,
    #[serde(serialize_with = "number")]
    cache_read: f64,
    #[serde(serialize_with = "number")]
    cache_write: f64,
}

impl From<Model> for ModelForm {
    fn from(model: Model) -> Self {
        let Model { id, name, reasoning, input, cost, context_window, max_tokens, params, extras } = model;
        ModelForm {
            id,
            name,
            reasoning,
            input,
            cost: cost.into(),
            context_window,
            max_tokens,
            params: params.map(Json),
            extras: extras.into(),
        }
    }
}

impl From<ModelForm> for Model {
    fn from(form: ModelForm) -> Self {
        let ModelForm { id, name, reasoning, input, cost, context_window, max_tokens, params, extras } = form;
        Model {
            id,
            name,
            reasoning,
            input,
            cost: cost.into(),
            context_window,
            max_tokens,
            params: params.map(|json| json.0),
            extras: extras.into(),
        }
    }
}

impl From<Cost> for CostForm {
    fn from(Cost { input, output, cache_read, cache_write, tiers }: Cost) -> Self {
        CostForm { input, output, cache_read, cache_write, tiers: tiers.into_iter().map(TierForm::from).collect() }
    }
}

impl From<CostForm> for Cost {
    fn from(CostForm { input, output, cache_read, cache_write, tiers }: CostForm) -> Self {
        Cost { input, output, cache_read, cache_write, tiers: tiers.into_iter().map(CostTier::from).collect() }
    }
}

impl From<CostTier> for TierForm {
    fn from(CostTier { input_tokens_above, input, output, cache_read, cache_write }: CostTier) -> Self {
        TierForm { input_tokens_above, input, output, cache_read, cache_write }
    }
}

impl From<TierForm> for CostTier {
    fn from(TierForm { input_tokens_above, input, output, cache_read, cache_write }: TierForm) -> Self {
        CostTier { input_tokens_above, input, output, cache_read, cache_write }
    }
}

/// The model that cases start from: text and images, no thinking, 200 000 tokens of context, 8 192 of output, no prices.
#[must_use]
pub fn default_model() -> Model {
    Model {
        id: "anthropic.claude-test-v1:0".into(),
        name: "Test model".into(),
        reasoning: false,
        input: vec!["text".into(), "image".into()],
        cost: Cost { input: 0.0, output: 0.0, cache_read: 0.0, cache_write: 0.0, tiers: Vec::new() },
        context_window: 200_000,
        max_tokens: 8_192,
        params: None,
        extras: Vec::new(),
    }
}

/// A model read as what differs from [`default_model`].
#[derive(Debug, Clone, PartialEq)]
pub struct ModelOverrides(pub Model);

impl Default for ModelOverrides {
    fn default() -> Self {
        ModelOverrides(default_model())
    }
}

impl<'de> Deserialize<'de> for ModelOverrides {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let overrides = Value::deserialize(deserializer)?;
        overridden(&ModelForm::from(default_model()), overrides)
            .map(|form| ModelOverrides(form.into()))
            .map_err(serde::de::Error::custom)
    }
}
