//! Names of models, as far as the host compares them. What a name means, the provider resolves: see `Catalog::resolve`.

use crate::config::nearest;
use crate::contract::config::Settings;
use crate::json::{Json, Members};

/// What may stand before a model's id in a reference.
const PREFIXES: [&str; 3] = ["amazon-bedrock/", "bedrock/", "aws-bedrock/"];

/// How many models are offered in place of one that is not there.
const MOST_SUGGESTIONS: usize = 4;

/// Shorter fragments are in too many ids.
const LEAST_FRAGMENT: usize = 3;

/// The extra of the settings in which the provider tells the parameters of models that the configuration need not list, by id.
const MODEL_PARAMS: &str = "modelParams";

/// A model's id without the provider's prefix, in any letter case.
#[must_use]
pub fn without_prefix(name: &str) -> &str {
    let has = |prefix: &&str| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    PREFIXES.iter().find(|prefix| has(prefix)).map_or(name, |prefix| &name[prefix.len()..])
}

/// A reference as in the configuration: the id with the provider's prefix.
#[must_use]
pub fn with_prefix(name: &str) -> String {
    format!("{}{}", PREFIXES[0], without_prefix(name))
}

/// The ids of all models that the configuration names: listed ones, the default, fallbacks and aliases.
#[must_use]
pub fn named(settings: &Settings) -> Vec<String> {
    let listed = settings.models.iter().map(|model| model.id.clone());
    let defaults = settings.default_model.iter().chain(&settings.fallback_models);
    let meant = settings.aliases.iter().map(|(_, target)| target.clone());
    listed.chain(defaults.cloned()).chain(meant).collect()
}

/// The ids of the models that the configuration has parameters for without listing them.
#[must_use]
pub fn with_params(settings: &Settings) -> Vec<String> {
    all_params(settings).0.into_iter().map(|(model, _)| model).collect()
}

/// The parameters of all models.
fn all_params(settings: &Settings) -> Members<Json> {
    let all = settings.extras.iter().find(|extra| extra.name == MODEL_PARAMS);
    all.and_then(|all| serde_json::from_str(&all.value).ok()).unwrap_or_else(|| Members(Vec::new()))
}

/// The name that a slip made another of, then those that have what was typed within them: all of it, or what is behind a geography.
#[must_use]
pub fn similar(typed: &str, names: &[&str]) -> Vec<String> {
    let behind = typed.split_once('.').map(|(_, rest)| rest).filter(|rest| rest.contains('.'));
    let fragments: Vec<String> = std::iter::once(typed).chain(behind).map(letters).collect();
    let within = |name: &&&str| {
        let name = letters(name);
        fragments.iter().any(|fragment| fragment.len() >= LEAST_FRAGMENT && name.contains(fragment))
    };
    let mut similar: Vec<String> = Vec::new();
    for name in nearest(typed, names).iter().chain(names.iter().filter(within)) {
        if !similar.iter().any(|known| known == name) {
            similar.push((*name).to_owned());
        }
    }
    similar.truncate(MOST_SUGGESTIONS);
    similar
}

/// Letters and digits alone: people write `sonnet 4.6` for `sonnet-4-6`.
fn letters(text: &str) -> String {
    text.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_goes_whatever_its_case() {
        for name in ["amazon-bedrock/a.b", "Amazon-Bedrock/a.b", "BEDROCK/a.b", "a.b"] {
            assert_eq!(without_prefix(name), "a.b");
        }
        assert_eq!(without_prefix("openai/a.b"), "openai/a.b");
    }

    #[test]
    fn slips_fragments_and_other_geographies_find_what_was_meant() {
        let names = [
            "global.anthropic.claude-sonnet-4-6",
            "us.anthropic.claude-sonnet-4-6",
            "us.anthropic.claude-opus-4-8-v1",
            "amazon.nova-lite-v1:0",
            "fast",
        ];
        let [global, us, opus, nova, fast] = names;
        for (typed, meant) in [
            ("us.antropic.claude-sonnet-4-6", &[us][..]),
            ("eu.anthropic.claude-sonnet-4-6", &[us, global]),
            ("Sonnet 4.6", &[global, us]),
            ("claude-opus", &[opus]),
            ("amazon.nova-lite-v1", &[nova]),
            ("fsat", &[fast]),
            ("gpt", &[]),
            ("", &[]),
            ("us", &[]),
        ] {
            assert_eq!(similar(typed, &names), meant, "{typed:?}");
        }
    }
}
