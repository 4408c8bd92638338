//! The model that a name means.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::{INFERENCE_PROFILE, source};
use crate::contract::config::Settings;
use crate::contract::models::{Basis, Resolution, Source};
use crate::contract::types::{Cost, Model, NamedJson};
use crate::families::{canonical_in_params, known_limits, limit_source, limits_from};
use crate::identity::after_prefix;

/// The name of the default model, besides none at all.
const DEFAULT: &str = "default";

/// The extra of the settings that has the parameters of models which the configuration need not list, by their ids.
const MODEL_PARAMS: &str = "modelParams";

/// Lengths that the short id of an application profile may have. AWS makes ids of twelve lower-case letters and digits.
const SHORT_ID: std::ops::RangeInclusive<usize> = 8..=64;

/// Resolves names. The configuration decides over the listing, and the listing over what the id alone tells.
#[must_use]
pub fn resolve(names: &[String], settings: &Settings, rows: &[Model]) -> Vec<Option<Resolution>> {
    let known = Known::new(settings, rows);
    names.iter().map(|name| known.resolve(name)).collect()
}

/// What names are looked up in.
struct Known<'m> {
    settings: &'m Settings,
    aliases: Index<'m, str>,
    configured: Index<'m, Model>,
    rows: Index<'m, Model>,
    params: BTreeMap<String, Box<RawValue>>,
}

impl<'m> Known<'m> {
    fn new(settings: &'m Settings, rows: &'m [Model]) -> Self {
        let params = settings.extras.iter().find(|extra| extra.name == MODEL_PARAMS);
        let mut of_rows = Index::new(rows.iter().map(|row| (row.id.as_str(), row)));
        // An id counts before what another row is called besides.
        of_rows.add(rows.iter().flat_map(|row| names(row).into_iter().map(move |name| (name, row))));
        Known {
            settings,
            aliases: Index::new(settings.aliases.iter().map(|(alias, target)| (alias.as_str(), target.as_str()))),
            configured: Index::new(settings.models.iter().map(|model| (model.id.as_str(), model))),
            rows: of_rows,
            params: params.and_then(|params| serde_json::from_str(&params.value).ok()).unwrap_or_default(),
        }
    }

    fn resolve(&self, name: &str) -> Option<Resolution> {
        let id = self.meant(name)?;
        let row = self.rows.model(id);
        // The configuration may have an application profile under either of its ids.
        let names: Vec<&str> = std::iter::once(id).chain(row.into_iter().flat_map(names)).collect();
        let configured = self
            .configured
            .model(id)
            .or_else(|| names.iter().find_map(|name| self.configured.exact.get(name).copied()));
        let callable = match (row, configured) {
            // An ARN says more than the id in it: the region, and the account.
            _ if id.starts_with("arn:") => id,
            (Some(row), _) => &row.id,
            (None, Some(configured)) => &configured.id,
            (None, None) => id,
        };
        let params = || names.iter().find_map(|name| self.params.get(*name)).map(|params| params.get().to_owned());
        let (model, basis) = match (configured, row) {
            (Some(configured), row) => (with_facts(configured.clone(), row), Basis::Configured),
            (None, Some(row)) => (Model { params: params(), ..row.clone() }, Basis::Listed),
            (None, None) => (with_facts(assumed(self.settings, id, params()), None), Basis::Assumed),
        };
        let lookup = (row.is_none() && tells_nothing(callable)).then(|| lookup(callable));
        Some(Resolution { model: Model { id: callable.to_owned(), ..model }, basis, lookup })
    }

    /// The id that a name means, without the provider's prefix.
    fn meant<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        let name = after_prefix(name.trim());
        let is_default = name.is_empty() || name.eq_ignore_ascii_case(DEFAULT);
        let name = if is_default { self.settings.default_model.as_deref()? } else { name };
        Some(self.aliases.get(name).unwrap_or(name))
    }
}

/// Things by name. Letter case counts only where two names differ in nothing else; of equal names the first counts.
struct Index<'m, T: ?Sized> {
    exact: BTreeMap<&'m str, &'m T>,
    /// By the name in lower case.
    folded: BTreeMap<String, &'m T>,
}

impl<'m, T: ?Sized> Index<'m, T> {
    fn new(named: impl Iterator<Item = (&'m str, &'m T)>) -> Self {
        let mut index = Index { exact: BTreeMap::new(), folded: BTreeMap::new() };
        index.add(named);
        index
    }

