//! Reading typed values out of the file's tree, and keeping account of what is wrong with them.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use jsonc_parser::ast::{Object, ObjectProp, Value};
use jsonc_parser::common::Ranged as _;

use super::super::json5;
use super::super::path::{Segment, Shown};
use super::super::position::Cursor;
use super::super::similar;
use crate::contract::config::{Place, Problem, Severity};

/// A value of the tree and its path.
pub(super) struct Node<'v, 't> {
    value: &'v Value<'t>,
    path: Vec<Segment>,
}

impl<'v, 't> Node<'v, 't> {
    /// The whole document.
    pub(super) fn root(value: &'v Value<'t>) -> Self {
        Node { value, path: Vec::new() }
    }

    /// Whether it is an object.
    pub(super) fn is_object(&self) -> bool {
        matches!(self.value, Value::Object(_))
    }

    fn below(&self, segment: Segment, value: &'v Value<'t>) -> Self {
        let mut path = self.path.clone();
        path.push(segment);
        Node { value, path }
    }
}

/// The members of an object, by name.
pub(super) type Members<'v, 't> = BTreeMap<&'v str, Node<'v, 't>>;

/// What is wrong, and where in the text.
struct Noted {
    offset: usize,
    path: String,
    message: String,
    expected: String,
}

/// Reads the document, and notes all that is wrong with it.
#[derive(Default)]
pub(super) struct Reader {
    noted: Vec<Noted>,
}

impl Reader {
    /// What was wrong, in the order of the text.
    pub(super) fn into_problems(mut self, source: &str, text: &str) -> Vec<Problem> {
        // Stable: of two at the same place the first stays first.
        self.noted.sort_by_key(|noted| noted.offset);
        let mut cursor = Cursor::new(text);
        let problem = |Noted { offset, path, message, expected }| {
            let (line, column) = cursor.advance_to(offset);
            let place = Place { layer: "file".to_owned(), source: source.to_owned(), line, column };
            Problem { severity: Severity::Error, place, path, message, expected }
        };
        self.noted.into_iter().map(problem).collect()
    }

    /// Notes that something is wrong with a value.
    pub(super) fn wrong(&mut self, node: &Node<'_, '_>, message: impl Into<String>, expected: impl Into<String>) {
        self.note(node.value.start(), &node.path, message.into(), expected.into());
    }

    /// Notes that the text has no tree.
    pub(super) fn fault(&mut self, offset: usize, message: String) {
        self.note(offset, &[], message, "JSON5".to_owned());
    }

    fn note(&mut self, offset: usize, path: &[Segment], message: String, expected: String) {
        self.noted.push(Noted { offset, path: Shown(path).to_string(), message, expected });
    }

    fn wrong_kind(&mut self, node: &Node<'_, '_>, expected: &str) {
        self.wrong(node, format!("this is {}", kind(node.value)), expected);
    }

    /// A member of the document, whose other members are none of the gateway's business.
    pub(super) fn child<'v, 't>(&mut self, root: &Node<'v, 't>, name: &str) -> Option<Node<'v, 't>> {
        let Value::Object(object) = root.value else {
            self.wrong_kind(root, "an object");
            return None;
        };
        let mut found = object.properties.iter().filter(|property| property.name.as_str() == name);
        let first = found.next()?;
        for repeated in found {
            self.repeated(root, repeated);
        }
        Some(root.below(Segment::Member(name.to_owned()), &first.value))
    }

    /// The members of an object; names that are not known, and those that are there twice, are wrong.
    pub(super) fn members<'v, 't>(&mut self, node: &Node<'v, 't>, known: &[&str]) -> Members<'v, 't> {
        let mut members = Members::new();
        for property in self.properties(node) {
            let name = property.name.as_str();
            if !known.contains(&name) {
                let path = node.below(Segment::Member(name.to_owned()), &property.value).path;
                let expected = similar::did_you_mean(name, known);
                self.note(property.start(), &path, "there is no such setting".to_owned(), expected);
            } else if members.contains_key(name) {
                self.repeated(node, property);
            } else {
                members.insert(name, node.below(Segment::Member(name.to_owned()), &property.value));
            }
        }
        members
    }

