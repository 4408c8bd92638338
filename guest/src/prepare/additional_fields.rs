//! `additionalModelRequestFields`: what the provider puts there, and the caller's own over it.

use std::collections::BTreeSet;

use crate::families::{Family, PLAIN};

use super::raw_json::{self, RawObject, quoted};
use super::report::Report;

const BETA: &str = "anthropic_beta";

/// Merges the caller's fields over the provider's; nothing when there are none. Lists replace each other, but
/// `anthropic_beta` is a set of switches: there a caller's switch must not turn the provider's off.
///
/// Models that are known not to be Anthropic's refuse a body with `anthropic_beta`, so they do not get it: clients of
/// Anthropic's API send such switches whatever the model.
pub(super) fn additional_fields(
    own: Option<&str>,
    asked: Option<&str>,
    family: &Family,
    report: &mut Report,
) -> Option<String> {
    let own = own.unwrap_or("{}");
    let asked = asked.unwrap_or("{}");
    let fields = match (RawObject::parse(own), RawObject::parse(asked)) {
        (_, Err(message)) => {
            report.problem("options.additionalRequestFields", message, "a JSON object");
            return None;
        }
        (Ok(first), Ok(second)) => {
            if !family.claude && family.name != PLAIN.name && second.get(BETA).is_some() {
                report.notice("anthropic-beta-omitted", "`anthropic_beta` is for Anthropic's models and was left out");
                let others = second.0.iter().filter(|(name, _)| name != BETA).map(|(name, value)| (name, value.get()));
                return additional_fields(Some(own), Some(&raw_json::object(others)), family, report);
            }
            let merged = raw_json::merged(own, asked);
            match (betas(&first), betas(&second)) {
                (Some(mut all), Some(more)) => {
                    all.extend(more);
                    let mut seen = BTreeSet::new();
                    let all = all.iter().filter(|beta| seen.insert(*beta));
                    let all = all.map(|beta| quoted(beta)).collect::<Vec<_>>().join(",");
                    raw_json::merged(&merged, &raw_json::object([(BETA, format!("[{all}]"))]))
                }
                _ => merged,
            }
        }
        (Err(_), Ok(_)) => asked.to_owned(),
    };
    (fields != "{}").then_some(fields)
}

fn betas(fields: &RawObject<'_>) -> Option<Vec<String>> {
    serde_json::from_str(fields.get(BETA)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn betas_add_up_and_everything_else_is_the_callers() {
        let mut report = Report::default();
        let own = r#"{"thinking":{"type":"enabled","budget_tokens":1024},"anthropic_beta":["a","b"]}"#;
        let asked = r#"{"thinking":{"budget_tokens":2048},"anthropic_beta":["b","c"],"top_k":12345678901234567890}"#;
        let expected = r#"{"thinking":{"type":"enabled","budget_tokens":2048},"anthropic_beta":["a","b","c"],"top_k":12345678901234567890}"#;
        assert_eq!(additional_fields(Some(own), Some(asked), &PLAIN, &mut report).as_deref(), Some(expected));
        assert_eq!(additional_fields(None, Some(" {} "), &PLAIN, &mut report), None);
    }
}
