//! Paths of members, as people write them.

use std::fmt;

/// One step on the way to a value of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// A member of an object.
    Member(String),
    /// An element of a list, from 0.
    Element(usize),
}

impl Segment {
    /// The path of members with these names.
    pub fn members<'n>(names: impl IntoIterator<Item = &'n str>) -> Vec<Segment> {
        names.into_iter().map(|name| Segment::Member(name.to_owned())).collect()
    }
}

/// A text is no path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{path}` is not a configuration path; write member names with dots between them, such as models.bedrockDiscovery.region, a \
     name that has a dot in it in double quotes, and an element of a list by its number from 0: quarry.keys[0].name"
)]
pub struct PathError {
    /// What was given.
    pub path: String,
}

/// Reads a path as people write it: `quarry.keys[0].name`, `agents.defaults.models."amazon-bedrock/a.b".alias`. Inside quotes `\"`
/// stands for a quote and `\\` for a backslash.
///
/// # Errors
/// When a name is empty, a quote or bracket is not closed, or something else than a dot stands between two names.
pub fn parse_path(path: &str) -> Result<Vec<Segment>, PathError> {
    segments(path).ok_or_else(|| PathError { path: path.to_owned() })
}

fn segments(path: &str) -> Option<Vec<Segment>> {
    let mut segments = Vec::new();
    let mut rest = path;
    loop {
        let (name, after) = match rest.strip_prefix('"') {
            Some(quoted) => unquoted(quoted)?,
            None => {
                let (name, after) = rest.split_at(rest.find(['.', '[']).unwrap_or(rest.len()));
                (name.to_owned(), after)
            }
        };
        if name.trim().is_empty() {
            return None;
        }
        segments.push(Segment::Member(name));
        rest = after;
        while let Some(index) = rest.strip_prefix('[') {
            let (digits, after) = index.split_once(']')?;
            let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            segments.push(Segment::Element(plain.then(|| digits.parse().ok())??));
            rest = after;
        }
        if rest.is_empty() {
            return Some(segments);
        }
        rest = rest.strip_prefix('.')?;
    }
}

/// The name up to the closing quote, and what follows that.
fn unquoted(quoted: &str) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((name, &quoted[at + 1..])),
            '\\' => name.push(characters.next().map(|(_, escaped)| escaped).filter(|c| matches!(c, '"' | '\\'))?),
            other => name.push(other),
        }
    }
    None
}

/// A path as it is shown: `quarry.keys[0].name`. Names that have a sign of this notation in them stand in quotes.
pub struct Shown<'p>(pub &'p [Segment]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Element(index) => write!(formatter, "[{index}]")?,
                Segment::Member(name) => {
                    let dot = if place == 0 { "" } else { "." };
                    write!(formatter, "{dot}{}", Name(name))?;
                }
            }
        }
        Ok(())
    }
}

/// A member's name as it stands in a path.
struct Name<'n>(&'n str);

impl fmt::Display for Name<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |character: char| character.is_alphanumeric() || matches!(character, '_' | '-' | '$');
        if !self.0.is_empty() && self.0.chars().all(plain) {
            formatter.write_str(self.0)
        } else {
            write!(formatter, "\"{}\"", self.0.replace('\\', "\\\\").replace('"', "\\\""))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Segment, Shown, parse_path};

    #[test]
    fn paths_are_shown_as_people_write_them() {
        let mut path = Segment::members(["models", "amazon-bedrock/a.b", "a\"b"]);
        path.push(Segment::Element(2));
        path.push(Segment::Member("x".to_owned()));
        assert_eq!(Shown(&path).to_string(), r#"models."amazon-bedrock/a.b"."a\"b"[2].x"#);
        assert_eq!(Shown(&[]).to_string(), "");
    }

    #[test]
    fn paths_are_read_as_they_are_shown() {
        for path in [r#"models."amazon-bedrock/a.b"."a\"b"[2].x"#, "quarry.keys[0][1].name", r#""a\\b""#, "日本"] {
            assert_eq!(Shown(&parse_path(path).expect(path)).to_string(), path);
        }
        assert_eq!(parse_path(r#""a"."b""#), parse_path("a.b"));
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for path in [
            "", ".", "a.", ".a", "a..b", "\"a", "\"a\"b", " ", "[0]", "a[", "a[]", "a[-1]", "a[+1]", "a[0]b",
            r#""a\x""#,
        ] {
            let error = parse_path(path).expect_err(path).to_string();
            assert!(error.contains(&format!("`{path}`")), "{error}");
        }
        assert!(parse_path(&format!("a[{}]", "9".repeat(40))).is_err());
    }
}
