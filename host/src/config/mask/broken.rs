//! Texts with a syntax error: all is hidden from there on, and the error stays what it is.

use jsonc_parser::ParseStringErrorKind;
use jsonc_parser::errors::{ParseError, ParseErrorKind};

use super::{HIDDEN, HIDDEN_DIGIT, hide_text, json5};

/// A sign that JSON5 has nowhere: where it stands, a reader stops.
const NOWHERE: char = '#';

/// Puts out the text from `start`, where a token begins that cannot be read. It is hidden but for what makes it the same error.
pub(super) fn hide_from(text: &str, start: usize, error: &ParseError, out: &mut String) {
    let at = error.range().start;
    match error.kind() {
        ParseErrorKind::String(kind) => {
            let quote_end = start + 1;
            out.push_str(&text[start..quote_end]);
            let Some(escape) = replacement(kind).filter(|_| at >= quote_end) else {
                return hide_text(&text[quote_end..], out);
            };
            hide_text(&text[quote_end..at], out);
            let replaced = escape.chars().zip(text[at..].chars());
            let length = replaced.clone().map(|(_, original)| original.len_utf8()).sum::<usize>();
            out.extend(replaced.map(|(shown, _)| shown));
            hide_text(&text[at + length..], out);
        }
        ParseErrorKind::UnterminatedCommentBlock => {
            let inside = start + "/*".len();
            out.push_str("/*");
            hide_text(&text[inside..], out);
        }
        ParseErrorKind::UnexpectedToken => {
            let is_of_word = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '$');
            let bad = text[start..].find(|c| !is_of_word(c)).map_or(text.len(), |length| start + length);
            hide_text(&text[start..bad], out);
            put_nowhere(&text[bad..], out);
        }
        // A number that breaks off: another that breaks off at the same place, a sign or an exponent without digits. It begins
        // as the number did, because a digit would run on from a word before it.
        _ => {
            let number = &text[start..at];
            out.extend(number.chars().enumerate().map(|(index, original)| match (index, original) {
                (0, '+' | '-' | '.') => original,
                _ if index + 1 == number.len() => 'e',
                _ => HIDDEN_DIGIT,
            }));
            hide_text(&text[at..], out);
        }
    }
}

/// Puts out what follows the first token that does not fit. A colon in its first place, where there is no space, ends that token
/// where it ended before.
pub(super) fn hide_behind(rest: &str, out: &mut String) {
    let mut characters = rest.chars();
    if let Some(first) = characters.next() {
        out.push(if first.is_whitespace() { first } else { ':' });
    }
    hide_text(characters.as_str(), out);
}

/// An escape with the same fault that says nothing of the one that stood there; None where the string has no end.
fn replacement(kind: &ParseStringErrorKind) -> Option<&'static str> {
    match kind {
        ParseStringErrorKind::UnterminatedStringLiteral => None,
        ParseStringErrorKind::ExpectedTwoHexDigits => Some("\\x"),
        ParseStringErrorKind::ExpectedFourHexDigits => Some("\\u"),
        // Half of a surrogate pair, of which any will do.
        ParseStringErrorKind::InvalidUnicodeEscapeSequence(_) => Some("\\udc00"),
        ParseStringErrorKind::InvalidEscape
        | ParseStringErrorKind::InvalidEscapeInSingleQuoteString
        | ParseStringErrorKind::InvalidEscapeInDoubleQuoteString => Some("\\1"),
    }
}

/// Makes sure that a text with an error still has it, at the same place: hiding must never make a wrong document a right
/// one. `begin` is where the document begins in `out`, `failed_at` where its first wrong token does.
pub(super) fn keep_the_error(text: &str, out: &mut String, begin: usize, failed_at: usize) {
    let place = |document: &str| {
        let error = json5::parse(document).err()?;
        Some(document.get(..error.range().start)?.chars().count())
    };
    let before = place(text);
    if before.is_some() && place(&out[begin..]) != before {
        let rest = out.split_off(failed_at);
        put_nowhere(&rest, out);
    }
}

fn put_nowhere(rest: &str, out: &mut String) {
    let mut characters = rest.chars();
    if characters.next().is_some() {
        out.push(NOWHERE);
    }
    out.extend(characters.map(|character| if character.is_whitespace() { character } else { HIDDEN }));
}
