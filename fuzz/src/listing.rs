//! JSON of the two listings, as discovery gets it.

use std::collections::BTreeSet;

use quarry_guest::contract::config::Settings;
use quarry_guest::contract::models::{Catalog, CredentialSource, ListingOptions, Need, Pages, Step, Supply};
use quarry_guest::discover::Listing;
use quarry_guest::merge::merge;

/// Most steps of a listing: credentials, cache, both listings, cache, and one to spare.
const STEPS: usize = 8;

/// The first line is the answer of `ListFoundationModels`, each further one a page of `ListInferenceProfiles`. A listing ends after
/// few steps; its models have ids, none twice however capitalised; and the same answers make the same catalog.
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

fn list(settings: &Settings, models: &[String], profiles: &[String]) -> Catalog {
    let mut listing = Listing::new(settings.clone(), ListingOptions { region: "us-east-1".to_owned(), refresh: false });
    let mut supplies = Vec::new();
    for _ in 0..STEPS {
        match listing.resume(std::mem::take(&mut supplies)) {
            Step::Done(catalog) => return catalog,
            Step::Needs(needs) => supplies.extend(needs.iter().map(|need| supply(need, models, profiles))),
        }
    }
    panic!("the listing is not over after {STEPS} steps");
}

fn supply(need: &Need, models: &[String], profiles: &[String]) -> Supply {
    let pages = |bodies: &[String]| Supply::Pages(Pages { bodies: bodies.to_vec(), failed: None });
    match need {
        Need::CredentialSource => {
            Supply::CredentialSource(Some(CredentialSource { kind: "profile".to_owned(), label: "profile".to_owned() }))
        }
        Need::CacheRead(_) => Supply::Cached(None),
        Need::CacheWrite(_) => Supply::Stored,
        Need::FoundationModels => pages(models),
        Need::InferenceProfiles => pages(profiles),
    }
}
