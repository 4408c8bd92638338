//! What the two listings of a region come to: models, what was left out and why, and what failed.

use std::collections::BTreeSet;

use serde_json::Value;

use super::foundation::Foundation;
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
    /// The models, in the order to show them; none when the foundation models could not be listed.
    pub(super) models: Vec<Model>,
    /// What was left out, in the listings' order.
    pub(super) left_out: Vec<LeftOut>,
    /// What failed, foundation models first. A survey with failures is not to be cached.
    pub(super) failures: Vec<Failure>,
    /// Whether there is a list at all: the foundation models came. Without them a profile has nothing to inherit.
    pub(super) listed: bool,
}

/// Makes the survey of the pages of `ListFoundationModels` and `ListInferenceProfiles`.
pub(super) fn survey(plan: &Plan, foundation_models: &Pages, inference_profiles: &Pages) -> Survey {
    let mut survey = Survey { models: Vec::new(), left_out: Vec::new(), failures: Vec::new(), listed: false };
    let region = plan.region.as_str();
    let list = List { operation: "ListFoundationModels", member: "modelSummaries", region };
    let models = read_pages(&list, foundation_models, &mut survey.failures);
    if survey.failures.is_empty() && foundation_models.bodies.is_empty() {
        survey.failures.push(list.unreadable("there is none".to_owned()));
    }
    survey.listed = survey.failures.is_empty();
    let list = List { operation: "ListInferenceProfiles", member: "inferenceProfileSummaries", region };
    let profiles = read_pages(&list, inference_profiles, &mut survey.failures);
    if !survey.listed {
        return survey;
    }

    let models: Vec<Foundation> = models.iter().filter_map(|summary| survey.keep(Foundation::read(summary))).collect();
    let mut bases = Bases::new();
    for model in &models {
        bases.entry(model.id.to_lowercase()).or_insert(model);
    }
    let mut taken = BTreeSet::new();
    for model in &models {
        let outcome = model.excluded(plan).map_or_else(|| Ok(model.model(plan)), Err);
        survey.add(&mut taken, outcome.map_err(|reason| reason.of(&model.id)));
    }
    for summary in &profiles {
        let Some(profile) = survey.keep(Profile::read(summary)) else { continue };
        let outcome = profile.model(plan, &bases);
        survey.add(&mut taken, outcome.map_err(|reason| reason.of(&profile.id)));
    }
    order::sort(&mut survey.models);
    survey
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
