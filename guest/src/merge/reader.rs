//! Reading typed values out of a layer's tree, and keeping account of what is wrong with them.

use std::collections::BTreeMap;

use super::partial::{Found, Said};
use super::path::Path;
use super::similar;
use super::tree::Tree;
use crate::contract::config::{EntryValue, Layer, Place, Position, Problem, Severity, ValueKind};

/// A value of the tree and its path.
pub(super) struct Node<'v> {
    pub(super) value: &'v Tree<'v>,
    pub(super) path: Path,
}

/// A member of an object.
pub(super) struct Member<'v> {
    pub(super) name: &'v str,
    /// The position of the name.
    position: Position,
    pub(super) node: Node<'v>,
}

impl<'v> Node<'v> {
    /// The whole document.
    pub(super) fn root(value: &'v Tree<'v>) -> Self {
        Node { value, path: Path::root() }
    }

    fn member(&self, value: &'v Tree<'v>) -> Member<'v> {
        let name = value.name();
        Member { name, position: value.entry.name_position, node: Node { value, path: self.path.member(name) } }
    }

    /// The position of the value.
    pub(super) fn position(&self) -> Position {
        self.value.entry.position
    }
}

/// Reads one layer.
pub(super) struct Reader<'t> {
    layer: &'t Layer,
    problems: Vec<Problem>,
}

impl<'t> Reader<'t> {
    /// A reader of the layer.
    pub(super) fn new(layer: &'t Layer) -> Self {
        Reader { layer, problems: Vec::new() }
    }

    /// What was wrong.
    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    /// The place of a position of this layer.
    pub(super) fn place(&self, Position { line, column }: Position) -> Place {
        Place { layer: self.layer.name.clone(), source: self.layer.source.clone(), line, column }
    }

    /// A value that stands at this node.
    pub(super) fn found<T>(&self, node: &Node<'_>, value: T) -> Found<T> {
        Found { value, place: self.place(node.position()) }
    }

    /// Notes an error in the value of a node.
    pub(super) fn error(&mut self, node: &Node<'_>, message: String, expected: impl Into<String>) {
        self.note(Severity::Error, node.position(), &node.path, message, expected.into());
    }

    /// Notes a warning about the value of a node.
    pub(super) fn warning(&mut self, node: &Node<'_>, message: String, expected: impl Into<String>) {
        self.note(Severity::Warning, node.position(), &node.path, message, expected.into());
    }

    /// Notes a warning about a member as such, at its name.
    pub(super) fn warn_of_member(&mut self, member: &Member<'_>, message: String, expected: impl Into<String>) {
        self.note(Severity::Warning, member.position, &member.node.path, message, expected.into());
    }

    fn note(&mut self, severity: Severity, at: Position, path: &Path, message: String, expected: String) {
        let place = self.place(at);
        self.problems.push(Problem { severity, place, path: path.full.clone(), message, expected });
    }

    /// Notes that a value is of the wrong kind.
    pub(super) fn wrong_kind(&mut self, node: &Node<'_>, expected: &str) {
        self.error(node, format!("{} is {}", node.path.name, node.value.kind()), expected);
    }

