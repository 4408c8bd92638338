//! Sentences for people: members whose words are a provider's own, and change without its behaviour changing.
//!
//! A case says by kind or code what is told, so it need not quote the sentence. Where it does, the sentence counts.

use serde_json::Value;

use crate::json::{Json, Members};

/// Steps to a member: `*` is every element of a list.
type Path = &'static [&'static str];

/// Of what a turn gives.
const TRANSLATE: &[Path] =
    &[&["deltas", "*", "message"], &["message", "errorMessage"], &["message", "diagnostics", "*", "details", "hint"]];

/// Where the sentences are in what a call gives.
fn paths(verb: &str) -> Vec<Vec<&'static str>> {
    let own: &[Path] = match verb {
        "merge" => &[
            &["problems", "*", "message"],
            &["problems", "*", "expected"],
            &["warnings", "*", "message"],
            &["warnings", "*", "expected"],
        ],
        "discover" => &[
            &["listings", "*", "catalog", "failures", "*", "message"],
            &["listings", "*", "catalog", "failures", "*", "hint"],
            &["listings", "*", "catalog", "leftOut", "*", "message"],
            &["listings", "*", "catalog", "notices", "*", "message"],
        ],
        "prepare" => &[&["problems", "*", "message"], &["problems", "*", "expected"], &["notices", "*", "message"]],
        "translate" => TRANSLATE,
        "explain" => &[&["failure", "message"], &["failure", "hint"]],
        _ => &[],
    };
    // An answer to a request is what a turn gives.
    let answers = TRANSLATE.iter().filter(|_| verb == "prepare").map(|path| [&["answer"], *path].concat());
    own.iter().map(|path| path.to_vec()).chain(answers).collect()
}

/// Removes the sentences of what a call gave, but for those that are expected.
pub(super) fn remove(actual: &mut Value, expected: Option<&Value>, verb: &str) {
    for path in paths(verb) {
        remove_at(actual, expected, &path);
    }
}

fn remove_at(actual: &mut Value, expected: Option<&Value>, path: &[&str]) {
    match (path, actual) {
        ([name], Value::Object(members)) if expected.and_then(|expected| expected.get(name)).is_none() => {
            members.remove(*name);
        }
        (["*", rest @ ..], Value::Array(elements)) => {
            for (index, element) in elements.iter_mut().enumerate() {
                remove_at(element, expected.and_then(|expected| expected.get(index)), rest);
            }
        }
        ([name, rest @ ..], Value::Object(members)) => {
            if let Some(member) = members.get_mut(*name) {
                remove_at(member, expected.and_then(|expected| expected.get(name)), rest);
            }
        }
        _ => {}
    }
}

/// The text of what a call gave without its sentences, the rest as it stands there: what a case is blessed with.
///
/// # Errors
/// When it is not JSON.
pub(super) fn without(actual: &str, verb: &str) -> serde_json::Result<String> {
    paths(verb).iter().try_fold(actual.to_owned(), |text, path| without_at(&text, path))
}

fn without_at(text: &str, path: &[&str]) -> serde_json::Result<String> {
    if let (["*", rest @ ..], true) = (path, text.starts_with('[')) {
        let elements: Vec<Json> = serde_json::from_str(text)?;
        let elements = elements.iter().map(|Json(element)| without_at(element, rest).map(Json));
        return serde_json::to_string(&elements.collect::<serde_json::Result<Vec<_>>>()?);
    }
    let ([name, rest @ ..], true) = (path, text.starts_with('{')) else { return Ok(text.to_owned()) };
    let Members(mut members) = serde_json::from_str::<Members<Json>>(text)?;
    if rest.is_empty() {
        members.retain(|(member, _)| member != name);
    }
    for (_, value) in members.iter_mut().filter(|(member, _)| member == name) {
        value.0 = without_at(&value.0, rest)?;
    }
    serde_json::to_string(&Members(members))
}

#[cfg(test)]
mod tests {
    use super::without;

    #[test]
    fn what_is_blessed_has_no_sentence_and_everything_else_as_it_came() {
        let came = r#"{"deltas":[{"type":"notice","kind":"z","message":"m"},{"type":"start"}],"message":{"b":1,"errorMessage":"e","a":2.0}}"#;
        let kept = r#"{"deltas":[{"type":"notice","kind":"z"},{"type":"start"}],"message":{"b":1,"a":2.0}}"#;
        assert_eq!(without(came, "translate").ok().as_deref(), Some(kept));
        assert_eq!(without(came, "merge").ok().as_deref(), Some(came));
        assert_eq!(
            without(r#"{"answer":{"deltas":[{"message":"m"}]},"body":{"message":"m"}}"#, "prepare").ok().as_deref(),
            Some(r#"{"answer":{"deltas":[{}]},"body":{"message":"m"}}"#)
        );
    }
}
