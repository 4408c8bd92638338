//! Rules of discovery: what a listing finds.

use std::collections::BTreeSet;

use super::Rule;
use super::evidence::{Answer, Evidence};
use super::turns::{are_json, is_json};
use crate::contract::models::{Catalog, CatalogSource, LeftOut, Resolution};
use crate::contract::types::{Model, Notice};
use crate::discover::Listing;

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "catalog-ids-are-unique",
        holds: "the models of a catalog have unique ids",
        source: "`catalog.models`, `model.id`",
        holds_for: |evidence, _| each(evidence, ids_are_unique),
    },
    Rule {
        name: "catalog-rows-are-whole",
        holds: "a model has a name, a context window, an output limit, finite prices of 0 or more, and valid JSON members",
        source: "`model`, `cost`",
        holds_for: |evidence, _| each(evidence, rows_are_whole),
    },
    Rule {
        name: "left-out-says-why",
        holds: "a model that is left out has a reason (a word) and a message",
        source: "`left-out`",
        holds_for: |evidence, _| each(evidence, left_out_says_why),
    },
    Rule {
        name: "listing-failures-are-told",
        holds: "a catalog that failed, or replaces a failed listing, has the failure; every failure has a message",
        source: "`catalog-source`, `catalog.failures`",
        holds_for: |evidence, _| each(evidence, failures_are_told),
    },
    Rule {
        name: "configured-models-replace-discovery",
        holds: "if the settings list models, the catalog consists of them, and its source is `config`",
        source: "`settings.models`, `catalog-source.config`",
        holds_for: |evidence, _| of(evidence, "configured", configured_models_replace),
    },
    Rule {
        name: "discovery-can-be-off",
        holds: "if discovery is disabled, there are no sources, the catalog is empty, and its source is `disabled`",
        source: "`discovery.enabled`, `catalog-source.disabled`",
        holds_for: |evidence, _| of(evidence, "off", discovery_is_off),
    },
    Rule {
        name: "caching-changes-nothing",
        holds: "the same pages out of the host's cache make the same models",
        source: "`pages.cached`",
        holds_for: |evidence, _| of(evidence, "twice", caching_changes_nothing),
    },
    Rule {
        name: "rows-resolve-to-themselves",
        holds: "the id of a model of the catalog resolves to this model, and needs no lookup",
        source: "`resolve`",
        holds_for: |evidence, _| each_listing(evidence, rows_resolve_to_themselves),
    },
    Rule {
        name: "notices-have-kinds",
        holds: "a notice has a kind (a word) and a message",
        source: "`notice`",
        holds_for: |evidence, _| notices_have_kinds(evidence),
    },
];

/// The first catalog that breaks something.
fn each(evidence: &Evidence<'_>, holds: impl Fn(&Catalog) -> Result<(), String>) -> Result<(), String> {
    each_listing(evidence, |listing| holds(&listing.catalog))
}

/// The first listing that breaks something.
fn each_listing(evidence: &Evidence<'_>, holds: impl Fn(&Listing) -> Result<(), String>) -> Result<(), String> {
    evidence.listings.iter().try_for_each(|Answer { name, input: _, answer }| {
        let mut listings = answer.iter().flatten();
        listings.try_for_each(&holds).map_err(|what| format!("{name}: {what}"))
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
        Some(model) => Err(format!("the id {:?} is empty, or another model has it too", model.id)),
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
        Some(failure) => Err(format!("a failure has no message: {failure:?}")),
        None => Ok(()),
    }
}

fn configured_models_replace(listings: &[Listing]) -> Result<(), String> {
    listings.iter().try_for_each(|Listing { sources: _, catalog, resolved: _ }| {
        if catalog.source == CatalogSource::Config && catalog.models.len() == 1 {
            return Ok(());
        }
        Err(format!("one model is configured, and the catalog has {} from {:?}", catalog.models.len(), catalog.source))
    })
}

fn discovery_is_off(listings: &[Listing]) -> Result<(), String> {
    listings.iter().try_for_each(|Listing { sources, catalog, resolved: _ }| {
        if catalog.source == CatalogSource::Disabled && catalog.models.is_empty() && sources.is_empty() {
            return Ok(());
        }
        Err(format!("the catalog has {} models from {:?}, of {sources:?}", catalog.models.len(), catalog.source))
    })
}

fn rows_resolve_to_themselves(listing: &Listing) -> Result<(), String> {
    listing
        .resolved
        .iter()
        .filter(|(name, _)| listing.catalog.models.iter().any(|model| model.id == *name))
        .try_for_each(|(name, found)| match found {
            Some(Resolution { model, basis: _, lookup: None }) if model.id == *name => Ok(()),
            other => Err(format!("the model {name:?} of the catalog resolves to {other:?}")),
        })
}

fn caching_changes_nothing(listings: &[Listing]) -> Result<(), String> {
    let Some((first, others)) = listings.split_first() else { return Ok(()) };
    match others.iter().find(|other| other.catalog.models != first.catalog.models) {
        Some(other) => Err(format!(
            "the first listing has {:?}, the second {:?}",
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
