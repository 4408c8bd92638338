//! Failures for `explain`: every stage, status and documented name, and messages of known and unknown form.

use super::{Generated, generated};
use crate::contract::types::{ApiError, ApiStage};
use crate::cost::inputs::Input;

/// The exceptions that the service model of the runtime and of the control plane names, and some that AWS's front doors send.
const NAMES: &[&str] = &[
    "AccessDeniedException",
    "ConflictException",
    "InternalServerException",
    "ModelErrorException",
    "ModelNotReadyException",
    "ModelStreamErrorException",
    "ModelTimeoutException",
    "ResourceNotFoundException",
    "ServiceQuotaExceededException",
    "ServiceUnavailableException",
    "ThrottlingException",
    "ValidationException",
    "ExpiredTokenException",
    "IncompleteSignatureException",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "OptInRequired",
    "RequestExpired",
    "RequestEntityTooLargeException",
    "SerializationException",
    "TooManyRequestsException",
    "UnknownOperationException",
    "UnrecognizedClientException",
    "com.amazon.coral.service#ThrottlingException",
    "validationException:http://internal.amazon.com/",
    "NobodyKnowsThisException",
    "unknown",
    "",
];

const STATUSES: &[u16] = &[
    301, 400, 401, 402, 403, 404, 405, 408, 409, 413, 415, 418, 422, 424, 429, 431, 499, 500, 501, 502, 503, 504, 529,
];

/// Messages of the service, one of each form, with the exception's name.
const MESSAGES: &[(&str, u16, &str)] = &[
    ("ThrottlingException", 429, "Too many tokens, please wait before trying again."),
    ("ThrottlingException", 429, "Too many tokens per day, please wait before trying again."),
    ("ThrottlingException", 429, "Too many requests, please wait before trying again."),
    ("ValidationException", 400, "Input is too long for requested model."),
    ("ValidationException", 400, "prompt is too long: 210000 tokens > 200000 maximum"),
    (
        "ValidationException",
        400,
        "The model returned the following errors: input length and `max_tokens` exceed context limit: 199000 + 64000 > 200000",
    ),
    ("ValidationException", 400, "Input Tokens Exceeded: Number of input tokens exceeds maximum length."),
    ("ValidationException", 400, "This model's maximum context length is 131072 tokens."),
    ("ValidationException", 400, "too many total text bytes: 26000000 > 25000000"),
    (
        "ValidationException",
        400,
        "Invocation of model ID anthropic.claude-opus-5 with on-demand throughput isn\u{2019}t supported. Retry your request with the ID or ARN of an inference profile that contains this model.",
    ),
    ("ValidationException", 400, "The provided model identifier is invalid."),
    ("ResourceNotFoundException", 404, "Could not resolve the foundation model from the provided model identifier."),
    (
        "ResourceNotFoundException",
        404,
        "This model version has reached the end of its life. Please refer to the AWS documentation for more details.",
    ),
    (
        "ResourceNotFoundException",
        404,
        "Access denied. This Model is marked by provider as Legacy and you have not been actively using the model in the last 30 days.",
    ),
    ("ResourceNotFoundException", 404, "Model use case details have not been submitted for this account."),
    ("ValidationException", 400, "Operation not allowed"),
    (
        "ValidationException",
        400,
        "The model returned the following errors: messages.1.content.0: Invalid `signature` in `thinking` block",
    ),
    ("ValidationException", 400, "data retention mode 'default' is not available for this model"),
    ("ValidationException", 400, "This model doesn't support tool use in streaming mode."),
    ("ValidationException", 400, "This model doesn't support tool use."),
    (
        "ValidationException",
        400,
        "This model doesn't support the toolConfig.toolChoice.any field. Remove toolConfig.toolChoice.any and try again.",
    ),
    (
        "ValidationException",
        400,
        "This model doesn't support the stopSequences field. Remove stopSequences and try again.",
    ),
    (
        "ValidationException",
        400,
        "The model returned the following errors: `temperature` and `top_p` cannot both be specified for this model. Please use only one.",
    ),
    (
        "ValidationException",
        400,
        "The model returned the following errors: `temperature` is deprecated for this model.",
    ),
    (
        "ValidationException",
        400,
        "The model returned the following errors: Malformed input request: #: extraneous key [reasoning_effort] is not permitted, please reformat your input and try again.",
    ),
    ("ValidationException", 400, "The model returned the following errors: invalid beta flag"),
    (
        "ValidationException",
        400,
        "The model returned the following errors: thinking.adaptive.block_binding: Extra inputs are not permitted",
    ),
    (
        "ValidationException",
        400,
        "1 validation error detected: Value at 'toolConfig.tools' failed to satisfy constraint: Member must have length greater than or equal to 1",
    ),
    ("ValidationException", 400, "too many images and documents: 30 + 0 > 20"),
    ("AccessDeniedException", 403, "You don't have access to the model with the specified model ID."),
    (
        "AccessDeniedException",
        403,
        "User: arn:aws:iam::111122223333:user/a is not authorized to perform: bedrock:InvokeModelWithResponseStream on resource: arn:aws:bedrock:us-east-1::foundation-model/a.b with an explicit deny in a service control policy",
    ),
    (
        "AccessDeniedException",
        403,
        "Model access is denied due to IAM user or service role is not authorized to perform the required AWS Marketplace actions (aws-marketplace:ViewSubscriptions, aws-marketplace:Subscribe).",
    ),
    (
        "AccessDeniedException",
        403,
        "Model access is denied due to INVALID_PAYMENT_INSTRUMENT: A valid payment instrument must be provided.",
    ),
    ("AccessDeniedException", 403, "Bearer Token has expired"),
    (
        "ModelErrorException",
        424,
        "Model produced invalid sequence as part of ToolUse. Please refer to the model tool use troubleshooting guide.",
    ),
    ("ModelTimeoutException", 408, "Model took too long to respond."),
    ("ServiceUnavailableException", 503, "Bedrock is unable to process your request."),
    (
        "InternalServerException",
        500,
        "The system encountered an unexpected error during processing. Try your request again.",
    ),
    ("ServiceQuotaExceededException", 400, "Your request exceeds the service quota for your account."),
    ("ExpiredTokenException", 403, "The security token included in the request is expired"),
    ("UnrecognizedClientException", 403, "The security token included in the request is invalid."),
    (
        "InvalidSignatureException",
        403,
        "Signature expired: 20261130T100000Z is now earlier than 20261130T101000Z (20261130T101500Z - 5 min.)",
    ),
    ("ValidationException", 400, "Something that nobody has said so far."),
    ("ValidationException", 400, " \n"),
];

