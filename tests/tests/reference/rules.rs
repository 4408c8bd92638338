//! The rules of the contract that the gate holds any provider to.

use quarry_conformance::rules::rules;

use crate::page::{self, table};

#[test]
fn the_rules_are_those_of_the_gate() {
    let rows = rules().map(|rule| {
        let holds =
            rule.holds.split_at_checked(1).map_or_else(String::new, |(first, rest)| first.to_uppercase() + rest);
        [format!("`{}`", rule.name), holds, rule.source.to_owned()]
    });
    page::has_table(
        "docs/reference/contract-checks.md",
        "## The rules",
        &table(["Rule", "What holds", "Contract"], rows),
    );
}
