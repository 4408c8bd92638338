//! Where a request goes: the model's id as it stands, and the region.

use crate::contract::config::Settings;
use crate::contract::types::Model;

use super::report::Report;

/// The longest `modelId` (API model of ConverseStream).
const MAX_ID_LENGTH: usize = 2048;

/// Where a request goes.
#[derive(Debug, PartialEq)]
pub(super) struct Target {
    /// `modelId`, never prefixed or rewritten.
    pub(super) model_id: String,
    /// The region.
    pub(super) region: String,
    /// Whether that is in GovCloud, where newer members of `thinking` are refused (pi 1.5.2).
    pub(super) gov_cloud: bool,
    /// Whether the id names a prompt of Prompt management, which brings its own system prompt, tools and inference settings.
    pub(super) prompt: bool,
}

/// Finds the target. The region of an ARN comes before the settings' own, as in pi: OpenClaw's order (option first) sends a
/// profile of another region to where it does not exist.
pub(super) fn target(settings: &Settings, model: &Model, report: &mut Report) -> Target {
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
    let region = arn_region(id).unwrap_or(&settings.region).to_owned();
    if region.is_empty() {
        report.problem("settings.region", "no region is set", "an AWS region, such as `us-east-1`");
    }
    Target {
        model_id: id.clone(),
        gov_cloud: region.starts_with("us-gov-") || id.starts_with("us-gov.") || id.starts_with("arn:aws-us-gov:"),
        prompt: id.starts_with("arn:") && id.contains(":prompt/"),
        region,
    }
}

/// The region of an ARN of Bedrock or, for its marketplace models, SageMaker.
fn arn_region(id: &str) -> Option<&str> {
    let mut fields = id.split(':');
    let is_arn = fields.next() == Some("arn") && fields.next().is_some_and(|partition| partition.starts_with("aws"));
    let service = fields.next()?;
    let region = fields.next()?;
    (is_arn && matches!(service, "bedrock" | "sagemaker") && !region.is_empty()).then_some(region)
}

#[cfg(test)]
mod tests {
    use super::arn_region;

    #[test]
    fn only_an_arn_that_has_a_region_gives_one() {
        let region = |id| arn_region(id);
        assert_eq!(region("arn:aws-us-gov:bedrock:us-gov-west-1:1:inference-profile/x"), Some("us-gov-west-1"));
        assert_eq!(region("arn:aws:bedrock:::foundation-model/x"), None);
        assert_eq!(region("anthropic.claude-v2:1:200k"), None);
        assert_eq!(region("arn:aws:s3:eu-west-1:1:x"), None);
    }
}
