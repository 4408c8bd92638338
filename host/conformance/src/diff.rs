//! What differs between an expectation and what came.
//!
//! Everything in an expectation is exact, but for two matchers, so that a case can say what matters in a sentence meant for
//! a person without fixing its words: `{"$contains": "text"}` (or a list of texts) takes a string that holds each of them,
//! however capitalised; `{"$any": true}` takes everything, nothing too.

use std::fmt;

use serde_json::{Number, Value};

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The path, such as `deltas[3].delta`.
    pub path: String,
    /// The expected value; `None` if none was expected.
    pub expected: Option<String>,
    /// The actual value; `None` if there was none.
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

/// A step of the way to a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The member of this name.
    Member(String),
    /// The element at this index.
    Element(usize),
}

/// All differences, in the order of the expectation.
#[must_use]
pub fn differences(expected: &Value, got: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    walk(true, &mut Vec::new(), Some(expected), Some(got), &mut |steps, expected, got| {
        found.push(difference(&path(steps), expected, got));
    });
    found
}

/// Calls `tell` for every path where two values differ, with both values. Matchers have no meaning here, because both
/// values are results.
pub fn exact_differences(one: &Value, other: &Value, mut tell: impl FnMut(&[Step], Option<&Value>, Option<&Value>)) {
    walk(false, &mut Vec::new(), Some(one), Some(other), &mut tell);
}

/// Tells a difference: where, and what the one and the other have there.
type Tell<'t> = dyn FnMut(&[Step], Option<&Value>, Option<&Value>) + 't;

fn walk(matchers: bool, steps: &mut Vec<Step>, expected: Option<&Value>, got: Option<&Value>, tell: &mut Tell<'_>) {
    if let Some(matches) = expected.filter(|_| matchers).and_then(|expected| matcher(expected, got)) {
        if !matches {
            tell(steps, expected, got);
        }
        return;
    }
    match (expected, got) {
        (Some(Value::Object(expected)), Some(Value::Object(got))) => {
            let names = expected.keys().chain(got.keys().filter(|name| !expected.contains_key(*name)));
            for name in names {
                steps.push(Step::Member(name.clone()));
                walk(matchers, steps, expected.get(name), got.get(name), tell);
                steps.pop();
            }
        }
        (Some(Value::Array(expected)), Some(Value::Array(got))) => {
            for index in 0..expected.len().max(got.len()) {
                steps.push(Step::Element(index));
                walk(matchers, steps, expected.get(index), got.get(index), tell);
                steps.pop();
            }
        }
        (Some(Value::Number(a)), Some(Value::Number(b))) if a == b || same_float(a, b) => {}
        (Some(a), Some(b)) if a == b => {}
        _ => tell(steps, expected, got),
    }
}

/// `20` and `20.0` are one number. Two whole numbers are not, however near.
fn same_float(a: &Number, b: &Number) -> bool {
    (a.is_f64() || b.is_f64()) && a.as_f64() == b.as_f64()
}

/// The steps in one line: `deltas[3].delta`.
fn path(steps: &[Step]) -> String {
    steps.iter().fold(String::new(), |path, step| match step {
        Step::Member(name) if path.is_empty() => name.clone(),
        Step::Member(name) => format!("{path}.{name}"),
        Step::Element(index) => format!("{path}[{index}]"),
    })
}

/// Whether a matcher takes what came; `None` where the expectation is no matcher.
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
    fn what_looks_like_a_matcher_is_data_where_both_values_came_from_outside() {
        let mut told = Vec::new();
        let one = json!({"input": {"$any": true}, "n": 1.0, "list": [1]});
        let other = json!({"input": {}, "n": 1, "list": [1, 2]});
        exact_differences(&one, &other, |steps, one, other| told.push((path(steps), one.cloned(), other.cloned())));
        let expected = [("input.$any", Some(json!(true)), None), ("list[1]", None, Some(json!(2)))];
        assert_eq!(told, expected.map(|(path, one, other)| (path.to_owned(), one, other)));
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
