//! Settings.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::model::{ModelForm, ModelOverrides};
use super::overrides::overridden;
use super::raw::{Json, Members};
use crate::config::{Discovery, Guardrail, Settings};

/// The JSON form of settings, without the origins of their values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SettingsForm {
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "models_by_overrides")]
    models: Vec<ModelForm>,
    discovery: DiscoveryForm,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    default_model: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    fallback_models: Vec<String>,
    #[serde(default, skip_serializing_if = "Members::is_empty")]
    aliases: Members<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    guardrail: Option<GuardrailForm>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cache_retention: Option<String>,
    #[serde(default, skip_serializing_if = "Members::is_empty")]
    extras: Members<Json>,
}

/// The JSON form of what discovery is to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DiscoveryForm {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    enabled: Option<bool>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    provider_filter: Vec<String>,
    refresh_interval: u64,
    default_context_window: u64,
    default_max_tokens: u64,
}

/// The JSON form of a guardrail.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GuardrailForm {
    identifier: String,
    version: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stream_processing_mode: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trace: Option<String>,
}

impl From<Settings> for SettingsForm {
    fn from(settings: Settings) -> Self {
        let Settings {
            models,
            discovery,
            default_model,
            fallback_models,
            aliases,
            guardrail,
            cache_retention,
            origins: _,
            extras,
        } = settings;
        SettingsForm {
            models: models.into_iter().map(ModelForm::from).collect(),
            discovery: discovery.into(),
            default_model,
            fallback_models,
            aliases: Members(aliases),
            guardrail: guardrail.map(GuardrailForm::from),
            cache_retention,
            extras: extras.into(),
        }
    }
}

impl From<SettingsForm> for Settings {
    fn from(form: SettingsForm) -> Self {
        let SettingsForm {
            models,
            discovery,
            default_model,
            fallback_models,
            aliases,
            guardrail,
            cache_retention,
            extras,
        } = form;
        Settings {
            models: models.into_iter().map(Into::into).collect(),
            discovery: discovery.into(),
            default_model,
            fallback_models,
            aliases: aliases.0,
            guardrail: guardrail.map(Guardrail::from),
            cache_retention,
            origins: Vec::new(),
            extras: extras.into(),
        }
    }
}

impl From<Discovery> for DiscoveryForm {
    fn from(discovery: Discovery) -> Self {
        let Discovery { enabled, provider_filter, refresh_interval, default_context_window, default_max_tokens } =
            discovery;
        DiscoveryForm { enabled, provider_filter, refresh_interval, default_context_window, default_max_tokens }
    }
}

impl From<DiscoveryForm> for Discovery {
    fn from(form: DiscoveryForm) -> Self {
        let DiscoveryForm { enabled, provider_filter, refresh_interval, default_context_window, default_max_tokens } =
            form;
        Discovery { enabled, provider_filter, refresh_interval, default_context_window, default_max_tokens }
    }
}

impl From<Guardrail> for GuardrailForm {
    fn from(Guardrail { identifier, version, stream_processing_mode, trace }: Guardrail) -> Self {
        GuardrailForm { identifier, version, stream_processing_mode, trace }
    }
}

impl From<GuardrailForm> for Guardrail {
    fn from(GuardrailForm { identifier, version, stream_processing_mode, trace }: GuardrailForm) -> Self {
        Guardrail { identifier, version, stream_processing_mode, trace }
    }
}

/// Reads a list of models, each as what differs from the default model.
fn models_by_overrides<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<ModelForm>, D::Error> {
    let models = Vec::<ModelOverrides>::deserialize(deserializer)?;
    Ok(models.into_iter().map(|model| ModelForm::from(model.0)).collect())
}

/// The settings of a configuration that says nothing: discovery as OpenClaw documents it
/// (3 600 seconds, 32 000 tokens of context, 4 096 of output).
#[must_use]
pub fn default_settings() -> Settings {
    Settings {
        models: Vec::new(),
        discovery: Discovery {
            enabled: None,
            provider_filter: Vec::new(),
            refresh_interval: 3_600,
            default_context_window: 32_000,
            default_max_tokens: 4_096,
        },
        default_model: None,
        fallback_models: Vec::new(),
        aliases: Vec::new(),
        guardrail: None,
        cache_retention: None,
        origins: Vec::new(),
        extras: Vec::new(),
    }
}

/// The region that a provider gets; us-east-1 where nothing else is said.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct RegionForm(pub String);

impl Default for RegionForm {
    fn default() -> Self {
        RegionForm("us-east-1".to_owned())
    }
}

/// Settings read as what differs from [`default_settings`].
#[derive(Debug, Clone, PartialEq)]
pub struct SettingsOverrides(pub Settings);

impl Default for SettingsOverrides {
    fn default() -> Self {
        SettingsOverrides(default_settings())
    }
}

impl<'de> Deserialize<'de> for SettingsOverrides {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let overrides = Value::deserialize(deserializer)?;
        overridden(&SettingsForm::from(default_settings()), overrides)
            .map(|form| SettingsOverrides(form.into()))
            .map_err(serde::de::Error::custom)
    }
}
