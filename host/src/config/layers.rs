//! The layers for the provider's `merge`.

use super::environment::Environment;
use super::error::ConfigError;
use super::file::ConfigFile;
use super::mask::{Mask, without_user_info};
use super::overrides::{self, Override};
use crate::contract::about::Identity;
use crate::contract::config::{Layer, LayerContent};

/// The environment variables that a provider may be shown. None holds a secret.
pub const PROVIDER_VARIABLES: &[&str] = &["QUARRY_MODEL", "QUARRY_CACHE_RETENTION"];

/// Makes the layers, lowest first: the file (when there is one), the environment, the flags (when there are any). What they hold is
/// what the provider asks for and may have; the text of everything else is masked, its places stay. `params` are members of a
/// model's `params` that the operator lets it see besides those that are known ([`ProviderConfig::params`]).
///
/// [`ProviderConfig::params`]: super::gateway::ProviderConfig::params
///
/// # Errors
/// When the path of an override cannot be read.
pub fn layers(
    file: Option<&ConfigFile>,
    environment: &Environment,
    overrides: &[Override],
    identity: &Identity,
    params: &[String],
) -> Result<Vec<Layer>, ConfigError> {
    let mask = Mask::for_provider(&identity.config_paths, params);
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

#[cfg(test)]
mod tests {
    use super::super::mask::PROVIDER_PATHS;
    use super::{Environment, Identity, Layer, LayerContent, Override, layers};

    fn identity(paths: &[&str], variables: &[&str]) -> Identity {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Identity {
            name: "p".to_owned(),
            version: "1.0.0".to_owned(),
            provider: "amazon-bedrock".to_owned(),
            api: "bedrock-converse-stream".to_owned(),
            config_paths: owned(paths),
            variables: owned(variables),
        }
    }

    fn variables_for(wanted: &[&str], set: &[(&str, &str)]) -> Vec<(String, String)> {
        let layers =
            layers(None, &set.iter().copied().collect(), &[], &identity(&[], wanted), &[]).expect("no overrides");
        match layers.as_slice() {
            [Layer { name, content: LayerContent::Variables(variables), .. }] if name == "environment" => {
                variables.clone()
            }
            other => panic!("one layer of variables, not {other:?}"),
        }
    }

    #[test]
    fn a_provider_gets_variables_that_it_wants_and_may_have() {
        let set = [
            ("AWS_REGION", "eu-west-1"),
            ("QUARRY_CACHE_RETENTION", " "),
            ("QUARRY_MODEL", "https://me:hunter2@host"),
            ("AWS_SECRET_ACCESS_KEY", "hunter2"),
            ("QUARRY_BASE_URL", "https://host"),
        ];
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            variables_for(
                &[
                    "AWS_SECRET_ACCESS_KEY",
                    "QUARRY_CACHE_RETENTION",
                    "QUARRY_MODEL",
                    "QUARRY_BASE_URL",
                    "AWS_REGION",
                    "PATH"
                ],
                &set
            ),
            [pair("QUARRY_MODEL", "https://xxxxxxxxxx@host")]
        );
        assert_eq!(variables_for(&[], &set), []);
    }

    #[test]
    fn a_provider_gets_paths_that_it_wants_and_may_have() {
        let overrides = [
            Override::new("models.bedrockDiscovery.region", "eu-west-1"),
            Override::new("models.providers.amazon-bedrock.apiKey", "hunter2"),
            Override::new("models.providers.openai.baseUrl", "hunter2"),
        ];
        let flags = |wanted: &[&str]| {
            let layers =
                layers(None, &Environment::default(), &overrides, &identity(wanted, &[]), &[]).expect("valid paths");
            match layers.last() {
                Some(Layer { name, source, content: LayerContent::Json5(text) })
                    if name == "flags" && source.is_empty() =>
                {
                    text.clone()
                }
                other => panic!("flags last, not {other:?}"),
            }
        };
        let seen = flags(PROVIDER_PATHS);
        assert!(
            seen.contains("eu-west-1") && seen.contains("\"apiKey\":\"xxxxxxx\"") && !seen.contains("hunter2"),
            "{seen}"
        );
        let seen = flags(&["models", "models.providers.openai", "models.providers.amazon-bedrock.apiKey"]);
        assert!(!seen.contains("eu-west-1") && !seen.contains("hunter2"), "{seen}");
    }
}
