//! One difference, and how values are turned into differences.

use serde::Serialize;
use serde_json::Value;

use crate::conformance::diff::{Step, exact_differences};

/// Most characters of a value that a difference shows.
const SHOWN: usize = 160;
/// Most differences of one specimen that are told. Behind the first ones stands what follows from them.
const MOST: usize = 64;
/// Most members of a path that a kind names.
const DEEPEST: usize = 8;
/// Most characters of a member's name that a kind has.
const LONGEST_NAME: usize = 48;

/// Members of Bedrock's API and of the contract whose value is the user's or the model's own. Kinds and places end there: what
/// lies below is content, and its names could be anything.
const OPAQUE: &[&str] =
    &["input", "json", "arguments", "value", "requestMetadata", "promptVariables", "extras", "params", "origins"];

/// A difference between two versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// A short stable key to group by, such as `delta/toolcall-end/arguments` or `request/inferenceConfig.maxTokens`. It has no
    /// content in it.
    pub kind: String,
    /// Where, such as `messages/0/content/1/text`.
    pub place: String,
    /// What the old version has there, as a short text; none where it has nothing.
    pub old: Option<String>,
    /// What the new version has there.
    pub new: Option<String>,
}

/// The differences of one specimen.
#[derive(Debug, Default)]
pub(super) struct Found(Vec<Difference>);

impl Found {
    pub(super) fn into_list(self) -> Vec<Difference> {
        self.0
    }

    /// Adds a difference of two values, any of which may not be there.
    pub(super) fn add(&mut self, kind: String, place: String, old: Option<&Value>, new: Option<&Value>) {
        let shown = |value: Option<&Value>| value.map(|value| cut(&value.to_string()));
        self.told(Difference { kind, place, old: shown(old), new: shown(new) });
    }

    /// Adds a difference as it is.
    pub(super) fn told(&mut self, difference: Difference) {
        // One place differs once, however many values below an opaque member do.
        let known = self.0.iter().any(|known| known.kind == difference.kind && known.place == difference.place);
        if self.0.len() < MOST && !known {
            self.0.push(difference);
        }
    }

    /// Adds every place where two documents differ. The kind is the prefix, and behind a slash the members on the way.
    pub(super) fn values(&mut self, kind: &str, place: &str, old: &Value, new: &Value) {
        exact_differences(old, new, |steps, old, new| {
            let steps = until_opaque(steps);
            let names: Vec<String> = steps.iter().filter_map(name).take(DEEPEST).collect();
            let kind = if names.is_empty() { kind.to_owned() } else { format!("{kind}/{}", names.join(".")) };
            let path = std::iter::once(place.to_owned()).filter(|place| !place.is_empty());
            let path: Vec<String> = path.chain(steps.iter().map(told)).collect();
            self.add(kind, path.join("/"), old, new);
        });
    }
}

/// The steps up to the first member that is opaque.
fn until_opaque(steps: &[Step]) -> &[Step] {
    let opaque = |step: &Step| matches!(step, Step::Member(name) if OPAQUE.contains(&name.as_str()));
    steps.iter().position(opaque).map_or(steps, |at| &steps[..=at])
}

fn name(step: &Step) -> Option<String> {
    match step {
        Step::Member(name) => Some(name.chars().take(LONGEST_NAME).collect()),
        Step::Element(_) => None,
    }
}

fn told(step: &Step) -> String {
    match step {
        Step::Member(name) => name.chars().take(LONGEST_NAME).collect(),
        Step::Element(index) => index.to_string(),
    }
}

/// A text that is not longer than a line or two.
pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
    }
}

/// A document as a value; what is no JSON stands as a string.
pub(super) fn document(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(old: &Value, new: &Value) -> Vec<(String, String)> {
        let mut found = Found::default();
        found.values("request", "", old, new);
        found.into_list().into_iter().map(|difference| (difference.kind, difference.place)).collect()
    }

    #[test]
    fn a_kind_has_members_and_a_place_has_indexes_too() {
        let old =
            json!({"inferenceConfig": {"maxTokens": 1}, "messages": [{"content": [{"text": "a"}, {"text": "b"}]}]});
        let new =
            json!({"messages": [{"content": [{"text": "a"}, {"text": "c"}]}], "inferenceConfig": {"maxTokens": 2}});
        let expected = [
            ("request/inferenceConfig.maxTokens", "inferenceConfig/maxTokens"),
            ("request/messages.content.text", "messages/0/content/1/text"),
        ];
        assert_eq!(found(&old, &new), expected.map(|(kind, place)| (kind.to_owned(), place.to_owned())));
        assert_eq!(found(&old, &old), []);
    }

    #[test]
    fn what_lies_below_an_opaque_member_is_one_difference_without_its_names() {
        let old = json!({"toolUse": {"input": {"secret name": 1, "other": {"deep": 2}}}});
        let new = json!({"toolUse": {"input": {"secret name": 2, "other": {"deep": 3}}}});
        assert_eq!(found(&old, &new), [("request/toolUse.input".to_owned(), "toolUse/input".to_owned())]);
    }

    #[test]
    fn there_is_a_bound() {
        let list = |from: usize| Value::from((from..from + 1_000).collect::<Vec<_>>());
        assert_eq!(found(&list(0), &list(1)).len(), MOST);
    }
}
