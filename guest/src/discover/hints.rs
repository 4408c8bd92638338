//! What the listing says on the wire and no documentation does. The service sends these members and AWS's SDKs drop them, so
//! they are hints: one that is absent, null or of another type changes nothing.

use serde_json::Value;

use crate::contract::types::NamedJson;

/// The hints of a summary. Their shapes: the recorded listing of us-east-1 (2025-12) and public readings of 2026-03.
#[derive(Debug, Default)]
pub(super) struct Hints {
    /// `converse.maxTokensMaximum`, in tokens.
    pub(super) max_tokens: Option<u64>,
    /// `description.maxContextWindow`, in tokens.
    pub(super) context_window: Option<u64>,
    /// Whether it thinks: `converse.reasoningSupported` is an object for a model that does. Null may mean that it does not,
    /// or that nobody wrote it down.
    pub(super) reasoning: Option<bool>,
    /// `inferenceAPIsSupported.converse.streaming`; false where that API is not named beside others.
    pub(super) converse_streams: Option<bool>,
    /// Kinds of input of which `converse.user…TypesSupported` names a format. An empty list says nothing: the recorded one of
    /// Claude's documents is empty, and Claude reads documents.
    pub(super) input: Vec<&'static str>,
    /// What the catalog passes on, as it stands in the listing.
    pub(super) extras: Vec<NamedJson>,
}

/// A member that the catalog passes on, and whether a value has its type.
type PassedOn = (&'static str, fn(&Value) -> bool);

/// Of `converse`.
const OF_CONVERSE: &[PassedOn] = &[
    ("reasoningSupported", |value| value.is_object() || value.is_boolean()),
    ("systemRoleSupported", Value::is_boolean),
    ("userImageTypesSupported", Value::is_array),
    ("userDocumentTypesSupported", Value::is_array),
];

/// Of the summary.
const OF_SUMMARY: &[PassedOn] = &[
    ("explicitPromptCaching", Value::is_object),
    ("guardrailsSupported", Value::is_boolean),
    ("latencyOptimizationSupported", Value::is_boolean),
];

impl Hints {
    /// Reads the hints of a summary.
    pub(super) fn read(summary: &Value) -> Self {
        let converse = &summary["converse"];
        let names_a_format = |name: &str| converse[name].as_array().is_some_and(|formats| !formats.is_empty());
        let kinds = [
            ("image", "userImageTypesSupported"),
            ("document", "userDocumentTypesSupported"),
            ("video", "userVideoTypesSupported"),
        ];
        Hints {
            max_tokens: converse["maxTokensMaximum"].as_u64().filter(|tokens| *tokens > 0),
            context_window: summary["description"]["maxContextWindow"].as_str().and_then(window),
            reasoning: match &converse["reasoningSupported"] {
                Value::Bool(supported) => Some(*supported),
                Value::Object(_) => Some(true),
                _ => None,
            },
            converse_streams: summary["inferenceAPIsSupported"]
                .as_object()
                .map(|apis| apis.get("converse").is_some_and(|converse| converse["streaming"] == Value::Bool(true))),
            input: kinds.iter().filter(|(_, member)| names_a_format(member)).map(|(kind, _)| *kind).collect(),
            extras: [passed_on(converse, OF_CONVERSE), passed_on(summary, OF_SUMMARY)].concat(),
        }
    }
}

/// The members that are there with their types, verbatim.
fn passed_on(within: &Value, members: &[PassedOn]) -> Vec<NamedJson> {
    let mut extras = Vec::new();
    for (name, has_its_type) in members {
        let value = &within[*name];
        if has_its_type(value) {
            extras.push(NamedJson { name: (*name).to_owned(), value: value.to_string() });
        }
    }
    extras
}

/// A window such as `200K` or `1M`. One with a condition, such as `1M (beta)`, is not what every request gets, so it counts as
/// none.
fn window(text: &str) -> Option<u64> {
    let text = text.trim();
    let (digits, factor) = match text.strip_suffix(['k', 'K']) {
        Some(digits) => (digits, 1_000),
        None => text.strip_suffix(['m', 'M']).map_or((text, 1), |digits| (digits, 1_000_000)),
    };
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse::<u64>().ok()?.checked_mul(factor).filter(|window| *window > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_read_and_conditions_are_not() {
        for (text, expected) in [
            ("200K", Some(200_000)),
            (" 1M ", Some(1_000_000)),
            ("131072", Some(131_072)),
            ("1M (beta)", None),
            ("0K", None),
            ("+5K", None),
            ("K", None),
            ("", None),
            ("99999999999999999999M", None),
            ("18446744073709551615K", None),
        ] {
            assert_eq!(window(text), expected, "{text:?}");
        }
    }

    #[test]
    fn hints_of_other_types_are_none() {
        for summary in [r#"{}"#, r#"null"#, r#"[]"#, r#"{"converse":5,"description":[],"inferenceAPIsSupported":true}"#]
        {
            let hints = Hints::read(&serde_json::from_str(summary).expect("JSON"));
            assert_eq!((hints.max_tokens, hints.context_window, hints.reasoning), (None, None, None), "{summary}");
            assert_eq!(hints.converse_streams, None, "{summary}");
            assert!(hints.input.is_empty() && hints.extras.is_empty(), "{summary}");
        }
        let summary =
            r#"{"converse":{"maxTokensMaximum":-5,"reasoningSupported":"yes","userImageTypesSupported":"png"}}"#;
        let hints = Hints::read(&serde_json::from_str(summary).expect("JSON"));
        assert_eq!((hints.max_tokens, hints.reasoning, hints.input.len()), (None, None, 0));
    }
}
