//! What a request is for: the model's id as it stands, and what follows from it and from the region.

use crate::contract::types::Model;

use super::report::Report;

/// The longest `modelId` (API model of ConverseStream).
const MAX_ID_LENGTH: usize = 2048;

/// What a request is for.
#[derive(Debug, PartialEq)]
pub(super) struct Target {
    /// `modelId`, never prefixed or rewritten.
    pub(super) model_id: String,
    /// Whether the region is in GovCloud, where newer members of `thinking` are refused (pi 1.5.2).
    pub(super) gov_cloud: bool,
    /// Whether the id names a prompt of Prompt management, which brings its own system prompt, tools and inference settings.
    pub(super) prompt: bool,
}

/// Finds the target. The region is the host's decision.
pub(super) fn target(region: &str, model: &Model, report: &mut Report) -> Target {
    let id = &model.id;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-:._/".contains(c);
    if id.is_empty() || id.len() > MAX_ID_LENGTH || !id.chars().all(allowed) {
        report.problem(
            "model.id",
            if id.is_empty() { "no model is named".to_owned() } else { format!("`{id}` cannot be a modelId") },
            "a foundation model id, an inference profile id or an ARN: 1 to 2048 of letters, digits, `-`, `:`, `.`, `_`, `/`",
        );
    }
    if id.starts_with("arn:") && id.split(':').nth(3).is_none_or(str::is_empty) {
        // `global.` profiles list their models so; as a modelId the API refuses it (its pattern).
        report.problem(
            "model.id",
            format!("`{id}` is an ARN without a region"),
            "the ARN with a region, or the model's id",
        );
    }
    Target {
        model_id: id.clone(),
        gov_cloud: region.starts_with("us-gov-") || id.starts_with("us-gov.") || id.starts_with("arn:aws-us-gov:"),
        prompt: id.starts_with("arn:") && id.contains(":prompt/"),
    }
}
