//! Cases of `discover`. The runner plays the host: it answers needs out of the case and keeps one cache for all listings.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use super::layout;
use super::provider::{Fault, Provider};
use crate::contract::models::{
    CacheEntry, Cached, Catalog, CredentialSource, ListingOptions, Need, Pages, Step, Supply,
};
use crate::discovery::{MOST_NEEDS, MOST_STEPS};
use crate::json::catalog::{CatalogForm, CredentialSourceForm, need};
use crate::json::failure::ApiErrorForm;
use crate::json::settings::{RegionForm, SettingsOverrides};
use crate::json::{Json, Members};

/// What a case of `discover` gives.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Given {
    #[serde(default)]
    settings: SettingsOverrides,
    #[serde(default)]
    region: RegionForm,
    #[serde(default)]
    credential_source: Option<CredentialSourceForm>,
    foundation_models: Option<Answer>,
    inference_profiles: Option<Answers>,
    #[serde(default = "one_listing")]
    listings: Vec<ListingGiven>,
}

/// One listing; what it names takes the place of the case's own.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
struct ListingGiven {
    /// Seconds on the runner's clock.
    at: u64,
    refresh: bool,
    settings: Option<SettingsOverrides>,
    region: Option<RegionForm>,
    #[serde(deserialize_with = "present")]
    credential_source: Option<Option<CredentialSourceForm>>,
    foundation_models: Option<Answer>,
    inference_profiles: Option<Answers>,
}

fn one_listing() -> Vec<ListingGiven> {
    vec![ListingGiven::default()]
}

/// Tells a `null` that is there from a member that is not.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// One response: a body, or `{"error": …}`. A body given as a string is taken as the text that it is, JSON or not.
#[derive(Debug, Clone)]
enum Answer {
    Body(String),
    Error(Box<ApiErrorForm>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Failed {
    error: ApiErrorForm,
}

impl<'de> Deserialize<'de> for Answer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Json::deserialize(deserializer)?.0;
        if let Ok(text) = serde_json::from_str::<String>(&json) {
            return Ok(Answer::Body(text));
        }
        // Bedrock's listings have no member `error`.
        let is_error = serde_json::from_str::<Members<Json>>(&json)
            .is_ok_and(|members| members.0.iter().any(|(name, _)| name == "error"));
        if !is_error {
            return Ok(Answer::Body(json));
        }
        let failed: Failed = serde_json::from_str(&json).map_err(serde::de::Error::custom)?;
        Ok(Answer::Error(Box::new(failed.error)))
    }
}

/// Pages: a list of bodies, or `{"bodies": […], "error": …}` where a page failed behind them.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Json")]
struct Answers {
    bodies: Vec<Answer>,
    error: Option<ApiErrorForm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PartialAnswers {
    #[serde(default)]
    bodies: Vec<Answer>,
    error: ApiErrorForm,
}

impl TryFrom<Json> for Answers {
    type Error = serde_json::Error;

    fn try_from(Json(text): Json) -> Result<Self, Self::Error> {
        if text.starts_with('[') {
            return Ok(Answers { bodies: serde_json::from_str(&text)?, error: None });
        }
        let PartialAnswers { bodies, error } = serde_json::from_str(&text)?;
        Ok(Answers { bodies, error: Some(error) })
    }
}

impl Answer {
    fn pages(&self, operation: &str) -> Pages {
        match self {
            Answer::Body(body) => Pages { bodies: vec![body.clone()], failed: None },
            Answer::Error(error) => Pages { bodies: Vec::new(), failed: Some(error.clone().of_operation(operation)) },
        }
    }
}

impl Answers {
    fn pages(&self) -> Pages {
        let operation = "ListInferenceProfiles";
        let mut all = Pages { bodies: Vec::new(), failed: None };
        for answer in &self.bodies {
            let Pages { bodies, failed } = answer.pages(operation);
            all.bodies.extend(bodies);
            all.failed = all.failed.or(failed);
        }
        all.failed = all.failed.or_else(|| self.error.clone().map(|error| error.of_operation(operation)));
        all
    }
}

#[derive(Serialize)]
struct Listed {
    listings: Vec<ListingForm>,
}

#[derive(Serialize)]
struct ListingForm {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    needs: Vec<Vec<String>>,
    catalog: CatalogForm,
}

/// The cache: by key, the moment that its listing began, and the entry.
type Cache = BTreeMap<String, (u64, CacheEntry)>;

/// What one listing came to.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Listing {
    /// The needs of each step.
    pub(super) needs: Vec<Vec<Need>>,
    /// The catalog.
    pub(super) catalog: Catalog,
}

