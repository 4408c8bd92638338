//! The catalog that the listings of a region come to: models, what was left out and why, and what failed.

use std::collections::{BTreeMap, BTreeSet};

use super::foundation::{Foundation, ProfilesOfModel};
use super::order;
use super::plan::Plan;
use super::profiles::{Bases, Profile};
use super::reasons::duplicate;
use super::summaries::{Summaries, Summary, lists_models};
use crate::contract::models::{Catalog, CatalogSource, LeftOut, Pages};
use crate::contract::types::{Model, NamedJson, Notice};

/// Makes the catalog of the pages. What came counts, whatever failed.
pub(super) fn survey(plan: &Plan, pages: &[Pages]) -> Catalog {
    let (mut models, mut profiles) = (Summaries::default(), Summaries::default());
    for pages in pages {
        if lists_models(&pages.source) { &mut models } else { &mut profiles }.add(pages, &plan.region);
    }
    let mut rows = Rows::default();
    let foundations: Vec<(Foundation, bool)> = models
        .all
        .iter()
        .filter_map(|Summary { value, is_stale, .. }| Some((rows.keep(Foundation::read(value))?, *is_stale)))
        .collect();
    let bases = Bases::new(foundations.iter().map(|(foundation, _)| foundation));
    let listed: Vec<Result<ListedProfile, LeftOut>> =
        profiles.all.iter().map(|summary| ListedProfile::of(summary, plan, &bases)).collect();
    let mut ids_by_base: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for profile in listed.iter().flatten() {
        ids_by_base.entry(profile.base_id.as_deref().unwrap_or_default()).or_default().push(&profile.id);
    }
    for (foundation, is_stale) in &foundations {
        let profiles = match ids_by_base.get(&*foundation.id.to_lowercase()) {
            Some(ids) => ProfilesOfModel::Listed(ids),
            None if profiles.is_complete() => ProfilesOfModel::Listed(&[]),
            None => ProfilesOfModel::NotListed,
        };
        let excluded = foundation.excluded(plan).or_else(|| foundation.not_by_itself(profiles));
        let outcome = excluded.map_or_else(|| Ok(foundation.model(plan)), |reason| Err(reason.of(&foundation.id)));
        rows.add(outcome, *is_stale);
    }
    let before = rows.models.len();
    for profile in listed {
        let is_stale = profile.as_ref().is_ok_and(|profile| profile.is_stale);
        rows.add(profile.map(|profile| profile.model), is_stale);
    }
    let stale_profiles = rows.models[before..].iter().filter(|model| is_stale(model)).count();
    order::sort(&mut rows.models);

    let is_cached = pages.iter().all(|pages| pages.cached);
    let source = match models.age {
        Some(_) => CatalogSource::StaleCache,
        None if rows.models.is_empty() && !models.is_complete() => CatalogSource::Failed,
        None if is_cached => CatalogSource::Cache,
        None => CatalogSource::Live,
    };
    let notices = stale_notice(models.age, profiles.age, stale_profiles).into_iter().collect();
    let Rows { models: listed, left_out, .. } = rows;
    Catalog { models: listed, left_out, source, failures: [models.failures, profiles.failures].concat(), notices }
}

/// Says that rows come from pages past their time.
fn stale_notice(models: Option<u64>, profiles: Option<u64>, count: usize) -> Option<Notice> {
    let (kind, message) = match (models, profiles) {
        (Some(age), _) => {
            ("stale-cache", format!("The models could not be listed; this listing is {age} seconds old."))
        }
        (None, Some(age)) if count > 0 => (
            "stale-profiles",
            format!(
                "Some inference profiles could not be listed; these come from a listing that is {age} seconds old: {count}."
            ),
        ),
        _ => return None,
    };
    Some(Notice { kind: kind.to_owned(), message })
}

/// A profile that is in the catalog.
struct ListedProfile {
    /// Its id; of an application profile the short one.
    id: String,
    /// The id of the model behind it, in lower case.
    base_id: Option<String>,
    model: Model,
    is_stale: bool,
}

impl ListedProfile {
    fn of(summary: &Summary, plan: &Plan, bases: &Bases<'_>) -> Result<Self, LeftOut> {
        let Summary { value, is_stale, was_looked_up } = summary;
        let profile = Profile::read(value)?;
        let base_id = profile.base_id(bases).map(str::to_lowercase);
        let filter = (!was_looked_up).then_some(plan);
        let model = profile.model(plan, filter, bases).map_err(|reason| reason.of(&profile.id))?;
        Ok(ListedProfile { id: profile.id, base_id, model, is_stale: *is_stale })
    }
}

/// The rows so far.
#[derive(Default)]
struct Rows {
    models: Vec<Model>,
    left_out: Vec<LeftOut>,
    /// Ids in lower case.
    taken: BTreeSet<String>,
}

impl Rows {
    /// What was read, or nothing: then it is among the left out.
    fn keep<T>(&mut self, read: Result<T, LeftOut>) -> Option<T> {
        read.map_err(|left_out| self.left_out.push(left_out)).ok()
    }

    /// Adds a model, unless it is left out or its id (in any case) is taken.
    fn add(&mut self, outcome: Result<Model, LeftOut>, is_stale: bool) {
        match outcome {
            Ok(mut model) if self.taken.insert(model.id.to_lowercase()) => {
                model.extras.extend(is_stale.then(|| NamedJson { name: STALE.to_owned(), value: "true".to_owned() }));
                self.models.push(model);
            }
            Ok(model) => self.left_out.push(duplicate().of(&model.id)),
            Err(left_out) => self.left_out.push(left_out),
        }
    }
}

/// The extra of a row that comes from pages past their time.
const STALE: &str = "stale";

fn is_stale(model: &Model) -> bool {
    model.extras.iter().any(|extra| extra.name == STALE)
}
