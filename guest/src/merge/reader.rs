//! Reading typed values out of a layer's tree, and keeping account of what is wrong with them.

use std::collections::BTreeMap;

use jsonc_parser::ast::{ObjectProp, ObjectPropName, Value};
use jsonc_parser::common::Ranged;

use super::json;
use super::partial::{Found, Said};
use super::path::Path;
use super::position::Lines;
use super::similar;
use super::syntax::Fault;
use crate::contract::config::{Layer, Place, Problem, Severity};

/// A value of the tree and its path.
pub(super) struct Node<'v, 't> {
    pub(super) value: &'v Value<'t>,
    pub(super) path: Path,
}

/// A member of an object.
pub(super) struct Member<'v, 't> {
    pub(super) name: &'v str,
    /// Byte offset of the name.
    pub(super) at: usize,
    pub(super) node: Node<'v, 't>,
}

impl<'v, 't> Node<'v, 't> {
    /// The whole document.
    pub(super) fn root(value: &'v Value<'t>) -> Self {
        Node { value, path: Path::root() }
    }

    fn member(&self, property: &'v ObjectProp<'t>) -> Member<'v, 't> {
        let name = property.name.as_str();
        Member { name, at: name_offset(property), node: Node { value: &property.value, path: self.path.member(name) } }
    }

    /// Byte offset of the value.
    pub(super) fn at(&self) -> usize {
        self.value.start()
    }
}

fn name_offset(property: &ObjectProp<'_>) -> usize {
    match &property.name {
        ObjectPropName::String(literal) => literal.range.start,
        ObjectPropName::Word(word) => word.range.start,
    }
}

/// Reads one layer.
pub(super) struct Reader<'t> {
    layer: &'t Layer,
    lines: Lines<'t>,
    problems: Vec<Problem>,
}

impl<'t> Reader<'t> {
    /// A reader of the layer with this text.
    pub(super) fn new(layer: &'t Layer, text: &'t str) -> Self {
        Reader { layer, lines: Lines::new(text), problems: Vec::new() }
    }

    /// What was wrong.
    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    /// The place of a byte offset.
    pub(super) fn place(&self, offset: usize) -> Place {
        let (line, column) = self.lines.locate(offset);
        Place { layer: self.layer.name.clone(), source: self.layer.source.clone(), line, column }
    }

    /// A value that stands at this node.
    pub(super) fn found<T>(&self, node: &Node<'_, '_>, value: T) -> Found<T> {
        Found { value, place: self.place(node.at()) }
    }

    /// Notes an error in the value of a node.
    pub(super) fn error(&mut self, node: &Node<'_, '_>, message: String, expected: impl Into<String>) {
        self.note(Severity::Error, node.at(), &node.path, message, expected.into());
    }

    /// Notes a warning about the value of a node.
    pub(super) fn warning(&mut self, node: &Node<'_, '_>, message: String, expected: impl Into<String>) {
        self.note(Severity::Warning, node.at(), &node.path, message, expected.into());
    }

    /// Notes a warning about a member as such, at its name.
    pub(super) fn warn_of_member(&mut self, member: &Member<'_, '_>, message: String, expected: impl Into<String>) {
        self.note(Severity::Warning, member.at, &member.node.path, message, expected.into());
    }

    /// Notes that the layer's text cannot be read at all.
    pub(super) fn fault(&mut self, fault: &Fault) {
        let nowhere = Path { full: String::new(), name: String::new() };
        self.note(Severity::Error, fault.offset, &nowhere, fault.message.to_owned(), fault.expected.to_owned());
    }

    fn note(&mut self, severity: Severity, at: usize, path: &Path, message: String, expected: String) {
        let place = self.place(at);
        self.problems.push(Problem { severity, place, path: path.full.clone(), message, expected });
    }

    /// Notes that a value is of the wrong kind.
    pub(super) fn wrong_kind(&mut self, node: &Node<'_, '_>, expected: &str) {
        self.error(node, format!("{} is {}", node.path.name, kind(node.value)), expected);
    }

    /// A member of an object that is not Bedrock's own: other members are not looked at.
    pub(super) fn child<'v, 'n>(&mut self, parent: &Node<'v, 'n>, name: &str) -> Option<Node<'v, 'n>> {
        let Value::Object(object) = parent.value else {
            self.wrong_kind(parent, "an object");
            return None;
        };
        let mut last: Option<&ObjectProp<'n>> = None;
        for property in object.properties.iter().filter(|property| property.name.as_str() == name) {
            if last.is_some() {
                self.repeated(&parent.member(property));
            }
            last = Some(property);
        }
        last.map(|property| parent.member(property).node)
    }

