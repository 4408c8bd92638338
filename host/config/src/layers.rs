//! The layers for the provider's `merge`.

use super::error::ConfigError;
use super::file::ConfigFile;
use super::mask::Mask;
use super::overrides::{self, Override};
use super::unmasked::of_variables;
use crate::contract::about::Identity;
use crate::contract::config::Layer;
use crate::environment::Environment;
use crate::printable::without_user_info;

/// The environment variables that a provider may be shown. None holds a secret.
pub const PROVIDER_VARIABLES: &[&str] = &["QUARRY_MODEL", "QUARRY_CACHE_RETENTION"];

/// Makes the layers, lowest first: the file (when there is one), the variables that are set, the flags (when there are any). They hold
/// what the provider asks for and may have. `params` are members of a
/// model's `params` that the operator lets it see besides those that are known ([`ProviderConfig::params`]).
///
/// [`ProviderConfig::params`]: super::gateway::ProviderConfig::params
///
/// # Errors
/// When the file is no JSON5, or the path of an override cannot be read.
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
        let (path, source) = (file.path(), file.path().display().to_string());
        let document = file.document().map_err(|fault| ConfigError::syntax(path, fault))?;
        layers.push(Layer { name: "file".to_owned(), source, entries: mask.entries(document) });
    }
    let wanted = PROVIDER_VARIABLES.iter().filter(|name| identity.variables.iter().any(|wanted| wanted == *name));
    let set =
        wanted.filter_map(|name| Some(((*name).to_owned(), without_user_info(environment.get(name)?).into_owned())));
    layers.extend(of_variables(set));
    let flags = overrides::document(overrides)?;
    if flags.root().is_some() {
        layers.push(Layer { name: "flags".to_owned(), source: String::new(), entries: mask.entries(&flags) });
    }
    Ok(layers)
}

#[cfg(test)]
mod tests {
    use super::super::mask::PROVIDER_PATHS;
    use serde_json::json;

    use super::{ConfigFile, Environment, Identity, Layer, Override, layers};
    use crate::contract::config::{Entry, EntryValue};

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

    /// The layers as JSON, for comparing: name, source, and the texts in it.
    fn texts(layers: &[Layer]) -> Vec<(String, String, Vec<String>)> {
        let texts = |layer: &Layer| {
            let text = |entry: &Entry| match &entry.value {
                EntryValue::Text(text) => Some(text.clone()),
                _ => None,
            };
            layer.entries.iter().filter_map(text).collect()
        };
        layers.iter().map(|layer| (layer.name.clone(), layer.source.clone(), texts(layer))).collect()
    }

    #[test]
    fn a_provider_gets_variables_that_it_wants_and_may_have() {
        let environment = Environment::from_iter([
            ("AWS_REGION", "eu-west-1"),
            ("QUARRY_CACHE_RETENTION", " "),
            ("QUARRY_MODEL", "https://me:hunter2@host"),
            ("AWS_SECRET_ACCESS_KEY", "hunter2"),
            ("QUARRY_BASE_URL", "https://host"),
        ]);
        let all = ["AWS_SECRET_ACCESS_KEY", "QUARRY_CACHE_RETENTION", "QUARRY_MODEL", "QUARRY_BASE_URL", "PATH"];
        let seen =
            |wanted: &[&str]| texts(&layers(None, &environment, &[], &identity(&[], wanted), &[]).expect("valid"));
        let (name, source) = ("environment".to_owned(), "QUARRY_MODEL".to_owned());
        assert_eq!(seen(&all), [(name, source, vec!["https://xxxxxxxxxx@host".to_owned()])]);
        assert_eq!(seen(&[]), []);
    }

    #[test]
    fn a_provider_gets_paths_that_it_wants_and_may_have() {
        let overrides = [
            Override::new("models.bedrockDiscovery.providerFilter", json!(["meta"])),
            Override::new("models.providers.amazon-bedrock.apiKey", "hunter2"),
            Override::new("models.providers.openai.baseUrl", "hunter2"),
        ];
        let seen = |wanted: &[&str]| {
            texts(&layers(None, &Environment::default(), &overrides, &identity(wanted, &[]), &[]).expect("valid paths"))
        };
        assert_eq!(seen(PROVIDER_PATHS), [("flags".to_owned(), String::new(), vec!["meta".to_owned()])]);
        let others = seen(&["models", "models.providers.openai", "models.providers.amazon-bedrock.apiKey"]);
        assert_eq!(others, [("flags".to_owned(), String::new(), vec![])]);
    }

    #[test]
    fn a_file_that_is_no_json5_has_no_layer() {
        let file = ConfigFile::with_text("c.json5", "{\n a }");
        let error = layers(Some(&file), &Environment::default(), &[], &identity(&[], &[]), &[]).expect_err("no JSON5");
        assert_eq!(
            error.to_string(),
            "c.json5:2:4: a name without a colon after it; expected a member as `name: value`"
        );
    }
}
