//! The catalog as it lies in the host's cache.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::contract::models::{Catalog, CatalogSource, LeftOut};
use crate::contract::types::{Cost, Model, NamedJson};

/// The version of the layout below *and* of the rules that made the catalog. Raise it with any change of either: a provider
/// that goes live in place of another one finds the other one's values in the cache.
const FORMAT: u32 = 4;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct StoredCatalog {
    format: u32,
    models: Vec<StoredModel>,
    left_out: Vec<StoredLeftOut>,
}

/// What discovery finds out about a model. It knows no prices, endpoints and parameters, so these are not stored.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct StoredModel {
    id: String,
    name: String,
    reasoning: bool,
    input: Vec<String>,
    context_window: u64,
    max_tokens: u64,
    extras: Vec<(String, Value)>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredLeftOut {
    id: String,
    reason: String,
    message: String,
}

/// The bytes to store for a complete live catalog.
pub(super) fn write(catalog: &Catalog) -> Vec<u8> {
    let model = |model: &Model| StoredModel {
        id: model.id.clone(),
        name: model.name.clone(),
        reasoning: model.reasoning,
        input: model.input.clone(),
        context_window: model.context_window,
        max_tokens: model.max_tokens,
        extras: model.extras.iter().map(extra).collect(),
    };
    let left_out = |left_out: &LeftOut| StoredLeftOut {
        id: left_out.id.clone(),
        reason: left_out.reason.clone(),
        message: left_out.message.clone(),
    };
    let stored = StoredCatalog {
        format: FORMAT,
        models: catalog.models.iter().map(model).collect(),
        left_out: catalog.left_out.iter().map(left_out).collect(),
    };
    serde_json::to_vec(&stored).expect("a record of strings, numbers and lists is always JSON")
}

fn extra(extra: &NamedJson) -> (String, Value) {
    // Discovery writes its extras itself, as JSON.
    let value = serde_json::from_str(&extra.value).unwrap_or_else(|_| Value::from(extra.value.as_str()));
    (extra.name.clone(), value)
}

/// The catalog in stored bytes, of source `cache`.
///
/// # Errors
/// Why they cannot be used, as a clause for a message.
pub(super) fn read(value: &[u8]) -> Result<Catalog, String> {
    let json: Value = serde_json::from_slice(value).map_err(|error| format!("it is not JSON ({error})"))?;
    match json.get("format").and_then(Value::as_u64) {
        Some(format) if format == u64::from(FORMAT) => {}
        Some(format) => return Err(format!("it has format {format}, not {FORMAT}")),
        None => return Err("it does not name its format".to_owned()),
    }
    let stored: StoredCatalog = serde_json::from_value(json).map_err(|error| error.to_string())?;
    let model = |model: StoredModel| Model {
        id: model.id,
        name: model.name,
        reasoning: model.reasoning,
        input: model.input,
        cost: Cost { input: 0.0, output: 0.0, cache_read: 0.0, cache_write: 0.0, tiers: Vec::new() },
        context_window: model.context_window,
        max_tokens: model.max_tokens,
        params: None,
        extras: model.extras.into_iter().map(|(name, value)| NamedJson { name, value: value.to_string() }).collect(),
    };
    let left_out =
        |left_out: StoredLeftOut| LeftOut { id: left_out.id, reason: left_out.reason, message: left_out.message };
    Ok(Catalog {
        models: stored.models.into_iter().map(model).collect(),
        left_out: stored.left_out.into_iter().map(left_out).collect(),
        source: CatalogSource::Cache,
        failures: Vec::new(),
        notices: Vec::new(),
    })
}
