//! Escapes of surrogates without their partner: JavaScript and models write them into JSON, and no UTF-8 can hold what they say.

use std::borrow::Cow;

/// The document without escapes of surrogates that have no partner, which JavaScript writes.
pub(crate) fn without_lone_surrogates(json: &str) -> Cow<'_, str> {
    // Most documents escape no surrogate at all, and stay untouched.
    if !json.contains('\\') || !json.contains("\\ud") && !json.contains("\\uD") {
        return Cow::Borrowed(json);
    }
    let mut kept = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(position) = rest.find('\\') {
        let (plain, escape) = rest.split_at(position);
        kept.push_str(plain);
        // Another escape is a backslash and one ASCII character.
        let (taken, keep) = match (escaped_unit(escape), escape.get(6..).and_then(escaped_unit)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => (12, true),
            (Some(0xd800..=0xdfff), _) => (6, false),
            (Some(_), _) => (6, true),
            (None, _) => (2, true),
        };
        // What does not end as an escape does is no JSON, and stays as it is for the parser to see.
        let Some((taken, behind)) = escape.split_at_checked(taken) else {
            rest = escape;
            break;
        };
        if keep {
            kept.push_str(taken);
        }
        rest = behind;
    }
    kept.push_str(rest);
    Cow::Owned(kept)
}

/// The UTF-16 unit of an escape `\uXXXX` at the front of a text.
fn escaped_unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::without_lone_surrogates;

    #[test]
    fn pairs_stay_and_halves_go() {
        for (json, kept) in [
            (r#""\\ud83d""#, r#""\\ud83d""#),
            (r#""a\ud83d\ude00b""#, r#""a\ud83d\ude00b""#),
            (r#""a\ud83db\uDE00""#, r#""ab""#),
            (r#""\ud83d\ud83d\ude00""#, r#""\ud83d\ude00""#),
            (r#""\ud83"#, r#""\ud83"#),
        ] {
            assert_eq!(without_lone_surrogates(json), kept);
        }
    }
}
