//! Typed values out of a document, and an account of what is wrong with them.

use super::document::{Member, Node, Value, number};
use super::path::{Segment, Shown};
use crate::contract::config::{Place, Position, Problem, Severity};
use crate::similar;

/// A value of a document and its path.
#[derive(Clone)]
pub(super) struct Item<'d> {
    pub(super) node: &'d Node,
    pub(super) path: Vec<Segment>,
}

impl<'d> Item<'d> {
    /// The whole document.
    pub(super) fn root(node: &'d Node) -> Self {
        Item { node, path: Vec::new() }
    }

    /// The value at a path of names; of members with the same name the last.
    pub(super) fn at(node: &'d Node, names: &[&str]) -> Option<Self> {
        names.iter().try_fold(Item::root(node), |item, name| item.member(name))
    }

    /// The member of this name; of several the last.
    pub(super) fn member(&self, name: &str) -> Option<Self> {
        self.node.member(name).map(|member| self.of(member))
    }

    /// A member of this object.
    pub(super) fn of(&self, member: &'d Member) -> Self {
        self.below(Segment::Member(member.name.clone()), &member.node)
    }

    fn below(&self, segment: Segment, node: &'d Node) -> Self {
        Item { node, path: self.path.iter().cloned().chain([segment]).collect() }
    }

    /// The last name of the path and the elements behind it, for sentences about the value.
    pub(super) fn name(&self) -> String {
        let last = self.path.iter().rposition(|segment| matches!(segment, Segment::Member(_))).unwrap_or(0);
        Shown(&self.path[last..]).to_string()
    }
}

/// Reads a document of one layer, and notes all that is wrong with it.
pub(super) struct Reader {
    layer: String,
    source: String,
    problems: Vec<Problem>,
}

impl Reader {
    /// A reader of a layer; `source` is the path of a file.
    pub(super) fn new(layer: &str, source: &str) -> Self {
        Reader { layer: layer.to_owned(), source: source.to_owned(), problems: Vec::new() }
    }

    /// What was wrong, in the order of the text.
    pub(super) fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.problems;
        // Stable: of two at the same place the first stays first.
        problems.sort_by_key(|problem| (problem.place.line, problem.place.column));
        problems
    }

    /// A position of this layer.
    pub(super) fn place(&self, Position { line, column }: Position) -> Place {
        Place { layer: self.layer.clone(), source: self.source.clone(), line, column }
    }

    /// Notes an error in a value.
    pub(super) fn wrong(&mut self, item: &Item<'_>, message: impl Into<String>, expected: impl Into<String>) {
        self.note(Severity::Error, item.node.position, &item.path, message, expected);
    }

    /// Notes a problem.
    pub(super) fn note(
        &mut self,
        severity: Severity,
        position: Position,
        path: &[Segment],
        message: impl Into<String>,
        expected: impl Into<String>,
    ) {
        let (place, path) = (self.place(position), Shown(path).to_string());
        self.problems.push(Problem { severity, place, path, message: message.into(), expected: expected.into() });
    }

    /// Notes that a value is of the wrong kind.
    pub(super) fn wrong_kind(&mut self, item: &Item<'_>, expected: &str) {
        let name = if item.path.is_empty() { "the configuration".to_owned() } else { item.name() };
        self.wrong(item, format!("{name} is {}", item.node.kind()), expected);
    }

    /// Notes that a member is there a second time.
    pub(super) fn repeated(&mut self, object: &Item<'_>, member: &Member) {
        let path = object.of(member).path;
        let message = format!("{} is set more than once", member.name);
        self.note(Severity::Error, member.position, &path, message, "one member of this name");
    }

    /// The members of an object.
    pub(super) fn members<'d>(&mut self, item: &Item<'d>, expected: &str) -> &'d [Member] {
        match &item.node.value {
            Value::Object(members) => members,
            _ => {
                self.wrong_kind(item, expected);
                &[]
            }
        }
    }

    /// The elements of a list.
    pub(super) fn elements<'d>(&mut self, item: &Item<'d>) -> Vec<Item<'d>> {
        let Value::List(elements) = &item.node.value else {
            self.wrong_kind(item, "a list");
            return Vec::new();
        };
        elements.iter().enumerate().map(|(index, node)| item.below(Segment::Element(index), node)).collect()
    }

    /// A text as it stands there.
    pub(super) fn text<'d>(&mut self, item: &Item<'d>, expected: &str) -> Option<&'d str> {
        if let Value::Text(text) = &item.node.value {
            return Some(text);
        }
        self.wrong_kind(item, expected);
        None
    }

    /// A text with white space at its ends removed. A blank one is an error.
    pub(super) fn full_text<'d>(&mut self, item: &Item<'d>, expected: &str) -> Option<&'d str> {
        let text = self.text(item, expected)?.trim();
        if text.is_empty() {
            self.wrong(item, format!("{} is blank", item.name()), expected);
            return None;
        }
        Some(text)
    }

    /// One of these words.
    pub(super) fn choice<'d>(&mut self, item: &Item<'d>, allowed: &[&str]) -> Option<&'d str> {
        let text = self.full_text(item, &similar::one_of(allowed))?;
        if allowed.contains(&text) {
            return Some(text);
        }
        let expected = match similar::nearest(text, allowed) {
            Some(word) if allowed.len() > 1 => format!("{}; did you mean `{word}`?", similar::one_of(allowed)),
            _ => similar::one_of(allowed),
        };
        self.wrong(item, format!("{} is {}", item.name(), shown(text)), expected);
        None
    }

    /// `true` or `false`.
    pub(super) fn boolean(&mut self, item: &Item<'_>) -> Option<bool> {
        if let Value::Boolean(value) = item.node.value {
            return Some(value);
        }
        self.wrong_kind(item, "true or false");
        None
    }

    /// A finite number.
    pub(super) fn number(&mut self, item: &Item<'_>, expected: &str) -> Option<f64> {
        let Value::Number(literal) = &item.node.value else {
            self.wrong_kind(item, expected);
            return None;
        };
        let value = number(literal);
        if !value.is_finite() {
            self.wrong(item, format!("{} is too large or not a finite number", item.name()), expected);
            return None;
        }
        Some(value)
    }
}

/// A text from the configuration in a sentence: in quotes, without control characters, and not endless.
pub(super) fn shown(text: &str) -> String {
    const MOST: usize = 60;
    let mut short: String = text.chars().take(MOST).collect();
    if text.chars().nth(MOST).is_some() {
        short.push('…');
    }
    format!("{short:?}")
}
