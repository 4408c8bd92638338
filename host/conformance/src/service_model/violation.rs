//! What breaks the model: where, and which rule.

use std::fmt;

/// The most that is told of one body.
pub(super) const MOST: usize = 64;

/// A step into a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A member of an object.
    Member(String),
    /// An element of a list, from 0.
    Element(usize),
}

/// A rule of the model that a value breaks. It has nothing of the value in it, which may be a secret.
#[derive(Debug, Clone, PartialEq)]
pub enum Rule {
    /// The structure has no member of this name.
    Unknown,
    /// It is required, and missing.
    Missing,
    /// It is of another type; the one that it has to be.
    Type(&'static str),
    /// It is longer than so many characters, elements, members or bytes.
    Longer(usize, &'static str),
    /// It is shorter.
    Shorter(usize, &'static str),
    /// It is a greater number than this.
    Above(f64),
    /// It is a smaller number.
    Below(f64),
    /// It is none of these.
    Enum(Vec<String>),
    /// It has not this form.
    Pattern(String),
    /// It is a union, and not exactly one of these members is set.
    Union(Vec<String>),
    /// It is not base64.
    Base64,
}

/// One place of a body that breaks the model.
#[derive(Debug, Clone, PartialEq)]
pub struct Violation {
    /// Where.
    pub path: Vec<Step>,
    /// What.
    pub rule: Rule,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rule::Unknown => f.write_str("unknown member"),
            Rule::Missing => f.write_str("it is required"),
            Rule::Type(expected) => write!(f, "not {expected}"),
            Rule::Longer(most, what) => write!(f, "longer than {most} {what}"),
            Rule::Shorter(least, what) => write!(f, "shorter than {least} {what}"),
            Rule::Above(most) => write!(f, "above {most}"),
            Rule::Below(least) => write!(f, "below {least}"),
            Rule::Enum(values) => write!(f, "none of {}", values.join(", ")),
            Rule::Pattern(pattern) => write!(f, "not of the form {pattern}"),
            Rule::Union(members) => write!(f, "not exactly one of {}", members.join(", ")),
            Rule::Base64 => f.write_str("not base64"),
        }
    }
}

impl fmt::Display for Violation {
    /// `messages[0].content[1].toolUse.toolUseId: longer than 64 characters`. A member's name is the body's own: whoever prints it
    /// escapes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.path.iter().enumerate() {
            match step {
                Step::Member(name) if at == 0 => f.write_str(name)?,
                Step::Member(name) => write!(f, ".{name}")?,
                Step::Element(index) => write!(f, "[{index}]")?,
            }
        }
        if !self.path.is_empty() {
            f.write_str(": ")?;
        }
        self.rule.fmt(f)
    }
}