    /// [`Reader::child`] of a child, and so on.
    pub(super) fn descend<'v, 'n>(&mut self, root: &Node<'v, 'n>, names: &[&str]) -> Option<Node<'v, 'n>> {
        let (first, rest) = names.split_first()?;
        let child = self.child(root, first)?;
        if rest.is_empty() { Some(child) } else { self.descend(&child, rest) }
    }

    /// The members of an object; of members with the same name the last, with a warning.
    pub(super) fn members<'v, 'n>(&mut self, node: &Node<'v, 'n>, expected: &str) -> Option<Vec<Member<'v, 'n>>> {
        let Value::Object(object) = node.value else {
            self.wrong_kind(node, expected);
            return None;
        };
        let mut members: Vec<Member<'v, 'n>> = Vec::with_capacity(object.properties.len());
        let mut places = BTreeMap::new();
        for property in &object.properties {
            let member = node.member(property);
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

    fn repeated(&mut self, member: &Member<'_, '_>) {
        let message = format!("{} is there more than once; the last one counts", member.node.path.name);
        self.warn_of_member(member, message, "one member of this name");
    }

    /// Warns of a member that no one knows, with the known name that may be meant.
    pub(super) fn unknown(&mut self, member: &Member<'_, '_>, known: &[&str]) {
        let message = format!("{} is not known and does nothing", member.node.path.name);
        let expected = match similar::nearest(member.name, known) {
            Some(name) => format!("did you mean `{name}`?"),
            None => one_of(known),
        };
        self.warn_of_member(member, message, expected);
    }

    /// Warns of the members of an object of OpenClaw's whose names are near to one of ours and neither that nor another known
    /// one.
    pub(super) fn warn_of_slips(&mut self, node: &Node<'_, '_>, ours: &[&str], known: &[&str]) {
        let Value::Object(object) = node.value else { return };
        for property in &object.properties {
            let name = property.name.as_str();
            if !ours.contains(&name) && !known.contains(&name) {
                self.warn_of_slip(&node.member(property), ours);
            }
        }
    }

    /// Warns of a member that no one knows, where its name is near to a known one.
    pub(super) fn warn_of_slip(&mut self, member: &Member<'_, '_>, known: &[&str]) {
        if !known.contains(&member.name) && similar::nearest(member.name, known).is_some() {
            self.unknown(member, known);
        }
    }

    /// The elements of a list.
    pub(super) fn elements<'v, 'n>(&mut self, node: &Node<'v, 'n>, expected: &str) -> Option<Vec<Node<'v, 'n>>> {
        let Value::Array(array) = node.value else {
            self.wrong_kind(node, expected);
            return None;
        };
        let element = |(index, value)| Node { value, path: node.path.element(index) };
        Some(array.elements.iter().enumerate().map(element).collect())
    }

    /// A string, with space at its ends removed. A blank one is an error.
    pub(super) fn text(&mut self, node: &Node<'_, '_>, expected: &str) -> Said<String> {
        let Value::StringLit(literal) = node.value else {
            self.wrong_kind(node, expected);
            return None;
        };
        let text = literal.value.trim();
        if text.is_empty() {
            self.error(node, format!("{} is blank", node.path.name), expected);
            return None;
        }
        Some(self.found(node, text.to_owned()))
    }

    /// A list of strings, with space at their ends removed. A blank one is an error.
    pub(super) fn texts(&mut self, node: &Node<'_, '_>, expected: &str, each: &str) -> Said<Vec<String>> {
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
    pub(super) fn boolean(&mut self, node: &Node<'_, '_>) -> Said<bool> {
        let Value::BooleanLit(literal) = node.value else {
            self.wrong_kind(node, "true or false");
            return None;
        };
        Some(self.found(node, literal.value))
    }

    /// A finite number.
    pub(super) fn number(&mut self, node: &Node<'_, '_>, expected: &str) -> Said<f64> {
        let Value::NumberLit(literal) = node.value else {
            self.wrong_kind(node, expected);
            return None;
        };
        let value = json::number(literal.value);
        if !value.is_finite() {
            self.error(node, format!("{} is not a finite number", node.path.name), expected);
            return None;
        }
        Some(self.found(node, value))
    }

    /// One of a set of words.
    pub(super) fn choice(&mut self, node: &Node<'_, '_>, allowed: &[&str]) -> Said<String> {
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

fn kind(value: &Value<'_>) -> &'static str {
    match value {
        Value::StringLit(_) => "a string",
        Value::NumberLit(_) => "a number",
        Value::BooleanLit(_) => "true or false",
        Value::Object(_) => "an object",
        Value::Array(_) => "a list",
        Value::NullKeyword(_) => "null",
    }
}
