//! The catalog: what to list, the models of the pages that came, and the model that a name means.
//!
//! The rules are the classic ones of OpenClaw's discovery, inference profiles beside them, and what the listing says on the
//! wire and no documentation does.

use crate::contract::config::Settings;
use crate::contract::models::{Catalog, CatalogSource, Pages, Source};

mod foundation;
mod hints;
mod members;
mod order;
mod plan;
mod profiles;
mod reasons;
mod resolve;
mod summaries;
mod survey;
#[cfg(test)]
mod tests;
mod traits;

use plan::Plan;
pub use resolve::resolve;
use survey::survey;

/// The operations that are listed.
const FOUNDATION_MODELS: &str = "ListFoundationModels";
const INFERENCE_PROFILES: &str = "ListInferenceProfiles";
const INFERENCE_PROFILE: &str = "GetInferenceProfile";

/// What to list. Models of the configuration replace discovery whole (OpenClaw does).
///
/// `ListInferenceProfiles` without `type` lists what Bedrock defines and nothing else (aws/aws-cli#9728), so each type has a
/// source of its own.
#[must_use]
pub fn sources(settings: &Settings) -> Vec<Source> {
    if !settings.models.is_empty() || settings.discovery.enabled == Some(false) {
        return Vec::new();
    }
    let profiles = |kind: &str| source(INFERENCE_PROFILES, &[("type", kind)]);
    vec![source(FOUNDATION_MODELS, &[]), profiles("SYSTEM_DEFINED"), profiles("APPLICATION")]
}

fn source(operation: &str, parameters: &[(&str, &str)]) -> Source {
    let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Source { operation: operation.to_owned(), parameters }
}

/// The catalog of what was listed.
#[must_use]
pub fn assemble(settings: &Settings, region: String, pages: &[Pages]) -> Catalog {
    if !pages.is_empty() {
        return survey(&Plan::new(settings, region), pages);
    }
    let models = settings.models.clone();
    let source = if models.is_empty() { CatalogSource::Disabled } else { CatalogSource::Config };
    Catalog { models, left_out: Vec::new(), source, failures: Vec::new(), notices: Vec::new() }
}
