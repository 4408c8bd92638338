//! Problems of a configuration and of a request, and where values came from.

use serde::Serialize;

use super::raw::Members;
use crate::config::{self, Origin, Place, Severity};
use crate::conversation;

/// Where a value or a problem is, in one line: `file quarry.json5:3:5`; without the source where there is none, and the
/// layer's name alone where the layer has no text.
#[must_use]
pub fn place(Place { layer, source, line, column }: &Place) -> String {
    match (*line, source.as_str()) {
        (0, _) => layer.clone(),
        (line, "") => format!("{layer}:{line}:{column}"),
        (line, source) => format!("{layer} {source}:{line}:{column}"),
    }
}

/// The JSON form of where every effective value came from: an object, path to place.
#[must_use]
pub fn origins(origins: &[Origin]) -> Members<String> {
    Members(origins.iter().map(|Origin { path, place: at }| (path.clone(), place(at))).collect())
}

/// The JSON form of a problem in the configuration.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConfigProblemForm {
    severity: &'static str,
    at: String,
    path: String,
    message: String,
    expected: String,
}

impl From<config::Problem> for ConfigProblemForm {
    fn from(config::Problem { severity, place: at, path, message, expected }: config::Problem) -> Self {
        let severity = match severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        ConfigProblemForm { severity, at: place(&at), path, message, expected }
    }
}

/// The JSON form of a problem with a conversation or an option.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RequestProblemForm {
    path: String,
    message: String,
    expected: String,
}

impl From<conversation::Problem> for RequestProblemForm {
    fn from(conversation::Problem { path, message, expected }: conversation::Problem) -> Self {
        RequestProblemForm { path, message, expected }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_names_as_much_as_is_known() {
        let at = |source: &str, line, column| Place { layer: "file".into(), source: source.into(), line, column };
        assert_eq!(place(&at("quarry.json5", 3, 5)), "file quarry.json5:3:5");
        assert_eq!(place(&at("", 1, 2)), "file:1:2");
        assert_eq!(place(&at("quarry.json5", 0, 0)), "file");
    }
}
