//! The one table, by the names of HTTP and by those of streams.

use super::table::{ROWS, Row};
use super::{explain, retry_after_milliseconds, stream_exception};
use crate::contract::types::{ApiError, ApiStage, Failure, FailureKind};

fn over_http(code: &str, message: Option<&str>) -> Failure {
    explain(&ApiError {
        operation: "ConverseStream".to_owned(),
        model_id: None,
        region: None,
        stage: ApiStage::Response,
        status: None,
        code: Some(code.to_owned()),
        message: message.map(str::to_owned),
        request_id: None,
        retry_after: None,
    })
}

/// A row's name as HTTP has it, as far as a first letter tells.
fn capitalised(name: &str) -> String {
    let (first, rest) = name.split_at(1);
    first.to_uppercase() + rest
}

#[test]
fn every_row_means_the_same_over_http_and_in_a_stream() {
    for Row { name, kind, retryable, .. } in ROWS {
        let http = capitalised(name);
        let forms = [http.clone(), format!("{http}:http://internal.amazon.com/coral/"), format!("com.amazon.x#{http}")];
        let over_http = forms.iter().map(|form| over_http(form, Some("words")));
        let in_stream = stream_exception(name, None, Some("words"), "a.m");
        for failure in over_http.chain([in_stream]) {
            assert_eq!((&failure.kind, failure.retryable), (kind, *retryable), "{name}");
            assert!(failure.message.ends_with(": words"), "{}", failure.message);
            assert!(failure.code.is_some_and(|code| code.eq_ignore_ascii_case(name)));
        }
    }
}

#[test]
fn no_name_is_there_twice() {
    for (nth, row) in ROWS.iter().enumerate() {
        assert!(!ROWS[..nth].iter().any(|earlier| earlier.name == row.name), "{}", row.name);
        assert_eq!(row.name, row.name.to_ascii_lowercase());
    }
}

#[test]
fn the_words_refine_http_and_stream_alike() {
    for (name, words, kind) in [
        ("ThrottlingException", "Too many tokens per day, please wait", FailureKind::Quota),
        ("ThrottlingException", "Too many tokens, please wait", FailureKind::Throttled),
        ("ValidationException", "Input is too long for requested model.", FailureKind::ContextOverflow),
        ("ModelStreamErrorException", "Input is too long", FailureKind::ContextOverflow),
        ("ValidationException", "… with on-demand throughput isn't supported", FailureKind::NeedsInferenceProfile),
    ] {
        let lower = name.replacen(&name[..1], &name[..1].to_lowercase(), 1);
        assert_eq!(over_http(name, Some(words)).kind, kind, "{words}");
        assert_eq!(stream_exception(&lower, None, Some(words), "a.m").kind, kind, "{words}");
    }
}

#[test]
fn an_overflow_is_one_in_the_words_of_every_family() {
    for words in [
        "The model returned the following errors: input length and `max_tokens` exceed context limit: 199759 + 8192 > 200000, decrease input length or `max_tokens` and try again",
        "Input Tokens Exceeded: Number of input tokens exceeds maximum length. Please update the input to try again.",
        "The model returned the following errors: too many total text bytes: 9437185 > 9437184",
        "The input token count (1196265) exceeds the maximum number of tokens allowed (1048575).",
        "too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 5092",
        "Your input exceeds the context window of this model",
        "This model's maximum prompt length is 131072 but the request contains 537812 tokens",
        "invalid params, context window exceeds limit",
        "Your request exceeded model token limit: 262144",
        "The request exceeds the max number of input tokens",
    ] {
        let failure = over_http("ValidationException", Some(words));
        assert_eq!((&failure.kind, failure.retryable), (&FailureKind::ContextOverflow, false), "{words}");
    }
    for words in [
        "The number of images in the request exceeds the maximum number of images allowed (20).",
        "The maximum tokens you requested exceeds the model limit of 10000. Try again with a maximum tokens value that is lower than 10000.",
        "The model returned the following errors: max_tokens: 70000 > 64000, which is the maximum allowed number of output tokens",
    ] {
        assert_eq!(over_http("ValidationException", Some(words)).kind, FailureKind::Validation, "{words}");
    }
    let throttled = over_http("ThrottlingException", Some("Too many tokens, please wait before trying again."));
    assert_eq!(throttled.kind, FailureKind::Throttled);
}

#[test]
fn the_status_of_the_model_says_whose_fault_it_was() {
    let of = |status| stream_exception("modelStreamErrorException", status, Some("words"), "a.m");
    assert_eq!((of(None).kind, of(None).retryable), (FailureKind::Service, true));
    assert_eq!((of(Some(400)).kind, of(Some(400)).retryable), (FailureKind::Validation, false));
    assert_eq!((of(Some(429)).kind, of(Some(429)).retryable), (FailureKind::Throttled, true));
    assert_eq!((of(Some(418)).kind, of(Some(418)).retryable), (FailureKind::Service, true));
}

#[test]
fn retry_after_is_read_in_seconds() {
    for (header, milliseconds) in [
        ("7", Some(7_000)),
        (" 0 ", Some(0)),
        ("1.5", Some(1_500)),
        ("0.0625", Some(62)),
        ("-1", None),
        ("1.", None),
        ("1.5s", None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
        ("18446744073709551615", None),
    ] {
        assert_eq!(retry_after_milliseconds(header), milliseconds, "{header}");
    }
}
