//! A JSON5 document as a tree of values with their positions. Whatever reads a configuration reads this tree.

use std::fmt;

use jsonc_parser::ast::{self, ObjectPropName};
use jsonc_parser::common::Ranged as _;

use super::path::Segment;
use super::position::Cursor;
use super::syntax;
use crate::contract::config::Position;

/// The mark that some editors begin a file with. It is no part of the document and has no column.
pub(super) const BYTE_ORDER_MARK: char = '\u{feff}';

/// The position of what no text has.
const NOWHERE: Position = Position { line: 0, column: 0 };

/// A parsed document. Its texts may be secrets, so debug output leaves them out.
#[derive(Clone, Default)]
pub struct Document {
    root: Option<Node>,
}

/// A value and its position.
#[derive(Clone)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// The position of its first character.
    pub position: Position,
}

/// A value.
#[derive(Clone)]
pub enum Value {
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A number as the document writes it.
    Number(String),
    /// A string.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// Members in the order of the text. A name may be there more than once; readers use the last.
    Object(Vec<Member>),
}

/// A member of an object.
#[derive(Clone)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// The position of the name.
    pub position: Position,
    /// Its value.
    pub node: Node,
}

/// Why a text has no tree, and where.
#[derive(Debug, Clone)]
pub struct Fault {
    /// The position of the error.
    pub position: Position,
    /// What is wrong.
    pub message: &'static str,
    /// A valid form.
    pub expected: &'static str,
}

impl Document {
    /// Parses JSON5. A text with nothing but white space and comments has no root.
    ///
    /// # Errors
    /// The first error in the text.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        match syntax::parse(text) {
            Ok(root) => {
                let mut cursor = Cursor::new(text);
                Ok(Document { root: root.map(|root| node(&root, &mut cursor)) })
            }
            Err(error) => Err(Fault::of(&error, text)),
        }
    }

    /// A document of a value that no text has.
    pub(super) fn of_json(value: &serde_json::Value) -> Self {
        Document { root: Some(of_json(value)) }
    }

    /// The whole value.
    #[must_use]
    pub fn root(&self) -> Option<&Node> {
        self.root.as_ref()
    }

    /// The value at a path.
    pub(super) fn find(&self, path: &[Segment]) -> Option<&Node> {
        path.iter().try_fold(self.root()?, Node::child)
    }

    /// The value at a path of names.
    pub(super) fn at(&self, names: &[&str]) -> Option<&Node> {
        names.iter().try_fold(self.root()?, |node, name| Some(&node.member(name)?.node))
    }
}

impl Fault {
    pub(super) fn of(error: &syntax::SyntaxError, text: &str) -> Self {
        let position = Cursor::new(text).advance_to(error.offset);
        Fault { position, message: error.message, expected: error.expected }
    }
}

impl Node {
    /// The member of this name; of several the last.
    pub(super) fn member(&self, name: &str) -> Option<&Member> {
        self.members().iter().rev().find(|member| member.name == name)
    }

    /// The members of an object; none of anything else.
    pub(super) fn members(&self) -> &[Member] {
        match &self.value {
            Value::Object(members) => members,
            _ => &[],
        }
    }

    /// The elements of a list; none of anything else.
    pub(super) fn elements(&self) -> &[Node] {
        match &self.value {
            Value::List(elements) => elements,
            _ => &[],
        }
    }

    pub(super) fn child(&self, segment: &Segment) -> Option<&Node> {
        match (segment, &self.value) {
            (Segment::Member(name), _) => self.member(name).map(|member| &member.node),
            (Segment::Element(index), Value::List(elements)) => elements.get(*index),
            (Segment::Element(_), _) => None,
        }
    }

    /// The kind of the value, for sentences.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "null",
            Value::Boolean(_) => "true or false",
            Value::Number(_) => "a number",
            Value::Text(_) => "a string",
            Value::List(_) => "a list",
            Value::Object(_) => "an object",
        }
    }

    /// The same value in JSON. A number that is not finite is its literal.
    pub(super) fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Boolean(value) => (*value).into(),
            Value::Number(literal) => number_to_json(literal),
            Value::Text(text) => text.as_str().into(),
            Value::List(elements) => elements.iter().map(Node::to_json).collect(),
            Value::Object(members) => {
                members.iter().map(|member| (member.name.clone(), member.node.to_json())).collect()
            }
        }
    }
}