    /// A member of an object that is not Bedrock's own: other members are not looked at.
    pub(super) fn child<'v>(&mut self, parent: &Node<'v>, name: &str) -> Option<Node<'v>> {
        let Some(members) = parent.value.members() else {
            self.wrong_kind(parent, "an object");
            return None;
        };
        let mut last: Option<&Tree<'_>> = None;
        for member in members.iter().filter(|member| member.name() == name) {
            if last.is_some() {
                self.repeated(&parent.member(member));
            }
            last = Some(member);
        }
        last.map(|member| parent.member(member).node)
    }

    /// [`Reader::child`] of a child, and so on.
    pub(super) fn descend<'v>(&mut self, root: &Node<'v>, names: &[&str]) -> Option<Node<'v>> {
        let (first, rest) = names.split_first()?;
        let child = self.child(root, first)?;
        if rest.is_empty() { Some(child) } else { self.descend(&child, rest) }
    }

    /// The members of an object; of members with the same name the last, with a warning.
    pub(super) fn members<'v>(&mut self, node: &Node<'v>, expected: &str) -> Option<Vec<Member<'v>>> {
        let Some(contents) = node.value.members() else {
            self.wrong_kind(node, expected);
            return None;
        };
        let mut members: Vec<Member<'v>> = Vec::with_capacity(contents.len());
        let mut places = BTreeMap::new();
        for member in contents {
            let member = node.member(member);
            match places.insert(member.name, members.len()) {
                Some(earlier) => {
                    self.repeated(&member);
                    places.insert(member.name, earlier);
                    members[earlier] = member;
                }
                None => members.push(member),
            }
        }
        Some(members)
    }

    fn repeated(&mut self, member: &Member<'_>) {
        let message = format!("{} is set more than once; the last value is used", member.node.path.name);
        self.warn_of_member(member, message, "one member of this name");
    }

    /// Warns of a member that no one knows, with the known name that may be meant.
    pub(super) fn unknown(&mut self, member: &Member<'_>, known: &[&str]) {
        let message = format!("{} is not known and is ignored", member.node.path.name);
        let expected = match similar::nearest(member.name, known) {
            Some(name) => format!("did you mean `{name}`?"),
            None => one_of(known),
        };
        self.warn_of_member(member, message, expected);
    }

    /// Warns of the members of an object of OpenClaw's whose names are near to one of ours and neither that nor another known
    /// one.
    pub(super) fn warn_of_slips(&mut self, node: &Node<'_>, ours: &[&str], known: &[&str]) {
        for member in node.value.members().unwrap_or_default() {
            if !ours.contains(&member.name()) && !known.contains(&member.name()) {
                self.warn_of_slip(&node.member(member), ours);
            }
        }
    }

    /// Warns of a member that no one knows, where its name is near to a known one.
    pub(super) fn warn_of_slip(&mut self, member: &Member<'_>, known: &[&str]) {
        if !known.contains(&member.name) && similar::nearest(member.name, known).is_some() {
            self.unknown(member, known);
        }
    }

    /// The elements of a list.
    pub(super) fn elements<'v>(&mut self, node: &Node<'v>, expected: &str) -> Option<Vec<Node<'v>>> {
        if !matches!(node.value.entry.value, EntryValue::List) {
            self.wrong_kind(node, expected);
            return None;
        }
        let element = |(index, value)| Node { value, path: node.path.element(index) };
        Some(node.value.contents.iter().enumerate().map(element).collect())
    }

    /// A string, with space at its ends removed. A blank one is an error; one that the host hides is ignored.
    pub(super) fn text(&mut self, node: &Node<'_>, expected: &str) -> Said<String> {
        if let EntryValue::Hidden(ValueKind::Text) = node.value.entry.value {
            let message = format!("{} looks like a secret, which no provider sees; it is ignored", node.path.name);
            self.warning(node, message, expected);
            return None;
        }
        let Some(text) = node.value.text() else {
            self.wrong_kind(node, expected);
            return None;
        };
        let text = text.trim();
        if text.is_empty() {
            self.error(node, format!("{} is blank", node.path.name), expected);
            return None;
        }
        Some(self.found(node, text.to_owned()))
    }

    /// A list of strings, with space at their ends removed. A blank one is an error.
    pub(super) fn texts(&mut self, node: &Node<'_>, expected: &str, each: &str) -> Said<Vec<String>> {
        let elements = self.elements(node, expected)?;
        let mut texts = Vec::with_capacity(elements.len());
        let mut whole = true;
        for element in &elements {
            match self.text(element, each) {
                Some(text) => texts.push(text.value),
                None => whole = false,
            }
        }
        whole.then(|| self.found(node, texts))
    }

    /// `true` or `false`.
    pub(super) fn boolean(&mut self, node: &Node<'_>) -> Said<bool> {
        let EntryValue::Boolean(value) = node.value.entry.value else {
            self.wrong_kind(node, "true or false");
            return None;
        };
        Some(self.found(node, value))
    }

    /// A finite number.
    pub(super) fn number(&mut self, node: &Node<'_>, expected: &str) -> Said<f64> {
        match node.value.entry.value {
            EntryValue::Number(value) => return Some(self.found(node, value)),
            EntryValue::NonFinite => {
                self.error(node, format!("{} is not a finite number", node.path.name), expected);
            }
            _ => self.wrong_kind(node, expected),
        }
        None
    }

    /// One of a set of words.
    pub(super) fn choice(&mut self, node: &Node<'_>, allowed: &[&str]) -> Said<String> {
        let text = self.text(node, &one_of(allowed))?;
        if let Some((message, expected)) = not_among(&node.path.name, &text.value, allowed) {
            self.error(node, message, expected);
            return None;
        }
        Some(text)
    }
}

/// Message and expectation where a text is none of a set of words.
pub(super) fn not_among(name: &str, text: &str, allowed: &[&str]) -> Option<(String, String)> {
    if allowed.contains(&text) {
        return None;
    }
    let expected = match similar::nearest(text, allowed) {
        Some(word) if allowed.len() > 1 => format!("{}; did you mean `{word}`?", one_of(allowed)),
        _ => one_of(allowed),
    };
    Some((format!("{name} is {}", shown(text)), expected))
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

fn one_of(words: &[&str]) -> String {
    let listed = words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    if words.len() == 1 { listed } else { format!("one of {listed}") }
}
