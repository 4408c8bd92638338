//! Environment variables: the page has those that the code reads, and no others.

use std::collections::BTreeSet;

use crate::commands::all_help;
use crate::source::{Place, literals, read, rust_files};

const PAGE: &str = "docs/reference/environment.md";

/// Names in the code that are no variables of a person: of cargo, of the build, of the compiler's child process, and a word of Bedrock's API.
const OTHERS: [&str; 6] =
    ["CARGO_PKG_VERSION", "OUT_DIR", "QUARRY_CHECKS", "QUARRY_GUEST_COMPONENT", "RAYON_NUM_THREADS", "SYSTEM_DEFINED"];

/// What the HTTP client, the SDK of OpenTelemetry and the taker of sockets read by themselves.
const OF_LIBRARIES: [&str; 6] = [
    "LISTEN_FDS",
    "LISTEN_PID",
    "NO_PROXY",
    "OTEL_METRIC_EXPORT_INTERVAL",
    "OTEL_RESOURCE_ATTRIBUTES",
    "OTEL_SERVICE_NAME",
];

/// Variables of one word.
const SHORT: [&str; 3] = ["COLUMNS", "HOME", "TERM"];

fn is_a_name(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    SHORT.contains(&text)
        || text.contains('_')
            && text.starts_with(|c: char| c.is_ascii_uppercase())
            && text.ends_with(|c: char| c.is_ascii_alphanumeric())
            && text.chars().all(is_plain)
}

/// Files of tests and of the build, and the simulator: what is in them is not read by the program that people use.
fn is_of_tests(path: &str) -> bool {
    ["/simulator/", "/tests/", "/build", "/hostile_answers", "/conformance/src/generated"]
        .iter()
        .any(|part| path.contains(part))
        || path.ends_with("/tests.rs")
}

#[test]
fn the_page_has_the_variables_that_are_read() {
    let mut in_code = BTreeSet::new();
    for path in rust_files("host").iter().filter(|path| !is_of_tests(path)) {
        let of_code = literals(&read(path)).into_iter().filter(|(_, place)| *place != Place::Attribute);
        in_code.extend(of_code.map(|(text, _)| text).filter(|text| is_a_name(text)));
    }
    let gone: Vec<_> = OTHERS.into_iter().filter(|other| !in_code.remove(*other)).collect();
    assert!(gone.is_empty(), "not in the code any more: {gone:?}");
    in_code.extend(OF_LIBRARIES.map(str::to_owned));
    // clap names those of its options in the help.
    in_code.extend(all_help().split("[env: ").skip(1).filter_map(|rest| Some(rest.split_once('=')?.0.to_owned())));
    let page = read(PAGE);
    let rows = page.lines().filter(|line| line.starts_with("| `")).filter_map(|line| line.split(" | ").next());
    let on_page: BTreeSet<_> = rows.flat_map(|cell| cell.split('`').skip(1).step_by(2)).map(str::to_owned).collect();
    let missing: Vec<_> = in_code.difference(&on_page).collect();
    let unread: Vec<_> = on_page.difference(&in_code).collect();
    assert!(missing.is_empty(), "{PAGE} lacks {missing:?}");
    assert!(unread.is_empty(), "{PAGE} has variables that nothing reads: {unread:?}");
}