/// Without texts and numbers.
impl fmt::Debug for Document {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Document")
    }
}

/// The tree of a value. Positions are asked in the order of the text, so the cursor goes through it once.
fn node(value: &ast::Value<'_>, cursor: &mut Cursor<'_>) -> Node {
    let position = cursor.advance_to(value.start());
    let value = match value {
        ast::Value::NullKeyword(_) => Value::Null,
        ast::Value::BooleanLit(literal) => Value::Boolean(literal.value),
        ast::Value::NumberLit(literal) => Value::Number(literal.value.to_owned()),
        ast::Value::StringLit(literal) => Value::Text(literal.value.clone().into_owned()),
        ast::Value::Array(array) => Value::List(array.elements.iter().map(|element| node(element, cursor)).collect()),
        ast::Value::Object(object) => {
            let member = |property: &ast::ObjectProp<'_>| {
                let start = match &property.name {
                    ObjectPropName::String(literal) => literal.range.start,
                    ObjectPropName::Word(word) => word.range.start,
                };
                let (name, position) = (property.name.as_str().to_owned(), cursor.advance_to(start));
                Member { name, position, node: node(&property.value, cursor) }
            };
            Value::Object(object.properties.iter().map(member).collect())
        }
    };
    Node { value, position }
}

fn of_json(value: &serde_json::Value) -> Node {
    let value = match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(value) => Value::Boolean(*value),
        serde_json::Value::Number(number) => Value::Number(number.to_string()),
        serde_json::Value::String(text) => Value::Text(text.clone()),
        serde_json::Value::Array(elements) => Value::List(elements.iter().map(of_json).collect()),
        serde_json::Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, value)| Member { name: name.clone(), position: NOWHERE, node: of_json(value) })
                .collect(),
        ),
    };
    Node { value, position: NOWHERE }
}

/// Whole numbers up to here are exact in a double.
const EXACT: f64 = 9_007_199_254_740_992.0;

fn number_to_json(literal: &str) -> serde_json::Value {
    if let Ok(number) = literal.parse::<serde_json::Number>() {
        return number.into();
    }
    match number(literal) {
        #[expect(clippy::cast_possible_truncation, reason = "it is whole, and a double holds it exactly")]
        value if value.fract() == 0.0 && value.abs() <= EXACT => (value as i64).into(),
        value if value.is_finite() => value.into(),
        _ => literal.into(),
    }
}

/// The value of a JSON5 number: decimal, hexadecimal, with a plus sign, with a bare decimal point, `Infinity`, `NaN`.
pub(super) fn number(literal: &str) -> f64 {
    let (negative, digits) = match literal.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, literal.strip_prefix('+').unwrap_or(literal)),
    };
    let magnitude = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hex) => hex.chars().fold(0.0, |value, c| value * 16.0 + f64::from(c.to_digit(16).unwrap_or(0))),
        None => digits.parse().unwrap_or(f64::NAN),
    };
    if negative { -magnitude } else { magnitude }
}

#[cfg(test)]
mod tests {
    use super::{Document, number};

    #[test]
    fn every_kind_of_number_has_its_value() {
        let table = [
            ("3600", 3600.0),
            ("-1.5e3", -1500.0),
            ("+7", 7.0),
            (".5", 0.5),
            ("5.", 5.0),
            ("0x1F", 31.0),
            ("-0X10", -16.0),
            ("Infinity", f64::INFINITY),
            ("-Infinity", f64::NEG_INFINITY),
        ];
        for (literal, value) in table {
            assert_eq!(number(literal), value, "{literal}");
        }
        assert!(number("NaN").is_nan());
    }

    #[test]
    fn json_keeps_what_it_can_say() {
        let document = Document::parse("{a: [1.10, .5, 0x10, null, true, NaN], b: {}}").expect("valid");
        assert_eq!(
            document.root().expect("a value").to_json().to_string(),
            r#"{"a":[1.1,0.5,16,null,true,"NaN"],"b":{}}"#
        );
    }

    #[test]
    fn debug_output_has_no_value() {
        assert_eq!(format!("{:?}", Document::parse("{apiKey: 'hunter2'}")), "Ok(Document)");
    }
}
