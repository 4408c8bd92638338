//! Resolves the `modelId` of a request: a model, an inference profile, an ARN of either, or a fault.

use super::catalogue::{FoundationModel, InferenceProfile, catalogue};
use super::errors::ServiceError;
use super::faults::Fault;

/// Tokens that a model made of a fault takes, so that no request makes an endless answer.
const FAULT_CONTEXT_WINDOW: u64 = 1_000_000;

/// How a family's stream looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Arguments in several deltas, the first empty, none without arguments; signed thinking.
    Claude,
    /// Arguments in one delta.
    Nova,
    /// Arguments in several deltas; thinking without signature.
    Plain,
}

/// A model that can be called.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CallableModel {
    /// The id in the request.
    pub(crate) requested_id: String,
    pub(crate) style: Style,
    pub(crate) fault: Option<Fault>,
    /// The most that `maxTokens` may ask for.
    pub(crate) max_tokens: Option<u32>,
    /// Tokens.
    pub(crate) context_window: Option<u64>,
    pub(crate) takes_system: bool,
    pub(crate) takes_images: bool,
    pub(crate) takes_tools: bool,
    pub(crate) takes_tools_in_streams: bool,
    pub(crate) always_thinks: bool,
}

/// Finds the model that a request names.
///
/// # Errors
/// 400 `ValidationException`: nothing answers to the id, the model needs an inference profile, or it has no Converse or no stream.
pub(crate) fn find(id: &str, region: Option<&str>, streams: bool) -> Result<CallableModel, ServiceError> {
    if let Some(fault) = Fault::of_model_id(id) {
        return Ok(CallableModel::of_fault(id, fault));
    }
    let model = match id.strip_prefix("arn:") {
        Some(arn) => by_arn(id, arn, region)?,
        None => match catalogue().model(id) {
            Some(model) => on_demand(id, model)?,
            None => profile_by_id(id, region)
                .filter(|profile| !profile.is_application())
                .and_then(InferenceProfile::model)
                .ok_or_else(ServiceError::invalid_model)?,
        },
    };
    if model.converse.is_none() {
        return Err(ServiceError::validation(
            "This action doesn't support the model that you provided. Try again with a supported text or chat model.",
        ));
    }
    if streams && model.response_streaming_supported != Some(true) {
        return Err(ServiceError::validation("The model is unsupported for streaming."));
    }
    Ok(CallableModel::of_model(id, model))
}

/// Finds the model that a request to count tokens names. It may be one that only a profile can be asked through; the profile
/// itself is refused, in whatever way it is named (tried against the service by others: pydantic-ai #4001). The service
/// counts for some of its models only; the simulator counts for all that converse.
///
/// # Errors
/// 400 `ValidationException`: nothing answers to the id, or it is not the id or ARN of a foundation model that converses.
pub(crate) fn find_for_counting(id: &str, region: Option<&str>) -> Result<CallableModel, ServiceError> {
    if let Some(fault) = Fault::of_model_id(id) {
        return Ok(CallableModel::of_fault(id, fault));
    }
    let model = match id.strip_prefix("arn:") {
        Some(arn) => foundation_model_by_arn(arn, region),
        None => catalogue().model(id),
    };
    match model {
        Some(model) if model.converse.is_some() => Ok(CallableModel::of_model(id, model)),
        None if find_profile(id, region).is_none() => Err(ServiceError::invalid_model()),
        _ => Err(ServiceError::validation("The provided model doesn't support counting tokens.")),
    }
}

/// The profile that an id or an ARN names, in a region.
pub(crate) fn find_profile(id: &str, region: Option<&str>) -> Option<&'static InferenceProfile> {
    match id.strip_prefix("arn:") {
        Some(arn) => profile_by_arn(arn, region),
        None => profile_by_id(id, region),
    }
}

fn profile_by_id(id: &str, region: Option<&str>) -> Option<&'static InferenceProfile> {
    catalogue().profiles(region).find(|profile| profile.inference_profile_id == id)
}

fn by_arn(id: &str, arn: &str, region: Option<&str>) -> Result<&'static FoundationModel, ServiceError> {
    if let Some(model) = foundation_model_by_arn(arn, region) {
        return on_demand(id, model);
    }
    profile_by_arn(arn, region).and_then(InferenceProfile::model).ok_or_else(ServiceError::invalid_model)
}

