//! What differs between an expectation and what came.
//!
//! Everything in an expectation is exact, but for two matchers, so that a case can say what matters in a sentence meant for
//! a person without fixing its words: `{"$contains": "text"}` (or a list of texts) takes a string that holds each of them,
//! however capitalised; `{"$any": true}` takes everything, nothing too.

use std::fmt;

use serde_json::{Map, Value};

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where: `deltas[3].delta`.
    pub path: String,
    /// What was expected there; none where nothing was.
    pub expected: Option<String>,
    /// What came; none where nothing did.
    pub got: Option<String>,
}

/// Most characters of a value that a difference shows.
const SHOWN: usize = 300;

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |value: &Option<String>| value.as_deref().map_or_else(|| "nothing".to_owned(), cut);
        let path = if self.path.is_empty() { "(the whole)" } else { &self.path };
        write!(formatter, "{path}\n  expected {}\n  got      {}", shown(&self.expected), shown(&self.got))
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
    }
}

/// All differences, in the order of the expectation.
#[must_use]
pub fn differences(expected: &Value, got: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare("", Some(expected), Some(got), &mut found);
    found
}

fn compare(path: &str, expected: Option<&Value>, got: Option<&Value>, found: &mut Vec<Difference>) {
    if let Some(matches) = expected.and_then(|expected| matcher(expected, got)) {
        if !matches {
            found.push(difference(path, expected, got));
        }
        return;
    }
    match (expected, got) {
        (Some(Value::Object(expected)), Some(Value::Object(got))) => members(path, expected, got, found),
        (Some(Value::Array(expected)), Some(Value::Array(got))) => {
            for index in 0..expected.len().max(got.len()) {
                compare(&format!("{path}[{index}]"), expected.get(index), got.get(index), found);
            }
        }
        (Some(Value::Number(a)), Some(Value::Number(b))) if a == b || a.as_f64() == b.as_f64() => {}
        (Some(a), Some(b)) if a == b => {}
        _ => found.push(difference(path, expected, got)),
    }
}

fn members(path: &str, expected: &Map<String, Value>, got: &Map<String, Value>, found: &mut Vec<Difference>) {
    let names = expected.keys().chain(got.keys().filter(|name| !expected.contains_key(*name)));
    for name in names {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        compare(&path, expected.get(name), got.get(name), found);
    }
}

/// Whether a matcher takes what came; none where the expectation is no matcher.
fn matcher(expected: &Value, got: Option<&Value>) -> Option<bool> {
    let object = expected.as_object().filter(|object| object.len() == 1)?;
    if object.get("$any").is_some_and(|any| *any == Value::Bool(true)) {
        return Some(true);
    }
    let holds = |needle: &Value| match (needle.as_str(), got.and_then(Value::as_str)) {
        (Some(needle), Some(got)) => got.to_lowercase().contains(&needle.to_lowercase()),
        _ => false,
    };
    match object.get("$contains")? {
        Value::Array(needles) => Some(!needles.is_empty() && needles.iter().all(holds)),
        needle => Some(holds(needle)),
    }
}

fn difference(path: &str, expected: Option<&Value>, got: Option<&Value>) -> Difference {
    let text = |value: Option<&Value>| value.map(Value::to_string);
    Difference { path: path.to_owned(), expected: text(expected), got: text(got) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn paths(expected: &Value, got: &Value) -> Vec<String> {
        differences(expected, got).into_iter().map(|difference| difference.path).collect()
    }

    #[test]
    fn every_place_that_differs_is_named() {
        let expected = json!({"a": [1, {"b": "x"}], "gone": 1, "n": 20.0});
        let got = json!({"a": [1, {"b": "y"}, 3], "n": 20, "more": null});
        assert_eq!(paths(&expected, &got), ["a[1].b", "a[2]", "gone", "more"]);
        assert_eq!(paths(&expected, &expected), [""; 0]);
    }

    #[test]
    fn large_numbers_that_are_not_the_same_differ() {
        let (one, other): (Value, Value) = (json!(9_007_199_254_740_993_u64), json!(9_007_199_254_740_995_u64));
        assert_eq!(paths(&one, &other), [""]);
    }

    #[test]
    fn matchers_take_what_they_say() {
        let hint = |got: Value| paths(&json!({"hint": {"$contains": ["Profile", "list"]}}), &got);
        assert!(hint(json!({"hint": "use a profile; `models list` shows them"})).is_empty());
        assert_eq!(hint(json!({"hint": "use a profile"})), ["hint"]);
        assert_eq!(hint(json!({})), ["hint"]);
        assert!(paths(&json!({"hint": {"$any": true}}), &json!({})).is_empty());
        assert_eq!(paths(&json!({"$contains": []}), &json!("x")), [""]);
    }

    #[test]
    fn long_texts_are_cut() {
        let shown = difference("", Some(&json!("x".repeat(1_000))), None).to_string();
        assert!(shown.contains("… (1002 bytes)") && shown.ends_with("got      nothing"), "{shown}");
    }
}
