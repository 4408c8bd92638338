//! The models of other providers in a file that OpenClaw reads too: a request for one of them gets told so.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::connection::PROVIDER_NAMES;
use super::file::ConfigFile;

/// Names of models, each with the provider that the file says it is of. Nothing else of these providers is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OtherModels {
    providers: BTreeSet<String>,
    /// By their id, and by their alias.
    models: BTreeMap<String, String>,
    default_model: Option<String>,
}

impl OtherModels {
    /// Reads a file. One that cannot be read has none: that is told elsewhere.
    #[must_use]
    pub fn of(file: Option<&ConfigFile>) -> Self {
        let root = file.and_then(|file| file.document().ok()?.root());
        root.map(|root| OtherModels::in_document(&root.to_json())).unwrap_or_default()
    }

    fn in_document(document: &Value) -> Self {
        let mut others = OtherModels::default();
        let providers = document["models"]["providers"].as_object().into_iter().flatten();
        for (provider, settings) in providers.filter(|(name, _)| !PROVIDER_NAMES.contains(&name.as_str())) {
            others.providers.insert(provider.clone());
            let models = settings["models"].as_array().into_iter().flatten();
            for id in models.filter_map(|model| model["id"].as_str()) {
                others.models.insert(id.to_owned(), provider.clone());
            }
        }
        let defaults = &document["agents"]["defaults"];
        for (reference, model) in defaults["models"].as_object().into_iter().flatten() {
            let Some((provider, id)) = others.split(reference) else { continue };
            let names = [Some(id), model["alias"].as_str()];
            let (provider, names) = (provider.to_owned(), names.map(|name| name.map(str::to_owned)));
            others.models.extend(names.into_iter().flatten().map(|name| (name, provider.clone())));
            others.providers.insert(provider);
        }
        let default_model = defaults["model"].as_str().or(defaults["model"]["primary"].as_str());
        others.default_model = default_model.filter(|name| others.split(name).is_some()).map(str::to_owned);
        others
    }

    /// The provider and the rest of a reference such as `openai/gpt-5`, unless it is one of Quarry's own, or no reference.
    fn split<'r>(&self, reference: &'r str) -> Option<(&'r str, &'r str)> {
        let (provider, id) = reference.split_once('/')?;
        // An ARN has a slash too.
        let is_other = !provider.contains(':') && !PROVIDER_NAMES.contains(&provider);
        is_other.then_some((provider, id))
    }

    /// The default model of the file, where it is another provider's.
    #[must_use]
    pub fn default_model(&self) -> Option<&str> {
        self.default_model.as_deref()
    }

    /// The provider of the file that a reference with its name in front is of, such as `openai/gpt-5`.
    #[must_use]
    pub fn provider_of_reference<'r>(&self, reference: &'r str) -> Option<&'r str> {
        let (provider, _) = self.split(reference)?;
        (self.providers.contains(provider) || self.default_model() == Some(reference)).then_some(provider)
    }

    /// The provider of the file that has a model of this id or alias. Bedrock may have one of the same name.
    #[must_use]
    pub fn provider_of(&self, name: &str) -> Option<&str> {
        self.models.get(name).map(String::as_str)
    }
}

/// What to say of such a model.
#[must_use]
pub fn told(name: &str, provider: &str) -> String {
    format!("{name:?} is a model of provider {provider} in this file; Quarry serves amazon-bedrock")
}

#[cfg(test)]
mod tests {
    use super::{ConfigFile, OtherModels};

    fn read(text: &str) -> OtherModels {
        OtherModels::of(Some(&ConfigFile::with_text("openclaw.json5", text.to_owned())))
    }

    #[test]
    fn models_of_other_providers_are_known_by_id_alias_and_reference() {
        let others = read(
            r#"{
                models: { providers: {
                    openai: { apiKey: "sEcReT", models: [{ id: "gpt-5", apiKey: "sEcReT" }] },
                    "amazon-bedrock": { models: [{ id: "amazon.nova-lite-v1:0" }] },
                } },
                agents: { defaults: {
                    model: { primary: "anthropic/claude-fable" },
                    models: { "anthropic/claude-fable": { alias: "fable" }, "amazon-bedrock/x": { alias: "x" } },
                } },
            }"#,
        );
        assert_eq!(others.provider_of("gpt-5"), Some("openai"));
        assert_eq!(others.provider_of("fable"), Some("anthropic"));
        assert_eq!(others.provider_of_reference("openai/anything"), Some("openai"));
        assert_eq!(others.default_model(), Some("anthropic/claude-fable"));
        for own in ["amazon.nova-lite-v1:0", "x", "", "openai"] {
            assert_eq!(others.provider_of(own), None, "{own}");
        }
        for own in ["amazon-bedrock/x", "bedrock/x", "google/gemini", "arn:aws:bedrock:us-east-1::foundation-model/x"] {
            assert_eq!(others.provider_of_reference(own), None, "{own}");
        }
        assert!(!format!("{others:?}").contains("sEcReT"));
    }

    #[test]
    fn a_file_of_another_form_has_none() {
        let deep = format!("{{ a: {}{} }}", "[".repeat(100), "]".repeat(100));
        for text in
            ["", "{", "[]", "{ models: 1 }", "{ models: { providers: [1], x: 2 }, agents: { defaults: 3 } }", &deep]
        {
            assert_eq!(read(text), OtherModels::default(), "{text}");
        }
    }
}