/// Runs all the listings, one after the other.
///
/// # Errors
/// When a call does not return, a listing does not end, or the case has no answer to a need.
pub fn run(given: &Given, provider: &mut dyn Provider) -> Result<String, Fault> {
    let form = |Listing { needs, catalog }: Listing| ListingForm {
        needs: needs.iter().map(|needs| needs.iter().map(need).collect()).collect(),
        catalog: catalog.into(),
    };
    layout::text(&Listed { listings: listings(given, provider)?.into_iter().map(form).collect() })
}

/// The same as the records of the contract.
pub(super) fn listings(given: &Given, provider: &mut dyn Provider) -> Result<Vec<Listing>, Fault> {
    let mut cache = Cache::new();
    let list = |listing: &ListingGiven| {
        let world = World::of(given, listing);
        let settings = listing.settings.as_ref().unwrap_or(&given.settings);
        let region = listing.region.as_ref().unwrap_or(&given.region).0.clone();
        provider.open_listing(&settings.0, ListingOptions { region, refresh: listing.refresh })?;
        list(provider, &world, &mut cache)
    };
    given.listings.iter().map(list).collect()
}

fn list(provider: &mut dyn Provider, world: &World<'_>, cache: &mut Cache) -> Result<Listing, Fault> {
    let mut supplies = Vec::new();
    let mut steps = Vec::new();
    for _ in 0..MOST_STEPS {
        let needs = match provider.resume(&supplies)? {
            Step::Done(catalog) => return Ok(Listing { needs: steps, catalog }),
            Step::Needs(needs) if needs.len() > MOST_NEEDS => {
                return Err(Fault(format!("{ENDLESS}: it needs {} things at once", needs.len())));
            }
            Step::Needs(needs) => needs,
        };
        supplies = needs.iter().map(|need| world.supply(need, cache)).collect::<Result<_, _>>()?;
        steps.push(needs);
    }
    let told: Vec<String> = steps.iter().flatten().map(need).collect();
    Err(Fault(format!("{ENDLESS} in {MOST_STEPS} steps; it needed {}", told.join(", "))))
}

/// How the fault begins of a listing that goes on asking.
pub(super) const ENDLESS: &str = "the listing did not end";

/// What one listing finds outside.
struct World<'a> {
    at: u64,
    credential_source: Option<&'a CredentialSourceForm>,
    foundation_models: Option<&'a Answer>,
    inference_profiles: Option<&'a Answers>,
}

impl<'a> World<'a> {
    fn of(given: &'a Given, listing: &'a ListingGiven) -> Self {
        World {
            at: listing.at,
            credential_source: match &listing.credential_source {
                Some(source) => source.as_ref(),
                None => given.credential_source.as_ref(),
            },
            foundation_models: listing.foundation_models.as_ref().or(given.foundation_models.as_ref()),
            inference_profiles: listing.inference_profiles.as_ref().or(given.inference_profiles.as_ref()),
        }
    }

    fn supply(&self, need: &Need, cache: &mut Cache) -> Result<Supply, Fault> {
        let none = || Fault(format!("the case has no answer to the need `{}`", crate::json::catalog::need(need)));
        Ok(match need {
            Need::CredentialSource => {
                Supply::CredentialSource(self.credential_source.cloned().map(CredentialSource::from))
            }
            Need::CacheRead(key) => Supply::Cached(cache.get(key).map(|(began, entry)| {
                let age = self.at.saturating_sub(*began);
                Cached { value: entry.value.clone(), stale: age >= entry.ttl, age }
            })),
            Need::CacheWrite(entry) => {
                cache.insert(entry.key.clone(), (self.at, entry.clone()));
                Supply::Stored
            }
            Need::FoundationModels => {
                Supply::Pages(self.foundation_models.ok_or_else(none)?.pages("ListFoundationModels"))
            }
            Need::InferenceProfiles => Supply::Pages(self.inference_profiles.ok_or_else(none)?.pages()),
        })
    }
}
