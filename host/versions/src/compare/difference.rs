//! One difference, and how values are turned into differences.

use serde::Serialize;
use serde_json::Value;

use super::wording;
use crate::conformance::diff::{Step, exact_differences};

/// Most characters of a value that a difference shows.
const SHOWN: usize = 160;
/// Differences of one specimen after which each further kind is told once: a kind that is seen in many places hides no other.
const MOST: usize = 64;
/// Most differences of one specimen that are told. That there are more is told as [`BEYOND`].
const MOST_KINDS: usize = 256;
/// The kind that stands for all kinds beyond those that are told.
pub(super) const BEYOND: &str = "beyond";
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
    /// What the old version has there, as a short text; `None` where it has nothing.
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
        if self.0.len() > MOST_KINDS {
            return;
        }
        let many = self.0.len() >= MOST;
        // One place differs once, however many values below an opaque member do.
        let is_known = |known: &Difference| known.kind == difference.kind && (many || known.place == difference.place);
        if self.0.iter().any(is_known) {
            return;
        }
        self.0.push(match self.0.len() {
            MOST_KINDS => Difference { kind: BEYOND.to_owned(), place: String::new(), old: None, new: None },
            _ => difference,
        });
    }

    /// Adds every place where two documents differ. The kind is the prefix, and behind a slash the members on the way.
    pub(super) fn values(&mut self, kind: &str, place: &str, old: &Value, new: &Value) {
        exact_differences(old, new, |steps, old, new| {
            let steps = until_opaque(steps);
            let names: Vec<String> = steps.iter().filter_map(name).take(DEEPEST).collect();
            let is_wording = wording::is_wording(kind, &names, steps, old, new);
            let kind = if names.is_empty() { kind.to_owned() } else { format!("{kind}/{}", names.join(".")) };
            let kind = if is_wording { format!("{}/{kind}", wording::PREFIX) } else { kind };
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

    fn kinds(compared: &str, old: &Value, new: &Value) -> Vec<String> {
        let mut found = Found::default();
        found.values(compared, "", old, new);
        found.into_list().into_iter().map(|difference| difference.kind).collect()
    }

    #[test]
    fn a_sentence_for_people_is_told_apart_from_what_programs_read() {
        let failure =
            json!({"kind": "quota", "message": "a", "hint": "b", "retryable": true, "code": "C", "status": 429});
        let said = |member: &str, value: Value| {
            let mut other = failure.clone();
            other[member] = value;
            kinds("failure", &failure, &other)
        };
        assert_eq!(said("message", json!("c")), ["wording/failure/message"]);
        assert_eq!(said("hint", json!("c")), ["wording/failure/hint"]);
        assert_eq!(said("hint", Value::Null), ["wording/failure/hint"], "a hint less");
        for (member, value) in
            [("kind", json!("denied")), ("retryable", json!(false)), ("code", json!("D")), ("status", json!(400))]
        {
            assert_eq!(said(member, value), [format!("failure/{member}")]);
        }
        // Both at once: neither hides the other.
        let both =
            json!({"kind": "quota", "message": "c", "hint": "b", "retryable": false, "code": "C", "status": 429});
        assert_eq!(kinds("failure", &failure, &both), ["wording/failure/message", "failure/retryable"]);
        // A message that is none.
        assert_eq!(said("message", json!({"text": "c"})), ["failure/message"]);
    }

    #[test]
    fn a_notice_more_and_another_kind_of_one_are_no_wording() {
        let notice = |kind: &str, message: &str| json!({"kind": kind, "message": message});
        let one = json!([notice("a", "x")]);
        assert_eq!(kinds("request/notices", &one, &json!([notice("a", "y")])), ["wording/request/notices/message"]);
        assert_eq!(kinds("request/notices", &one, &json!([notice("b", "x")])), ["request/notices/kind"]);
        assert_eq!(kinds("request/notices", &one, &json!([notice("a", "x"), notice("b", "y")])), ["request/notices"]);
        let problem = |path: &str, message: &str| json!([{"path": path, "message": message, "expected": "e"}]);
        let (old, new) = (problem("a", "x"), problem("b", "y"));
        let found = kinds("request/problems", &old, &new);
        assert_eq!(found, ["wording/request/problems/message", "request/problems/path"]);
        let (old, new) = (json!({"problem": "x", "arguments": {}}), json!({"problem": Value::Null, "arguments": {}}));
        assert_eq!(
            kinds("delta/toolcall-end", &old, &new),
            ["delta/toolcall-end/problem"],
            "it says that there was one"
        );
    }

    #[test]
    fn what_goes_to_bedrock_is_never_wording_whatever_its_members_are_called() {
        let body = |text: &str| json!({"message": text, "notices": {"message": text}, "notices/message": text});
        let found = kinds("request", &body("x"), &body("y"));
        assert!(found.len() == 3 && found.iter().all(|kind| kind.starts_with("request/")), "{found:?}");
    }

    #[test]
    fn there_is_a_bound_and_one_kind_hides_no_other() {
        let list = |from: usize| Value::from((from..from + 1_000).collect::<Vec<_>>());
        assert_eq!(found(&list(0), &list(1)).len(), MOST);
        let both = |from: usize| json!({"many": list(from), "one": from});
        let told = found(&both(0), &both(1));
        assert_eq!((told.len(), told[MOST].0.as_str()), (MOST + 1, "request/one"));
        let members =
            |value: bool| Value::Object((0..1_000).map(|number| (format!("m{number}"), value.into())).collect());
        let told = found(&members(false), &members(true));
        assert_eq!((told.len(), told[MOST_KINDS].0.as_str()), (MOST_KINDS + 1, BEYOND));
    }
}
