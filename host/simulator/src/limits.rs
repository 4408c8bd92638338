//! The numbers of a request: sampling, lengths, how many attachments and cache points, and the model's own limits.

use super::errors::ServiceError;
use super::models::CallableModel;
use super::request::{ConverseRequest, Message};
use super::usage;

/// Images of one request (Converse's documented limit).
const IMAGES: usize = 20;
/// Documents of one request (Converse's documented limit).
const DOCUMENTS: usize = 5;
/// Cache points of one request.
const CACHE_POINTS: usize = 4;
/// `stopSequences` of one request.
const STOP_SEQUENCES: usize = 2500;

/// Checks the numbers.
///
/// # Errors
/// 400 `ValidationException` with the first thing that is wrong.
pub(crate) fn check(request: &ConverseRequest, model: &CallableModel) -> Result<(), ServiceError> {
    check_inference(request, model)?;
    check_counts(request)?;
    check_support(request, model)?;
    if model.context_window.is_some_and(|window| usage::input_tokens(request) > window) {
        return Err(ServiceError::validation("Input is too long for requested model."));
    }
    Ok(())
}

fn check_inference(request: &ConverseRequest, model: &CallableModel) -> Result<(), ServiceError> {
    let config = &request.inference_config;
    if let Some(tokens) = config.max_tokens {
        if tokens < 1 {
            return Err(ServiceError::constraint(
                tokens,
                "inferenceConfig.maxTokens",
                "have value greater than or equal to 1",
            ));
        }
        if let Some(most) = model.max_tokens.filter(|most| tokens > i64::from(*most)) {
            return Err(ServiceError::validation(format!(
                "The maximum tokens you requested exceeds the model limit of {most}. Try again with a maximum tokens value that is lower than {most}."
            )));
        }
    }
    for (value, at) in [(config.temperature, "inferenceConfig.temperature"), (config.top_p, "inferenceConfig.topP")] {
        match value {
            Some(value) if value > 1.0 => {
                return Err(ServiceError::constraint(value, at, "have value less than or equal to 1"));
            }
            Some(value) if value < 0.0 => {
                return Err(ServiceError::constraint(value, at, "have value greater than or equal to 0"));
            }
            _ => {}
        }
    }
    if config.stop_sequences.len() > STOP_SEQUENCES {
        let rule = format!("have length less than or equal to {STOP_SEQUENCES}");
        return Err(ServiceError::constraint(config.stop_sequences.len(), "inferenceConfig.stopSequences", &rule));
    }
    if config.stop_sequences.iter().any(String::is_empty) {
        return Err(ServiceError::constraint(
            "",
            "inferenceConfig.stopSequences",
            "have length greater than or equal to 1",
        ));
    }
    Ok(())
}

fn check_counts(request: &ConverseRequest) -> Result<(), ServiceError> {
    let blocks = || request.messages.iter().flat_map(|message| &message.content);
    let (images, documents) = (
        blocks().filter(|block| block.image.is_some()).count(),
        blocks().filter(|block| block.document.is_some()).count(),
    );
    if images > IMAGES {
        return Err(ServiceError::validation(format!(
            "The model returned the following errors: too many images: {images} > {IMAGES}"
        )));
    }
    if documents > DOCUMENTS {
        return Err(ServiceError::validation(format!(
            "The model returned the following errors: too many documents: {documents} > {DOCUMENTS}"
        )));
    }
    let cache_points = blocks().filter(|block| block.cache_point.is_some()).count()
        + request.system.iter().filter(|block| block.cache_point.is_some()).count()
        + request.tool_config.iter().flat_map(|config| &config.tools).filter(|tool| tool.cache_point.is_some()).count();
    if cache_points > CACHE_POINTS {
        return Err(ServiceError::validation(format!(
            "The model returned the following errors: A maximum of {CACHE_POINTS} blocks with cache_control may be provided. Found {cache_points}."
        )));
    }
    Ok(())
}

/// Checks that the model can stream an answer to this.
///
/// # Errors
/// 400 `ValidationException`, in the service's words (pi #3739).
pub(crate) fn check_streams(request: &ConverseRequest, model: &CallableModel) -> Result<(), ServiceError> {
    if !model.takes_tools_in_streams && request.tool_config.is_some() {
        return Err(ServiceError::validation("This model doesn't support tool use in streaming mode."));
    }
    Ok(())
}

fn check_support(request: &ConverseRequest, model: &CallableModel) -> Result<(), ServiceError> {
    if !request.system.is_empty() && !model.takes_system {
        return Err(ServiceError::validation(
            "This model doesn't support system messages. Try again without a system message or use a model that supports system messages.",
        ));
    }
    let has_image = |message: &Message| message.content.iter().any(|block| block.image.is_some());
    if !model.takes_images && request.messages.iter().any(has_image) {
        return Err(ServiceError::validation(
            "This model doesn't support the image content block that you provided. Remove the image or use a model that supports images.",
        ));
    }
    if !model.takes_tools && request.tool_config.is_some() {
        return Err(ServiceError::validation("This model doesn't support tool use."));
    }
    Ok(())
}
