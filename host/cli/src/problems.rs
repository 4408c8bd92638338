//! Problems of the configuration and of requests, for a person.

use std::path::Path;

use quarry_aws::DestinationError;
use quarry_config::connection::SHARED_CONFIG_LAYER;
use quarry_contract::config::{Place, Problem, Severity};
use quarry_contract::conversation;
use quarry_pi::context::{ContextError, ContextProblem};

use super::terminal::push_line;

/// Problems of the configuration: where, what, and what would be right.
pub(crate) fn of_configuration(problems: &[Problem]) -> String {
    let mut text = String::new();
    for Problem { severity, place, path, message, expected } in problems {
        let word = match severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let place = if place.layer == "flags" { flag_of(path).to_owned() } else { place_text(place) };
        let path = if path.is_empty() { String::new() } else { format!(" {path}:") };
        push_line(&mut text, &format!("{word}: {place}:{path} {message}"));
        tell_expected(&mut text, expected);
    }
    text
}

/// A model that requests cannot be sent to.
pub(crate) fn of_model(given_by: &str, error: &DestinationError) -> String {
    let mut text = String::new();
    push_line(&mut text, &format!("error: {given_by}: {error}"));
    tell_expected(&mut text, error.expected());
    text
}

/// Problems of a request.
pub(crate) fn of_request(problems: &[conversation::Problem]) -> String {
    let mut text = String::new();
    for conversation::Problem { path, message, expected } in problems {
        let place = match flag_of(path) {
            COMMAND_LINE => path,
            flag => flag,
        };
        push_line(&mut text, &format!("error: {place}: {message}"));
        tell_expected(&mut text, expected);
    }
    text
}

/// What is said of a value that no single flag gives.
const COMMAND_LINE: &str = "the command line";

/// The flag that a path of the configuration or of a request is given by: what was typed, not what was made of it.
fn flag_of(path: &str) -> &'static str {
    match path.split('[').next().unwrap_or(path) {
        "models.bedrockDiscovery.region" => "--region",
        "models.bedrockDiscovery.providerFilter" => "--provider",
        "agents.defaults.model.primary" | "model.id" => "--model",
        "options.maxTokens" => "--max-tokens",
        "options.temperature" => "--temperature",
        "options.stopSequences" => "--stop",
        "options.thinking" => "--thinking",
        _ => COMMAND_LINE,
    }
}

/// Problems of a context file: where, what, and what would be right.
pub(crate) fn of_context(file: &Path, error: &ContextError) -> String {
    let name = if file == Path::new("-") { "standard input".to_owned() } else { file.display().to_string() };
    let mut text = String::new();
    match error {
        ContextError::Syntax { line, column, message } => {
            push_line(&mut text, &format!("error: {name}:{line}:{column}: the context is not JSON: {message}"));
        }
        ContextError::Invalid(problems) => {
            for ContextProblem { path, message, expected } in problems {
                let path = if path.is_empty() { "the context" } else { path };
                push_line(&mut text, &format!("error: {name}: {path}: {message}"));
                tell_expected(&mut text, expected);
            }
        }
    }
    text
}

fn tell_expected(text: &mut String, expected: &str) {
    if !expected.is_empty() {
        push_line(text, &format!("  expected: {expected}"));
    }
}

/// A place: the file with line and column, or the layer where there is no text.
pub(crate) fn place_text(place: &Place) -> String {
    let Place { layer, source, line, column } = place;
    if layer == SHARED_CONFIG_LAYER {
        return "the AWS profile".to_owned();
    }
    let name = if source.is_empty() { layer } else { source };
    if *line == 0 { name.clone() } else { format!("{name}:{line}:{column}") }
}
