//! What a catalog tells of a model besides its record: extras by name.

use serde_json::Value;

use crate::contract::types::{Model, NamedJson};

/// Where the limits of a model are from, as the provider says it: a word, or an object of two.
#[must_use]
pub fn limits_from(model: &Model) -> Option<Value> {
    extra(model, "limitsFrom")
}

/// Whether a limit (`contextWindow`, `maxTokens`) is nothing but the configured default.
#[must_use]
pub fn is_guessed(model: &Model, limit: &str) -> bool {
    let from = limits_from(model).unwrap_or_default();
    from.get(limit).unwrap_or(&from) == "defaults"
}

/// Whether a model is of a listing past its time.
#[must_use]
pub fn is_stale(model: &Model) -> bool {
    extra(model, "stale") == Some(Value::Bool(true))
}

/// Marks a model as one of a listing past its time.
pub fn mark_stale(model: &mut Model) {
    if !is_stale(model) {
        model.extras.push(NamedJson { name: "stale".to_owned(), value: "true".to_owned() });
    }
}

/// What is told of a model under a name, where that is text.
#[must_use]
pub fn text(model: &Model, name: &str) -> Option<String> {
    match extra(model, name)? {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// What is told of a model under a name.
#[must_use]
pub fn extra(model: &Model, name: &str) -> Option<Value> {
    let extra = model.extras.iter().find(|extra| extra.name == name)?;
    serde_json::from_str(&extra.value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::model::default_model;

    #[test]
    fn the_place_of_a_limit_is_told_for_both_or_for_each() {
        let with = |value: &str| {
            let extra = NamedJson { name: "limitsFrom".to_owned(), value: value.to_owned() };
            let model = Model { extras: vec![extra], ..default_model() };
            (is_guessed(&model, "contextWindow"), is_guessed(&model, "maxTokens"))
        };
        assert_eq!(with(r#""defaults""#), (true, true));
        assert_eq!(with(r#"{"contextWindow":"defaults","maxTokens":"listing"}"#), (true, false));
        assert_eq!(with(r#""listing""#), (false, false));
        assert_eq!(with("not JSON"), (false, false));
        assert!(!is_guessed(&default_model(), "maxTokens"));
    }

    #[test]
    fn a_model_is_marked_once() {
        let mut model = default_model();
        assert!(!is_stale(&model));
        mark_stale(&mut model);
        mark_stale(&mut model);
        assert!(is_stale(&model));
        assert_eq!(model.extras.len(), 1);
    }
}
