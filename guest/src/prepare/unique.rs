//! Texts that have to differ from each other: where several would be the same, the later ones get numbers.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// Texts that are taken.
#[derive(Debug, Default)]
pub(super) struct UniqueTexts<'a> {
    taken: BTreeSet<Cow<'a, str>>,
    /// The number to try next, by what the numbers stand behind: thousands of equal texts must not each try all numbers anew.
    next: BTreeMap<String, u64>,
}

impl<'a> UniqueTexts<'a> {
    /// Takes a text that is known to differ from all others.
    pub(super) fn insert(&mut self, text: impl Into<Cow<'a, str>>) {
        self.taken.insert(text.into());
    }

    /// Takes a text, or else the first that is free of those that `numbered` gives for 2, 3, … .
    ///
    /// `stem` is how many bytes of the text the numbered ones share at least. Texts with the same beginning of that length share a
    /// row of numbers, since a text that is cut to make room for its number may be another one's too.
    pub(super) fn take(&mut self, text: &str, stem: usize, numbered: impl Fn(u64) -> String) -> String {
        if self.taken.insert(Cow::Owned(text.to_owned())) {
            return text.to_owned();
        }
        let stem = text.get(..stem).unwrap_or(text);
        let next = self.next.entry(stem.to_owned()).or_insert(2);
        loop {
            let candidate = numbered(*next);
            *next += 1;
            if self.taken.insert(Cow::Owned(candidate.clone())) {
                return candidate;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::UniqueTexts;

    #[test]
    fn a_number_is_tried_once() {
        let mut texts = UniqueTexts::default();
        texts.insert("a_3");
        let tried = std::cell::Cell::new(0);
        let mut take = |text: &str| {
            texts.take(text, 1, |number| {
                tried.set(tried.get() + 1);
                format!("a_{number}")
            })
        };
        assert_eq!([take("a"), take("a"), take("a"), take("a")], ["a", "a_2", "a_4", "a_5"]);
        // Of another text with the same stem.
        assert_eq!([take("ab"), take("ab")], ["ab", "a_6"]);
        assert_eq!(tried.get(), 5);
    }
}
