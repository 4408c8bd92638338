//! Differences between two listings: models are the same by their ids, wherever they stand.

use std::collections::BTreeMap;

use serde_json::Value;

use super::comparison::form;
use super::difference::Found;
use crate::contract::models::{Catalog, Resolution, Source};
use crate::json::catalog::{CatalogForm, ResolutionForm, source_text};

/// What each version wants listed.
pub(super) fn sources(found: &mut Found, old: &[Source], new: &[Source]) {
    let told = |sources: &[Source]| form(sources.iter().map(source_text).collect::<Vec<_>>());
    found.values("listing/sources", "sources", &told(old), &told(new));
}

/// What names mean. Both versions were asked for the ids of their own catalog.
pub(super) fn resolved(found: &mut Found, old: &[(String, Option<Resolution>)], new: &[(String, Option<Resolution>)]) {
    let new: BTreeMap<&str, &Option<Resolution>> = new.iter().map(|(name, meant)| (name.as_str(), meant)).collect();
    let told = |meant: &Option<Resolution>| form(meant.clone().map(ResolutionForm::from));
    for (name, meant) in old {
        if let Some(other) = new.get(name.as_str()).filter(|other| **other != meant) {
            found.values("resolved", &format!("resolved/{name}"), &told(meant), &told(other));
        }
    }
}

/// The catalogs.
pub(super) fn catalog(found: &mut Found, old: &Catalog, new: &Catalog) {
    let (mut old, mut new) = (form(CatalogForm::from(old.clone())), form(CatalogForm::from(new.clone())));
    for (member, kind) in [("models", "models"), ("leftOut", "left-out")] {
        let (one, other) = (by_id(take(&mut old, member)), by_id(take(&mut new, member)));
        entries(found, kind, &one, &other);
    }
    found.values("catalog", "catalog", &old, &new);
}

fn take(catalog: &mut Value, member: &str) -> Vec<Value> {
    match catalog.as_object_mut().and_then(|members| members.remove(member)) {
        Some(Value::Array(entries)) => entries,
        _ => Vec::new(),
    }
}

/// Entries with their ids, in order; a second one of the same id is told apart.
fn by_id(entries: Vec<Value>) -> Vec<(String, Value)> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let named = |entry: Value| {
        let id = entry.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        let count = seen.entry(id.clone()).or_default();
        *count += 1;
        (if *count == 1 { id } else { format!("{id}#{count}") }, entry)
    };
    entries.into_iter().map(named).collect()
}

fn entries(found: &mut Found, kind: &str, old: &[(String, Value)], new: &[(String, Value)]) {
    let get = |entries: &'_ [(String, Value)], id: &str| entries.iter().position(|(known, _)| known == id);
    for (id, entry) in old {
        let place = format!("{kind}/{id}");
        match get(new, id) {
            None => found.add(format!("catalog/{kind}"), place, Some(entry), None),
            Some(at) => found.values(&format!("catalog/{kind}"), &place, entry, &new[at].1),
        }
    }
    for (id, entry) in new.iter().filter(|(id, _)| get(old, id).is_none()) {
        found.add(format!("catalog/{kind}"), format!("{kind}/{id}"), None, Some(entry));
    }
    // Where something is missing, the order of the rest still counts.
    let shared = |one: &[(String, Value)], other: &[(String, Value)]| -> Vec<String> {
        one.iter().map(|(id, _)| id).filter(|id| get(other, id).is_some()).cloned().collect()
    };
    let (one, other) = (shared(old, new), shared(new, old));
    if one != other {
        found.add(format!("catalog/{kind}/order"), kind.to_owned(), Some(&one.into()), Some(&other.into()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::models::{CatalogSource, LeftOut};
    use crate::json::model::default_model;

    fn listed(ids: &[&str], left_out: &[(&str, &str)]) -> Catalog {
        let model = |id: &&str| crate::contract::types::Model { id: (*id).to_owned(), ..default_model() };
        let left = |(id, reason): &(&str, &str)| LeftOut {
            id: (*id).to_owned(),
            reason: (*reason).to_owned(),
            message: String::new(),
        };
        Catalog {
            models: ids.iter().map(model).collect(),
            left_out: left_out.iter().map(left).collect(),
            source: CatalogSource::Live,
            failures: Vec::new(),
            notices: Vec::new(),
        }
    }

    fn kinds(old: &Catalog, new: &Catalog) -> Vec<(String, String)> {
        let mut found = Found::default();
        catalog(&mut found, old, new);
        found.into_list().into_iter().map(|difference| (difference.kind, difference.place)).collect()
    }

    #[test]
    fn a_model_more_is_one_difference_and_not_one_for_each_behind_it() {
        let (old, mut new) =
            (listed(&["b", "c"], &[("x", "filtered")]), listed(&["a", "b", "c"], &[("x", "not-text")]));
        new.models[2].max_tokens += 1;
        let expected = [
            ("catalog/models/maxTokens", "models/c/maxTokens"),
            ("catalog/models", "models/a"),
            ("catalog/left-out/reason", "left-out/x/reason"),
        ];
        assert_eq!(kinds(&old, &new), expected.map(|(kind, place)| (kind.to_owned(), place.to_owned())));
        assert_eq!(kinds(&old, &old), []);
    }

    #[test]
    fn the_order_counts_and_so_does_what_is_left_out() {
        assert_eq!(kinds(&listed(&["a", "b"], &[]), &listed(&["b", "a"], &[]))[0].0, "catalog/models/order");
        assert_eq!(kinds(&listed(&["a"], &[]), &listed(&["a"], &[("b", "filtered")]))[0].0, "catalog/left-out");
    }
}
