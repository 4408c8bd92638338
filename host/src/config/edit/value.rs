//! Values to put into the file.

use jsonc_parser::ast::Value;
use jsonc_parser::cst::CstInputValue;

use super::super::json5;
use super::super::position;
use super::EditError;

/// A value to put into the file. It may be a secret, so it is not shown in debug output.
#[derive(Clone)]
pub struct EditValue(pub(super) CstInputValue);

impl EditValue {
    /// Reads a value as it would stand in the file. Numbers stay as they are written, comments go.
    ///
    /// # Errors
    /// When it is no JSON5, nothing, or deeper than any configuration.
    pub fn parse(json5: &str) -> Result<Self, EditError> {
        if json5::too_deep(json5).is_some() {
            return Err(EditError::TooDeep);
        }
        match json5::parse(json5) {
            Ok(Some(value)) => Ok(EditValue(of_tree(&value))),
            Ok(None) => Err(EditError::Value { line: 1, column: 1, message: "there is nothing".to_owned() }),
            Err(error) => {
                let (line, column) = position::locate(json5, error.range().start);
                Err(EditError::Value { line, column, message: error.kind().to_string() })
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

/// It calls itself once a level; [`EditValue::parse`] sees to it that there are not many.
fn of_tree(value: &Value<'_>) -> CstInputValue {
    match value {
        Value::NullKeyword(_) => CstInputValue::Null,
        Value::BooleanLit(literal) => CstInputValue::Bool(literal.value),
        Value::NumberLit(literal) => CstInputValue::Number(literal.value.to_owned()),
        Value::StringLit(literal) => CstInputValue::String(literal.value.to_string()),
        Value::Array(array) => CstInputValue::Array(array.elements.iter().map(of_tree).collect()),
        Value::Object(object) => {
            let member = |property: &jsonc_parser::ast::ObjectProp<'_>| {
                (property.name.as_str().to_owned(), of_tree(&property.value))
            };
            CstInputValue::Object(object.properties.iter().map(member).collect())
        }
    }
}
