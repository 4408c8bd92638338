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

/// A path as it is shown: `quarry.keys[0].name`. Names that have a sign of this notation in them stand in quotes.
pub(super) struct Shown<'p>(pub(super) &'p [Segment]);

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
    use super::{Segment, Shown};

    #[test]
    fn paths_are_shown_as_people_write_them() {
        let mut path = Segment::members(["models", "amazon-bedrock/a.b", "a\"b"]);
        path.push(Segment::Element(2));
        path.push(Segment::Member("x".to_owned()));
        assert_eq!(Shown(&path).to_string(), r#"models."amazon-bedrock/a.b"."a\"b"[2].x"#);
        assert_eq!(Shown(&[]).to_string(), "");
    }
}
