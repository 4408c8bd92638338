//! Layers with nothing hidden: of values that hold no secret, such as those of cases.

use super::document::{Document, Fault, Member, Node, Value, number};
use crate::contract::config::{Entry, EntryValue, Layer, Position};

/// A layer of JSON5.
///
/// # Errors
/// The error of syntax, in a sentence.
pub fn unmasked(name: &str, source: &str, json5: &str) -> Result<Layer, String> {
    let document = Document::parse(json5).map_err(|fault| {
        let Fault { position: Position { line, column }, message, expected: _ } = fault;
        format!("a layer is not JSON5: {message} at its line {line}, column {column}")
    })?;
    let mut entries = Vec::new();
    if let Some(root) = document.root() {
        push(&mut entries, None, 0, root);
    }
    Ok(Layer { name: name.to_owned(), source: source.to_owned(), entries })
}

/// The layers of environment variables. A blank one counts as not set.
pub fn of_variables(variables: impl IntoIterator<Item = (String, String)>) -> Vec<Layer> {
    variables
        .into_iter()
        .filter(|(_, value)| !value.trim().is_empty())
        .map(|(name, value)| variable(name, &value))
        .collect()
}

/// The layer of an environment variable.
fn variable(name: String, value: &str) -> Layer {
    let position = Position { line: 0, column: 0 };
    let entry = |depth, name, value| Entry { depth, name, name_position: position, value, position };
    let text = EntryValue::Text(value.trim().to_owned());
    let entries = vec![entry(0, None, EntryValue::Object), entry(1, Some(name.clone()), text)];
    Layer { name: "environment".to_owned(), source: name, entries }
}

fn push(entries: &mut Vec<Entry>, member: Option<&Member>, depth: u32, node: &Node) {
    entries.push(Entry {
        depth,
        name: member.map(|member| member.name.clone()),
        name_position: member.map_or(node.position, |member| member.position),
        value: value(node),
        position: node.position,
    });
    node.members().iter().for_each(|member| push(entries, Some(member), depth + 1, &member.node));
    node.elements().iter().for_each(|element| push(entries, None, depth + 1, element));
}

/// A value as an entry has it.
pub(super) fn value(node: &Node) -> EntryValue {
    match &node.value {
        Value::Null => EntryValue::Null,
        Value::Boolean(value) => EntryValue::Boolean(*value),
        Value::Number(literal) => {
            Some(number(literal)).filter(|number| number.is_finite()).map_or(EntryValue::NonFinite, EntryValue::Number)
        }
        Value::Text(text) => EntryValue::Text(text.clone()),
        Value::List(_) => EntryValue::List,
        Value::Object(_) => EntryValue::Object,
    }
}
