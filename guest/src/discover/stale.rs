//! What an old listing is good for when the API fails: all of it, or the profiles that a new one lacks.

use std::collections::BTreeSet;

use super::survey::Survey;
use crate::contract::models::Catalog;
use crate::contract::types::{NamedJson, Notice};

/// The notice that the whole catalog is old.
pub(super) fn whole(age: u64) -> Notice {
    Notice {
        kind: "stale-cache".to_owned(),
        message: format!("The models could not be listed, so this is a listing that is {age} seconds old."),
    }
}

/// Adds the profiles of an old listing that a new one without all its profiles does not have, each marked `stale`. Models
/// that can only be invoked through a profile would be lost otherwise, because one page was throttled.
pub(super) fn add_profiles(survey: &mut Survey, stale: Catalog, age: u64) -> Option<Notice> {
    let told = survey.models.iter().map(|model| &model.id).chain(survey.left_out.iter().map(|left_out| &left_out.id));
    let told: BTreeSet<String> = told.map(|id| id.to_lowercase()).collect();
    let before = survey.models.len();
    for mut model in stale.models {
        let is_profile = model.extras.iter().any(|extra| extra.name == "inferenceProfileType");
        if is_profile && !told.contains(&model.id.to_lowercase()) {
            model.extras.push(NamedJson { name: "stale".to_owned(), value: "true".to_owned() });
            survey.models.push(model);
        }
    }
    super::order::sort(&mut survey.models);
    let added = survey.models.len() - before;
    (added > 0).then(|| Notice {
        kind: "stale-profiles".to_owned(),
        message: format!(
            "Not all the inference profiles could be listed; those that lack are of a listing that is {age} seconds old: \
             {added}."
        ),
    })
}
