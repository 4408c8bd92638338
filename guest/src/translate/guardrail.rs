//! What a guardrail did, in a few words, from `metadata.trace.guardrail` (Bedrock API reference, `GuardrailTraceAssessment`). The
//! trace itself goes to the client whole.

use std::collections::BTreeSet;

use serde_json::Value;

/// The lists of a `GuardrailAssessment` that name what was found: policy, list, what to call it, the member that names it. Members
/// with the user's own words (`match`) are not among them.
const FINDINGS: &[(&str, &str, &str, &str)] = &[
    ("topicPolicy", "topics", "topic", "name"),
    ("contentPolicy", "filters", "content filter", "type"),
    ("wordPolicy", "customWords", "word filter", ""),
    ("wordPolicy", "managedWordLists", "word list", "type"),
    ("sensitiveInformationPolicy", "piiEntities", "personal data", "type"),
    ("sensitiveInformationPolicy", "regexes", "pattern", "name"),
    ("contextualGroundingPolicy", "filters", "grounding", "type"),
];

/// Most findings that are reported.
const TOLD: usize = 8;

/// What was found and acted on. None where the trace tells of nothing.
pub(super) fn interventions(trace: &str) -> Option<String> {
    let trace: Value = serde_json::from_str(trace).ok()?;
    let guardrail = trace.get("guardrail")?;
    let mut found = BTreeSet::new();
    for assessment in assessments(guardrail.get("inputAssessment")) {
        collect(assessment, "input", &mut found);
    }
    for assessment in assessments(guardrail.get("outputAssessments")) {
        collect(assessment, "output", &mut found);
    }
    let more = found.len().saturating_sub(TOLD);
    let mut told: Vec<String> = found.into_iter().take(TOLD).collect();
    if more > 0 {
        told.push(format!("{more} more"));
    }
    (!told.is_empty()).then(|| told.join(", "))
}

/// Assessments by guardrail: one each of the input, a list each of the output.
fn assessments(by_guardrail: Option<&Value>) -> impl Iterator<Item = &Value> {
    let each = by_guardrail.and_then(Value::as_object).into_iter().flat_map(serde_json::Map::values);
    each.flat_map(|value| match value {
        Value::Array(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    })
}

fn collect(assessment: &Value, side: &str, found: &mut BTreeSet<String>) {
    for (policy, list, what, name) in FINDINGS {
        let findings = assessment.get(policy).and_then(|policy| policy.get(list)).and_then(Value::as_array);
        for finding in findings.into_iter().flatten() {
            let text = |member: &str| finding.get(member).and_then(Value::as_str);
            let Some(action) = text("action").filter(|action| *action != "NONE") else { continue };
            let name = text(name).map(|name| format!(" {name:?}")).unwrap_or_default();
            found.insert(format!("{side}: {what}{name} {}", action.to_ascii_lowercase()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::interventions;

    #[test]
    fn what_was_acted_on_is_told_without_the_words_that_matched() {
        let trace = r#"{"guardrail":{
            "inputAssessment":{"g1":{"topicPolicy":{"topics":[{"name":"Tax","type":"DENY","action":"BLOCKED"}]},
                "wordPolicy":{"customWords":[{"match":"secret","action":"BLOCKED"}]}}},
            "outputAssessments":{"g1":[{"sensitiveInformationPolicy":{"piiEntities":[
                {"match":"a@b.example","type":"EMAIL","action":"ANONYMIZED"},{"match":"x","type":"NAME","action":"NONE"}]}}]}}}"#;
        assert_eq!(
            interventions(trace).as_deref(),
            Some(
                "input: topic \"Tax\" blocked, input: word filter blocked, output: personal data \"EMAIL\" anonymized"
            )
        );
    }

    #[test]
    fn a_trace_that_tells_nothing_says_nothing() {
        for trace in
            ["", "[]", "{}", r#"{"guardrail":{"inputAssessment":[],"outputAssessments":{"g":{"topicPolicy":7}}}}"#]
        {
            assert_eq!(interventions(trace), None, "{trace}");
        }
    }
}
