//! A failed SDK call, as the contract has it: what came back, uninterpreted.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use serde::Deserialize;

use super::body;
use super::operation::Operation;
use super::plain_http::TokenInTheClear;
use crate::contract::types::{ApiError, ApiStage};

/// Most of a body that is quoted where it is not AWS's JSON, in characters.
const QUOTED: usize = 300;

/// What a request was for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) operation: Operation,
    pub(super) model_id: Option<&'a str>,
    pub(super) region: &'a str,
}

impl Asked<'_> {
    /// An error of a stage, with words.
    pub(super) fn error(self, stage: ApiStage, message: Option<String>) -> ApiError {
        ApiError {
            operation: self.operation.name().to_owned(),
            model_id: self.model_id.map(str::to_owned),
            region: Some(self.region.to_owned()),
            stage,
            status: None,
            code: None,
            message,
            request_id: None,
            retry_after: None,
        }
    }
}

/// An error's JSON body, in the spellings that AWS's protocols use.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ErrorBody {
    #[serde(rename = "__type")]
    type_name: Option<String>,
    code: Option<String>,
    #[serde(alias = "Message", alias = "errorMessage")]
    message: Option<String>,
}

/// Reads a failed call.
pub(super) fn api_error<E>(asked: Asked<'_>, error: &SdkError<E, HttpResponse>) -> ApiError
where
    E: Error + 'static,
{
    if let Some(refused) = causes(error).find_map(|cause| cause.downcast_ref::<TokenInTheClear>()) {
        return asked.error(ApiStage::Connect, Some(refused.to_string()));
    }
    match error {
        SdkError::ServiceError(context) => from_response(asked, context.raw()),
        SdkError::ResponseError(context) => {
            let mut answered = from_response(asked, context.raw());
            if context.raw().status().is_success() {
                answered.stage = ApiStage::Unreadable;
                answered.message = Some(chain(error));
            }
            answered
        }
        SdkError::TimeoutError(_) => asked.error(ApiStage::Timeout, None),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => {
            asked.error(ApiStage::Timeout, Some(chain(error)))
        }
        SdkError::DispatchFailure(failure) if failure.is_io() => asked.error(ApiStage::Connect, Some(chain(error))),
        _ => match credentials_error(error) {
            Some(CredentialsError::CredentialsNotLoaded(_)) => asked.error(ApiStage::CredentialsMissing, None),
            Some(cause) => asked.error(ApiStage::CredentialsFailed, Some(chain(cause))),
            None if no_identity(error) => asked.error(ApiStage::CredentialsMissing, None),
            None => asked.error(ApiStage::Other("dispatch".to_owned()), Some(chain(error))),
        },
    }
}

fn from_response(asked: Asked<'_>, response: &HttpResponse) -> ApiError {
    let bytes = response.body().bytes().unwrap_or_default();
    let json: Option<ErrorBody> = serde_json::from_slice(bytes).ok();
    let is_json = json.is_some();
    let json = json.unwrap_or_default();
    let quoted = || {
        // A page of HTML has line breaks that mean nothing; a message is one line.
        let line = String::from_utf8_lossy(bytes).split_whitespace().collect::<Vec<_>>().join(" ");
        let text: String = line.chars().take(QUOTED).collect();
        (!is_json && !text.is_empty()).then_some(text)
    };
    ApiError {
        status: Some(response.status().as_u16()),
        code: body::header(response, "x-amzn-errortype").or(json.type_name).or(json.code),
        message: json.message.or_else(quoted),
        request_id: body::request_id(response),
        retry_after: body::header(response, "retry-after"),
        ..asked.error(ApiStage::Response, None)
    }
}

/// The credentials' own error among the causes.
fn credentials_error<'error>(error: &'error (dyn Error + 'static)) -> Option<&'error CredentialsError> {
    causes(error).find_map(|cause| cause.downcast_ref::<CredentialsError>())
}

/// The SDK's orchestrator has no type of its own for "no auth scheme had an identity": its words are the only sign.
fn no_identity(error: &(dyn Error + 'static)) -> bool {
    causes(error).any(|cause| {
        let words = cause.to_string();
        words.contains("failed to select an auth scheme") || words.contains("no identity resolver")
    })
}

/// The words of an error and of all its causes, each once.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut words: Vec<String> = Vec::new();
    for cause in causes(error) {
        let text = cause.to_string();
        let text = without_request(&text).to_owned();
        if !words.iter().any(|earlier| earlier.contains(&text)) {
            words.push(text);
        }
    }
    words.join(": ")
}

/// The words of the innermost cause: what happened, without who told whom.
pub(super) fn root(error: &(dyn Error + 'static)) -> String {
    without_request(&causes(error).last().unwrap_or(error).to_string()).to_owned()
}

/// The words before a request. Where an address cannot be used the SDK prints the whole request, with what is secret in it: the
/// token of a web identity stands in the body.
fn without_request(words: &str) -> &str {
    words.split_once(" to request `Request").map_or(words, |(before, _)| before)
}

fn causes<'error>(error: &'error (dyn Error + 'static)) -> impl Iterator<Item = &'error (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&cause| cause.source())
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::{chain, root};

    #[derive(Debug, thiserror::Error)]
    #[error("failed to apply endpoint `foo` to request `Request {{ body: \"WebIdentityToken=hunter2\" }}`")]
    struct Printed(#[source] Box<dyn Error>);

    #[test]
    fn a_request_is_not_printed() {
        let error = Printed("endpoint must contain scheme".into());
        assert_eq!(chain(&error), "failed to apply endpoint `foo`: endpoint must contain scheme");
        let within: Box<dyn Error> = Box::new(Printed("of no use".into()));
        assert_eq!(chain(&Printed(within)), "failed to apply endpoint `foo`: of no use");
        assert_eq!(root(&error), "endpoint must contain scheme");
    }
}
