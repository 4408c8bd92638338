//! Values to put into the file.

use jsonc_parser::cst::CstInputValue;

use super::super::document::{Document, Fault, Node, Value};
use super::EditError;
use crate::contract::config::Position;

/// A value to put into the file. It may be a secret, so it is not shown in debug output.
#[derive(Clone)]
pub struct EditValue(pub(super) CstInputValue);

impl EditValue {
    /// Reads a value as it would stand in the file. Numbers stay as they are written, comments go.
    ///
    /// # Errors
    /// When it is no JSON5 or nothing.
    pub fn parse(json5: &str) -> Result<Self, EditError> {
        match Document::parse(json5) {
            Ok(document) => match document.root() {
                Some(root) => Ok(EditValue(of_tree(root))),
                None => Err(EditError::Value { line: 1, column: 1, message: "it is empty" }),
            },
            Err(Fault { position: Position { line, column }, message, expected: _ }) => {
                Err(EditError::Value { line, column, message })
            }
        }
    }

    /// An object with these members, in this order.
    pub fn object<'n>(members: impl IntoIterator<Item = (&'n str, EditValue)>) -> Self {
        let member = |(name, value): (&str, EditValue)| (name.to_owned(), value.0);
        EditValue(CstInputValue::Object(members.into_iter().map(member).collect()))
    }

    /// A list of these values.
    pub fn list(elements: impl IntoIterator<Item = EditValue>) -> Self {
        EditValue(CstInputValue::Array(elements.into_iter().map(|element| element.0).collect()))
    }
}

impl From<&str> for EditValue {
    fn from(text: &str) -> Self {
        EditValue(CstInputValue::from(text))
    }
}

impl From<u64> for EditValue {
    fn from(number: u64) -> Self {
        EditValue(CstInputValue::from(number))
    }
}

impl From<bool> for EditValue {
    fn from(value: bool) -> Self {
        EditValue(CstInputValue::from(value))
    }
}

impl std::fmt::Debug for EditValue {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("EditValue")
    }
}

fn of_tree(node: &Node) -> CstInputValue {
    match &node.value {
        Value::Null => CstInputValue::Null,
        Value::Boolean(value) => CstInputValue::Bool(*value),
        Value::Number(literal) => CstInputValue::Number(literal.clone()),
        Value::Text(text) => CstInputValue::String(text.clone()),
        Value::List(elements) => CstInputValue::Array(elements.iter().map(of_tree).collect()),
        Value::Object(members) => {
            CstInputValue::Object(members.iter().map(|member| (member.name.clone(), of_tree(&member.node))).collect())
        }
    }
}
