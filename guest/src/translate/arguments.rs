//! The arguments of a tool call: JSON text that came in fragments.

use std::borrow::Cow;

use serde::de::IgnoredAny;

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

/// Whether a text is a JSON object. It is read and not kept: arguments can be long, and a tree of them takes many times their length.
/// JSON has no limit of depth or of numbers, so neither does this.
fn check(text: &str) -> Result<(), String> {
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| error.to_string())?;
    if !text.starts_with('{') {
        return Err("Tool arguments must be a JSON object".to_owned());
    }
    match without_lone_surrogates(text) {
        Cow::Borrowed(_) => Ok(()),
        Cow::Owned(_) => Err("lone surrogate in a string".to_owned()),
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
    fn depth_and_numbers_beyond_every_type_are_kept() {
        let deep = format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
        for text in [&*deep, r#"{"n": 1e999, "q": "kept"}"#, r#"{"a":1,"a":2}"#] {
            let arguments = parse(text);
            assert_eq!((arguments.json.as_str(), arguments.problem), (text, None));
        }
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
