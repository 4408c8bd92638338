//! OpenAI's error object, `{"error": {"message", "type", "param", "code"}}`, which chat completions and responses share.
//!
//! `type` and `code` are OpenAI's own words where it has one for the kind, since clients decide by them (`insufficient_quota`
//! is not tried again, `context_length_exceeded` makes agents compact). Where OpenAI has none, `code` is AWS's name for it.

use serde::Serialize;

use super::sse;
use crate::refusal::{Refusal, RefusalKind};

/// OpenAI's error, without the object around it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct OpenAiError {
    /// One or two sentences for a person, with AWS's id of the request.
    pub(crate) message: String,
    /// Which kind of error it is, such as `rate_limit_error`.
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    /// Which member of the request; `null` where it is none.
    pub(crate) param: Option<String>,
    /// A word for programs; `null` where there is none.
    pub(crate) code: Option<String>,
}

#[derive(Debug, Serialize)]
struct Envelope<'a> {
    error: &'a OpenAiError,
}

impl From<&Refusal> for OpenAiError {
    fn from(refusal: &Refusal) -> Self {
        // `model_not_found` needs a `param` or an error of AWS: an unknown path is no unknown model.
        let is_of_path = refusal.kind == RefusalKind::NotFound && refusal.param.is_none() && refusal.code.is_none();
        let code = error_code(refusal.kind).filter(|_| !is_of_path);
        OpenAiError {
            message: refusal.message_with_request_id(),
            kind: error_type(refusal.kind),
            param: refusal.param.clone(),
            code: code.map(str::to_owned).or_else(|| refusal.code.clone()),
        }
    }
}

/// The body of a refusal. OpenAI's has no place for the gateway's id of the request; the header has it.
pub(crate) fn refusal(refusal: &Refusal, _request_id: &str) -> Vec<u8> {
    body(refusal)
}

/// The error object, as a body and as the data of an event.
pub(crate) fn body(refusal: &Refusal) -> Vec<u8> {
    let mut body = Vec::new();
    sse::json(&mut body, &Envelope { error: &refusal.into() });
    body
}

/// OpenAI's `type` of a kind.
pub(crate) fn error_type(kind: RefusalKind) -> &'static str {
    match kind {
        RefusalKind::Invalid
        | RefusalKind::ContextOverflow
        | RefusalKind::ContentFilter
        | RefusalKind::UnknownPath
        | RefusalKind::Method
        | RefusalKind::TooLarge
        | RefusalKind::Aborted => "invalid_request_error",
        RefusalKind::Authentication => "authentication_error",
        RefusalKind::Permission => "permission_error",
        RefusalKind::NotFound => "not_found_error",
        RefusalKind::RateLimit => "rate_limit_error",
        RefusalKind::Quota => "insufficient_quota",
        RefusalKind::Overloaded
        | RefusalKind::Upstream
        | RefusalKind::Timeout
        | RefusalKind::ShuttingDown
        | RefusalKind::Internal => "server_error",
    }
}

/// OpenAI's `code` of a kind; `None` where it has no word for it.
pub(crate) fn error_code(kind: RefusalKind) -> Option<&'static str> {
    match kind {
        RefusalKind::ContextOverflow => Some("context_length_exceeded"),
        RefusalKind::Authentication => Some("invalid_api_key"),
        RefusalKind::RateLimit => Some("rate_limit_exceeded"),
        RefusalKind::Quota => Some("insufficient_quota"),
        RefusalKind::ContentFilter => Some("content_filter"),
        RefusalKind::NotFound => Some("model_not_found"),
        RefusalKind::UnknownPath => Some("unknown_url"),
        RefusalKind::Overloaded | RefusalKind::ShuttingDown => Some("server_is_overloaded"),
        RefusalKind::Timeout => Some("timeout"),
        RefusalKind::Internal => Some("internal_error"),
        RefusalKind::Invalid
        | RefusalKind::Permission
        | RefusalKind::Method
        | RefusalKind::TooLarge
        | RefusalKind::Upstream
        | RefusalKind::Aborted => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_has_all_four_members_and_the_id_of_the_request() {
        let throttled = Refusal {
            code: Some("ThrottlingException".to_owned()),
            request_id: Some("r-1".to_owned()),
            ..Refusal::new(RefusalKind::RateLimit, "slow down")
        };
        assert_eq!(
            String::from_utf8_lossy(&body(&throttled)),
            r#"{"error":{"message":"slow down (AWS request id: r-1)","type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"}}"#
        );
        assert_eq!(
            String::from_utf8_lossy(&body(&Refusal::invalid("tools[0].type", "it is \"x\""))),
            r#"{"error":{"message":"it is \"x\"","type":"invalid_request_error","param":"tools[0].type","code":null}}"#
        );
    }

    #[test]
    fn where_openai_has_no_code_it_is_that_of_aws() {
        let failed = Refusal {
            code: Some("InternalServerException".to_owned()),
            request_id: Some("r-2".to_owned()),
            ..Refusal::new(RefusalKind::Upstream, "it failed, request r-2")
        };
        let error = OpenAiError::from(&failed);
        assert_eq!(error.message, "it failed, request r-2");
        assert_eq!((error.kind, error.code.as_deref()), ("server_error", Some("InternalServerException")));
        let no_model = Refusal { kind: RefusalKind::NotFound, ..failed };
        assert_eq!(OpenAiError::from(&no_model).code.as_deref(), Some("model_not_found"));
        assert_eq!(OpenAiError::from(&Refusal::new(RefusalKind::NotFound, "no such path")).code, None);
    }
}