    fn add(&mut self, named: impl Iterator<Item = (&'m str, &'m T)>) {
        for (name, thing) in named {
            self.exact.entry(name).or_insert(thing);
            self.folded.entry(name.to_ascii_lowercase()).or_insert(thing);
        }
    }

    fn get(&self, name: &str) -> Option<&'m T> {
        self.exact.get(name).or_else(|| self.folded.get(&name.to_ascii_lowercase())).copied()
    }
}

impl<'m> Index<'m, Model> {
    /// The model of an id or an ARN.
    fn model(&self, id: &str) -> Option<&'m Model> {
        self.get(id).or_else(|| self.get(id_in(id)?))
    }
}

/// What a row is called: its id, and of a profile its ARN and its short id.
fn names(model: &Model) -> Vec<&str> {
    let of_profile = |extra: &&NamedJson| matches!(&*extra.name, "inferenceProfileArn" | "inferenceProfileId");
    let of_profile = model.extras.iter().filter(of_profile).filter_map(|extra| text(&extra.value));
    std::iter::once(&*model.id).chain(of_profile).collect()
}

/// The text of a JSON string. One with escapes is no id.
fn text(json: &str) -> Option<&str> {
    serde_json::from_str(json).ok()
}

/// The id in the ARN of a foundation model, or of a profile that Bedrock defines. Ids of other things stand for nothing
/// without their account.
fn id_in(arn: &str) -> Option<&str> {
    let kinds = [":foundation-model/", ":inference-profile/"];
    let of_kind = |kind: &&str| arn.split_once(*kind).map(|(_, id)| id);
    arn.starts_with("arn:").then(|| kinds.iter().find_map(of_kind)).flatten()
}

/// Whether an id is that of an inference profile which only AWS can tell the model of.
fn tells_nothing(id: &str) -> bool {
    if id.starts_with("arn:") {
        return id.contains(":application-inference-profile/");
    }
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    SHORT_ID.contains(&id.len()) && id.bytes().all(is_letter) && id.bytes().any(|byte| byte.is_ascii_digit())
}

fn lookup(id: &str) -> Source {
    source(INFERENCE_PROFILE, &[("inferenceProfileIdentifier", id)])
}

/// A model that is neither configured nor listed. What it can do is not known; the service refuses what it cannot.
fn assumed(settings: &Settings, id: &str, params: Option<String>) -> Model {
    Model {
        id: id.to_owned(),
        name: id.to_owned(),
        reasoning: true,
        input: ["text", "image", "document", "video"].map(str::to_owned).to_vec(),
        cost: Cost { input: 0.0, output: 0.0, cache_read: 0.0, cache_write: 0.0, tiers: Vec::new() },
        context_window: settings.discovery.default_context_window,
        max_tokens: settings.discovery.default_max_tokens,
        params,
        extras: vec![limits_from("defaults", "defaults")],
    }
}

/// A model with what its listing says besides, and with the limits that the configuration does not set: those of the listing,
/// else those of the table for the model's id, or for the one that `canonicalModelId` names.
fn with_facts(mut model: Model, row: Option<&Model>) -> Model {
    let known = || {
        let canonical = canonical_in_params(&model);
        canonical.and_then(|id| known_limits(&id, "")).or_else(|| known_limits(&model.id, &model.name))
    };
    let limits = match row {
        Some(row) => Some([
            (row.context_window, limit_source(row, "contextWindow")),
            (row.max_tokens, limit_source(row, "maxTokens")),
        ]),
        None => known()
            .map(|known| [known.context_window, known.max_tokens].map(|limit| (limit, "known-models".to_owned()))),
    };
    let mut from = ["contextWindow", "maxTokens"].map(|limit| limit_source(&model, limit));
    if let Some(limits) = limits {
        let own = [&mut model.context_window, &mut model.max_tokens];
        for ((own, from), (limit, source)) in own.into_iter().zip(&mut from).zip(limits) {
            if from != "configuration" {
                (*own, *from) = (limit, source);
            }
        }
    }
    model.extras.retain(|extra| extra.name != "limitsFrom");
    model.extras.insert(0, limits_from(&from[0], &from[1]));
    for extra in row.into_iter().flat_map(|row| &row.extras) {
        if model.extras.iter().all(|own| own.name != extra.name) {
            model.extras.push(extra.clone());
        }
    }
    model
}
