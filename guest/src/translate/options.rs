//! How a turn is read where pi and OpenClaw disagree, and what a service tier costs.
//!
//! The defaults are pi's rules, since pi's clients read the messages: Bedrock's own total (the contract says so too), and a call
//! with arguments that cannot be read keeps its place in a good turn. OpenClaw's rules can be asked for in the `params` of the model's
//! configuration.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

/// `"service"` or `"sum"`.
const TOTAL_TOKENS: &str = "totalTokens";
/// `"empty"` or `"fail"`.
const MALFORMED_ARGUMENTS: &str = "malformedArguments";
/// An object: service tier to factor.
const SERVICE_TIER_COST: &str = "serviceTierCost";

/// What `usage.total` is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum TotalTokens {
    /// Bedrock's total; input and output where it gives none. pi's rule.
    #[default]
    Service,
    /// No less than the sum of all counts, the cache's too. OpenClaw's rule: Bedrock's total leaves the cache out for some
    /// models and counts it for others.
    Sum,
}

/// What becomes of a tool call with arguments that are no JSON object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum MalformedArguments {
    /// It ends with `{}` and the problem, so that the model can be told. pi's rule.
    #[default]
    Empty,
    /// The turn fails, and the call has no end. OpenClaw's rule.
    Fail,
}

/// Options of a turn.
#[derive(Debug, Default)]
pub(super) struct TurnOptions {
    pub(super) total_tokens: TotalTokens,
    pub(super) malformed_arguments: MalformedArguments,
    /// By what all prices are multiplied, by the tier that answered. AWS gives the prices of `flex` and `priority` model by model and
    /// no factor for all, so there is no default: without one the prices are those of the default tier.
    pub(super) service_tier_cost: BTreeMap<String, f64>,
    /// Sentences about values that are none of the option's.
    pub(super) problems: Vec<String>,
}

impl TurnOptions {
    /// Reads the options among a model's `params`.
    pub(super) fn read(params: Option<&str>) -> Self {
        let mut options = TurnOptions::default();
        // Parameters are an object by contract, and any name may be among them.
        let params = params.and_then(|json| serde_json::from_str::<BTreeMap<String, &RawValue>>(json).ok());
        for (name, value) in params.unwrap_or_default() {
            options.set(&name, value.get());
        }
        options
    }

    fn set(&mut self, name: &str, json: &str) {
        let expected = match name {
            TOTAL_TOKENS => into(&mut self.total_tokens, json, "\"service\" or \"sum\""),
            MALFORMED_ARGUMENTS => into(&mut self.malformed_arguments, json, "\"empty\" or \"fail\""),
            SERVICE_TIER_COST => match serde_json::from_str::<BTreeMap<String, f64>>(json) {
                Ok(factors) if factors.values().all(|factor| *factor >= 0.0) => {
                    self.service_tier_cost.extend(factors);
                    None
                }
                _ => Some("an object of factors of 0 or more, such as {\"flex\": 0.5}"),
            },
            _ => None,
        };
        if let Some(expected) = expected {
            self.problems.push(format!("{name} was ignored: it is {json}; expected {expected}"));
        }
    }

    /// By what the prices are multiplied for an answer of this tier.
    pub(super) fn cost_factor(&self, service_tier: Option<&str>) -> f64 {
        service_tier.and_then(|tier| self.service_tier_cost.get(tier)).copied().unwrap_or(1.0)
    }
}

/// Sets an option, or says what would be right.
fn into<'a, T: Deserialize<'a>>(option: &mut T, json: &'a str, expected: &'static str) -> Option<&'static str> {
    match serde_json::from_str(json) {
        Ok(value) => {
            *option = value;
            None
        }
        Err(_) => Some(expected),
    }
}

#[cfg(test)]
mod tests {
    use super::{MalformedArguments, TotalTokens, TurnOptions};

    #[test]
    fn the_options_are_among_the_parameters_of_a_model() {
        let params = r#"{"totalTokens":"sum","malformedArguments":"fail","maxRetries":3}"#;
        let options = TurnOptions::read(Some(params));
        assert_eq!(options.total_tokens, TotalTokens::Sum);
        assert_eq!(options.malformed_arguments, MalformedArguments::Fail);
        assert!(options.problems.is_empty());
    }

    #[test]
    fn a_value_that_is_none_is_told_and_changes_nothing() {
        for params in ["7", "[]", "{", "null"] {
            assert!(TurnOptions::read(Some(params)).problems.is_empty(), "{params}");
        }
        let params = r#"{"totalTokens":"most","serviceTierCost":{"flex":-1},"malformedArguments":7}"#;
        let options = TurnOptions::read(Some(params));
        assert_eq!(options.problems.len(), 3);
        assert_eq!((options.total_tokens, options.cost_factor(Some("flex"))), (TotalTokens::Service, 1.0));
    }
}
