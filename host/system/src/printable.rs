//! Text of a client, a component, a peer or a file, made safe for a terminal or a log.
//!
//! A control character can drive a terminal, a line break can forge a line, and a format character can hide or reorder what
//! stands around it. Each becomes an escape as JSON writes it (`\u001b`, `\n`), so that a JSON document stays one.

use std::borrow::Cow;
use std::fmt::{self, Display, Write};

/// What is left as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keep {
    /// Nothing that is not a sign on the line.
    Line,
    /// Line breaks.
    Lines,
    /// Line breaks, tabs, and the joiners that emoji and the scripts of Iran and India are written with.
    Prose,
}

/// Text that displays without what could drive a terminal or deceive a reader.
#[derive(Debug, Clone, Copy)]
pub struct Printable<T> {
    text: T,
    keep: Keep,
}

/// Text that stays within its line.
pub fn one_line<T: Display>(text: T) -> Printable<T> {
    Printable { text, keep: Keep::Line }
}

/// Text of several lines. Whatever in it is not this program's own has to be [`one_line`] already.
pub fn lines<T: Display>(text: T) -> Printable<T> {
    Printable { text, keep: Keep::Lines }
}

/// Text with line breaks and tabs of its own: a model's answer, a document.
pub fn prose<T: Display>(text: T) -> Printable<T> {
    Printable { text, keep: Keep::Prose }
}

impl<T: Display> Display for Printable<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaping { out: f, keep: self.keep }, "{}", self.text)
    }
}

/// Writes on what is safe, and escapes the rest.
struct Escaping<W> {
    out: W,
    keep: Keep,
}

impl<W: Write> Write for Escaping<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut written = 0;
        for (at, character) in text.char_indices().filter(|(_, character)| is_escaped(*character, self.keep)) {
            self.out.write_str(&text[written..at])?;
            escape(character, &mut self.out)?;
            written = at + character.len_utf8();
        }
        self.out.write_str(&text[written..])
    }
}

fn is_escaped(character: char, keep: Keep) -> bool {
    match character {
        ' '..='~' => false,
        '\n' => keep == Keep::Line,
        '\t' | '\u{200c}' | '\u{200d}' => keep != Keep::Prose,
        _ => character.is_control() || is_unseen(character),
    }
}

/// Whether a character has no sign of its own and hides or reorders others: the format characters (category Cf) and line and
/// paragraph separators of Unicode 17, and the fillers of Hangul, which look like nothing. Signs that only few fonts have are shown.
fn is_unseen(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

fn escape(character: char, out: &mut impl Write) -> fmt::Result {
    match character {
        '\n' => out.write_str("\\n"),
        '\r' => out.write_str("\\r"),
        '\t' => out.write_str("\\t"),
        _ => character.encode_utf16(&mut [0; 2]).iter().try_for_each(|unit| write!(out, "\\u{unit:04x}")),
    }
}

/// Text as one word for a POSIX shell, whatever stands in it.
#[must_use]
pub fn shell_word(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// An address without the user name and password in it, if it has them: `https://me:secret@host` has as many characters
/// hidden as stand before the `@`, so that a provider can still see that something is there.
#[must_use]
pub fn without_user_info(text: &str) -> Cow<'_, str> {
    let Some(start) = text.find("://").map(|at| at + 3) else { return Cow::Borrowed(text) };
    let rest = &text[start..];
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    // A password with one of these signs in it ends the authority early, where no port can be: `redis://:pass/word@host`.
    let has_port = authority.rsplit_once(':').is_none_or(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    let cut = || if has_port || authority.ends_with(']') { None } else { rest.rfind('@') };
    let Some(length) = authority.rfind('@').or_else(cut) else { return Cow::Borrowed(text) };
    let hidden = rest[..length].chars().map(|_| 'x');
    Cow::Owned(text[..start].chars().chain(hidden).chain(text[start + length..].chars()).collect())
}

#[cfg(test)]
mod tests {
    use super::{lines, one_line, prose, shell_word, without_user_info};

    #[test]
    fn what_drives_a_terminal_or_hides_text_is_escaped() {
        let escaped = one_line("a\x1b[31m\x07\u{9b}\x7f\r\n\tb").to_string();
        assert_eq!(escaped, r"a\u001b[31m\u0007\u009b\u007f\r\n\tb");
        for hidden in
            "\u{ad}\u{61c}\u{200b}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2028}\u{2029}\u{2060}\
             \u{2066}\u{2067}\u{2068}\u{2069}\u{feff}\u{fff9}\u{3164}\u{85}"
                .chars()
        {
            for shown in [one_line(hidden).to_string(), lines(hidden).to_string(), prose(hidden).to_string()] {
                assert_eq!(shown, format!("\\u{:04x}", u32::from(hidden)));
            }
        }
        assert_eq!(one_line("\u{e0041}").to_string(), r"\udb40\udc41");
    }

    #[test]
    fn what_people_write_stays() {
        let text = r#"C:\dir "é" e\u301 語 नमस्ते 👩🏽 שלום {}%"#;
        assert_eq!(one_line(text).to_string(), text);
        assert_eq!(prose("a\n\tb\u{200d}c").to_string(), "a\n\tb\u{200d}c");
        assert_eq!(lines("a\n\tb\u{200d}c").to_string(), "a\n\\tb\\u200dc");
    }

    #[test]
    fn an_escaped_document_is_the_same_document() {
        let json = "{\"a\": \"x\u{202e}\u{9b}\u{7f}\u{e0041}\"}";
        let shown = prose(json).to_string();
        assert!(shown.is_ascii(), "{shown}");
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(value(&shown), value(json));
    }

    #[test]
    fn a_word_of_the_shell_cannot_be_left() {
        assert_eq!(shell_word("a'; rm -rf ~; '"), r"'a'\''; rm -rf ~; '\'''");
    }

    #[test]
    fn addresses_lose_user_and_password() {
        assert_eq!(without_user_info("https://me:p@ss@host/a@b"), "https://xxxxxxx@host/a@b");
        assert_eq!(without_user_info("redis://:pa/s#s@host/0"), "redis://xxxxxxx@host/0");
        for text in
            ["https://host/a@b", "https://host:8443/a@b", "https://[fd00::1]/a@b", "me@host", "https://host?q=a@b", ""]
        {
            assert_eq!(without_user_info(text), text);
        }
    }
}
