//! pi's record of a model.

use super::super::reader::Object;
use crate::contract::types::{Cost, CostTier, Model, NamedJson};
use crate::pi::{API, PROVIDER};

/// The model of a request.
#[derive(Debug)]
pub(super) struct AskedModel {
    /// The facts that the client knows of it.
    pub(super) known: Model,
    /// The `provider` that the client writes into the messages that it keeps.
    pub(super) provider: String,
    /// What it writes as `api`.
    pub(super) api: String,
}

/// Names of this provider; OpenClaw uses the last two.
const PROVIDERS: &[&str] = &[PROVIDER, "bedrock", "aws-bedrock"];

/// Members that do not count, see the module above.
const IGNORED: &[&str] = &["baseUrl", "headers", "compat", "inputLimits", "promptCache", "samplingParams"];

/// Reads the record, and collects its problems.
pub(super) fn read(model: &Object<'_, '_>) -> AskedModel {
    let provider = model.string("provider").unwrap_or_else(|| PROVIDER.to_owned());
    if !PROVIDERS.iter().any(|known| known.eq_ignore_ascii_case(provider.trim())) {
        let message = format!("`{provider}` is not supported; expected `{PROVIDER}`");
        model.reader().problem(model.path_of("provider"), message);
    }
    let id = model.require_string("id");
    if id.trim().is_empty() {
        model.reader().problem(model.path_of("id"), "it is empty; expected a model's id");
    }
    let level_map = model.take("thinkingLevelMap").map(|map| NamedJson {
        name: "thinkingLevelMap".to_owned(),
        value: map.require_object("an object of levels").map_or("{}", |_| map.raw.get()).to_owned(),
    });
    let known = Model {
        name: model.string("name").unwrap_or_else(|| id.clone()),
        id,
        reasoning: model.flag("reasoning").unwrap_or(false),
        input: model.items("input", "an array").filter_map(|value| value.string()).collect(),
        cost: model
            .take("cost")
            .and_then(|cost| cost.require_object("an object of prices"))
            .map_or(FREE, |it| cost(&it)),
        context_window: model.count("contextWindow").unwrap_or(0),
        max_tokens: model.count("maxTokens").unwrap_or(0),
        params: None,
        extras: level_map.into_iter().collect(),
    };
    model.ignore(IGNORED);
    AskedModel { known, provider, api: model.string("api").unwrap_or_else(|| API.to_owned()) }
}

const FREE: Cost = Cost { input: 0.0, output: 0.0, cache_read: 0.0, cache_write: 0.0, tiers: Vec::new() };

fn cost(cost: &Object<'_, '_>) -> Cost {
    let tiers =
        cost.items("tiers", "an array").filter_map(|tier| tier.require_object("an object")).map(|tier| CostTier {
            input_tokens_above: tier.count("inputTokensAbove").unwrap_or(0),
            input: price(&tier, "input"),
            output: price(&tier, "output"),
            cache_read: price(&tier, "cacheRead"),
            cache_write: price(&tier, "cacheWrite"),
        });
    Cost {
        tiers: tiers.collect(),
        input: price(cost, "input"),
        output: price(cost, "output"),
        cache_read: price(cost, "cacheRead"),
        cache_write: price(cost, "cacheWrite"),
    }
}

fn price(of: &Object<'_, '_>, name: &str) -> f64 {
    of.number(name).unwrap_or(0.0)
}
