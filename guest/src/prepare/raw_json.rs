//! JSON that passes through as text, so that big numbers, the order of members and their spelling survive.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

pub(super) use crate::surrogates::without_lone_surrogates;

/// How deep functions that recurse into JSON go; what is deeper stays as it is. `serde_json` stops at the same depth.
pub(super) const MAX_DEPTH: usize = 128;

/// An object whose values are still text.
#[derive(Debug)]
pub(super) struct RawObject<'a>(pub(super) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> RawObject<'a> {
    /// Reads an object.
    ///
    /// # Errors
    /// What is wrong, in one sentence without a full stop.
    pub(super) fn parse(text: &'a str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| {
            let found = match text.trim_start().bytes().next() {
                Some(b'[') => "an array",
                Some(b'"') => "a string",
                Some(b'0'..=b'9' | b'-') => "a number",
                Some(b't' | b'f') => "a boolean",
                Some(b'n') => "null",
                Some(b'{') => return format!("it is not valid JSON: {error}"),
                _ => return "it is not valid JSON".to_owned(),
            };
            if is_json(text) { format!("it is {found}") } else { format!("it is not valid JSON: {error}") }
        })
    }

    /// The last value of a member, as a JSON parser would see it.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        self.0.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.get())
    }
}

impl<'de> Deserialize<'de> for RawObject<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = RawObject<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(Key(key)) = map.next_key()? {
                    members.push((key, map.next_value()?));
                }
                Ok(RawObject(members))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

/// A member's name, borrowed where it has no escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;

        impl<'de> Visitor<'de> for Name {
            type Value = Key<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(name)))
            }

            fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(name.to_owned())))
            }
        }

        deserializer.deserialize_str(Name)
    }
}

/// Whether the text is one JSON document.
pub(super) fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// The text of a JSON string.
pub(super) fn string_of(json: &str) -> Option<String> {
    serde_json::from_str(json).ok()
}

/// Writes text as a JSON string.
pub(super) fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a string always serialises")
}

/// Writes an object of members whose values are JSON already.
pub(super) fn object<N: AsRef<str>, V: AsRef<str>>(members: impl IntoIterator<Item = (N, V)>) -> String {
    let members: Vec<String> =
        members.into_iter().map(|(name, value)| format!("{}:{}", quoted(name.as_ref()), value.as_ref())).collect();
    format!("{{{}}}", members.join(","))
}

/// The document without the white space between its tokens, as JavaScript writes it.
pub(super) fn compacted(json: &str) -> String {
    let (mut in_string, mut escaped) = (false, false);
    let keep = |character: &char| {
        let starts_in_string = in_string;
        match character {
            '"' if !escaped => in_string = !in_string,
            _ => {}
        }
        escaped = starts_in_string && !escaped && *character == '\\';
        starts_in_string || !character.is_ascii_whitespace()
    };
    json.chars().filter(keep).collect()
}

/// Merges two objects, `over` over `base`: objects go together member by member, anything else of `over` replaces.
/// Members of `base` keep their places; new ones follow.
pub(super) fn merged(base: &str, over: &str) -> String {
    merge_at(base, over, 0)
}

fn merge_at(base: &str, over: &str, depth: usize) -> String {
    let (Ok(base), Ok(upper), true) = (RawObject::parse(base), RawObject::parse(over), depth < MAX_DEPTH) else {
        return over.to_owned();
    };
    let mut members: Vec<(Cow<'_, str>, String)> =
        base.0.into_iter().map(|(name, value)| (name, value.get().to_owned())).collect();
    for (name, value) in upper.0 {
        match members.iter_mut().find(|(existing, _)| *existing == name) {
            Some((_, existing)) => *existing = merge_at(existing, value.get(), depth + 1),
            None => members.push((name, value.get().to_owned())),
        }
    }
    object(members)
}

/// Removes members whose name is empty, at any depth: Bedrock refuses them in a replayed `toolUse.input` (pi #7882).
pub(super) fn without_empty_names(json: &str) -> Cow<'_, str> {
    // Most documents hold no empty string at all, and stay untouched.
    if !json.contains("\"\"") {
        return Cow::Borrowed(json);
    }
    Cow::Owned(strip_at(json, 0))
}

fn strip_at(json: &str, depth: usize) -> String {
    if depth >= MAX_DEPTH {
        return json.to_owned();
    }
    if let Ok(RawObject(members)) = serde_json::from_str::<RawObject<'_>>(json) {
        let kept = members.into_iter().filter(|(name, _)| !name.is_empty());
        return object(kept.map(|(name, value)| (name, strip_at(value.get(), depth + 1))));
    }
    if let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(json) {
        let items: Vec<String> = items.into_iter().map(|item| strip_at(item.get(), depth + 1)).collect();
        return format!("[{}]", items.join(","));
    }
    json.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_goes_deep_and_keeps_numbers() {
        let base = r#"{"thinking":{"type":"adaptive","display":"summarized"},"n":12345678901234567890123}"#;
        let over = r#"{"thinking":{"display":"omitted"},"extra":1.50}"#;
        let expected =
            r#"{"thinking":{"type":"adaptive","display":"omitted"},"n":12345678901234567890123,"extra":1.50}"#;
        assert_eq!(merged(base, over), expected);
    }

    #[test]
    fn compacting_leaves_strings_alone() {
        assert_eq!(compacted("{ \"a b\" :\n\"c \\\" \\\\\" , \"d\": [ 1 , 2 ] }"), r#"{"a b":"c \" \\","d":[1,2]}"#);
    }

    #[test]
    fn empty_names_go_at_every_depth_and_empty_values_stay() {
        let json = r#"{"":1,"a":{"":"","b":""},"c":[{"":2}, 9007199254740993]}"#;
        assert_eq!(without_empty_names(json), r#"{"a":{"b":""},"c":[{},9007199254740993]}"#);
        assert_eq!(without_empty_names(r#"{"b": ""}"#), r#"{"b":""}"#);
        assert_eq!(without_empty_names(r#"{ "b": 1.0 }"#), r#"{ "b": 1.0 }"#);
    }

    #[test]
    fn nesting_beyond_all_reason_does_not_overflow_the_stack() {
        let deep = format!("{}\"\"{}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
        assert_eq!(without_empty_names(&deep).len(), deep.len());
        assert_eq!(merged(&deep, &deep).len(), deep.len());
    }

    #[test]
    fn what_is_not_an_object_is_named() {
        let error = |text| RawObject::parse(text).err().unwrap_or_default();
        assert_eq!(error("[1]"), "it is an array");
        assert_eq!(error(" null"), "it is null");
        assert!(error("{\"a\":").starts_with("it is not valid JSON: "));
        assert_eq!(error(""), "it is not valid JSON");
    }
}
