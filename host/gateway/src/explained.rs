//! Every effective value of a configuration, and where it came from.

use serde_json::{Value, json};

use crate::config::connection::Found;
use crate::config::gateway::{GatewayConfig, effective_values};
use crate::config::{ConfigFile, ConfigText, Segment, parse_path};
use crate::contract::config::{Origin, Place, Settings};
use crate::json::settings::SettingsForm;

use super::configuration::Configuration;

/// One effective value.
#[derive(Debug, Clone, PartialEq)]
pub struct EffectiveValue {
    /// The path in the configuration.
    pub path: String,
    /// The value; null if nothing sets it and it has no default, or if only the provider knows it.
    pub value: Value,
    /// Where it came from. A value that nothing sets is of the layer `defaults`.
    pub place: Place,
}

impl Configuration {
    /// Every effective value: those of the provider in its order, then the gateway's. `file` is the configuration file.
    /// Values of secrets are left out.
    #[must_use]
    pub fn explain(&self, file: Option<&ConfigFile>) -> Vec<EffectiveValue> {
        let text = file.map(ConfigText::of);
        let settings = serde_json::to_value(SettingsForm::from(self.settings.clone())).unwrap_or_default();
        let of_connection = self.connection.values().into_iter().map(|(path, Found { value, place })| EffectiveValue {
            path,
            value,
            place,
        });
        let of_provider = self.settings.origins.iter().map(|Origin { path, place }| EffectiveValue {
            path: path.clone(),
            value: setting(&settings, &self.settings, path)
                .or_else(|| written(text.as_ref(), path))
                .unwrap_or_default(),
            place: place.clone(),
        });
        let of_gateway = of_gateway(&self.gateway, file, text.as_ref()).map(|mut value| {
            if value.path == "quarry.regions" && value.value.is_null() {
                // The default follows from the configured region.
                value.value = self.regions().others().iter().map(ToString::to_string).collect();
            }
            value
        });
        of_connection.chain(of_provider).chain(of_gateway).collect()
    }
}

fn of_gateway(
    gateway: &GatewayConfig,
    file: Option<&ConfigFile>,
    text: Option<&ConfigText<'_>>,
) -> impl Iterator<Item = EffectiveValue> {
    let value = move |(path, value): (String, Value)| {
        let place = parse_path(&path).ok().and_then(|path| text?.place(&path));
        let (layer, source, (line, column)) = match (place, file) {
            (Some(place), Some(file)) => ("file", file.path().display().to_string(), place),
            _ => ("defaults", String::new(), (0, 0)),
        };
        EffectiveValue { path, value, place: Place { layer: layer.to_owned(), source, line, column } }
    };
    effective_values(gateway).into_iter().map(value)
}

/// The value in the settings that an origin's path means. The paths are those of the configuration, as the contract says of
/// `origin`; a path of a later provider that means nothing here is looked up in the file.
fn setting(form: &Value, settings: &Settings, path: &str) -> Option<Value> {
    const GUARDRAIL: &str = "plugins.entries.amazon-bedrock.config.guardrail.";
    const DISCOVERY: [&str; 2] = ["models.bedrockDiscovery.", "plugins.entries.amazon-bedrock.config.discovery."];
    const PROVIDER: &str = "models.providers.amazon-bedrock.";
    let below = |value: &Value, path: &str| -> Option<Value> {
        let path = parse_path(path).ok()?;
        let step = |value: &'_ Value, segment: &Segment| match segment {
            Segment::Member(name) => value.get(name).cloned(),
            Segment::Element(index) => value.get(index).cloned(),
        };
        path.iter().try_fold(value.clone(), |value, segment| step(&value, segment))
    };
    if let Some(name) = DISCOVERY.iter().find_map(|prefix| path.strip_prefix(prefix)) {
        // An empty list is left out of the form.
        return below(&form["discovery"], name).or_else(|| (name == "providerFilter").then(|| json!([])));
    }
    if let Some(name) = path.strip_prefix(GUARDRAIL) {
        let name = match name {
            "guardrailIdentifier" => "identifier",
            "guardrailVersion" => "version",
            same => same,
        };
        return below(&form["guardrail"], name);
    }
    if let Some(rest) = path.strip_prefix(PROVIDER) {
        return below(form, rest);
    }
    if let Some(reference) = path.strip_prefix("agents.defaults.models.").and_then(|rest| rest.strip_suffix(".alias")) {
        let path = parse_path(reference).ok()?;
        let [Segment::Member(reference)] = path.as_slice() else { return None };
        let means =
            |id: &str| reference.as_str() == id || reference.strip_suffix(id).is_some_and(|rest| rest.ends_with('/'));
        return settings.aliases.iter().find(|(_, id)| means(id)).map(|(alias, _)| json!(alias));
    }
    match path {
        "agents.defaults.model.primary" => settings.default_model.as_ref().map(|model| json!(model)),
        "agents.defaults.model.fallbacks" => Some(json!(settings.fallback_models)),
        _ => None,
    }
}

fn written(text: Option<&ConfigText<'_>>, path: &str) -> Option<Value> {
    text?.value(&parse_path(path).ok()?)
}