fn foundation_model_by_arn(arn: &str, region: Option<&str>) -> Option<&'static FoundationModel> {
    catalogue().model(resource(arn, region)?.strip_prefix("foundation-model/")?)
}

fn profile_by_arn(arn: &str, region: Option<&str>) -> Option<&'static InferenceProfile> {
    let (kind, id) = resource(arn, region)?.split_once('/')?;
    let profile = profile_by_id(id, region)?;
    let expected = if profile.is_application() { "application-inference-profile" } else { "inference-profile" };
    (kind == expected).then_some(profile)
}

/// The resource of `PARTITION:bedrock:REGION:ACCOUNT:RESOURCE`, when it is one of Bedrock in the caller's region.
fn resource<'a>(arn: &'a str, region: Option<&str>) -> Option<&'a str> {
    let mut parts = arn.splitn(5, ':');
    let (partition, service, of) = (parts.next()?, parts.next()?, parts.next()?);
    let (_account, resource) = (parts.next()?, parts.next()?);
    let here = region.is_none_or(|region| region == of);
    (partition.starts_with("aws") && service == "bedrock" && here).then_some(resource)
}

fn on_demand<'a>(id: &str, model: &'a FoundationModel) -> Result<&'a FoundationModel, ServiceError> {
    if model.is_on_demand() {
        return Ok(model);
    }
    Err(ServiceError::validation(format!(
        "Invocation of model ID {id} with on-demand throughput isn’t supported. Retry your request with the ID or ARN of an inference profile that contains this model."
    )))
}

impl CallableModel {
    fn of_fault(id: &str, fault: Fault) -> Self {
        Self {
            requested_id: id.to_owned(),
            style: Style::Claude,
            fault: Some(fault),
            max_tokens: None,
            context_window: Some(FAULT_CONTEXT_WINDOW),
            takes_system: true,
            takes_images: true,
            takes_tools: true,
            takes_tools_in_streams: true,
            always_thinks: false,
        }
    }

    fn of_model(id: &str, model: &FoundationModel) -> Self {
        let style = match model.provider_name.as_str() {
            "Anthropic" => Style::Claude,
            "Amazon" => Style::Nova,
            _ => Style::Plain,
        };
        let converse = model.converse.as_ref();
        Self {
            requested_id: id.to_owned(),
            style,
            fault: None,
            max_tokens: converse.map(|converse| converse.max_tokens_maximum),
            context_window: model.simulator.context_window,
            takes_system: converse.is_some_and(|converse| converse.system_role_supported),
            takes_images: model.input_modalities.iter().any(|modality| modality == "IMAGE"),
            takes_tools: model.simulator.tool_use,
            takes_tools_in_streams: model.simulator.tool_use_in_streams,
            always_thinks: model.simulator.always_thinks,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::find;

    const US: Option<&str> = Some("us-east-1");

    #[test]
    fn ids_profiles_and_arns_are_found() {
        for id in [
            "amazon.nova-lite-v1:0",
            "us.anthropic.claude-sonnet-4-6",
            "global.anthropic.claude-opus-4-8-v1",
            "moonshot.kimi-k2-thinking",
            "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0",
            "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.amazon.nova-pro-v1:0",
            "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/q7simteam0a1",
            "sim.drip",
        ] {
            assert!(find(id, US, true).is_ok(), "{id}");
        }
    }

    #[test]
    fn what_cannot_be_called_says_why() {
        let refused = |id: &str, region| find(id, region, true).expect_err("must be refused").message;
        let invalid = "The provided model identifier is invalid.";
        assert!(refused("anthropic.claude-sonnet-4-6", US).contains("on-demand throughput isn’t supported"));
        assert!(refused("amazon.nova-pro-v1:0:300k", US).contains("on-demand throughput"));
        assert!(refused("amazon.titan-embed-text-v2:0", US).contains("doesn't support the model"));
        assert_eq!(refused("us.anthropic.claude-sonnet-4-6", Some("eu-west-1")), invalid);
        assert_eq!(refused("q7simteam0a1", US), invalid);
        assert_eq!(refused("arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-lite-v1:0", US), invalid);
        assert_eq!(refused("sim.no-such-fault", US), invalid);
        assert_eq!(refused("arn:", US), invalid);
    }
}
