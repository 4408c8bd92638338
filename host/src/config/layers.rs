//! The layers for the provider's `merge`.

use super::environment::Environment;
use super::error::ConfigError;
use super::file::ConfigFile;
use super::mask::{Mask, without_user_info};
use super::overrides::{self, Override};
use crate::contract::about::Identity;
use crate::contract::config::{Layer, LayerContent};

/// The parts of the configuration that a provider may be shown. It names what it wants; it gets what is here too.
pub const PROVIDER_PATHS: &[&str] = &[
    "models.providers.amazon-bedrock",
    "models.providers.bedrock",
    "models.providers.aws-bedrock",
    "models.bedrockDiscovery",
    "plugins.entries.amazon-bedrock.config",
    "agents.defaults.model",
    "agents.defaults.models",
];

/// The environment variables that a provider may be shown. None holds a secret.
pub const PROVIDER_VARIABLES: &[&str] =
    &["AWS_REGION", "AWS_DEFAULT_REGION", "QUARRY_REGION", "QUARRY_MODEL", "QUARRY_BASE_URL", "QUARRY_CACHE_RETENTION"];

/// Makes the layers, lowest first: the file (when there is one), the environment, the flags (when there are any). What they hold is
/// what the provider asks for and may have; the text of everything else is masked, its places stay.
///
/// # Errors
/// When the path of an override cannot be read.
pub fn layers(
    file: Option<&ConfigFile>,
    environment: &Environment,
    overrides: &[Override],
    identity: &Identity,
) -> Result<Vec<Layer>, ConfigError> {
    let mask = Mask::new(
        PROVIDER_PATHS.iter().copied().filter(|path| identity.config_paths.iter().any(|wanted| wanted == path)),
    );
    let mut layers = Vec::new();
    if let Some(file) = file {
        layers.push(text_layer("file", file.path().display().to_string(), mask.apply(file.text())));
    }
    let wanted = PROVIDER_VARIABLES.iter().filter(|name| identity.variables.iter().any(|wanted| wanted == *name));
    let set =
        wanted.filter_map(|name| Some(((*name).to_owned(), without_user_info(environment.get(name)?).into_owned())));
    let content = LayerContent::Variables(set.collect());
    layers.push(Layer { name: "environment".to_owned(), source: String::new(), content });
    let flags = overrides::document(overrides)?;
    if !flags.is_empty() {
        layers.push(text_layer("flags", String::new(), mask.apply(&flags)));
    }
    Ok(layers)
}

fn text_layer(name: &str, source: String, text: String) -> Layer {
    Layer { name: name.to_owned(), source, content: LayerContent::Json5(text) }
}
