//! Which model a name means.

use crate::contract::config::Settings;
use crate::contract::types::{Cost, Model, NamedJson};
use crate::json::{Json, Members};

/// What may stand before a model's id in a reference.
const PREFIXES: [&str; 3] = ["amazon-bedrock/", "bedrock/", "aws-bedrock/"];

/// Names that mean the default model of the configuration.
const DEFAULT_NAMES: [&str; 2] = ["", "default"];

/// The extra of the settings in which the provider tells the parameters of models that the configuration need not list, by id.
pub(super) const MODEL_PARAMS: &str = "modelParams";

/// A model's id without the provider's prefix.
#[must_use]
pub fn without_prefix(name: &str) -> &str {
    PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name)
}

/// A reference that the configuration takes: the id with the provider's prefix.
#[must_use]
pub fn with_prefix(name: &str) -> String {
    format!("{}{}", PREFIXES[0], without_prefix(name))
}

/// The id that a name means: an alias of the configuration, its default model, or an id. None when it means the default
/// and there is none.
#[must_use]
pub fn id_of(settings: &Settings, name: &str) -> Option<String> {
    let name = name.trim();
    let named = without_prefix(name);
    let named = if DEFAULT_NAMES.contains(&named) { settings.default_model.as_deref()? } else { named };
    let alias = settings.aliases.iter().find(|(alias, _)| alias == named);
    Some(alias.map_or(named, |(_, target)| target).to_owned())
}

/// What is known of a model: what the configuration lists, else what the client says, else nothing much.
#[must_use]
pub fn model_of(settings: &Settings, id: &str, known: Option<&Model>) -> Model {
    let listed = settings.models.iter().find(|model| model.id == id);
    listed.or_else(|| known.filter(|known| known.id == id)).cloned().unwrap_or_else(|| unlisted(settings, id))
}

/// The models to ask for a name: the one that it means, then the configuration's fallbacks. Empty when it means none.
#[must_use]
pub fn chain(settings: &Settings, name: &str, known: Option<&Model>, fallbacks: bool) -> Vec<Model> {
    let Some(first) = id_of(settings, name) else { return Vec::new() };
    // What the client knows of a model, it knows under the name that it gave.
    let known = known.map(|known| Model { id: first.clone(), ..known.clone() });
    let mut models = vec![model_of(settings, &first, known.as_ref())];
    for fallback in settings.fallback_models.iter().filter(|_| fallbacks) {
        let id = id_of(settings, fallback).unwrap_or_else(|| fallback.clone());
        if models.iter().all(|model| model.id != id) {
            models.push(model_of(settings, &id, None));
        }
    }
    models
}

/// The ids of all the models that the configuration names: those that it lists, its default and fallbacks, what its aliases
/// mean.
#[must_use]
pub fn named(settings: &Settings) -> Vec<String> {
    let listed = settings.models.iter().map(|model| model.id.clone());
    let defaults = settings.default_model.iter().chain(&settings.fallback_models);
    let meant = settings.aliases.iter().map(|(_, target)| target.clone());
    listed.chain(defaults.map(|name| id_of(settings, name).unwrap_or_else(|| name.clone()))).chain(meant).collect()
}

/// The ids of the models that the configuration has parameters for without listing them.
#[must_use]
pub fn with_params(settings: &Settings) -> Vec<String> {
    all_params(settings).0.into_iter().map(|(model, _)| model).collect()
}

/// The parameters that the configuration has for a model without listing it.
fn configured_params(settings: &Settings, id: &str) -> Option<String> {
    all_params(settings).0.into_iter().find(|(model, _)| model == id).map(|(_, params)| params.0)
}

/// The parameters of all models.
fn all_params(settings: &Settings) -> Members<Json> {
    let all = settings.extras.iter().find(|extra| extra.name == MODEL_PARAMS);
    all.and_then(|all| serde_json::from_str(&all.value).ok()).unwrap_or_else(|| Members(Vec::new()))
}

/// A model that the configuration does not list.
fn unlisted(settings: &Settings, id: &str) -> Model {
    Model {
        id: id.to_owned(),
        name: id.to_owned(),
        // What a model can do is not known without a listing; the service refuses what it cannot.
        reasoning: true,
        input: ["text", "image", "document", "video"].map(str::to_owned).to_vec(),
        cost: Cost { input: 0.0, output: 0.0, cache_read: 0.0, cache_write: 0.0, tiers: Vec::new() },
        context_window: settings.discovery.default_context_window,
        max_tokens: settings.discovery.default_max_tokens,
        params: configured_params(settings, id),
        extras: vec![NamedJson { name: "limitsFrom".to_owned(), value: "\"defaults\"".to_owned() }],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::settings::default_settings;

    #[test]
    fn a_model_that_is_not_listed_has_the_parameters_that_are_configured_for_it() {
        let mut settings = default_settings();
        let value = r#"{"a.b":{"thinking":"high"},"a.c":{}}"#.to_owned();
        settings.extras.push(NamedJson { name: MODEL_PARAMS.to_owned(), value });
        let params = |id: &str| model_of(&settings, id, None).params;
        assert_eq!(params("a.b").as_deref(), Some(r#"{"thinking":"high"}"#));
        assert_eq!(params("a.d"), None);
    }
}
