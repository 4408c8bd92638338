//! Problems of the configuration and of requests, for a person.

use std::fmt::Write as _;

use quarry::contract::config::{Place, Problem, Severity};
use quarry::contract::conversation;

/// Problems of the configuration: where, what, and what would be right.
pub(crate) fn of_configuration(problems: &[Problem]) -> String {
    let mut text = String::new();
    for Problem { severity, place, path, message, expected } in problems {
        let word = match severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let _ = writeln!(text, "{word}: {}: {path}: {message}", place_text(place));
        if !expected.is_empty() {
            let _ = writeln!(text, "  expected: {expected}");
        }
    }
    text
}

/// Problems of a request.
pub(crate) fn of_request(problems: &[conversation::Problem]) -> String {
    let mut text = String::new();
    for conversation::Problem { path, message, expected } in problems {
        let _ = writeln!(text, "error: {path}: {message}");
        if !expected.is_empty() {
            let _ = writeln!(text, "  expected: {expected}");
        }
    }
    text
}

/// A place: the file with line and column, or the layer where there is no text.
pub(crate) fn place_text(place: &Place) -> String {
    let Place { layer, source, line, column } = place;
    let name = if source.is_empty() { layer } else { source };
    if *line == 0 { name.clone() } else { format!("{name}:{line}:{column}") }
}
