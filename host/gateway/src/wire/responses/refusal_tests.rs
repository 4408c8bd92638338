//! Refusals.

use hyper::HeaderMap;
use serde_json::{Value, json};

use super::super::Received;
use super::answer_tests::{events, fragment, names, usage, writer};
use super::request;
use crate::contract::conversation::{AnswerDetails, Delta, TurnFailure};
use crate::contract::no_details;
use crate::contract::types::FailureKind;
use crate::failures;
use crate::pi::message::Fold;
use crate::remote::Fetched;

fn refused(details: &str) -> Delta {
    let details = AnswerDetails { additional_response_fields: Some(details.to_owned()), ..no_details() };
    let failure = failures::failure(FailureKind::Refused, "Anthropic refusal".to_owned(), None, None);
    Delta::Error(TurnFailure { failure, raw_stop_reason: Some("refusal".to_owned()), usage: usage(), details })
}

#[test]
fn a_refusal_is_a_part_of_its_own_behind_what_came() {
    let details = r#"{"stop_details":{"type":"refusal","category":"cyber","explanation":"Not \"this\"."}}"#;
    // The text has no end: what is open ends before the refusal.
    let deltas = [Delta::Start, Delta::TextStart(0), Delta::TextDelta(fragment(0, "I")), refused(details)];
    let events = events(&deltas);
    let expected = [
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "output_item.added",
        "content_part.added",
        "refusal.delta",
        "refusal.done",
        "content_part.done",
        "output_item.done",
        "incomplete",
    ];
    assert_eq!(names(&events)[5..], expected);
    assert_eq!((&events[8]["output_index"], &events[8]["item"]["content"]), (&json!(1), &json!([])));
    assert_eq!(events[9]["part"], json!({"type": "refusal", "refusal": ""}));
    let at = json!({"type": "response.refusal.delta", "sequence_number": 10, "item_id": "msg_abc_1", "output_index": 1,
        "content_index": 0, "delta": "Not \"this\"."});
    assert_eq!(events[10], at);
    assert_eq!(events[11]["refusal"], "Not \"this\".");
    let response = &events[14]["response"];
    assert_eq!(response["incomplete_details"], json!({"reason": "content_filter"}));
    let message = json!({"type": "message", "id": "msg_abc_1", "status": "completed", "role": "assistant",
        "content": [{"type": "refusal", "refusal": "Not \"this\"."}]});
    assert_eq!((&response["output"][1], &events[13]["item"]), (&message, &message));
    assert_eq!(response["output"][0]["content"][0]["text"], "I");

    // As a whole it is the same, and it can be sent back.
    let mut fold = Fold::new("", "", "", None);
    deltas.iter().for_each(|delta| fold.apply(delta));
    let mut out = Vec::new();
    let mut writer = writer();
    let Some(Delta::Error(failed)) = deltas.last() else { panic!("the last is the refusal") };
    let ended = writer.ends_well(failed).expect("a refusal is an end");
    writer.whole(fold.message(), &ended, &mut out);
    let whole: Value = serde_json::from_slice(&out).expect("it is JSON");
    assert_eq!(whole["output"], response["output"]);
    let body = json!({"model": "alias", "input": whole["output"]}).to_string();
    let received = Received { body: body.as_bytes(), headers: &HeaderMap::new(), fetched: &Fetched::default() };
    assert!(request::read(&received).is_ok());
}

#[test]
fn a_refusal_without_words_and_a_filter_have_no_such_part() {
    let filtered = |kind, raw: &str| {
        let failure = failures::failure(kind, "it was stopped".to_owned(), None, None);
        Delta::Error(TurnFailure {
            failure,
            raw_stop_reason: Some(raw.to_owned()),
            usage: usage(),
            details: no_details(),
        })
    };
    let no_words = refused(r#"{"stop_details":{"explanation":""}}"#);
    for last in [no_words, filtered(FailureKind::ContentFiltered, "guardrail_intervened")] {
        let events = events(&[Delta::Start, last]);
        assert_eq!(names(&events), ["created", "in_progress", "incomplete"]);
        assert_eq!(events[2]["response"]["output"], json!([]));
    }
}
