//! The end of an answer as Chat Completions and Responses both report it.

use crate::contract::conversation::Outcome;

/// The service tier that answered, where Bedrock reports it.
pub(crate) fn service_tier(outcome: &Outcome) -> Option<String> {
    outcome.details.service_tier.clone()
}

/// Why the model refused, where it said so: Anthropic's `stop_details`, which the provider asks Bedrock for.
pub(crate) fn refusal(outcome: &Outcome) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Fields {
        stop_details: Option<Details>,
    }
    #[derive(serde::Deserialize)]
    struct Details {
        explanation: Option<String>,
    }
    let fields = outcome.details.additional_response_fields.as_deref()?;
    let fields = serde_json::from_str::<Fields>(fields).ok().filter(|_| outcome.raw_stop_reason == "refusal")?;
    fields.stop_details?.explanation.filter(|explanation| !explanation.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::conversation::{AnswerDetails, StopReason};
    use crate::contract::no_details;
    use crate::contract::types::{Usage, UsageCost};

    fn outcome(raw_stop_reason: &str, fields: &str) -> Outcome {
        let cost = UsageCost { input: 0.0, output: 0.0, cache_read: 0.0, cache_write: 0.0, total: 0.0 };
        Outcome {
            reason: StopReason::Other(raw_stop_reason.to_owned()),
            raw_stop_reason: raw_stop_reason.to_owned(),
            usage: Usage { input: 0, output: 0, cache_read: 0, cache_write: 0, cache_write_long: 0, total: 0, cost },
            details: AnswerDetails { additional_response_fields: Some(fields.to_owned()), ..no_details() },
        }
    }

    #[test]
    fn a_refusal_is_told_only_where_there_is_one() {
        let fields = r#"{"stop_details":{"category":"cyber","explanation":"Not this."}}"#;
        assert_eq!(refusal(&outcome("refusal", fields)).as_deref(), Some("Not this."));
        assert_eq!(refusal(&outcome("content_filtered", fields)), None);
        for fields in [r#"{"stop_details":null}"#, r#"{"stop_details":{"explanation":7}}"#, "[]", "{}"] {
            assert_eq!(refusal(&outcome("refusal", fields)), None, "{fields}");
        }
    }
}
