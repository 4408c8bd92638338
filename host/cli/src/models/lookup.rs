//! The model that a person means by a name.

use quarry_contract::models::{LeftOut, Resolution};
use quarry_gateway::models;

use super::asked::Asked;
use super::known::{self, KnownModel};

/// What a name means.
#[derive(Debug)]
pub(super) enum Meant {
    /// A model.
    Known(Box<KnownModel>),
    /// A model that AWS has, and that cannot be used.
    LeftOut(LeftOut),
    /// None, and models that may have been meant.
    Unknown(Vec<String>),
    /// The default model, and none is configured.
    NoDefault,
}

/// The model that is meant by the name that was asked about.
pub(super) fn look_up(asked: &Asked) -> Meant {
    let Some(Resolution { model, .. }) = &asked.meant else { return Meant::NoDefault };
    let id = &model.id;
    let mut all = known::all(asked);
    // Also one that the configuration names and nobody lists is known.
    if let Some(index) = all.iter().position(|known| known.is_called(id)) {
        return Meant::Known(Box::new(all.swap_remove(index)));
    }
    if let Some(left_out) = known::left_out(&asked.catalog, id) {
        return Meant::LeftOut(left_out.clone());
    }
    let usable: Vec<&str> = all.iter().flat_map(names).collect();
    let left_out: Vec<&str> = asked.catalog.left_out.iter().map(|left_out| &*left_out.id).collect();
    let mut suggestions = models::similar(id, &usable);
    if suggestions.is_empty() {
        suggestions = models::similar(id, &left_out);
    }
    Meant::Unknown(suggestions)
}

fn names(known: &KnownModel) -> impl Iterator<Item = &str> {
    std::iter::once(&*known.model.id).chain(known.aliases.iter().map(String::as_str))
}
