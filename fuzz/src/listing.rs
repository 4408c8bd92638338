//! JSON of the two listings, as discovery gets it.

use std::collections::BTreeSet;

use quarry_guest::contract::config::Settings;
use quarry_guest::contract::models::{Catalog, Pages};
use quarry_guest::discover::{assemble, resolve, sources};
use quarry_guest::merge::merge;

/// The first line is the answer of `ListFoundationModels`, each further one a page of `ListInferenceProfiles`. Models have ids, none
/// twice however capitalised; the same answers make the same catalog; and its ids resolve to its models.
///
/// # Panics
/// When that does not hold.
pub fn listing(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut lines = text.lines().map(str::to_owned);
    let models: Vec<String> = lines.next().into_iter().collect();
    let profiles: Vec<String> = lines.take(4).collect();
    let mut settings = merge(&[]).expect("the defaults are right").settings;
    settings.discovery.enabled = Some(true);
    let catalog = list(&settings, &models, &profiles);
    let mut ids = BTreeSet::new();
    for model in &catalog.models {
        assert!(!model.id.trim().is_empty(), "a model without an id: {model:?}");
        assert!(ids.insert(model.id.to_lowercase()), "twice in the catalog: {}", model.id);
        assert!(model.context_window > 0 && model.max_tokens > 0, "limits of nothing: {model:?}");
    }
    for out in &catalog.left_out {
        assert!(!out.reason.is_empty() && !out.message.is_empty(), "left out without a reason: {out:?}");
    }
    assert_eq!(catalog, list(&settings, &models, &profiles), "the same answers make another catalog");
}

/// The catalog of these bodies. Names resolve, those of rows to themselves.
fn list(settings: &Settings, models: &[String], profiles: &[String]) -> Catalog {
    let pages = sources(settings).into_iter().map(|source| {
        let bodies = if source.operation == "ListFoundationModels" { models } else { profiles };
        Pages { source, bodies: bodies.to_vec(), failed: None, cached: false, earlier: None }
    });
    let catalog = assemble(settings, "us-east-1".to_owned(), &pages.collect::<Vec<_>>());
    let names: Vec<String> = catalog.models.iter().map(|model| model.id.clone()).collect();
    for (name, found) in names.iter().zip(resolve(&names, settings, &catalog.models)) {
        let found = found.expect("no row is the default model");
        // Space, prefixes and `default` are no part of an id that AWS gives.
        let is_plain = name.trim() == name && !name.contains('/') && !name.eq_ignore_ascii_case("default");
        assert!(!is_plain || found.model.id == *name, "{name} resolves to {:?}", found.model.id);
    }
    catalog
}
