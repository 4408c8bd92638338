//! Who this provider is, and what it wants to see of the configuration.

use crate::contract::about::Identity;

/// The provider's id, as model references (`amazon-bedrock/MODEL`) and `models.providers` carry it.
pub const PROVIDER: &str = "amazon-bedrock";

/// The API's id in pi's terms.
pub const API: &str = "bedrock-converse-stream";

/// Paths of the configuration that this provider reads. Members are separated by dots; none has a dot in it.
pub const CONFIG_PATHS: &[&str] = &[
    "models.providers.amazon-bedrock",
    "models.providers.bedrock",
    "models.providers.aws-bedrock",
    "models.bedrockDiscovery",
    "plugins.entries.amazon-bedrock.config",
    "agents.defaults.model",
    "agents.defaults.models",
];

/// Environment variables that this provider reads. None holds a secret.
pub const VARIABLES: &[&str] =
    &["AWS_REGION", "AWS_DEFAULT_REGION", "QUARRY_REGION", "QUARRY_MODEL", "QUARRY_BASE_URL", "QUARRY_CACHE_RETENTION"];

/// What the provider says of itself.
#[must_use]
pub fn identify() -> Identity {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Identity {
        name: "quarry-bedrock".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        provider: PROVIDER.to_owned(),
        api: API.to_owned(),
        config_paths: owned(CONFIG_PATHS),
        variables: owned(VARIABLES),
    }
}
