//! What only AWS's words tell: one exception name covers failures that want different answers.

use crate::contract::types::{Failure, FailureKind};

/// Looks at AWS's message and makes the failure more exact.
pub(super) fn refine(failure: &mut Failure, message: &str, model_id: Option<&str>, region: Option<&str>) {
    let words = message.to_lowercase();
    let has = |patterns: &[&str]| patterns.iter().any(|pattern| words.contains(pattern));
    match failure.kind {
        // "Too many tokens per day": waiting a moment does not help (OpenClaw #10462).
        FailureKind::Throttled if has(&["per day", "daily"]) => {
            failure.kind = FailureKind::Quota;
            failure.retryable = false;
            failure.hint =
                Some("the quota of the day is used up: use another model or region, or ask AWS for more".to_owned());
        }
        // Throttling first: its "too many tokens" is not an overflow (pi #2699).
        FailureKind::Validation | FailureKind::Service | FailureKind::ModelOutput if has(OVERFLOW) => {
            failure.kind = FailureKind::ContextOverflow;
            failure.retryable = false;
            failure.hint = Some("make the conversation shorter, or use a model with a larger context".to_owned());
        }
        FailureKind::Validation if has(&["on-demand throughput"]) => needs_profile(failure, model_id, region),
        FailureKind::Validation if has(&["model identifier is invalid", "invalid model id"]) => {
            failure.kind = FailureKind::ModelNotFound;
            failure.hint = Some(format!(
                "`quarry models list` shows the models of {}",
                region.map_or_else(|| "this region".to_owned(), |region| format!("the region {region}"))
            ));
        }
        FailureKind::Validation if has(&["data retention mode"]) => {
            failure.hint = Some(
                "See https://docs.aws.amazon.com/bedrock/latest/userguide/data-retention.html for supported data \
                 retention modes."
                    .to_owned(),
            );
        }
        FailureKind::Denied if has(&["access to the model", "model access", "aws-marketplace"]) => {
            failure.kind = FailureKind::ModelNotEnabled;
            failure.hint = Some("enable access to this model in the Bedrock console of the region".to_owned());
        }
        FailureKind::ModelNotFound if has(&["end of its life", "legacy"]) => {
            failure.hint =
                Some("this version of the model is gone; `quarry models list` shows what there is".to_owned());
        }
        // Nova's "Model produced invalid sequence as part of ToolUse" comes again and again for the same request.
        FailureKind::Service | FailureKind::ModelOutput if has(&["invalid sequence as part of tooluse"]) => {
            failure.kind = FailureKind::ModelOutput;
            failure.retryable = false;
            failure.hint =
                Some("the model could not write a valid tool call: change the prompt or the tools".to_owned());
        }
        _ => {}
    }
}

/// How Bedrock and the models behind it say that the input is too long (pi's and OpenClaw's patterns).
const OVERFLOW: &[&str] = &[
    "input is too long",
    "prompt is too long",
    "prompt too long",
    "max input token",
    "too many input tokens",
    "maximum context length",
    "maximum number of input tokens",
    "maximum number of tokens",
    "exceeds the maximum number of",
    "exceeds the max number of",
    "model_context_window_exceeded",
];

fn needs_profile(failure: &mut Failure, model_id: Option<&str>, region: Option<&str>) {
    failure.kind = FailureKind::NeedsInferenceProfile;
    if let Some(model_id) = model_id.filter(|id| !id.starts_with("arn:")) {
        let bare = model_id.rsplit('/').next().unwrap_or(model_id);
        failure.suggestions.extend(geography(region).map(|prefix| format!("{prefix}.{bare}")));
        failure.suggestions.push(format!("global.{bare}"));
    }
    failure.hint = Some(match failure.suggestions.as_slice() {
        [] => "name the id or ARN of an inference profile; `quarry models list` shows them".to_owned(),
        ids => format!("use an inference profile, such as {}; `quarry models list` shows them", ids.join(" or ")),
    });
}

/// The prefix of the inference profiles of a region's geography (Bedrock user guide, "Supported Regions for inference
/// profiles"). None where there is no single one.
fn geography(region: Option<&str>) -> Option<&'static str> {
    let region = region?;
    match region.split('-').next()? {
        "us" if region.starts_with("us-gov-") => Some("us-gov"),
        "us" => Some("us"),
        "eu" => Some("eu"),
        "ap" => Some("apac"),
        "ca" => Some("ca"),
        _ => None,
    }
}
