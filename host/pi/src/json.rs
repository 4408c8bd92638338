//! JSON that is read member by member and otherwise stays text, so that tool arguments and schemas survive as they are.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// The members of an object; of members with the same name the last.
pub(crate) type Members<'a> = BTreeMap<String, &'a RawValue>;

/// A value that is not there and `null` mean the same in pi's JSON.
pub(crate) fn present<'a>(members: &Members<'a>, name: &str) -> Option<&'a RawValue> {
    members.get(name).copied().filter(|value| value.get() != "null")
}

/// The members of a value that is an object.
pub fn object(value: &RawValue) -> Option<Members<'_>> {
    serde_json::from_str(value.get()).ok()
}

/// The items of a value that is an array.
pub fn array(value: &RawValue) -> Option<Vec<&RawValue>> {
    serde_json::from_str(value.get()).ok()
}

/// Whether a value is a string.
pub fn is_string(value: &RawValue) -> bool {
    value.get().starts_with('"')
}

/// The text of a value that is a string. Lone surrogates, which JavaScript writes and UTF-8 cannot hold, are left out: pi
/// removes them from everything that it sends.
pub fn string(value: &RawValue) -> Option<String> {
    let text = value.get();
    serde_json::from_str(text).or_else(|_| serde_json::from_str(&without_lone_surrogates(text))).ok()
}

/// What kind of value it is, for messages.
pub fn kind(value: &RawValue) -> &'static str {
    match value.get().as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b'"') => "a string",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    }
}

/// A JSON string's text without the escapes of surrogates that have no partner.
fn without_lone_surrogates(json: &str) -> String {
    let mut kept = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(position) = rest.find('\\') {
        kept.push_str(&rest[..position]);
        rest = &rest[position..];
        let taken = match (escaped_unit(rest), rest.get(6..).and_then(escaped_unit)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                rest = &rest[6..];
                continue;
            }
            (Some(_), _) => 6,
            // Another escape is a backslash and one ASCII character.
            (None, _) => 2.min(rest.len()),
        };
        kept.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    kept.push_str(rest);
    kept
}

/// The UTF-16 unit of an escape `\uXXXX` at the front of a text.
fn escaped_unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lone_surrogates_go_and_pairs_stay() {
        let read = |json: &str| {
            let raw: &RawValue = serde_json::from_str(json).expect("the test's JSON is valid");
            string(raw)
        };
        assert_eq!(read(r#""private\ud83dreasoning""#).as_deref(), Some("privatereasoning"));
        assert_eq!(read(r#""\ud83d\ude00\ude00\\ud83d\n""#).as_deref(), Some("\u{1f600}\\ud83d\n"));
        assert_eq!(read(r#""\ud83d""#).as_deref(), Some(""));
        assert_eq!(read("12"), None);
    }
}
