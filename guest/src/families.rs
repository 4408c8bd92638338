//! Families of models: the one place where model ids are matched.
//!
//! What is known of models are the rows of the data files in `guest/facts`, which the build script makes a table of. A row has
//! patterns and facts; facts that it does not name are those of the row that it is like. Rows stand from the special to the
//! general, and the first that matches counts. Versions are ordered: a model that is newer than the table gets the newest row.
//! A model that no row matches gets [`plain`], the form that most models take.

use crate::contract::types::Model;

mod facts;
mod geography;
mod limits;
mod listed;
#[cfg(test)]
mod tests;
mod values;

pub use facts::{Family, NAMES};
pub use geography::without_geography;
pub use limits::{Limits, known_limits, limit_source, limits_from, window_in};
pub use listed::family_as_listed;
pub use values::{
    Caching, FactValue, ForcedTool, Level, Levels, Markup, MixedTurns, PropertyKeys, Replay, Sampling, ThinkingForm,
    ThinkingOff, Tier, Tiers, ToolCallIds, ToolImages, TopK,
};

include!(concat!(env!("OUT_DIR"), "/families.rs"));

/// A row of the data files.
#[derive(Debug)]
pub struct Row {
    /// What it is called.
    pub name: &'static str,
    /// Patterns, any of which may match.
    pub patterns: &'static [Pattern],
    /// The place of the row that it is like.
    pub like: Option<usize>,
    /// The facts that it names itself, each with the place of its source.
    pub own: &'static [(u8, u16)],
    /// All its facts.
    pub family: Family,
}

/// Words that all occur in a model's id or name, in lower case and with runs of spaces, `_`, `.` and `:` as one `-`. A `*` at the
/// end of a word stands for letters.
#[derive(Debug)]
pub struct Pattern {
    /// The words.
    pub words: &'static [&'static str],
    /// The least version that stands behind the last word: major and minor number.
    pub from: Option<(u8, u8)>,
}

/// Where a fact is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// The name of the row that says it.
    pub row: &'static str,
    /// Who says so.
    pub source: &'static str,
    /// The day it was read there, as `YYYY-MM-DD`.
    pub as_of: &'static str,
}

/// The row of models that no other row names.
#[must_use]
pub fn plain() -> &'static Row {
    &ROWS[BASE]
}

/// The family of a model.
#[must_use]
pub fn family_of(model: &Model) -> &'static Family {
    &row_of(model).family
}

/// The row of a model. What an application profile's ARN hides, its name or `canonicalModelId` may tell (pi and OpenClaw go by
/// the name too); the latter is what discovery found, or stands in the model's `params`, where OpenClaw puts it. An id decides
/// before a name, which may speak of other models; a name may only tell more of the same family.
#[must_use]
pub fn row_of(model: &Model) -> &'static Row {
    let found = model.extras.iter().find(|extra| extra.name == "canonicalModelId").map_or("", |extra| &extra.value);
    let configured = canonical_in_params(model).unwrap_or_default();
    let rows = [found, &configured, &model.id, &model.name].into_iter().filter_map(row_named);
    rows.reduce(|row, more| if more.is_like(row) { more } else { row }).unwrap_or_else(plain)
}

/// The `canonicalModelId` that the configuration has in a model's `params`.
#[must_use]
pub fn canonical_in_params(model: &Model) -> Option<String> {
    let params: Canonical = serde_json::from_str(model.params.as_deref()?).ok()?;
    params.canonical_model_id.filter(|id| !id.is_empty())
}

/// What a model's `params` may tell of its family.
#[derive(serde::Deserialize)]
struct Canonical {
    #[serde(rename = "canonicalModelId")]
    canonical_model_id: Option<String>,
}

/// The row that an id or a name matches.
fn row_named(text: &str) -> Option<&'static Row> {
    if text.is_empty() {
        return None;
    }
    let text = simplify(text);
    ROWS.iter().find(|row| row.patterns.iter().any(|pattern| pattern.matches(&text)))
}

/// Whether requests for a model have to go elsewhere than to ConverseStream, where the listing does not say so itself.
#[must_use]
pub fn is_served_elsewhere(id: &str) -> bool {
    row_named(id).is_some_and(|row| !row.family.converse)
}

