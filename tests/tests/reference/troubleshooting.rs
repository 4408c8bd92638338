//! `docs/troubleshooting.md` has an entry for every hint.

use crate::source::{literals, read};

/// Files whose messages say what to do.
const FILES: [&str; 7] = [
    "guest/src/explain/messages.rs",
    "guest/src/explain/mod.rs",
    "guest/src/explain/profiles.rs",
    "guest/src/explain/table.rs",
    "host/src/cli/doctor/mod.rs",
    "host/src/cli/doctor/permissions.rs",
    "host/src/cli/doctor/surroundings.rs",
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
        for (literal, _) in literals(&read(file)).iter().filter(|(_, is_listed)| !is_listed) {
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

#[test]
fn the_values_of_a_message_are_none_of_its_parts() {
    assert_eq!(fixed_parts("one two three {four} five (six seven)"), ["one two three", "five (six seven"]);
}
