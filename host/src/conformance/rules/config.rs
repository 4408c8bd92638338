//! Rules of `merge`: what layers become, and whether the settings can be used.

use super::Rule;
use super::evidence::{Answer, Evidence, MergeResult};
use super::turns::{are_json, is_json};
use crate::conformance::merge::Given;
use crate::contract::config::{LayerContent, Place, Severity};
use crate::contract::conversation::Options;
use crate::contract::models::ListingOptions;

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "defaults-merge",
        holds: "layers that say nothing merge: the provider's own defaults lie below all layers",
        source: "`config.layer`",
        holds_for: |evidence, _| each(evidence, defaults_merge),
    },
    Rule {
        name: "problems-have-their-severity",
        holds: "layers that are refused have a problem of severity `error`, and warnings are of severity `warning`",
        source: "`merge`, `merged.warnings`",
        holds_for: |evidence, _| each(evidence, problems_have_their_severity),
    },
    Rule {
        name: "places-are-in-the-layers",
        holds: "a problem and an origin name a layer that was given, or `defaults`, and a line and column of its text",
        source: "`place`",
        holds_for: |evidence, _| each(evidence, places_are_in_the_layers),
    },
    Rule {
        name: "settings-are-json",
        holds: "what settings have as JSON is JSON: the parameters of models, and extras",
        source: "`settings.extras`, `model.params`",
        holds_for: |evidence, _| each(evidence, settings_are_json),
    },
    Rule {
        name: "settings-are-usable",
        holds: "`prepare` and a listing return for settings that `merge` gave",
        source: "`prepare`, `listing`",
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
    let says_nothing = given.layers().iter().all(|layer| match &layer.content {
        LayerContent::Json5(text) => text == "{}",
        LayerContent::Variables(variables) => variables.is_empty(),
    });
    match answer {
        Err(problems) if says_nothing => Err(format!("they are refused: {problems:?}")),
        _ => Ok(()),
    }
}

fn problems_have_their_severity(_: &Given, answer: &MergeResult) -> Result<(), String> {
    let (problems, is_refused) = match answer {
        Ok(merged) => (&merged.warnings, false),
        Err(problems) => (problems, true),
    };
    if let Some(problem) = problems.iter().find(|problem| problem.message.trim().is_empty()) {
        return Err(format!("a problem has no sentence: {problem:?}"));
    }
    match (problems.iter().find(|problem| problem.severity == Severity::Error), is_refused) {
        (None, true) => Err("they are refused without an error".to_owned()),
        (Some(error), false) => Err(format!("they merge, with an error among the warnings: {error:?}")),
        _ => Ok(()),
    }
}

fn places_are_in_the_layers(given: &Given, answer: &MergeResult) -> Result<(), String> {
    let layers = given.layers();
    let is_there = |place: &Place| {
        let text = |layer: &crate::contract::config::Layer| match &layer.content {
            LayerContent::Json5(text) => Some(text.clone()),
            LayerContent::Variables(_) => None,
        };
        let (line, column) = (place.line as usize, place.column as usize);
        match layers.iter().find(|layer| layer.name == place.layer).map(text) {
            None => place.layer == "defaults",
            Some(None) => (line, column) == (0, 0),
            // A problem of the whole text has no place in it; one at its end stands behind the last character.
            Some(Some(text)) => {
                let of_line = text.split('\n').nth(line.saturating_sub(1));
                (line, column) == (0, 0)
                    || line > 0 && column > 0 && of_line.is_some_and(|of_line| column <= of_line.chars().count() + 1)
            }
        }
    };
    let (problems, origins) = match answer {
        Ok(merged) => (&merged.warnings, merged.settings.origins.as_slice()),
        Err(problems) => (problems, [].as_slice()),
    };
    let places = problems.iter().map(|problem| &problem.place).chain(origins.iter().map(|origin| &origin.place));
    match places.into_iter().find(|place| !is_there(place)) {
        Some(place) => Err(format!("there is no such place: {place:?}")),
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
            drop(provider.prepare(&merged.settings, &input.region, &input.model, &input.context, &options)?);
            let listing = ListingOptions { region: input.region.clone(), refresh: false };
            provider.open_listing(&merged.settings, listing)?;
            provider.resume(&[]).map(drop)
        };
        used().map_err(|fault: crate::conformance::provider::Fault| format!("settings of {name}: {fault}"))?;
    }
    Ok(())
}
