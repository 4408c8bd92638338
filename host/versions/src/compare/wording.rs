//! Differences in sentences for people, told apart from those in what programs read.

use serde_json::Value;

use crate::conformance::diff::Step;

/// What the kinds of such differences begin with.
pub(super) const PREFIX: &str = "wording";

/// The members that hold a sentence for people: the kind that they are compared under, and the members on the way.
///
/// A place that is not here is something that programs read. So is every other member beside a sentence (`kind`, `code`, `path`,
/// `severity`, `retryable`), and whether a notice, problem or failure is there at all.
const SENTENCES: &[(&str, &str)] = &[
    ("settings/warnings", "message"),
    ("settings/warnings", "expected"),
    ("settings/problems", "message"),
    ("settings/problems", "expected"),
    ("request/notices", "message"),
    ("request/problems", "message"),
    ("request/problems", "expected"),
    ("catalog", "failures.message"),
    ("catalog", "failures.hint"),
    ("catalog", "notices.message"),
    ("catalog/left-out", "message"),
    ("delta/notice", "message"),
    ("delta/toolcall-end", "problem"),
    ("delta/error", "failure.message"),
    ("delta/error", "failure.hint"),
    ("failure", "message"),
    ("failure", "hint"),
];

/// The sentences that may be missing without a meaning for programs. That `problem` is there says that arguments were no object.
const OPTIONAL: &[&str] = &["hint"];

/// Whether two values differ in a sentence for people alone. `compared` is the kind that the whole is compared under, `names` the
/// members on the way, `steps` the same with the elements between them.
pub(super) fn is_wording(
    compared: &str,
    names: &[String],
    steps: &[Step],
    old: Option<&Value>,
    new: Option<&Value>,
) -> bool {
    // Whole elements, where one side has more of them, are no sentences.
    let Some(Step::Member(last)) = steps.last() else { return false };
    let path = names.join(".");
    let is_text = |value: Option<&Value>| match value {
        Some(Value::String(_)) => true,
        None | Some(Value::Null) => OPTIONAL.contains(&last.as_str()),
        Some(_) => false,
    };
    SENTENCES.contains(&(compared, path.as_str())) && is_text(old) && is_text(new)
}
