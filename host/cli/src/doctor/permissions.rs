//! The steps that ask AWS: may models be listed, may the model be asked.

use std::time::Duration;

use quarry_aws::{Aws, ControlCall, ConverseRequest, Probe};
use quarry_contract::types::{ApiError, Failure, FailureKind};
use quarry_provider_host::Session;

use super::finding::Finding;
use crate::setup::Setup;

/// How long the model may take to begin its answer.
const FIRST_ANSWER: Duration = Duration::from_secs(30);

/// The smallest conversation. It is a real one: whether a model may be asked is only known by asking, because `CountTokens` has a
/// permission of its own, and a request that is wrong on purpose may be refused before permissions are looked at.
const SMALLEST: &str = r#"{"messages":[{"role":"user","content":[{"text":"Hi"}]}],"inferenceConfig":{"maxTokens":1}}"#;

/// Whether the models can be listed: both lists that discovery reads.
pub(super) async fn list(probe: &Probe, aws: &Aws, session: &mut Session) -> anyhow::Result<Finding> {
    if let Err(error) = &probe.outcome {
        return refused("list", error, "bedrock:ListFoundationModels and bedrock:ListInferenceProfiles on *", session);
    }
    let profiles = ControlCall::InferenceProfiles("SYSTEM_DEFINED".to_owned());
    match aws.control(&profiles).await.failed {
        Some(error) => refused("list", &error, "bedrock:ListInferenceProfiles on *", session),
        None => Ok(Finding::fine("list", "foundation models and inference profiles may be listed")),
    }
}

/// Whether the model may be asked.
pub(super) async fn invoke(
    model: Option<String>,
    left_out: bool,
    aws: &Aws,
    setup: &mut Setup,
) -> anyhow::Result<Finding> {
    let Some(model_id) = model else {
        return Ok(Finding::skipped(
            "invoke",
            "no model is chosen: name one with --model or agents.defaults.model.primary",
        ));
    };
    if left_out {
        return Ok(Finding::skipped("invoke", format!("{model_id} was not called (--no-invoke)")));
    }
    let destination = match setup.configuration.destination(&model_id) {
        Ok(destination) => destination,
        Err(error) => return Ok(Finding::broken("invoke", error.to_string(), Some(error.expected().to_owned()))),
    };
    let request = ConverseRequest { destination, body: SMALLEST.into() };
    match aws.converse_stream(request, FIRST_ANSWER).await {
        // What it says does not matter, so it is not waited for.
        Ok(_answer) => Ok(Finding::fine("invoke", format!("{model_id} answers"))),
        Err(error) => {
            let action = format!(
                "bedrock:InvokeModelWithResponseStream (and bedrock:InvokeModel) on {model_id}; for an inference profile \
                 on the profile and on the foundation model in each of its regions"
            );
            refused("invoke", &error, &action, &mut setup.session)
        }
    }
}

/// A refusal in the provider's words. Where a permission is missing, the action that must be allowed.
fn refused(step: &'static str, error: &ApiError, action: &str, session: &mut Session) -> anyhow::Result<Finding> {
    let Failure { kind, message, hint, .. } = session.explain(error)?;
    // AWS calls much by this name that no permission mends: a model that was never enabled, a form, a means of payment. The
    // provider tells them apart.
    let denied = error.code.as_deref().is_some_and(|code| code.contains("AccessDenied")) && kind == FailureKind::Denied;
    let fix = if denied { Some(format!("allow the IAM action {action}")) } else { hint };
    Ok(Finding::broken(step, message, fix))
}
