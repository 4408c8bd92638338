//! The fields of a request's line in the log.

use std::collections::BTreeSet;

use crate::source::read;

const PAGE: &str = "docs/reference/log.md";

/// The fields of a call of a macro of `tracing`: those between its beginning and its message.
fn fields(path: &str, begin: &str, end: &str) -> BTreeSet<String> {
    let source = read(path);
    let call = source.split_once(begin).unwrap_or_else(|| panic!("{path} has no {begin}")).1;
    let call = call.split_once(end).unwrap_or_else(|| panic!("{path}: no {end} behind {begin}")).0;
    // Commas between brackets are none between fields.
    let mut depth = 0;
    let flat: String = call
        .chars()
        .filter(|character| {
            depth += i32::from("([{|".contains(*character)) - i32::from(")]}".contains(*character));
            depth == 0
        })
        .collect();
    let names = flat.split(',').map(|field| field.split('=').next().unwrap_or_default().trim());
    names.filter(|name| !name.is_empty() && !name.contains(':')).map(str::to_owned).collect()
}

#[test]
fn the_page_has_the_fields_that_are_logged() {
    let mut logged = fields("host/telemetry/src/spans.rs", "info_span!(target: TARGET, \"request\",", ");");
    logged.extend(fields("host/telemetry/src/arrival.rs", "target: TARGET,", "\"request\""));
    let source = read("host/telemetry/src/observation.rs");
    let call = source.split_once("fn log(").and_then(|(_, rest)| rest.split_once("parent: self.span(),"));
    let call = call.and_then(|(_, rest)| rest.split_once("\"request\"")).expect("the line of a request").0;
    // A field a line, with its value behind it.
    let names = call.lines().filter_map(|line| line.trim().split([' ', ',']).next()).filter(|name| !name.is_empty());
    logged.extend(names.map(str::to_owned));
    let page = read(PAGE);
    let cells = page.lines().filter(|line| line.starts_with("| `")).filter_map(|line| line.split(" | ").next());
    let told: BTreeSet<_> = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).map(str::to_owned).collect();
    assert_eq!(told, logged, "{PAGE} and the code");
}
