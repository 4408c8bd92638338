//! The arguments of a tool call: JSON text that came in fragments.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::surrogates::without_lone_surrogates;

/// Arguments, and why they are empty where the model's text could not be used.
#[derive(Debug, PartialEq)]
pub(super) struct Arguments {
    /// JSON text of an object.
    pub(super) json: String,
    /// What was wrong with the model's text.
    pub(super) problem: Option<String>,
}

/// Reads the whole text of a tool call's arguments.
///
/// Strict JSON first, then mended as pi mends it (raw control characters in strings escaped, a backslash before something
/// that is no escape doubled). No text at all is a call without arguments. What still is no object becomes `{}` with a
/// problem, so that the call can be answered with an error that the model can act on; pi does so too. Text that is right
/// is kept as the model wrote it, so that large numbers stay exact.
pub(super) fn parse(text: &str) -> Arguments {
    let text = text.trim();
    if text.is_empty() {
        return Arguments { json: "{}".to_owned(), problem: None };
    }
    let error = match check(text) {
        Ok(()) => return Arguments { json: text.to_owned(), problem: None },
        Err(error) => error,
    };
    let mended = mend(text);
    let mended = without_lone_surrogates(&mended);
    if check(&mended).is_ok() {
        return Arguments { json: mended.into_owned(), problem: None };
    }
    Arguments { json: "{}".to_owned(), problem: Some(format!("{error}\n\nReceived arguments:\n{}", shown(text))) }
}

/// As much of a model's text as its problem shows, in bytes: a model that wrote megabytes does not need them again.
const SHOWN: usize = 16 << 10;

/// The beginning of a text, and how much there is besides.
fn shown(text: &str) -> Cow<'_, str> {
    let beginning = &text[..text.floor_char_boundary(SHOWN)];
    match text.len() - beginning.len() {
        0 => Cow::Borrowed(text),
        more => Cow::Owned(format!("{beginning}\n… and {more} bytes more")),
    }
}

fn check(text: &str) -> Result<(), String> {
    match serde_json::from_str::<Object>(text) {
        Ok(Object) => Ok(()),
        Err(error) if error.is_data() => Err("Tool arguments must be a JSON object".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// A JSON object that is read and not kept: arguments can be long, and a tree of them takes many times their length.
struct Object;

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Any).map(|()| Object)
    }
}

/// Any value.
struct Any;

impl<'de> DeserializeSeed<'de> for Any {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Any {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_key_seed(Any)?.is_some() {
            map.next_value_seed(Any)?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while elements.next_element_seed(Any)?.is_some() {}
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// Escapes control characters inside strings and doubles a backslash that begins no escape.
fn mend(text: &str) -> String {
    let mut mended = String::with_capacity(text.len() + 16);
    let mut in_string = false;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if !in_string {
            in_string = character == '"';
            mended.push(character);
            continue;
        }
        match character {
            '"' => {
                in_string = false;
                mended.push(character);
            }
            '\\' => match characters.peek().copied() {
                Some('u') if !four_hex_digits_follow(&characters) => mended.push_str("\\\\"),
                Some(escaped @ ('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' | 'u')) => {
                    mended.push('\\');
                    mended.push(escaped);
                    characters.next();
                }
                _ => mended.push_str("\\\\"),
            },
            control if control < ' ' => mended.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => mended.push(other),
        }
    }
    mended
}

/// Whether a `u` is next and four hexadecimal digits after it.
fn four_hex_digits_follow(characters: &std::iter::Peekable<std::str::Chars<'_>>) -> bool {
    let mut ahead = characters.clone().skip(1);
    (0..4).all(|_| ahead.next().is_some_and(|digit| digit.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn no_text_is_no_arguments() {
        assert_eq!(parse(" \n").json, "{}");
        assert_eq!(parse("").problem, None);
    }

    #[test]
    fn large_numbers_stay_exact() {
        let text = r#"{"id": 900719925474099312345678}"#;
        assert_eq!(parse(text).json, text);
    }

    #[test]
    fn raw_line_breaks_and_stray_backslashes_are_mended() {
        assert_eq!(parse("{\"a\":\"x\ny\"}").json, r#"{"a":"x\u000ay"}"#);
        assert_eq!(parse(r#"{"a":"C:\dir\uno"}"#).json, r#"{"a":"C:\\dir\\uno"}"#);
    }

    #[test]
    fn half_a_character_costs_no_more_than_itself() {
        let mended = parse(r#"{"a":"x\ud83d y","n":900719925474099312345678}"#);
        assert_eq!((&*mended.json, mended.problem), (r#"{"a":"x y","n":900719925474099312345678}"#, None));
    }

    #[test]
    fn what_is_no_object_is_told() {
        let array = parse("[1]");
        assert_eq!(array.json, "{}");
        assert_eq!(array.problem.as_deref(), Some("Tool arguments must be a JSON object\n\nReceived arguments:\n[1]"));
        assert!(parse(r#"{"path":"SEC"#).problem.is_some_and(|problem| problem.contains("EOF")));
    }
    #[test]
    fn a_problem_shows_the_beginning_of_a_long_text() {
        let deep = parse(&"[".repeat(5_000_000));
        assert_eq!(deep.json, "{}");
        let problem = deep.problem.expect("it is no object");
        assert!(problem.len() < 20_000 && problem.ends_with("… and 4983616 bytes more"), "{}", problem.len());
    }
}
