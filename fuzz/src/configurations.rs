//! Text of a configuration, parsed as the host does and merged.

use quarry_guest::contract::config::{Layer, Problem};
use quarry_guest::merge::merge;

use crate::config::unmasked;

/// One layer, or two where a line of dashes parts them. Parsing and merging never panic; every problem has a place inside the text; merging the
/// highest layer twice changes nothing.
///
/// # Panics
/// When that does not hold.
pub fn config(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let texts: Vec<&str> = text.split("\n---\n").take(2).collect();
    let parsed: Result<Vec<Layer>, String> = texts.iter().map(|text| unmasked("file", "", text)).collect();
    let Ok(layers) = parsed else { return };
    let once = merge(&layers);
    let told = match &once {
        Ok(merged) => &merged.warnings,
        Err(problems) => problems,
    };
    told.iter().for_each(|problem| check_place(problem, &texts));
    let Ok(once) = once else { return };
    let again = layers.iter().chain(layers.last()).cloned().collect::<Vec<_>>();
    let twice = merge(&again).expect("a layer that merges once merges twice");
    assert_eq!(once.settings, twice.settings, "merging a layer twice changes something");
}

/// A line and column have to be in one of the texts; the place behind a line's last character counts. Lines end as JSON5 has it.
fn check_place(problem: &Problem, texts: &[&str]) {
    assert!(!problem.message.is_empty(), "a problem without a message: {problem:?}");
    let place = &problem.place;
    if place.line == 0 {
        return;
    }
    let inside = |text: &&str| {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let line = text.split('\n').nth(place.line as usize - 1);
        line.is_some_and(|line| place.column as usize <= line.chars().count() + 2)
    };
    assert!(texts.iter().any(inside), "outside of the text: {problem:?}");
}
