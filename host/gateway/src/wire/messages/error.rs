//! Anthropic's error object: `{"type":"error","error":{"type","message"},"request_id"}`.

use std::borrow::Cow;

use hyper::StatusCode;
use serde::Serialize;

use crate::refusal::{Refusal, RefusalKind};

/// An error, as a response's body and as the data of an `error` event.
#[derive(Debug, Serialize)]
pub(super) struct ErrorForm<'a> {
    r#type: &'static str,
    error: Detail<'a>,
    request_id: &'a str,
}

#[derive(Debug, Serialize)]
struct Detail<'a> {
    r#type: &'static str,
    message: Cow<'a, str>,
}

impl<'a> ErrorForm<'a> {
    /// The error of a request. `request_id` is the gateway's; AWS's counts where AWS has one, since its support asks for that.
    pub(super) fn of(refusal: &'a Refusal, request_id: &'a str) -> Self {
        ErrorForm {
            r#type: "error",
            error: Detail { r#type: error_type(refusal.kind), message: message(refusal) },
            request_id: refusal.request_id.as_deref().unwrap_or(request_id),
        }
    }
}

/// By these words clients know that a conversation must be made shorter, and some do it by themselves then.
const TOO_LONG: &str = "prompt is too long";

/// The sentence of a refusal.
fn message(refusal: &Refusal) -> Cow<'_, str> {
    let message = &refusal.message;
    if refusal.kind == RefusalKind::ContextOverflow && !message.to_ascii_lowercase().contains(TOO_LONG) {
        return Cow::Owned(format!("{TOO_LONG}: {message}"));
    }
    Cow::Borrowed(message)
}

/// The body of a refusal.
pub(super) fn body(refusal: &Refusal, request_id: &str) -> Vec<u8> {
    let mut body = Vec::new();
    super::super::sse::json(&mut body, &ErrorForm::of(refusal, request_id));
    body
}

/// The status of a refusal: Anthropic's API has one of its own for a service that is overloaded.
pub(super) fn status(refusal: &Refusal) -> StatusCode {
    match refusal.kind {
        RefusalKind::Overloaded => StatusCode::from_u16(529).unwrap_or(refusal.status),
        _ => refusal.status,
    }
}

/// Anthropic's word for a kind.
fn error_type(kind: RefusalKind) -> &'static str {
    match kind {
        RefusalKind::Invalid
        | RefusalKind::ContextOverflow
        | RefusalKind::Method
        | RefusalKind::ContentFilter
        | RefusalKind::Aborted => "invalid_request_error",
        RefusalKind::Authentication => "authentication_error",
        RefusalKind::Permission => "permission_error",
        RefusalKind::NotFound | RefusalKind::UnknownPath => "not_found_error",
        RefusalKind::TooLarge => "request_too_large",
        RefusalKind::RateLimit | RefusalKind::Quota => "rate_limit_error",
        RefusalKind::Overloaded | RefusalKind::ShuttingDown => "overloaded_error",
        RefusalKind::Timeout => "timeout_error",
        RefusalKind::Upstream | RefusalKind::Internal => "api_error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_anthropics_object() {
        let refusal =
            Refusal { request_id: Some("r-1".to_owned()), ..Refusal::new(RefusalKind::Overloaded, "say \"later\"") };
        let expected =
            r#"{"type":"error","error":{"type":"overloaded_error","message":"say \"later\""},"request_id":"r-1"}"#;
        assert_eq!(String::from_utf8(body(&refusal, "req_1")).as_deref(), Ok(expected));
        let of_the_gateway = body(&Refusal::new(RefusalKind::Invalid, "no"), "req_1");
        assert!(of_the_gateway.ends_with(br#""request_id":"req_1"}"#), "{}", String::from_utf8_lossy(&of_the_gateway));
        assert_eq!(status(&refusal).as_u16(), 529);
        assert_eq!(status(&Refusal::new(RefusalKind::ShuttingDown, "")).as_u16(), 503);
    }

    #[test]
    fn a_conversation_that_is_too_long_is_known_by_anthropics_words() {
        let told = |message: &str| message_of(&Refusal::new(RefusalKind::ContextOverflow, message));
        assert_eq!(told("Input is too long"), "prompt is too long: Input is too long");
        assert_eq!(told("Prompt is too long: 9 > 8"), "Prompt is too long: 9 > 8");
    }

    fn message_of(refusal: &Refusal) -> String {
        let body: serde_json::Value = serde_json::from_slice(&body(refusal, "req_1")).expect("it is JSON");
        body["error"]["message"].as_str().unwrap_or_default().to_owned()
    }
}