    /// The members of an object whose names are the user's own.
    pub(super) fn entries<'v, 't>(&mut self, node: &Node<'v, 't>) -> Vec<(&'v str, Node<'v, 't>)> {
        let entry = |property: &'v ObjectProp<'t>| {
            let name = property.name.as_str();
            (name, node.below(Segment::Member(name.to_owned()), &property.value))
        };
        self.properties(node).iter().map(entry).collect()
    }

    fn properties<'v, 't>(&mut self, node: &Node<'v, 't>) -> &'v [ObjectProp<'t>] {
        match node.value {
            Value::Object(Object { properties, .. }) => properties,
            _ => {
                self.wrong_kind(node, "an object");
                &[]
            }
        }
    }

    fn repeated(&mut self, node: &Node<'_, '_>, property: &ObjectProp<'_>) {
        let path = Segment::Member(property.name.as_str().to_owned());
        let path: Vec<Segment> = node.path.iter().cloned().chain([path]).collect();
        self.note(
            property.start(),
            &path,
            "this is set a second time".to_owned(),
            "one member of this name".to_owned(),
        );
    }

    /// The elements of a list.
    pub(super) fn elements<'v, 't>(&mut self, node: &Node<'v, 't>) -> Vec<Node<'v, 't>> {
        let Value::Array(array) = node.value else {
            self.wrong_kind(node, "a list");
            return Vec::new();
        };
        let element = |(index, value)| node.below(Segment::Element(index), value);
        array.elements.iter().enumerate().map(element).collect()
    }

    /// A text, as it stands there.
    pub(super) fn text<'v>(&mut self, node: &Node<'v, '_>, expected: &str) -> Option<&'v str> {
        if let Value::StringLit(literal) = node.value {
            return Some(literal.value.as_ref());
        }
        self.wrong_kind(node, expected);
        None
    }

    /// Sets a target where the member is there and is true or false.
    pub(super) fn flag(&mut self, members: &Members<'_, '_>, name: &str, target: &mut bool) {
        match members.get(name).map(|node| (node, node.value)) {
            None => {}
            Some((_, Value::BooleanLit(literal))) => *target = literal.value,
            Some((node, _)) => self.wrong_kind(node, "true or false"),
        }
    }

    /// A whole number within a range, where the member is there and is one.
    pub(super) fn whole<N>(&mut self, members: &Members<'_, '_>, name: &str, range: RangeInclusive<N>) -> Option<N>
    where
        N: TryFrom<u64> + PartialOrd + std::fmt::Display,
    {
        let node = members.get(name)?;
        let expected = format!("a whole number from {} to {}", range.start(), range.end());
        let number = self.number(node, &expected)?;
        // Whole numbers up to here are exact, and no setting goes beyond.
        const MOST: f64 = 9_007_199_254_740_992.0;
        if number.fract() == 0.0 && (0.0..=MOST).contains(&number) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is whole and in the range")]
            let whole = N::try_from(number as u64).ok().filter(|whole| range.contains(whole));
            if whole.is_some() {
                return whole;
            }
        }
        self.wrong(node, format!("this is {number}"), expected);
        None
    }

    /// Sets a target where the member is a number of seconds within a range.
    pub(super) fn seconds(
        &mut self,
        members: &Members<'_, '_>,
        name: &str,
        range: RangeInclusive<f64>,
        target: &mut Duration,
    ) {
        let Some(node) = members.get(name) else { return };
        let expected = format!("seconds, from {} to {}", range.start(), range.end());
        let Some(number) = self.number(node, &expected) else { return };
        match Duration::try_from_secs_f64(number) {
            Ok(duration) if range.contains(&number) => *target = duration,
            _ => self.wrong(node, format!("this is {number}"), expected),
        }
    }

    fn number(&mut self, node: &Node<'_, '_>, expected: &str) -> Option<f64> {
        let Value::NumberLit(literal) = node.value else {
            self.wrong_kind(node, expected);
            return None;
        };
        let number = json5::number(literal.value);
        if number.is_none() {
            self.wrong(node, "this is too large or not a finite number", expected);
        }
        number
    }
}

fn kind(value: &Value<'_>) -> &'static str {
    match value {
        Value::StringLit(_) => "a text",
        Value::NumberLit(_) => "a number",
        Value::BooleanLit(_) => "true or false",
        Value::Object(_) => "an object",
        Value::Array(_) => "a list",
        Value::NullKeyword(_) => "null",
    }
}
