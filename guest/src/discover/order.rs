//! The order in which models are shown.

use std::cmp::Ordering;

use crate::contract::types::Model;

/// ASCII punctuation and symbols as the Unicode root collation sorts them: after white space, before digits.
const PUNCTUATION: &str = "_-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$";

/// Sorts models: `global.` profiles first (OpenClaw does), the rest by name, then by id.
///
/// OpenClaw sorts by `localeCompare`, which depends on the machine's locale. This is the root collation for ASCII, where
/// the names of all known models are; other letters come after `z` by code point, without regard to case.
pub(super) fn sort(models: &mut [Model]) {
    models.sort_by(|a, b| {
        let later = |model: &Model| !model.id.starts_with("global.");
        later(a).cmp(&later(b)).then_with(|| compare_names(&a.name, &b.name)).then_with(|| a.id.cmp(&b.id))
    });
}

/// Compares by letters first; where they are the same, lower case comes before upper case.
fn compare_names(a: &str, b: &str) -> Ordering {
    let letters = |name: &str| name.chars().flat_map(char::to_lowercase).map(rank).collect::<Vec<_>>();
    let cases = |name: &str| name.chars().map(char::is_uppercase).collect::<Vec<_>>();
    letters(a).cmp(&letters(b)).then_with(|| cases(a).cmp(&cases(b))).then_with(|| a.cmp(b))
}

/// Where a lower-case character stands: its class, then its place in the class.
fn rank(character: char) -> (u8, u32) {
    if character.is_whitespace() {
        return (0, u32::from(character));
    }
    match PUNCTUATION.chars().zip(0..).find(|&(known, _)| known == character) {
        Some((_, place)) => (1, place),
        None if character.is_ascii_digit() => (2, u32::from(character)),
        None => (3, u32::from(character)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_as_locale_compare_puts_them() {
        // The expected order is what Node's `localeCompare` gives.
        let expected = [
            "a b",
            "a_b",
            "a-b",
            "a.b",
            "a1",
            "aa",
            "Claude 3 Haiku",
            "Claude 3.5 Haiku",
            "Claude Opus",
            "nova",
            "Nova",
            "Nova Lite",
            "zeta",
        ];
        let mut names = expected;
        names.reverse();
        names.sort_by(|a, b| compare_names(a, b));
        assert_eq!(names, expected);
    }
}
