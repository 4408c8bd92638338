//! `merge`: layers of configuration to settings.
//!
//! A layer is read on its own to a `Partial`, so that every mistake in every layer is found, also
//! in a value that a higher layer replaces. Then the partials are laid over each other, lowest first, and
//! `settle` makes the settings of what is on top.

mod agents;
mod discovery;
mod model;
mod params;
mod partial;
mod path;
mod plugin;
mod provider;
mod reader;
mod settle;
mod similar;
mod tree;

use std::collections::BTreeSet;

use crate::contract::config::{Layer, Merged, Problem, Severity};
use crate::identity::{PROVIDER, PROVIDER_ALIASES};
use partial::{Partial, over};
use reader::{Node, Reader};
use tree::Tree;

/// Merges layers, lowest first; the provider's own defaults lie below all of them. Objects merge member by member,
/// lists and single values replace what lies below.
///
/// # Errors
/// All the problems, warnings among them, when any is an error.
pub fn merge(layers: &[Layer]) -> Result<Merged, Vec<Problem>> {
    let mut effective = Partial::default();
    let mut problems = Vec::new();
    for layer in layers {
        let (partial, mut found) = read(layer);
        effective.lay_over(partial);
        // Stable: what has no place of its own in the text keeps the order in which it was found.
        found.sort_by_key(|problem| (problem.place.line, problem.place.column));
        problems.extend(found);
    }
    let (settings, late) = settle::settle(effective);
    problems.extend(late);
    let problems = without_excess(without_repetition(problems));
    if problems.iter().any(|problem| problem.severity == Severity::Error) {
        return Err(problems);
    }
    Ok(Merged { settings, warnings: problems })
}

/// The same problem at the same place is reported once, so that a layer that is merged twice changes nothing at all.
fn without_repetition(mut problems: Vec<Problem>) -> Vec<Problem> {
    let mut told = BTreeSet::new();
    problems.retain(|Problem { place, path, message, .. }| {
        told.insert((
            place.layer.clone(),
            place.source.clone(),
            place.line,
            place.column,
            path.clone(),
            message.clone(),
        ))
    });
    problems
}

/// The most problems that are told one by one. A file that is something else altogether would have tens of thousands, more than
/// a host may be willing to lift.
const MOST_PROBLEMS: usize = 500;

/// Sums up what lies beyond [`MOST_PROBLEMS`], errors counting as an error.
fn without_excess(mut problems: Vec<Problem>) -> Vec<Problem> {
    let rest = problems.split_off(problems.len().min(MOST_PROBLEMS));
    if let Some(first) = rest.first() {
        let is_error = rest.iter().any(|problem| problem.severity == Severity::Error);
        problems.push(Problem {
            severity: if is_error { Severity::Error } else { Severity::Warning },
            place: first.place.clone(),
            path: String::new(),
            message: format!("{} more problems follow", rest.len()),
            expected: "a configuration with fewer problems; the first ones are listed above".to_owned(),
        });
    }
    problems
}

/// What one layer says, and what is wrong with it.
fn read(layer: &Layer) -> (Partial, Vec<Problem>) {
    let mut reader = Reader::new(layer);
    let mut partial = Partial::default();
    if let Some(document) = Tree::new(&layer.entries) {
        let root = Node::root(&document);
        read_document(&mut reader, &root, &mut partial);
        read_variables(&mut reader, &root, &mut partial);
    }
    (partial, reader.into_problems())
}

/// Reads the environment variables, which are members of their names. Files have no such members: the host shows none.
fn read_variables(reader: &mut Reader<'_>, root: &Node<'_>, partial: &mut Partial) {
    if root.value.members().is_none() {
        return;
    }
    if let Some(node) = reader.child(root, "QUARRY_MODEL") {
        over(&mut partial.primary, reader.text(&node, "a model"));
    }
    if let Some(node) = reader.child(root, "QUARRY_CACHE_RETENTION") {
        over(&mut partial.cache_retention, reader.choice(&node, params::CACHE_RETENTIONS));
    }
}

/// Reads the members of a configuration file that are Bedrock's. The rest is OpenClaw's own, and left alone, but for names that
/// can only be slips of ours: a misspelt object would be ignored whole, in silence.
fn read_document(reader: &mut Reader<'_>, root: &Node<'_>, partial: &mut Partial) {
    let mut older = None;
    if let Some(models) = reader.child(root, "models") {
        reader.warn_of_slips(&models, &["bedrockDiscovery"], &["providers", "mode"]);
        if let Some(providers) = reader.child(&models, "providers") {
            reader.warn_of_slips(&providers, &[PROVIDER], PROVIDER_ALIASES);
            // Within a file, the provider's proper name wins over its other names.
            for name in PROVIDER_ALIASES.iter().rev().chain(&[PROVIDER]) {
                if let Some(node) = reader.child(&providers, name) {
                    provider::read(reader, &node, partial);
                }
            }
        }
        older = reader.child(&models, "bedrockDiscovery");
    }
    if let Some(node) = &older {
        discovery::read(reader, node, partial);
    }
    // OpenClaw moved discovery to its plugin's configuration in 2026.5; where a file has both, the newer place wins there too.
    if let Some(entries) = reader.descend(root, &["plugins", "entries"]) {
        reader.warn_of_slips(&entries, &[PROVIDER], &[]);
        if let Some(node) = reader.descend(&entries, &[PROVIDER, "config"]) {
            plugin::read(reader, &node, older.as_ref(), partial);
        }
    }
    if let Some(node) = reader.descend(root, &["agents", "defaults"]) {
        agents::read(reader, &node, partial);
    }
}

#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod tests;
