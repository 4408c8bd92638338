//! The configuration as JSON Schema, for editors and for `quarry config schema`.

mod settings;

use secrecy::ExposeSecret as _;
use serde_json::{Map, Value, json};

use self::settings::SETTINGS;
use super::connection::PROVIDER_NAMES;
use super::gateway::{GatewayConfig, effective_values};

/// What a setting takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// `true` or `false`.
    Flag,
    /// A text.
    Text,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// A list of texts; of these where there are any.
    Texts(&'static [&'static str]),
    /// A whole number between these, which count.
    Whole(u64, u64),
    /// A number between these, which count.
    Number(f64, f64),
    /// Names with a text each.
    Names,
    /// Members of any kind.
    Object,
    /// A model, or one with its fallbacks.
    ModelChoice,
}

/// A setting of the configuration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Setting {
    /// Where it is: `[]` is an element of a list, `*` any name.
    pub path: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// Its default as JSON, where the gateway's own code does not have it.
    default: Option<&'static str>,
    /// Whether a change of it takes effect after a restart only.
    pub restarts: bool,
    /// What it means, as Markdown.
    pub about: &'static str,
}

/// Every setting, in the order of the reference page.
#[must_use]
pub fn settings() -> &'static [Setting] {
    SETTINGS
}

/// The settings that take effect after a restart and differ between the configuration that the gateway started with and the one that it
/// read last, in the order of the reference page.
#[must_use]
pub fn awaiting_restart(started: &GatewayConfig, read: &GatewayConfig) -> Vec<&'static str> {
    let (started_values, read_values) = (effective_values(started), effective_values(read));
    let differs = |setting: &&Setting| {
        // Values of headers are secrets, which no list of values has.
        let headers = setting.path == "quarry.otlp.headers" && headers(started) != headers(read);
        let of = |values: &[(String, Value)]| values.iter().find(|(path, _)| path == setting.path).cloned();
        headers || of(&started_values) != of(&read_values)
    };
    SETTINGS.iter().filter(|setting| setting.restarts).filter(differs).map(|setting| setting.path).collect()
}

/// The headers for a collector of spans.
fn headers(config: &GatewayConfig) -> Vec<(&str, &str)> {
    let headers = config.otlp.iter().flat_map(|otlp| &otlp.headers);
    headers.map(|(name, value)| (name.as_str(), value.expose_secret())).collect()
}

/// The names of what may stand in a part of the gateway's own settings, such as `quarry.limits`.
pub(super) fn names_below(part: &str) -> Vec<&'static str> {
    let below = SETTINGS.iter().filter_map(|setting| setting.path.strip_prefix(part)?.strip_prefix('.'));
    let mut names: Vec<&str> = below.map(|rest| rest.split(['.', '[']).next().unwrap_or(rest)).collect();
    names.dedup();
    names
}

impl Setting {
    /// Its value where nothing is configured; `None` where there is no such value.
    #[must_use]
    pub fn default(&self) -> Option<Value> {
        if let Some(text) = self.default {
            return serde_json::from_str(text).ok();
        }
        let values = effective_values(&GatewayConfig::default());
        values.into_iter().find(|(path, _)| path == self.path).map(|(_, value)| value).filter(|value| !value.is_null())
    }

    fn schema(&self) -> Value {
        let mut schema = self.kind.schema();
        let about = self.about.replace('`', "");
        let about = if self.restarts { format!("{about}. Takes effect after a restart.") } else { format!("{about}.") };
        schema.insert("description".to_owned(), json!(about));
        if let Some(default) = self.default() {
            schema.insert("default".to_owned(), default);
        }
        Value::Object(schema)
    }
}

impl Kind {
    fn schema(self) -> Map<String, Value> {
        let schema = match self {
            Kind::Flag => json!({ "type": "boolean" }),
            Kind::Text => json!({ "type": "string" }),
            Kind::OneOf(words) => json!({ "enum": words }),
            Kind::Texts(&[]) => json!({ "type": "array", "items": { "type": "string" } }),
            Kind::Texts(words) => json!({ "type": "array", "items": { "enum": words } }),
            Kind::Whole(least, u64::MAX) => json!({ "type": "integer", "minimum": least }),
            Kind::Whole(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
            Kind::Number(least, most) if most == f64::MAX => json!({ "type": "number", "minimum": least }),
            Kind::Number(least, most) => json!({ "type": "number", "minimum": least, "maximum": most }),
            Kind::Names => json!({ "type": "object", "additionalProperties": { "type": "string" } }),
            Kind::Object => json!({ "type": "object" }),
            Kind::ModelChoice => json!({ "anyOf": [{ "type": "string" }, { "type": "object", "properties": {
                "primary": { "type": "string" }, "fallbacks": { "type": "array", "items": { "type": "string" } },
            } }] }),
        };
        match schema {
            Value::Object(members) => members,
            _ => Map::new(),
        }
    }
}

/// The configuration as JSON Schema (draft 2020-12). The gateway's own part is closed; the others are OpenClaw's too, and may have
/// members that nobody here reads.
#[must_use]
pub fn schema() -> Value {
    let mut root = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Configuration of Quarry",
        "type": "object",
    });
    for setting in SETTINGS {
        insert(&mut root, setting.path, &setting.schema(), setting.path.starts_with("quarry."));
    }
    root["properties"]["quarry"]["additionalProperties"] = json!(false);
    // Every name of the provider, and the place where OpenClaw's plugin has discovery.
    let provider = root["properties"]["models"]["properties"]["providers"]["properties"]["amazon-bedrock"].clone();
    for name in PROVIDER_NAMES {
        root["properties"]["models"]["properties"]["providers"]["properties"][name] = provider.clone();
    }
    let discovery = root["properties"]["models"]["properties"]["bedrockDiscovery"].clone();
    let plugin = &mut root["properties"]["plugins"]["properties"]["entries"]["properties"]["amazon-bedrock"]["properties"]
        ["config"];
    plugin["properties"]["discovery"] = discovery;
    root
}

/// Puts the schema of a setting where its path says.
fn insert(at: &mut Value, path: &str, schema: &Value, is_closed: bool) {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let (name, is_list) = first.strip_suffix("[]").map_or((first, false), |name| (name, true));
    let child = if name == "*" { &mut at["additionalProperties"] } else { &mut at["properties"][name] };
    let Some(rest) = rest else {
        *child = schema.clone();
        return;
    };
    if child.is_null() {
        *child = if is_list { json!({ "type": "array" }) } else { json!({ "type": "object" }) };
    }
    let below = if is_list { &mut child["items"] } else { child };
    if below.is_null() {
        *below = json!({ "type": "object" });
    }
    if is_closed {
        below["additionalProperties"] = json!(false);
    }
    insert(below, rest, schema, is_closed);
}

#[cfg(test)]
mod tests;
