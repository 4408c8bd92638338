//! What a listing says of a model, over what the table says of its family.

use serde::Deserialize;

use super::{Caching, Family, family_of};
use crate::contract::types::Model;

/// The family of a model, corrected by what the catalog took over from the raw listing: `systemRoleSupported` and
/// `explicitPromptCaching`, members that no SDK shows. Both are hints: where they are absent, or are not what they should be,
/// the table holds.
#[must_use]
pub fn family_as_listed(model: &Model) -> Family {
    let mut family = family_of(model).clone();
    if let Some(supported) = hint::<bool>(model, "systemRoleSupported") {
        family.system_prompt = supported;
    }
    match (hint::<PromptCaching>(model, "explicitPromptCaching"), family.caching) {
        (Some(PromptCaching { is_supported: false }), _) => family.caching = Caching::Never,
        // Longer times to live, and points among tools, are for families that are known to take them.
        (Some(PromptCaching { is_supported: true }), Caching::Never) => {
            family.caching = Caching::Short;
            family.caches_tools = false;
        }
        _ => {}
    }
    family
}

#[derive(Deserialize)]
struct PromptCaching {
    #[serde(rename = "isSupported")]
    is_supported: bool,
}

fn hint<T: for<'de> Deserialize<'de>>(model: &Model, name: &str) -> Option<T> {
    let extra = model.extras.iter().find(|extra| extra.name == name)?;
    serde_json::from_str(&extra.value).ok()
}
