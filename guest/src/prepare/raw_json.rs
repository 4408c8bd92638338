//! JSON that passes through as text, so that big numbers, the order of members and their spelling survive.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::tokens::{Document, Token, Tokens};
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

/// Whether the text is one JSON document, an object.
pub(super) fn is_object(text: &str) -> bool {
    text.trim_ascii_start().starts_with('{') && is_json(text)
}

/// Whether the text is one JSON document.
fn is_json(text: &str) -> bool {
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
    let mut object = String::from("{");
    for (name, value) in members {
        if object.len() > 1 {
            object.push(',');
        }
        object.push_str(&quoted(name.as_ref()));
        object.push(':');
        object.push_str(value.as_ref());
    }
    object.push('}');
    object
}

/// The object with other keys at its top level; what is no object stays as it is.
pub(crate) fn with_keys<'a>(json: &str, key: impl Fn(&str) -> Option<&'a String>) -> String {
    let Ok(members) = RawObject::parse(json) else { return json.to_owned() };
    object(members.0.iter().map(|(name, value)| (key(name).map_or(name.as_ref(), String::as_str), value.get())))
}

/// The document without the white space between its tokens, as JavaScript writes it.
pub(super) fn compacted(json: &str) -> String {
    let mut document = Document::with_capacity(json.len());
    Tokens::of(json).for_each(|token| document.write(token));
    document.into_text()
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
    // Of members with the same name the last counts, as a JSON parser would see it.
    let numbered = upper.0.iter().enumerate();
    let last: BTreeMap<&str, usize> = numbered.map(|(index, (name, _))| (name.as_ref(), index)).collect();
    let mut replaced = BTreeSet::new();
    let mut members: Vec<(&str, Cow<'_, str>)> = Vec::with_capacity(base.0.len() + last.len());
    for (name, value) in &base.0 {
        let upper = last.get(name.as_ref()).filter(|_| replaced.insert(name.as_ref())).map(|index| upper.0[*index].1);
        let value =
            upper.map_or(Cow::Borrowed(value.get()), |upper| Cow::Owned(merge_at(value.get(), upper.get(), depth + 1)));
        members.push((name, value));
    }
    for (index, (name, value)) in upper.0.iter().enumerate() {
        if last.get(name.as_ref()) == Some(&index) && !replaced.contains(name.as_ref()) {
            members.push((name, Cow::Borrowed(value.get())));
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
    let mut document = Document::with_capacity(json.len());
    let mut tokens = Tokens::of(json);
    while let Some(token) = tokens.next() {
        match token {
            Token::Name("\"\"") => tokens.skip_value(),
            token => document.write(token),
        }
    }
    Cow::Owned(document.into_text())
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
