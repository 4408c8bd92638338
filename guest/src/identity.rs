//! Who this provider is, and what it wants to see of the configuration.

use crate::contract::about::Identity;

/// The provider's id, as model references (`amazon-bedrock/MODEL`) and `models.providers` carry it.
pub const PROVIDER: &str = "amazon-bedrock";

/// Other names of the provider that OpenClaw takes for it, in model references and as members of `models.providers`.
pub const PROVIDER_ALIASES: &[&str] = &["bedrock", "aws-bedrock"];

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
pub const VARIABLES: &[&str] = &["QUARRY_MODEL", "QUARRY_CACHE_RETENTION"];

/// The id of the model of this provider that a reference means: `amazon-bedrock/ID`, `bedrock/ID`, `aws-bedrock/ID`, or the id
/// alone. None where the reference names another provider (`openai/gpt-5`) or no model at all.
#[must_use]
pub fn own_model(reference: &str) -> Option<&str> {
    let reference = reference.trim();
    let id = match reference.split_once('/') {
        Some((prefix, id)) if is_own_prefix(prefix) => id.trim(),
        // The slash of an ARN, `arn:aws:bedrock:…:inference-profile/…`, divides no provider from a model.
        Some((prefix, _)) if !prefix.contains(':') => return None,
        _ => reference,
    };
    (!id.is_empty()).then_some(id)
}

/// A model's id without the provider's prefix, if it has that prefix.
#[must_use]
pub fn without_prefix(id: &str) -> &str {
    match id.split_once('/') {
        Some((prefix, rest)) if is_own_prefix(prefix) && !rest.trim().is_empty() => rest.trim(),
        _ => id,
    }
}

/// What stands behind the provider's prefix, be it nothing; the whole name if it has no such prefix.
#[must_use]
pub fn after_prefix(name: &str) -> &str {
    match name.split_once('/') {
        Some((prefix, rest)) if is_own_prefix(prefix) => rest.trim(),
        _ => name,
    }
}

fn is_own_prefix(prefix: &str) -> bool {
    core::iter::once(&PROVIDER).chain(PROVIDER_ALIASES).any(|name| name.eq_ignore_ascii_case(prefix.trim()))
}

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

#[cfg(test)]
mod tests {
    use super::{own_model, without_prefix};

    #[test]
    fn references_lose_the_providers_prefix_and_other_providers_are_none_of_ours() {
        let table = [
            ("amazon-bedrock/us.anthropic.claude-opus-4-6-v1", Some("us.anthropic.claude-opus-4-6-v1")),
            ("Bedrock/amazon.nova-pro-v1:0", Some("amazon.nova-pro-v1:0")),
            ("aws-bedrock/x", Some("x")),
            ("amazon.nova-lite-v1:0", Some("amazon.nova-lite-v1:0")),
            (
                "arn:aws:bedrock:us-east-1:1:inference-profile/x",
                Some("arn:aws:bedrock:us-east-1:1:inference-profile/x"),
            ),
            ("amazon-bedrock/arn:aws:bedrock:us-east-1:1:prompt/x", Some("arn:aws:bedrock:us-east-1:1:prompt/x")),
            ("openai/gpt-5", None),
            ("amazon-bedrock/", None),
            ("  ", None),
        ];
        for (reference, id) in table {
            assert_eq!(own_model(reference), id, "{reference}");
        }
        assert_eq!(without_prefix("amazon-bedrock/a"), "a");
        assert_eq!(without_prefix("openai/a"), "openai/a");
    }
}
