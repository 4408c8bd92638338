//! Cases of `discover`. The runner plays the host: it answers the sources out of the case.

use serde::{Deserialize, Deserializer, Serialize};

use super::layout;
use super::provider::{Fault, Provider};
use crate::contract::models::{Catalog, EarlierPages, Pages, Resolution, Source};
use crate::contract::types::ApiError;
use crate::json::catalog::{CatalogForm, ResolutionForm, source_text};
use crate::json::failure::ApiErrorForm;
use crate::json::settings::{RegionForm, SettingsOverrides};
use crate::json::{Json, Members};
use quarry_provider_host::MOST_SOURCES;

/// The input of a case of `discover`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Given {
    #[serde(default)]
    settings: SettingsOverrides,
    #[serde(default)]
    region: RegionForm,
    foundation_models: Option<Answer>,
    inference_profiles: Option<AllPages>,
    application_profiles: Option<AllPages>,
    /// The answers of `GetInferenceProfile`, which every listing gets besides.
    #[serde(default)]
    inference_profile: Members<Answer>,
    #[serde(default)]
    resolve: Vec<String>,
    #[serde(default = "one_listing")]
    listings: Vec<ListingGiven>,
}

/// One listing; its members override those of the case.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
struct ListingGiven {
    settings: Option<SettingsOverrides>,
    region: Option<RegionForm>,
    foundation_models: Option<Answer>,
    inference_profiles: Option<AllPages>,
    application_profiles: Option<AllPages>,
    /// Whether the host's cache had the pages.
    cached: bool,
    /// The pages of an earlier listing.
    earlier: Option<EarlierGiven>,
    /// Names to be resolved with the rows.
    resolve: Option<Vec<String>>,
}

/// Pages past their time.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct EarlierGiven {
    age: u64,
    foundation_models: Option<Answer>,
    inference_profiles: Option<AllPages>,
    application_profiles: Option<AllPages>,
}

fn one_listing() -> Vec<ListingGiven> {
    vec![ListingGiven::default()]
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
struct AllPages {
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

impl TryFrom<Json> for AllPages {
    type Error = serde_json::Error;

    fn try_from(Json(text): Json) -> Result<Self, Self::Error> {
        if text.starts_with('[') {
            return Ok(AllPages { bodies: serde_json::from_str(&text)?, error: None });
        }
        let PartialAnswers { bodies, error } = serde_json::from_str(&text)?;
        Ok(AllPages { bodies, error: Some(error) })
    }
}

/// What an operation answers: bodies, and what failed behind them.
type Answered = (Vec<String>, Option<ApiError>);

impl Answer {
    fn answered(&self, operation: &str) -> Answered {
        match self {
            Answer::Body(body) => (vec![body.clone()], None),
            Answer::Error(error) => (Vec::new(), Some(error.clone().of_operation(operation))),
        }
    }
}

impl AllPages {
    fn answered(&self, operation: &str) -> Answered {
        let mut all = (Vec::new(), None);
        for answer in &self.bodies {
            let (bodies, failed) = answer.answered(operation);
            all.0.extend(bodies);
            all.1 = all.1.or(failed);
        }
        all.1 = all.1.or_else(|| self.error.clone().map(|error| error.of_operation(operation)));
        all
    }
}

/// The answers to the listing sources.
#[derive(Clone, Copy)]
struct Answers<'g> {
    foundation_models: Option<&'g Answer>,
    inference_profiles: Option<&'g AllPages>,
    application_profiles: Option<&'g AllPages>,
}

/// Borrows the answers that a part of a case has.
macro_rules! answers {
    ($given:expr) => {
        Answers {
            foundation_models: $given.foundation_models.as_ref(),
            inference_profiles: $given.inference_profiles.as_ref(),
            application_profiles: $given.application_profiles.as_ref(),
        }
    };
}

impl Answers<'_> {
    /// The answer to a source, where there is one.
    fn to(self, Source { operation, parameters }: &Source) -> Option<Answered> {
        let kind = parameters.first().map_or("", |(_, value)| value);
        match (operation.as_str(), kind) {
            ("ListFoundationModels", _) => self.foundation_models.map(|answer| answer.answered(operation)),
            ("ListInferenceProfiles", "APPLICATION") => self.application_profiles.map(|all| all.answered(operation)),
            ("ListInferenceProfiles", _) => self.inference_profiles.map(|all| all.answered(operation)),
            _ => None,
        }
    }
}

