//! Rules of `merge`: what layers become, and whether the settings can be used.

use super::Rule;
use super::evidence::{Answer, Evidence, MergeResult};
use super::turns::{are_json, is_json};
use crate::contract::config::{EntryValue, Place, Position, Severity};
use crate::contract::conversation::{Options, RequestSettings};
use crate::merge::Given;

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "defaults-merge",
        holds: "layers that set nothing merge: the provider's defaults are below all layers",
        source: "`config.layer`",
        holds_for: |evidence, _| each(evidence, defaults_merge),
    },
    Rule {
        name: "problems-have-their-severity",
        holds: "rejected layers have a problem of severity `error`, and every warning has the severity `warning`",
        source: "`merge`, `merged.warnings`",
        holds_for: |evidence, _| each(evidence, problems_have_their_severity),
    },
    Rule {
        name: "places-are-in-the-layers",
        holds: "problems and origins name an existing layer, or `defaults`, and the position of one of its values or names",
        source: "`place`",
        holds_for: |evidence, _| each(evidence, places_are_in_the_layers),
    },
    Rule {
        name: "settings-are-json",
        holds: "the JSON members of settings are valid JSON: the parameters of models, and extras",
        source: "`settings.extras`, `model.params`",
        holds_for: |evidence, _| each(evidence, settings_are_json),
    },
    Rule {
        name: "settings-are-usable",
        holds: "`prepare`, `sources`, `assemble` and `resolve` return for every settings that `merge` returns",
        source: "`prepare`, `sources`, `assemble`, `resolve`",
        holds_for: |evidence, _| settings_are_usable(evidence),
    },
];

/// The first layers whose answer breaks something.
fn each(evidence: &Evidence<'_>, holds: impl Fn(&Given, &MergeResult) -> Result<(), String>) -> Result<(), String> {
    evidence.merges.iter().try_for_each(|Answer { name, input, answer }| {
        answer.as_ref().map_or(Ok(()), |answer| holds(input, answer)).map_err(|what| format!("{name}: {what}"))
    })
}

fn defaults_merge(given: &Given, answer: &MergeResult) -> Result<(), String> {
    let says_nothing = given
        .layers()
        .iter()
        .all(|layer| layer.entries.iter().all(|entry| entry.depth == 0 && entry.value == EntryValue::Object));
    match answer {
        Err(problems) if says_nothing => Err(format!("they were rejected: {problems:?}")),
        _ => Ok(()),
    }
}

fn problems_have_their_severity(_: &Given, answer: &MergeResult) -> Result<(), String> {
    let (problems, is_refused) = match answer {
        Ok(merged) => (&merged.warnings, false),
        Err(problems) => (problems, true),
    };
    if let Some(problem) = problems.iter().find(|problem| problem.message.trim().is_empty()) {
        return Err(format!("a problem has no message: {problem:?}"));
    }
    match (problems.iter().find(|problem| problem.severity == Severity::Error), is_refused) {
        (None, true) => Err("they were rejected without an error".to_owned()),
        (Some(error), false) => Err(format!("they were merged, with an error among the warnings: {error:?}")),
        _ => Ok(()),
    }
}

fn places_are_in_the_layers(given: &Given, answer: &MergeResult) -> Result<(), String> {
    let layers = given.layers();
    let is_there = |place: &Place| {
        let at = |position: &Position| (position.line, position.column) == (place.line, place.column);
        let mut named = layers.iter().filter(|layer| layer.name == place.layer).peekable();
        let is_known = place.layer == "defaults" || named.peek().is_some();
        // A problem of the whole layer has no position.
        is_known && (place.line, place.column) == (0, 0)
            || named.any(|layer| layer.entries.iter().any(|entry| at(&entry.position) || at(&entry.name_position)))
    };
    let (problems, origins) = match answer {
        Ok(merged) => (&merged.warnings, merged.settings.origins.as_slice()),
        Err(problems) => (problems, [].as_slice()),
    };
    let places = problems.iter().map(|problem| &problem.place).chain(origins.iter().map(|origin| &origin.place));
    match places.into_iter().find(|place| !is_there(place)) {
        Some(place) => Err(format!("the place does not exist: {place:?}")),
        None => Ok(()),
    }
}

fn settings_are_json(_: &Given, answer: &MergeResult) -> Result<(), String> {
    let Ok(merged) = answer else { return Ok(()) };
    are_json(&merged.settings.extras).map_err(|what| format!("extras: {what}"))?;
    merged.settings.models.iter().try_for_each(|model| {
        are_json(&model.extras)?;
        model.params.as_deref().map_or(Ok(()), is_json)
    })
}

fn settings_are_usable(evidence: &Evidence<'_>) -> Result<(), String> {
    let Some(request) = evidence.requests.first() else { return Ok(()) };
    for Answer { name, input: _, answer } in &evidence.merges {
        let Some(Ok(merged)) = answer else { continue };
        let options: Options = request.input.options.clone();
        let used = || {
            let mut provider = evidence.providers.fresh()?;
            let input = &request.input;
            drop(provider.prepare(
                input.kind,
                &RequestSettings::from(&merged.settings),
                &input.region,
                &input.model,
                &input.context,
                &options,
            )?);
            provider.sources(&merged.settings)?;
            provider.assemble(&merged.settings, &input.region, &[])?;
            provider.resolve(&[String::new()], &merged.settings, &[]).map(drop)
        };
        used().map_err(|fault: crate::provider::Fault| format!("settings of {name}: {fault}"))?;
    }
    Ok(())
}
