//! Reading a layer of environment variables.

use super::params::CACHE_RETENTIONS;
use super::partial::{Found, Partial, Said};
use super::reader::not_among;
use crate::contract::config::{Layer, Place, Problem, Severity};

/// Reads the variables. A blank one counts as not set, whatever set it: OpenClaw's newest provider does the same.
pub(super) fn read(layer: &Layer, variables: &[(String, String)]) -> (Partial, Vec<Problem>) {
    let mut reading = Variables { layer, variables, problems: Vec::new() };
    let partial = Partial {
        primary: reading.checked("QUARRY_MODEL", |_| None),
        cache_retention: reading
            .checked("QUARRY_CACHE_RETENTION", |text| not_among("QUARRY_CACHE_RETENTION", text, CACHE_RETENTIONS)),
        ..Partial::default()
    };
    (partial, reading.problems)
}

struct Variables<'l> {
    layer: &'l Layer,
    variables: &'l [(String, String)],
    problems: Vec<Problem>,
}

impl Variables<'_> {
    /// A variable's value without space at its ends, where it is set and `fault` finds no message and expectation for it.
    fn checked(&mut self, name: &str, fault: impl Fn(&str) -> Option<(String, String)>) -> Said<String> {
        let (_, value) = self.variables.iter().rev().find(|(candidate, _)| candidate == name)?;
        let value = value.trim();
        if value.is_empty() {
            return None;
        }
        let place = Place { layer: self.layer.name.clone(), source: name.to_owned(), line: 0, column: 0 };
        if let Some((message, expected)) = fault(value) {
            let path = name.to_owned();
            self.problems.push(Problem { severity: Severity::Error, place, path, message, expected });
            return None;
        }
        Some(Found { value: value.to_owned(), place })
    }
}
