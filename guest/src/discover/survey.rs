//! What the two listings of a region come to: models, what was left out and why, and what failed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::foundation::{Foundation, ProfilesOfModel};
use super::members::summaries;
use super::order;
use super::plan::Plan;
use super::profiles::{Bases, Profile};
use super::reasons::duplicate;
use crate::contract::models::{LeftOut, Pages};
use crate::contract::types::{ApiError, ApiStage, Failure, Model};
use crate::explain::explain;

/// The outcome of asking the API.
pub(super) struct Survey {
    /// The models, in the order to show them.
    pub(super) models: Vec<Model>,
    /// What was left out, in the listings' order.
    pub(super) left_out: Vec<LeftOut>,
    /// What failed, foundation models first. A survey with failures is not to be cached.
    pub(super) failures: Vec<Failure>,
    /// Whether the foundation models came. Without them a profile has nothing to inherit but what is known of its model.
    pub(super) has_foundation_models: bool,
    /// Whether all the pages of profiles came.
    pub(super) has_all_profiles: bool,
}

/// Makes the survey of the pages of `ListFoundationModels` and `ListInferenceProfiles`. What came counts, whatever failed.
pub(super) fn survey(plan: &Plan, foundation_models: &Pages, inference_profiles: &Pages) -> Survey {
    let mut failures = Vec::new();
    let region = plan.region.as_str();
    let list = List { operation: "ListFoundationModels", member: "modelSummaries", region };
    let models = read_pages(&list, foundation_models, &mut failures);
    if failures.is_empty() && foundation_models.bodies.is_empty() {
        failures.push(list.unreadable("there is none".to_owned()));
    }
    let failed_so_far = failures.len();
    let list = List { operation: "ListInferenceProfiles", member: "inferenceProfileSummaries", region };
    let profiles = read_pages(&list, inference_profiles, &mut failures);
    let mut survey = Survey {
        models: Vec::new(),
        left_out: Vec::new(),
        has_foundation_models: failed_so_far == 0,
        has_all_profiles: failures.len() == failed_so_far,
        failures,
    };

    let models: Vec<Foundation> = models.iter().filter_map(|summary| survey.keep(Foundation::read(summary))).collect();
    let bases = Bases::new(&models);
    let profiles: Vec<Result<ListedProfile, LeftOut>> = profiles
        .iter()
        .map(|summary| {
            let profile = Profile::read(summary)?;
            let base_id = profile.base_id(&bases).map(str::to_lowercase);
            let model = profile.model(plan, &bases).map_err(|reason| reason.of(&profile.id))?;
            Ok(ListedProfile { base_id, model })
        })
        .collect();
    let mut ids_by_base: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for profile in profiles.iter().flatten() {
        ids_by_base.entry(profile.base_id.as_deref().unwrap_or_default()).or_default().push(&profile.model.id);
    }

    let mut taken = BTreeSet::new();
    for model in &models {
        let profiles = match ids_by_base.get(&*model.id.to_lowercase()) {
            Some(ids) => ProfilesOfModel::Listed(ids),
            None if survey.has_all_profiles => ProfilesOfModel::Listed(&[]),
            None => ProfilesOfModel::NotListed,
        };
        let excluded = model.excluded(plan).or_else(|| model.not_by_itself(profiles));
        let outcome = excluded.map_or_else(|| Ok(model.model(plan)), |reason| Err(reason.of(&model.id)));
        survey.add(&mut taken, outcome);
    }
    for profile in profiles {
        survey.add(&mut taken, profile.map(|profile| profile.model));
    }
    order::sort(&mut survey.models);
    survey
}

/// A profile that is in the catalog.
struct ListedProfile {
    /// The id of the model behind it, in lower case.
    base_id: Option<String>,
    model: Model,
}

impl Survey {
    /// What was read, or nothing: then it is among the left out.
    fn keep<T>(&mut self, read: Result<T, LeftOut>) -> Option<T> {
        read.map_err(|left_out| self.left_out.push(left_out)).ok()
    }

    /// Adds a model, unless it is left out or its id (in any case) is taken.
    fn add(&mut self, taken: &mut BTreeSet<String>, outcome: Result<Model, LeftOut>) {
        match outcome {
            Ok(model) if taken.insert(model.id.to_lowercase()) => self.models.push(model),
            Ok(model) => self.left_out.push(duplicate().of(&model.id)),
            Err(left_out) => self.left_out.push(left_out),
        }
    }
}

/// The summaries of all pages that can be read. Pages that cannot, and a page that never came, are failures; what the other
/// pages hold counts nevertheless.
fn read_pages(list: &List<'_>, pages: &Pages, failures: &mut Vec<Failure>) -> Vec<Value> {
    let mut all = Vec::new();
    for body in &pages.bodies {
        match summaries(body, list.member) {
            Ok(summaries) => all.extend(summaries),
            Err(why) => failures.push(list.unreadable(why)),
        }
    }
    failures.extend(pages.failed.as_ref().map(explain));
    all
}

/// A list operation of the API.
struct List<'a> {
    operation: &'static str,
    /// The member of its answer that holds the summaries.
    member: &'static str,
    region: &'a str,
}

impl List<'_> {
    /// An answer came with success, and it is not one.
    fn unreadable(&self, why: String) -> Failure {
        explain(&ApiError {
            operation: self.operation.to_owned(),
            model_id: None,
            region: Some(self.region.to_owned()),
            stage: ApiStage::Unreadable,
            status: None,
            code: None,
            message: Some(why),
            request_id: None,
            retry_after: None,
        })
    }
}