pub(super) fn all() -> Vec<Generated> {
    let mut errors: Vec<(String, ApiError)> = Vec::new();
    let said = || Some("It did not work.".to_owned());
    for stage in stages() {
        for message in [None, Some("dns error: no such host".to_owned())] {
            let what = if message.is_some() { "with-words" } else { "without-words" };
            errors.push((
                format!("{stage:?}/{what}"),
                ApiError { stage: stage.clone(), status: None, message, ..failed() },
            ));
        }
    }
    for status in STATUSES {
        errors.push((format!("status-{status}"), ApiError { status: Some(*status), message: said(), ..failed() }));
    }
    for name in NAMES {
        let code = Some((*name).to_owned());
        errors.push((format!("name-{name}"), ApiError { status: Some(400), code, message: said(), ..failed() }));
    }
    for (number, (code, status, message)) in MESSAGES.iter().enumerate() {
        let (code, message) = (Some((*code).to_owned()), Some((*message).to_owned()));
        errors.push((format!("message-{number}"), ApiError { status: Some(*status), code, message, ..failed() }));
    }
    for retry_after in ["7", "0.5", "-1", "soon", "Wed, 21 Oct 2026 07:28:00 GMT", "99999999999999999999"] {
        let code = Some("ThrottlingException".to_owned());
        let error = ApiError { status: Some(429), code, retry_after: Some(retry_after.to_owned()), ..failed() };
        errors.push((format!("retry-after-{retry_after}"), error));
    }
    for operation in ["CountTokens", "ListFoundationModels", "ListInferenceProfiles", "SomethingNew"] {
        let code = Some("AccessDeniedException".to_owned());
        let (operation, status) = (operation.to_owned(), Some(403));
        let name = format!("operation-{operation}");
        errors.push((name, ApiError { operation, status, code, model_id: None, region: None, ..failed() }));
    }
    for (model, region) in [
        ("anthropic.claude-opus-5", "eu-west-1"),
        ("amazon.nova-2-lite-v1:0", "ap-northeast-1"),
        ("arn:aws:bedrock:us-east-1::foundation-model/meta.llama4-scout-17b-instruct-v1:0", "us-east-1"),
        ("vendor.new-model-v9:0", "cn-north-1"),
        ("zai.glm-5.3", "us-gov-west-1"),
    ] {
        let message = Some("Invocation of model ID a.b with on-demand throughput isn\u{2019}t supported.".to_owned());
        let (model_id, region) = (Some(model.to_owned()), Some(region.to_owned()));
        let code = Some("ValidationException".to_owned());
        let error = ApiError { status: Some(400), code, message, model_id, region, ..failed() };
        errors.push((format!("profile-for-{model}"), error));
    }
    errors
        .into_iter()
        .map(|(name, error)| generated(format!("explain/{name}"), Input::Failure(Box::new(error))))
        .collect()
}

fn stages() -> Vec<ApiStage> {
    vec![
        ApiStage::CredentialsMissing,
        ApiStage::CredentialsFailed,
        ApiStage::Connect,
        ApiStage::Timeout,
        ApiStage::Response,
        ApiStage::Unreadable,
        ApiStage::Aborted,
        ApiStage::Other("another".to_owned()),
    ]
}

fn failed() -> ApiError {
    ApiError {
        operation: "ConverseStream".to_owned(),
        model_id: Some("anthropic.claude-opus-5".to_owned()),
        region: Some("us-east-1".to_owned()),
        stage: ApiStage::Response,
        status: None,
        code: None,
        message: None,
        request_id: Some("request-1".to_owned()),
        retry_after: None,
    }
}
