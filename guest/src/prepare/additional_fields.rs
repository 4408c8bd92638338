//! `additionalModelRequestFields`: what the provider puts there, and the caller's own over it.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::families::{Family, TopK};

use super::betas::taken;
use super::raw_json::{self, RawObject, quoted};
use super::report::Report;

const BETA: &str = "anthropic_beta";
const TOP_K: &str = "top_k";

/// Members of Anthropic's API that clients of it send whatever the model.
const OF_ANTHROPIC: &[&str] = &["thinking", "output_config", "context_management"];

/// Merges the caller's fields over the provider's; nothing when there are none. Lists replace each other, but
/// `anthropic_beta` is a set of switches: there a caller's switch must not turn the provider's off.
///
/// Models that are known not to be Anthropic's refuse a body with `anthropic_beta` and other members of its API, so they do not get
/// them: clients of Anthropic's API send them whatever the model.
pub(super) fn additional_fields(
    own: Option<&str>,
    asked: Option<&str>,
    family: &Family,
    claude_thinks: bool,
    report: &mut Report,
) -> Option<String> {
    let own = own.unwrap_or("{}");
    let asked = with_top_k(asked.unwrap_or("{}"), family, claude_thinks, report);
    let asked = with_taken_betas(&asked, family, report);
    let asked = &*asked;
    let fields = match (RawObject::parse(own), RawObject::parse(asked)) {
        (_, Err(message)) => {
            report.problem("options.additionalRequestFields", message, "a JSON object");
            return None;
        }
        (Ok(first), Ok(second)) => {
            let is_own = |name: &str| name == BETA || OF_ANTHROPIC.contains(&name);
            let foreign = second.0.iter().find(|(name, _)| !family.anthropic_beta && is_own(name));
            if let Some((name, _)) = foreign {
                report.notice(
                    "anthropic-beta-omitted",
                    format!("`{name}` applies to Anthropic's models only and was left out"),
                );
                let others =
                    second.0.iter().filter(|(other, _)| other != name).map(|(name, value)| (name, value.get()));
                return additional_fields(Some(own), Some(&raw_json::object(others)), family, claude_thinks, report);
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

/// The caller's fields with top-k where the family takes it. Anthropic's API has it as a member, so clients send it whatever the
/// model. A Claude takes none while it thinks (Anthropic's page on extended thinking).
fn with_top_k<'a>(asked: &'a str, family: &Family, claude_thinks: bool, report: &mut Report) -> Cow<'a, str> {
    let Some(fields) = RawObject::parse(asked).ok().filter(|fields| fields.get(TOP_K).is_some()) else {
        return asked.into();
    };
    let value = fields.get(TOP_K).unwrap_or_default();
    let others = raw_json::object(
        fields.0.iter().filter(|(name, _)| name != TOP_K).map(|(name, value)| (name.as_ref(), value.get())),
    );
    let own = match family.top_k {
        TopK::Plain if !(family.claude && claude_thinks) => return asked.into(),
        TopK::Nova => raw_json::object([("inferenceConfig", raw_json::object([("topK", value)]))]),
        TopK::Cohere => raw_json::object([("k", value)]),
        TopK::Plain | TopK::Refused => {
            report.notice("top-k-omitted", "`top_k` was left out: this model does not support it");
            return others.into();
        }
    };
    raw_json::merged(&own, &others).into()
}

/// The caller's fields without the betas that Bedrock does not take.
fn with_taken_betas<'a>(asked: &'a str, family: &Family, report: &mut Report) -> Cow<'a, str> {
    let fields = RawObject::parse(asked).ok().filter(|_| family.anthropic_beta);
    let Some((fields, betas)) = fields.and_then(|fields| betas(&fields).map(|betas| (fields, betas))) else {
        return asked.into();
    };
    let (kept, dropped): (Vec<_>, Vec<_>) = betas.iter().partition(|beta| taken(beta));
    if dropped.is_empty() {
        return asked.into();
    }
    let names = dropped.iter().map(|beta| format!("`{beta}`")).collect::<Vec<_>>().join(", ");
    report.notice("anthropic-beta-omitted", format!("betas that Bedrock is not known to take were left out: {names}"));
    let list = format!("[{}]", kept.iter().map(|beta| quoted(beta)).collect::<Vec<_>>().join(","));
    let fields = fields.0.iter().filter(|(name, _)| name != BETA || !kept.is_empty());
    let fields = fields.map(|(name, value)| (name.as_ref(), if name == BETA { list.as_str() } else { value.get() }));
    raw_json::object(fields).into()
}

fn betas(fields: &RawObject<'_>) -> Option<Vec<String>> {
    serde_json::from_str(fields.get(BETA)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::plain;

    #[test]
    fn betas_add_up_and_everything_else_is_the_callers() {
        let mut report = Report::default();
        let own = r#"{"thinking":{"type":"enabled","budget_tokens":1024},"anthropic_beta":["interleaved-thinking-2025-05-14","effort-2025-11-24"]}"#;
        let asked = r#"{"thinking":{"budget_tokens":2048},"anthropic_beta":["effort-2025-11-24","afk-mode-2026-01-31","context-1m-2025-08-07"],"top_k":12345678901234567890}"#;
        let expected = r#"{"thinking":{"type":"enabled","budget_tokens":2048},"anthropic_beta":["interleaved-thinking-2025-05-14","effort-2025-11-24","context-1m-2025-08-07"],"top_k":12345678901234567890}"#;
        assert_eq!(
            additional_fields(Some(own), Some(asked), &plain().family, false, &mut report).as_deref(),
            Some(expected)
        );
        assert_eq!(additional_fields(None, Some(" {} "), &plain().family, false, &mut report), None);
    }
}
