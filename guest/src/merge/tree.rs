//! The entries of a layer as the tree that they are.

use crate::contract::config::{Entry, EntryValue, ValueKind};

/// The largest whole number up to which a double holds every whole number: 2^53 - 1, JavaScript's largest safe integer.
pub(super) const LARGEST_EXACT: f64 = 9_007_199_254_740_991.0;

/// An entry and its contents.
pub(super) struct Tree<'l> {
    pub(super) entry: &'l Entry,
    /// Members of an object, elements of a list.
    pub(super) contents: Vec<Tree<'l>>,
}

impl<'l> Tree<'l> {
    /// The document of a layer; None where it has none.
    pub(super) fn new(entries: &'l [Entry]) -> Option<Self> {
        let mut rest = entries;
        let (root, below) = rest.split_first()?;
        rest = below;
        Some(Tree::with_contents(root, &mut rest))
    }

    fn with_contents(entry: &'l Entry, rest: &mut &'l [Entry]) -> Self {
        let mut contents = Vec::new();
        while let Some((next, below)) = rest.split_first().filter(|(next, _)| next.depth > entry.depth) {
            *rest = below;
            contents.push(Tree::with_contents(next, rest));
        }
        Tree { entry, contents }
    }

    /// The name of a member; empty for anything else.
    pub(super) fn name(&self) -> &'l str {
        self.entry.name.as_deref().unwrap_or_default()
    }

    /// A text that the provider may see.
    pub(super) fn text(&self) -> Option<&'l str> {
        match &self.entry.value {
            EntryValue::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The members of an object that the provider may see: none of one that the host hides.
    pub(super) fn members(&self) -> Option<&[Tree<'l>]> {
        matches!(self.entry.value, EntryValue::Object | EntryValue::Hidden(ValueKind::Object)).then_some(&self.contents)
    }

    /// The kind of the value, for sentences.
    pub(super) fn kind(&self) -> &'static str {
        match &self.entry.value {
            EntryValue::Null | EntryValue::Hidden(ValueKind::Null) => "null",
            EntryValue::Boolean(_) | EntryValue::Hidden(ValueKind::Boolean) => "true or false",
            EntryValue::Number(_) | EntryValue::NonFinite | EntryValue::Hidden(ValueKind::Number) => "a number",
            EntryValue::Text(_) | EntryValue::Hidden(ValueKind::Text) => "a string",
            EntryValue::List | EntryValue::Hidden(ValueKind::List) => "a list",
            EntryValue::Object | EntryValue::Hidden(ValueKind::Object) => "an object",
        }
    }

    /// Whether the host hides the value, or something in it.
    pub(super) fn is_hidden(&self) -> bool {
        matches!(self.entry.value, EntryValue::Hidden(_)) || self.contents.iter().any(Tree::is_hidden)
    }

    /// The value in JSON; of members with the same name the last. None where JSON cannot say it: a number that is not finite.
    pub(super) fn to_json(&self) -> Option<serde_json::Value> {
        use serde_json::Value;
        Some(match &self.entry.value {
            EntryValue::Null | EntryValue::Hidden(_) => Value::Null,
            EntryValue::Boolean(value) => Value::Bool(*value),
            EntryValue::Number(value) => Value::Number(number(*value)?),
            EntryValue::NonFinite => return None,
            EntryValue::Text(text) => Value::String(text.clone()),
            EntryValue::List => Value::Array(self.contents.iter().map(Tree::to_json).collect::<Option<_>>()?),
            EntryValue::Object => {
                let member = |member: &Tree<'_>| Some((member.name().to_owned(), member.to_json()?));
                Value::Object(self.contents.iter().map(member).collect::<Option<_>>()?)
            }
        })
    }
}

/// A number of JSON. Whole numbers that a double holds exactly are written whole: 0x10 is 16 and not 16.0.
fn number(value: f64) -> Option<serde_json::Number> {
    if value.fract() == 0.0 && value.abs() <= LARGEST_EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "the value is whole and within 2^53")]
        return Some((value as i64).into());
    }
    serde_json::Number::from_f64(value)
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn whole_numbers_are_written_whole() {
        let text = |value: f64| number(value).map(|number| number.to_string());
        let texts = [16.0, -3.0, 0.5, 1e30].map(text);
        assert_eq!(texts, ["16", "-3", "0.5", "1e+30"].map(|text| Some(text.to_owned())));
        assert_eq!(number(f64::NAN), None);
    }
}
