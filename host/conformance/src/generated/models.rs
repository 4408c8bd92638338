//! Models that inputs are about.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::cases::{Case, Given};
use crate::contract::types::{Cost, Model};
use crate::json::model::default_model;

/// The most models of the caller that count.
pub const MOST_ADDED: usize = 24;

/// Public ids, for variety. A provider may know others, or none of them.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PublicIds {
    #[expect(dead_code, reason = "for whoever reads the file")]
    source: String,
    #[expect(dead_code, reason = "for whoever reads the file")]
    as_of: String,
    /// Models that answer with text.
    pub(super) models: Vec<String>,
    /// Inference profiles of them.
    pub(super) profiles: Vec<String>,
    /// Models of other kinds.
    pub(super) others: Vec<String>,
}

impl PublicIds {
    fn read() -> Self {
        serde_json::from_str(include_str!("models.json")).expect("the file of this binary is right, as a test says")
    }
}

/// The models that inputs are made for.
#[derive(Debug)]
pub(super) struct Models {
    pub(super) public: PublicIds,
    /// Every model that answers with text, once.
    pub(super) each: Vec<Model>,
    /// How many of `each`, from the first, are the caller's and of a series that no public model is of.
    pub(super) strangers: usize,
}

impl Models {
    pub(super) fn with(added: &[Model]) -> Self {
        let public = PublicIds::read();
        let mut seen = BTreeSet::new();
        let mut each: Vec<Model> = added.iter().filter(|model| seen.insert(model.id.clone())).cloned().collect();
        // Those of an unknown series say the most: the public ones are there anyway.
        let known: BTreeSet<&str> = public.models.iter().map(|id| series(id)).collect();
        each.sort_by_key(|model| known.contains(series(&model.id)));
        each.truncate(MOST_ADDED);
        let strangers = each.iter().filter(|model| !known.contains(series(&model.id))).count();
        let seen: BTreeSet<String> = each.iter().map(|model| model.id.clone()).collect();
        each.extend(public.models.iter().filter(|id| !seen.contains(*id)).map(|id| wide(id)));
        Models { public, each, strangers }
    }

    /// One model of each series: the last by name, which is mostly the newest.
    pub(super) fn of_series(&self) -> Vec<&Model> {
        one_of_each_series(&self.each)
    }

    /// One model of each series that no public model is of.
    pub(super) fn strange_series(&self) -> Vec<&Model> {
        one_of_each_series(&self.each[..self.strangers])
    }

    /// A model that accepts everything, for inputs that are not about models.
    pub(super) fn any(&self) -> Model {
        let newest = |id: &&String| id.starts_with("anthropic.claude-sonnet");
        wide(self.public.models.iter().rfind(newest).map_or("vendor.model-v1:0", |id| id))
    }
}

fn one_of_each_series(models: &[Model]) -> Vec<&Model> {
    let mut seen = BTreeSet::new();
    models.iter().rev().filter(|model| seen.insert(series(&model.id))).collect()
}

/// A model without restrictions: it thinks, accepts every kind of input, and has large limits.
#[must_use]
pub fn wide(id: &str) -> Model {
    Model {
        id: id.to_owned(),
        name: id.to_owned(),
        reasoning: true,
        input: ["text", "image", "document", "video"].map(str::to_owned).to_vec(),
        cost: Cost { input: 3.0, output: 15.0, cache_read: 0.3, cache_write: 3.75, tiers: Vec::new() },
        max_tokens: 64_000,
        ..default_model()
    }
}

/// The models that cases name.
#[must_use]
pub fn of_cases(cases: &[Case]) -> Vec<Model> {
    let mut seen = BTreeSet::new();
    let named = cases.iter().filter_map(|case| match &case.given {
        Given::Prepare(given) => Some(given.model().clone()),
        Given::Translate(given) => Some(given.opening().model),
        Given::Merge(_) | Given::Discover(_) | Given::Explain(_) => None,
    });
    named.filter(|model| seen.insert(model.id.clone())).collect()
}

/// An id without the geography at its front, such as that of an inference profile. Two letters are one, as no vendor's name is so
/// short, and otherwise a word before a word without a digit: what follows a vendor is a model's name, which has one.
#[must_use]
pub fn without_geography(id: &str) -> &str {
    let Some((first, rest)) = id.split_once('.') else { return id };
    let Some((second, _)) = rest.split_once('.') else { return id };
    let is_word = |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    if is_word(first) && (first.len() == 2 || is_word(second)) { rest } else { id }
}

/// The vendor of a model, by its id; `arn` for an ARN, which has none.
#[must_use]
pub fn vendor(id: &str) -> &str {
    if id.starts_with("arn:") {
        return "arn";
    }
    without_geography(id).split_once('.').map_or("other", |(vendor, _)| vendor)
}

/// What models of one line share: the id without geography, up to its first digit. `us.meta.llama4-scout-17b` is `meta.llama`.
#[must_use]
pub fn series(id: &str) -> &str {
    let base = without_geography(id);
    let end = base.find(|character: char| character.is_ascii_digit()).unwrap_or(base.len());
    base[..end].trim_end_matches(['-', '.'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_series_of_an_id_is_its_vendor_and_name_up_to_the_first_digit() {
        for (id, expected, of) in [
            ("us.anthropic.claude-opus-5-5", "anthropic.claude-opus", "anthropic"),
            ("us-gov.openai.gpt-oss-120b-1:0", "openai.gpt-oss", "openai"),
            ("xai.grok-4.3", "xai.grok", "xai"),
            ("deepseek.v3.2", "deepseek.v", "deepseek"),
            ("us.deepseek.v3.2", "deepseek.v", "deepseek"),
            ("global.zai.glm-5.3", "zai.glm", "zai"),
            ("global.amazon.nova-2-lite-v1:0", "amazon.nova", "amazon"),
            ("arn:aws:bedrock:us-east-1:111122223333:prompt/A", "arn:aws:bedrock:us-east", "arn"),
            ("q7simteam0a1", "q", "other"),
        ] {
            assert_eq!((series(id), vendor(id)), (expected, of), "{id}");
        }
    }

    #[test]
    fn every_public_profile_is_one_of_a_public_model() {
        let ids = PublicIds::read();
        let base = |id: &&String| !ids.models.iter().any(|model| model == without_geography(id));
        let strangers: Vec<&String> = ids.profiles.iter().filter(base).collect();
        assert!(strangers.is_empty() && ids.models.len() > 100, "{strangers:?}");
    }
}