impl Row {
    /// An id of its models, for tests; none of a row that others are like and no model matches.
    #[must_use]
    pub fn example(&self) -> Option<String> {
        self.patterns.first().map(Pattern::example)
    }

    /// Whether this row goes back to another one.
    fn is_like(&self, other: &Row) -> bool {
        let mut row = self;
        while let Some(like) = row.like.and_then(|like| ROWS.get(like)) {
            if like.name == other.name {
                return true;
            }
            row = like;
        }
        false
    }

    /// Where a fact of this row is from, by its place in [`NAMES`].
    #[must_use]
    pub fn source_of(&self, fact: usize) -> Option<Source> {
        let mut row = self;
        loop {
            if let Some((_, place)) = row.own.iter().find(|(own, _)| usize::from(*own) == fact) {
                let (source, as_of) = SOURCES.get(usize::from(*place))?;
                return Some(Source { row: row.name, source, as_of });
            }
            row = ROWS.get(row.like?)?;
        }
    }
}

impl Pattern {
    /// Whether it matches a simplified text. All patterns are tried for each request and each listed model, and the words are
    /// short: what `str::contains` prepares for each costs several times as much as looking.
    fn matches(&self, text: &str) -> bool {
        let text = text.as_bytes();
        let Some((last, words)) = self.words.split_last() else { return false };
        let ends = || ends_of(text, last);
        let fits = match self.from {
            None => ends().next().is_some(),
            Some(from) => ends().any(|end| version_at(&text[end..]).is_some_and(|version| version >= from)),
        };
        fits && words.iter().all(|word| ends_of(text, word).next().is_some())
    }

    /// An id that it matches, for tests and examples.
    #[must_use]
    pub fn example(&self) -> String {
        let version = match self.from {
            None => String::new(),
            Some((major, 0)) => format!("-{major}"),
            Some((major, minor)) => format!("-{major}-{minor}"),
        };
        let words = self.words.join("-").replace('*', "new");
        format!("{words}{version}")
    }
}

/// Where a word ends, each time that it occurs in a text.
fn ends_of(text: &[u8], word: &str) -> impl Iterator<Item = usize> {
    let (word, letters) = word.strip_suffix('*').map_or((word, false), |word| (word, true));
    let word = word.as_bytes();
    let first = word.first().copied();
    let starts = text.windows(word.len().max(1)).enumerate();
    starts.filter(move |(_, window)| window.first().copied() == first && *window == word).filter_map(
        move |(start, _)| {
            let end = start + word.len();
            let more = text[end..].iter().take_while(|byte| letters && byte.is_ascii_lowercase()).count();
            (!letters || more > 0).then_some(end + more)
        },
    )
}

/// The version at the front of a text: `-5-6-sol` is 5.6, `3-70b` is 3.0, `-4-20250514` is 4.0. More than two digits are a date,
/// digits before a letter a size.
fn version_at(text: &[u8]) -> Option<(u8, u8)> {
    let (major, rest) = number_at(text)?;
    let minor = if rest.first() == Some(&b'-') { number_at(rest) } else { None };
    Some((major, minor.map_or(0, |(minor, _)| minor)))
}

fn number_at(text: &[u8]) -> Option<(u8, &[u8])> {
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = text.split_at(digits);
    let ends = !rest.first().is_some_and(u8::is_ascii_alphanumeric);
    let is_number = (1..=2).contains(&digits) && ends;
    is_number.then(|| (number.iter().fold(0, |number, digit| number * 10 + (digit - b'0')), rest))
}

/// Lower case, and runs of spaces, `_`, `.` and `:` as one `-` (pi does).
fn simplify(text: &str) -> String {
    let mut simple = String::with_capacity(text.len());
    let mut in_run = false;
    for character in text.chars() {
        let separates = character.is_whitespace() || matches!(character, '_' | '.' | ':');
        if !separates {
            simple.extend(character.to_lowercase());
        } else if !in_run {
            simple.push('-');
        }
        in_run = separates;
    }
    simple
}
