//! Rules of `explain`: what a request that failed means for the caller.

use super::evidence::{Answer, Evidence};
use super::{Rule, repairs};
use crate::contract::types::{ApiError, ApiStage, Failure, FailureKind};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "explanations-have-their-kind",
        holds: "an error for which the contract names a kind is explained as that kind",
        source: "`failure-kind`, `api-stage`",
        holds_for: |evidence, _| each(evidence, has_its_kind),
    },
    Rule {
        name: "retryable-agrees-with-kind",
        holds: "throttled and overloaded requests are retryable; requests that Bedrock rejects, or that are too long, are not",
        source: "`failure.retryable`, `failure-kind`",
        holds_for: |evidence, _| each(evidence, retryable_agrees),
    },
    Rule {
        name: "explanations-quote-the-service",
        holds: "an explanation is a sentence that contains AWS's own message",
        source: "`failure.message`",
        holds_for: |evidence, _| each(evidence, quotes_the_service),
    },
    Rule {
        name: "explanations-keep-facts",
        holds: "an explanation has the service's code, status and request id unchanged",
        source: "`failure.code`, `failure.status`, `failure.request-id`",
        holds_for: |evidence, _| each(evidence, keeps_facts),
    },
    Rule {
        name: "retry-after-is-read",
        holds: "the seconds that the service asked to wait are reported in milliseconds",
        source: "`failure.retry-after-ms`, `api-error.retry-after`",
        holds_for: |evidence, _| each(evidence, retry_after_is_read),
    },
];

/// Answers of the service: status, code, message.
const RESPONSES: &[(u16, &str, &str)] = &[
    (400, "ValidationException", "The value at inferenceConfig.maxTokens is not valid."),
    (400, "LunarException", "Wait for the moon."),
    (401, "UnrecognizedClientException", "The security token included in the request is invalid."),
    (403, "AccessDeniedException", "User is not authorized to perform: bedrock:InvokeModelWithResponseStream"),
    (404, "ResourceNotFoundException", "Could not resolve the foundation model from the provided model identifier."),
    (408, "ModelTimeoutException", "The request took too long to process."),
    (418, "", ""),
    (424, "ModelErrorException", "The request failed due to an error while processing the model."),
    (429, "ThrottlingException", "Too many requests, please wait before trying again."),
    (429, "ModelNotReadyException", "The model is not ready for inference."),
    (400, "ServiceQuotaExceededException", "Your request exceeds the service quota for your account."),
    (500, "InternalServerException", "An internal server error occurred."),
    (503, "ServiceUnavailableException", "The service isn't currently available."),
    (599, "", "nothing known"),
];

/// The errors that must be explained, with what each is called.
pub(super) fn inputs() -> Vec<(String, ApiError)> {
    let error = |stage: ApiStage| ApiError {
        operation: "ConverseStream".to_owned(),
        model_id: Some("anthropic.claude-test-v1:0".to_owned()),
        region: Some("us-east-1".to_owned()),
        stage,
        status: None,
        code: None,
        message: None,
        request_id: None,
        retry_after: None,
    };
    let said = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let fields = repairs::FIELDS.iter().map(|field| (400, "ValidationException", field.message));
    let responses = RESPONSES.iter().copied().chain(fields).map(|(status, code, message)| ApiError {
        status: Some(status),
        code: said(code),
        message: said(message),
        request_id: said("4f1d2c3b-0a1b-4c2d-8e3f-5a6b7c8d9e0f"),
        retry_after: (status == 429 || status == 503).then(|| "7".to_owned()),
        ..error(ApiStage::Response)
    });
    let stages = [
        ApiStage::CredentialsMissing,
        ApiStage::CredentialsFailed,
        ApiStage::Connect,
        ApiStage::Timeout,
        ApiStage::Unreadable,
        ApiStage::Aborted,
        ApiStage::Other("moon".to_owned()),
    ];
    let stages = stages.map(|stage| ApiError { message: said("dispatch failure"), ..error(stage) });
    let listing = ApiError { operation: "ListFoundationModels".to_owned(), model_id: None, ..error(ApiStage::Connect) };
    let all = responses.chain(stages).chain([listing]);
    all.map(|error| {
        let response = error.status.map(|status| format!("{status} {}", error.code.as_deref().unwrap_or_default()));
        let name = response.unwrap_or_else(|| format!("{:?}", error.stage));
        (format!("error `{}` of {}", name.trim(), error.operation), error)
    })
    .collect()
}

