//! `docs/troubleshooting.md` has an entry for every hint.

use crate::source::{Place, literals, read, rust_files};

/// Files whose messages say what to do.
const FILES: [&str; 7] = [
    "guest/src/explain/messages.rs",
    "guest/src/explain/mod.rs",
    "guest/src/explain/profiles.rs",
    "guest/src/explain/table.rs",
    "host/cli/src/doctor/mod.rs",
    "host/cli/src/doctor/permissions.rs",
    "host/cli/src/doctor/surroundings.rs",
];

/// The parts of a message that stand in it whatever its values are.
fn fixed_parts(message: &str) -> Vec<&str> {
    let parts = message.split(['{', '}']).step_by(2).map(|part| part.trim_matches([' ', ':', ';', ',', '(', ')']));
    parts.filter(|part| part.split_whitespace().count() >= 3).collect()
}

#[test]
fn every_hint_has_its_entry() {
    let page = read("docs/troubleshooting.md").replace('`', "");
    let (mut checked, mut missing) = (0, Vec::new());
    for file in FILES {
        // Lists hold what is looked for in AWS's messages.
        for (literal, _) in literals(&read(file)).iter().filter(|(_, place)| *place != Place::List) {
            for part in fixed_parts(literal) {
                checked += 1;
                if !page.contains(&part.replace('`', "")) {
                    missing.push(part.to_owned());
                }
            }
        }
    }
    assert!(missing.is_empty(), "docs/troubleshooting.md has no entry for {missing:#?}");
    assert!(checked >= 45, "{checked} hints");
}

/// The lines of a page's blocks of text.
fn messages(page: &str) -> impl Iterator<Item = &str> {
    let blocks = page.split("```text\n").skip(1).filter_map(|rest| rest.split_once("```"));
    blocks.flat_map(|(block, _)| block.lines())
}

#[test]
fn every_message_is_one_of_the_program() {
    let files = rust_files("host").into_iter().chain(rust_files("guest/src"));
    let literals: Vec<String> =
        files.flat_map(|file| literals(&read(&file))).map(|(literal, _)| literal.replace('`', "")).collect();
    let known: Vec<Vec<&str>> =
        literals.iter().map(|literal| fixed_parts(literal)).filter(|parts| !parts.is_empty()).collect();
    let page = read("docs/troubleshooting.md");
    let mut checked = 0;
    for line in messages(&page).map(|line| line.replace('`', "")) {
        // A short line has no part to compare. What AWS says begins with its own code, or is cut off.
        if line.split_whitespace().count() < 3 || line.contains("Exception: ") || line.ends_with('…') {
            continue;
        }
        let is_known = known.iter().any(|parts| parts.iter().all(|part| line.contains(part)));
        assert!(is_known, "docs/troubleshooting.md: nothing in the program says {line:?}");
        checked += 1;
    }
    assert!(checked >= 35, "{checked} messages");
}

#[test]
fn the_values_of_a_message_are_none_of_its_parts() {
    assert_eq!(fixed_parts("one two three {four} five (six seven)"), ["one two three", "five (six seven"]);
}
