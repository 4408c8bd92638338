//! Rules of discovery: what a listing finds.

use std::collections::BTreeSet;

use super::Rule;
use super::evidence::{Answer, Evidence};
use super::turns::{are_json, is_json};
use crate::conformance::discover::Listing;
use crate::contract::models::{Catalog, CatalogSource, LeftOut};
use crate::contract::types::{Model, Notice};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "catalog-ids-are-unique",
        holds: "the models of a catalog have ids, each its own",
        source: "`catalog.models`, `model.id`",
        holds_for: |evidence, _| each(evidence, ids_are_unique),
    },
    Rule {
        name: "catalog-rows-are-whole",
        holds: "a model has a name, a context, an output limit, prices that are finite and not negative, and JSON where it has JSON",
        source: "`model`, `cost`",
        holds_for: |evidence, _| each(evidence, rows_are_whole),
    },
    Rule {
        name: "left-out-says-why",
        holds: "a model that is left out has a reason, which is a word, and a sentence",
        source: "`left-out`",
        holds_for: |evidence, _| each(evidence, left_out_says_why),
    },
    Rule {
        name: "listing-failures-are-told",
        holds: "a catalog that failed, or came from the cache for that, has the failure; each failure has a sentence",
        source: "`catalog-source`, `catalog.failures`",
        holds_for: |evidence, _| each(evidence, failures_are_told),
    },
    Rule {
        name: "configured-models-replace-discovery",
        holds: "where the settings list models, these are the catalog, and its source is `config`",
        source: "`settings.models`, `catalog-source.config`",
        holds_for: |evidence, _| of(evidence, "configured", configured_models_replace),
    },
    Rule {
        name: "discovery-can-be-off",
        holds: "where discovery is off, a listing finds nothing, needs nothing of the API, and says so",
        source: "`discovery.enabled`, `catalog-source.disabled`",
        holds_for: |evidence, _| of(evidence, "off", discovery_is_off),
    },
    Rule {
        name: "caching-changes-nothing",
        holds: "a listing that is asked again finds the same models, from the cache or not",
        source: "`need.cache-read`, `cache-entry.value`",
        holds_for: |evidence, _| of(evidence, "twice", caching_changes_nothing),
    },
    Rule {
        name: "notices-have-kinds",
        holds: "a notice has a kind, which is a word, and a sentence",
        source: "`notice`",
        holds_for: |evidence, _| notices_have_kinds(evidence),
    },
];

/// The first catalog that breaks something.
fn each(evidence: &Evidence<'_>, holds: impl Fn(&Catalog) -> Result<(), String>) -> Result<(), String> {
    evidence.listings.iter().try_for_each(|Answer { name, input: _, answer }| {
        let mut listings = answer.iter().flatten();
        listings.try_for_each(|listing| holds(&listing.catalog)).map_err(|what| format!("{name}: {what}"))
    })
}

/// Holds for the listings of one name.
fn of(evidence: &Evidence<'_>, wanted: &str, holds: impl Fn(&[Listing]) -> Result<(), String>) -> Result<(), String> {
    let name = format!("listing `{wanted}`");
    let found = evidence.listings.iter().find(|answer| answer.name == name);
    let listings = found.and_then(|answer| answer.answer.as_deref());
    listings.map_or(Ok(()), holds).map_err(|what| format!("{name}: {what}"))
}

fn ids_are_unique(catalog: &Catalog) -> Result<(), String> {
    let mut ids = BTreeSet::new();
    match catalog.models.iter().find(|model| model.id.trim().is_empty() || !ids.insert(&model.id)) {
        Some(model) => Err(format!("the id {:?} is empty, or that of another model", model.id)),
        None => Ok(()),
    }
}

fn rows_are_whole(catalog: &Catalog) -> Result<(), String> {
    catalog.models.iter().try_for_each(|model| is_whole(model).map_err(|what| format!("{:?}: {what}", model.id)))
}