/// The first error whose explanation breaks something.
fn each(evidence: &Evidence<'_>, holds: impl Fn(&ApiError, &Failure) -> Result<(), String>) -> Result<(), String> {
    evidence.failures.iter().try_for_each(|Answer { name, input, answer }| {
        answer.as_ref().map_or(Ok(()), |failure| holds(input, failure)).map_err(|what| format!("{name}: {what}"))
    })
}

fn has_its_kind(error: &ApiError, failure: &Failure) -> Result<(), String> {
    let expected = match (&error.stage, error.status, error.code.as_deref().unwrap_or_default()) {
        (ApiStage::CredentialsMissing, ..) => FailureKind::CredentialsMissing,
        (ApiStage::Connect, ..) => FailureKind::Transport,
        (ApiStage::Timeout, ..) => FailureKind::Timeout,
        (ApiStage::Aborted, ..) => FailureKind::Aborted,
        (ApiStage::Response, _, "ThrottlingException") => FailureKind::Throttled,
        (ApiStage::Response, _, "ModelNotReadyException" | "ServiceUnavailableException") => FailureKind::Overloaded,
        (ApiStage::Response, _, "ServiceQuotaExceededException") => FailureKind::Quota,
        (ApiStage::Response, _, "InternalServerException") => FailureKind::Service,
        _ => return Ok(()),
    };
    if failure.kind == expected {
        return Ok(());
    }
    Err(format!("expected the kind {expected:?}, got {:?}", failure.kind))
}

fn retryable_agrees(_: &ApiError, failure: &Failure) -> Result<(), String> {
    let expected = match failure.kind {
        FailureKind::Throttled | FailureKind::Overloaded => true,
        FailureKind::Validation
        | FailureKind::ContextOverflow
        | FailureKind::NeedsInferenceProfile
        | FailureKind::Aborted => false,
        _ => return Ok(()),
    };
    if failure.retryable == expected {
        return Ok(());
    }
    Err(format!("the kind is {:?}, and `retryable` is {}", failure.kind, failure.retryable))
}

fn quotes_the_service(error: &ApiError, failure: &Failure) -> Result<(), String> {
    let is_of_the_service = error.stage == ApiStage::Response;
    let quoted = error.message.as_deref().filter(|_| is_of_the_service).unwrap_or_default();
    if failure.message.trim().is_empty() || !failure.message.contains(quoted) {
        return Err(format!("the message {:?} does not contain {quoted:?}", failure.message));
    }
    Ok(())
}

fn keeps_facts(error: &ApiError, failure: &Failure) -> Result<(), String> {
    let facts = [
        ("code", error.code.clone(), failure.code.clone()),
        ("status", error.status.map(|status| status.to_string()), failure.status.map(|status| status.to_string())),
        ("request-id", error.request_id.clone(), failure.request_id.clone()),
    ];
    match facts.iter().find(|(_, came, told)| came.is_some() && came != told) {
        Some((name, came, told)) => Err(format!("`{name}` is {came:?}, and is reported as {told:?}")),
        None => Ok(()),
    }
}

fn retry_after_is_read(error: &ApiError, failure: &Failure) -> Result<(), String> {
    let expected = error.retry_after.as_deref().and_then(|text| text.parse::<u64>().ok()).map(|after| after * 1000);
    if expected.is_none() || failure.retry_after_ms == expected {
        return Ok(());
    }
    Err(format!("the service asked for {expected:?} milliseconds, and {:?} are reported", failure.retry_after_ms))
}
