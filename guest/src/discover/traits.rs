//! What a model is like: its input, whether it thinks, its limits, and where the limits are from.

use super::hints::Hints;
use super::plan::Plan;
use crate::contract::types::{Cost, Model, NamedJson};
use crate::families::{self, Family, Level, Limits, ThinkingForm, ThinkingOff, limits_from};

/// What a profile inherits from the model behind it.
#[derive(Debug)]
pub(super) struct Traits {
    input: Vec<String>,
    /// None where neither the listing, nor a name, nor the table of limits says that it thinks.
    thinks: Option<bool>,
    context_window: Limit,
    max_tokens: Limit,
    /// What the listing says besides.
    extras: Vec<NamedJson>,
}

/// A limit and where it is from: `listing`, `known-models` or `defaults`.
#[derive(Clone, Copy, Debug)]
struct Limit {
    tokens: u64,
    from: &'static str,
}

impl Traits {
    /// The traits of a model that the listing has.
    pub(super) fn listed(plan: &Plan, id: &str, name: &str, mut input: Vec<String>, hints: &Hints) -> Self {
        for kind in &hints.input {
            if !input.iter().any(|known| known == kind) {
                input.push((*kind).to_owned());
            }
        }
        let known = families::known_limits(id, name);
        let thinks = hints.reasoning.or_else(|| says_that_it_thinks(id, name, known));
        let (context_window, max_tokens) = limits(plan, id, known, hints);
        Traits { input, thinks, context_window, max_tokens, extras: hints.extras.clone() }
    }

    /// The traits of a model that the listing does not have, by its id and a name: what the table knows, else the cautious
    /// values.
    pub(super) fn unlisted(plan: &Plan, id: &str, name: &str) -> Self {
        let known = families::known_limits(id, name);
        let mut input = vec!["text".to_owned()];
        if known.is_some_and(|known| known.sees) {
            input.push("image".to_owned());
        }
        let (context_window, max_tokens) = limits(plan, id, known, &Hints::default());
        let thinks = says_that_it_thinks(id, name, known);
        Traits { input, thinks, context_window, max_tokens, extras: Vec::new() }
    }

    /// A model of the catalog with these traits. The API tells no prices, so they are zero.
    pub(super) fn model(&self, id: &str, name: &str, extras: Vec<NamedJson>) -> Model {
        let mut model = Model {
            id: id.to_owned(),
            name: name.to_owned(),
            reasoning: self.thinks.unwrap_or(false),
            input: self.input.clone(),
            cost: Cost { input: 0.0, output: 0.0, cache_read: 0.0, cache_write: 0.0, tiers: Vec::new() },
            context_window: self.context_window.tokens,
            max_tokens: self.max_tokens.tokens,
            params: None,
            extras: vec![limits_from(self.context_window.from, self.max_tokens.from)],
        };
        model.extras.extend(extras);
        let family = families::family_of(&model);
        if family.thinking == ThinkingForm::Adaptive {
            model.reasoning = self.thinks.unwrap_or(true);
            model.extras.extend(level_map(family));
        }
        model.extras.extend(self.extras.iter().cloned());
        model
    }
}

/// The names of the classic rule (OpenClaw), then the table.
fn says_that_it_thinks(id: &str, name: &str, known: Option<Limits>) -> Option<bool> {
    let text = format!("{id} {name}").to_lowercase();
    let named = text.contains("reasoning") || text.contains("thinking");
    if named { Some(true) } else { known.map(|known| known.thinks) }
}

/// Context window and output limit: what the listing says, else what is known of the model, else the configured defaults.
fn limits(plan: &Plan, id: &str, known: Option<Limits>, hints: &Hints) -> (Limit, Limit) {
    let choose = |listed: Option<u64>, known: Option<u64>, default: u64| match (listed, known) {
        (Some(tokens), _) => Limit { tokens, from: "listing" },
        (None, Some(tokens)) => Limit { tokens, from: "known-models" },
        (None, None) => Limit { tokens: default, from: "defaults" },
    };
    // The id of a variant names its own window; a description is of all the variants.
    let listed_window = families::window_in(id).or(hints.context_window);
    let mut window = choose(listed_window, known.map(|known| known.context_window), plan.context_window);
    let output = choose(hints.max_tokens, known.map(|known| known.max_tokens), plan.max_tokens);
    // An answer fits into the window: where the listing's output is larger, the window is at least as large; else the output
    // is no larger than the window.
    if output.tokens > window.tokens {
        if output.from == "listing" && window.from != "listing" {
            window = output;
        } else {
            return (window, Limit { tokens: window.tokens, ..output });
        }
    }
    (window, output)
}

/// `thinkingLevelMap` of pi's models: the levels that are not sent under their own names, as OpenClaw has them in its catalog.
/// Only for models with efforts beyond `high`.
fn level_map(family: &Family) -> Option<NamedJson> {
    let beyond = [Level::XHigh, Level::Max];
    if !beyond.iter().any(|level| family.thinking_levels.has(*level)) {
        return None;
    }
    let mut levels = serde_json::Map::new();
    for level in ["off", "minimal"] {
        if matches!(family.thinking_off, ThinkingOff::Never | ThinkingOff::BetweenTools) {
            levels.insert(level.to_owned(), "low".into());
        }
    }
    for level in beyond {
        let has = family.thinking_levels.has(level);
        let value = if has { level.word().into() } else { serde_json::Value::Null };
        levels.insert(level.word().to_owned(), value);
    }
    Some(NamedJson { name: "thinkingLevelMap".to_owned(), value: serde_json::Value::Object(levels).to_string() })
}