fn is_whole(model: &Model) -> Result<(), String> {
    let Model { id: _, name, reasoning: _, input, cost, context_window, max_tokens, params, extras } = model;
    if name.trim().is_empty() || input.iter().any(|kind| kind.is_empty()) {
        return Err("its name, or a kind of input, is empty".to_owned());
    }
    if *context_window == 0 || *max_tokens == 0 {
        return Err("its context or its output limit is 0".to_owned());
    }
    let base = [cost.input, cost.output, cost.cache_read, cost.cache_write];
    let tiers = cost.tiers.iter().flat_map(|tier| [tier.input, tier.output, tier.cache_read, tier.cache_write]);
    if let Some(price) = base.into_iter().chain(tiers).find(|price| !price.is_finite() || *price < 0.0) {
        return Err(format!("a price is {price}"));
    }
    params.as_deref().map_or(Ok(()), is_json).map_err(|what| format!("`params` is not JSON: {what}"))?;
    are_json(extras)
}

fn left_out_says_why(catalog: &Catalog) -> Result<(), String> {
    let is_told = |LeftOut { id: _, reason, message }: &&LeftOut| {
        !reason.is_empty() && !reason.contains(char::is_whitespace) && !message.trim().is_empty()
    };
    match catalog.left_out.iter().find(|left_out| !is_told(left_out)) {
        Some(left_out) => Err(format!("{left_out:?}")),
        None => Ok(()),
    }
}

fn failures_are_told(catalog: &Catalog) -> Result<(), String> {
    let has_failed = matches!(catalog.source, CatalogSource::Failed | CatalogSource::StaleCache);
    if has_failed && catalog.failures.is_empty() {
        return Err(format!("its source is {:?}, and it has no failure", catalog.source));
    }
    match catalog.failures.iter().find(|failure| failure.message.trim().is_empty()) {
        Some(failure) => Err(format!("a failure has no sentence: {failure:?}")),
        None => Ok(()),
    }
}

fn configured_models_replace(listings: &[Listing]) -> Result<(), String> {
    listings.iter().try_for_each(|Listing { needs: _, catalog }| {
        if catalog.source == CatalogSource::Config && catalog.models.len() == 1 {
            return Ok(());
        }
        Err(format!("a model is configured, and there are {} from {:?}", catalog.models.len(), catalog.source))
    })
}

fn discovery_is_off(listings: &[Listing]) -> Result<(), String> {
    use crate::contract::models::Need;
    listings.iter().try_for_each(|Listing { needs, catalog }| {
        let asks = needs.iter().flatten().any(|need| matches!(need, Need::FoundationModels | Need::InferenceProfiles));
        if catalog.source == CatalogSource::Disabled && catalog.models.is_empty() && !asks {
            return Ok(());
        }
        Err(format!("there are {} models from {:?}, after it needed {needs:?}", catalog.models.len(), catalog.source))
    })
}

fn caching_changes_nothing(listings: &[Listing]) -> Result<(), String> {
    let Some((first, others)) = listings.split_first() else { return Ok(()) };
    match others.iter().find(|other| other.catalog.models != first.catalog.models) {
        Some(other) => Err(format!(
            "the first time there are {:?}, then {:?}",
            ids(&first.catalog.models),
            ids(&other.catalog.models)
        )),
        None => Ok(()),
    }
}

fn ids(models: &[Model]) -> Vec<&str> {
    models.iter().map(|model| model.id.as_str()).collect()
}

/// Those of catalogs, of requests and of turns.
fn notices_have_kinds(evidence: &Evidence<'_>) -> Result<(), String> {
    let of_catalogs = evidence.listings.iter().flat_map(|answer| answer.answer.iter().flatten());
    let of_catalogs = of_catalogs.flat_map(|listing| &listing.catalog.notices);
    let of_requests = evidence.requests.iter().filter_map(|answer| answer.answer.as_ref()?.as_ref().ok());
    let of_requests = of_requests.flat_map(|prepared| &prepared.notices);
    let of_turns = evidence.runs.iter().flat_map(super::streams::Run::notices);
    let is_told = |Notice { kind, message }: &&Notice| {
        !kind.is_empty() && !kind.contains(char::is_whitespace) && !message.trim().is_empty()
    };
    match of_catalogs.chain(of_requests).chain(of_turns).find(|notice| !is_told(notice)) {
        Some(notice) => Err(format!("{notice:?}")),
        None => Ok(()),
    }
}
