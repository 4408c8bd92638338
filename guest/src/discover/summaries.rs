//! The summaries of one kind, from all the pages that may have them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::members;
use super::{FOUNDATION_MODELS, INFERENCE_PROFILE};
use crate::contract::models::{EarlierPages, Pages, Source};
use crate::contract::types::{ApiError, ApiStage, Failure};
use crate::explain::explain;

/// A model or a profile as a page has it.
pub(super) struct Summary {
    /// The JSON.
    pub(super) value: Value,
    /// Whether it is of pages past their time.
    pub(super) is_stale: bool,
    /// Whether somebody asked for it by its id, so that no filter applies.
    pub(super) was_looked_up: bool,
}

/// What all pages of one kind come to.
#[derive(Default)]
pub(super) struct Summaries {
    /// In the order of the pages.
    pub(super) all: Vec<Summary>,
    /// What failed.
    pub(super) failures: Vec<Failure>,
    /// Age in seconds of the oldest pages that stand in for others.
    pub(super) age: Option<u64>,
}

impl Summaries {
    /// Whether nothing failed, so that what is not there does not exist.
    pub(super) fn is_complete(&self) -> bool {
        self.failures.is_empty()
    }

    /// Adds the summaries of a source. Pages that cannot be read, and a page that never came, are failures; what the other pages
    /// hold counts nevertheless, and the rest comes from earlier ones. Nothing counts twice that another source had.
    pub(super) fn add(&mut self, pages: &Pages, region: &str) {
        let Pages { source, bodies, failed, cached: _, earlier } = pages;
        let kind = Kind::of(source);
        let before: BTreeSet<String> = self.all.iter().filter_map(|summary| kind.id(&summary.value)).collect();
        let failures_before = self.failures.len();
        let mut found = Vec::new();
        for body in bodies {
            match kind.summaries(body) {
                Ok(summaries) => found.extend(summaries),
                Err(why) => self.failures.push(unreadable(source, region, why)),
            }
        }
        self.failures.extend(failed.as_ref().map(explain));
        if bodies.is_empty() && failed.is_none() {
            self.failures.push(unreadable(source, region, "there is none".to_owned()));
        }
        let is_new = |seen: &BTreeSet<String>, value: &Value| kind.id(value).is_none_or(|id| !seen.contains(&id));
        found.retain(|value| is_new(&before, value));
        let mut old = Vec::new();
        if let Some(EarlierPages { bodies, age }) = earlier.as_ref().filter(|_| self.failures.len() > failures_before) {
            let seen: BTreeSet<String> = found.iter().filter_map(|value| kind.id(value)).chain(before).collect();
            old.extend(bodies.iter().filter_map(|body| kind.summaries(body).ok()).flatten());
            old.retain(|value| is_new(&seen, value));
            if !old.is_empty() {
                self.age = self.age.max(Some(*age));
            }
        }
        let was_looked_up = matches!(kind, Kind::OneProfile);
        let summary = |value: Value, is_stale: bool| Summary { value, is_stale, was_looked_up };
        self.all.extend(found.into_iter().map(|value| summary(value, false)));
        self.all.extend(old.into_iter().map(|value| summary(value, true)));
    }
}

/// What a source lists.
#[derive(Clone, Copy)]
enum Kind {
    Models,
    Profiles,
    OneProfile,
}

impl Kind {
    fn of(source: &Source) -> Self {
        match source.operation.as_str() {
            FOUNDATION_MODELS => Kind::Models,
            INFERENCE_PROFILE => Kind::OneProfile,
            _ => Kind::Profiles,
        }
    }

    fn summaries(self, body: &str) -> Result<Vec<Value>, String> {
        match self {
            Kind::Models => members::summaries(body, "modelSummaries"),
            Kind::Profiles => members::summaries(body, "inferenceProfileSummaries"),
            Kind::OneProfile => members::object(body).map(|profile| vec![profile]),
        }
    }

    /// Its id in lower case. What has none is told apart from nothing.
    fn id(self, summary: &Value) -> Option<String> {
        let member = if matches!(self, Kind::Models) { "modelId" } else { "inferenceProfileId" };
        summary[member].as_str().map(|id| id.trim().to_lowercase()).filter(|id| !id.is_empty())
    }
}

/// Whether a source lists foundation models.
pub(super) fn lists_models(source: &Source) -> bool {
    matches!(Kind::of(source), Kind::Models)
}

/// An answer came with success, and it is not one.
fn unreadable(source: &Source, region: &str, why: String) -> Failure {
    explain(&ApiError {
        operation: source.operation.clone(),
        model_id: None,
        region: Some(region.to_owned()),
        stage: ApiStage::Unreadable,
        status: None,
        code: None,
        message: Some(why),
        request_id: None,
        retry_after: None,
    })
}