#[derive(Serialize)]
struct Listed {
    listings: Vec<ListingForm>,
}

#[derive(Serialize)]
struct ListingForm {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sources: Vec<String>,
    catalog: CatalogForm,
    #[serde(skip_serializing_if = "Members::is_empty")]
    resolved: Members<Option<ResolutionForm>>,
}

/// The result of one listing.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Listing {
    /// What the provider wants listed.
    pub(super) sources: Vec<Source>,
    /// The catalog.
    pub(super) catalog: Catalog,
    /// What names mean.
    pub(super) resolved: Vec<(String, Option<Resolution>)>,
}

/// Runs all listings in order.
///
/// # Errors
/// When a call does not return, or the case does not answer a source.
pub fn run(given: &Given, provider: &mut dyn Provider) -> Result<String, Fault> {
    let form = |Listing { sources, catalog, resolved }: Listing| ListingForm {
        sources: sources.iter().map(source_text).collect(),
        catalog: catalog.into(),
        resolved: Members(resolved.into_iter().map(|(name, found)| (name, found.map(ResolutionForm::from))).collect()),
    };
    layout::text(&Listed { listings: listings(given, provider)?.into_iter().map(form).collect() })
}

/// The same as the records of the contract.
pub(super) fn listings(given: &Given, provider: &mut dyn Provider) -> Result<Vec<Listing>, Fault> {
    given.listings.iter().map(|listing| list(given, listing, provider)).collect()
}

fn list(given: &Given, listing: &ListingGiven, provider: &mut dyn Provider) -> Result<Listing, Fault> {
    let settings = &listing.settings.as_ref().unwrap_or(&given.settings).0;
    let region = &listing.region.as_ref().unwrap_or(&given.region).0;
    let sources = provider.sources(settings)?;
    if sources.len() > MOST_SOURCES {
        return Err(Fault(format!("{ENDLESS}: it has {} sources", sources.len())));
    }
    let mut all = sources.iter().map(|source| pages(given, listing, source)).collect::<Result<Vec<_>, _>>()?;
    all.extend(given.inference_profile.0.iter().map(|(id, answer)| {
        let operation = "GetInferenceProfile".to_owned();
        let (bodies, failed) = answer.answered(&operation);
        let source = Source { operation, parameters: vec![("inferenceProfileIdentifier".to_owned(), id.clone())] };
        Pages { source, bodies, failed, cached: listing.cached, earlier: None }
    }));
    let catalog = provider.assemble(settings, region, &all)?;
    let names = listing.resolve.as_ref().unwrap_or(&given.resolve);
    let resolved = provider.resolve(names, settings, &catalog.models)?;
    Ok(Listing { sources, resolved: names.iter().cloned().zip(resolved).collect(), catalog })
}

/// The pages of a source. A case need not have the application profiles: then there are none.
fn pages(given: &Given, listing: &ListingGiven, source: &Source) -> Result<Pages, Fault> {
    let is_application = source.parameters.iter().any(|(_, value)| value == "APPLICATION");
    let none = is_application.then(|| (vec![r#"{"inferenceProfileSummaries":[]}"#.to_owned()], None));
    let answered = answers!(listing).to(source).or_else(|| answers!(given).to(source)).or(none);
    let (bodies, failed) =
        answered.ok_or_else(|| Fault(format!("the case does not answer the source `{}`", source_text(source))))?;
    let earlier = listing.earlier.as_ref().filter(|_| failed.is_some());
    let earlier = earlier.and_then(|earlier| {
        let (bodies, _) = answers!(earlier).to(source)?;
        Some(EarlierPages { bodies, age: earlier.age })
    });
    Ok(Pages { source: source.clone(), bodies, failed, cached: listing.cached, earlier })
}

/// How the fault begins of a listing that wants too much listed.
pub(super) const ENDLESS: &str = "the listing is too large";
