//! Answers, as the SDKs' types want them.

use std::time::SystemTime;

use hyper::HeaderMap;
use serde_json::{Value, json};

use super::super::thinking_token::ThinkingToken;
use super::super::{Head, Received, Writer};
use super::request;
use crate::contract::conversation::{
    AnswerDetails, AssistantBlock, Attachment, Delta, Fragment, Message, Outcome, StopReason, Thinking, ThinkingEnd,
    ToolcallEnd, ToolcallStart, TurnFailure,
};
use crate::contract::no_details;
use crate::contract::types::{Failure, FailureKind, Usage, UsageCost};
use crate::failures;
use crate::pi::message::Fold;
use crate::remote::Fetched;

pub(super) fn writer() -> Box<dyn Writer> {
    let body = br#"{"model":"alias","input":"x","instructions":"I","tools":[{"type":"function","name":"look",
        "parameters":{"type":"object"},"strict":true}],"metadata":{"team":"a"},"temperature":0.5}"#;
    let received = Received { body, headers: &HeaderMap::new(), fetched: &Fetched::default() };
    let Ok(request) = request::read(&received) else { panic!("it was refused") };
    let mut writer = request.writer;
    writer.begin(&Head { id: "abc".to_owned(), model: "answering".to_owned(), created: SystemTime::UNIX_EPOCH });
    writer
}

/// The events' data, after checks that hold for every stream.
pub(super) fn events(deltas: &[Delta]) -> Vec<Value> {
    let mut writer = writer();
    let mut out = Vec::new();
    // One at a time, as a slow service gives them: what is written must not depend on how they are grouped.
    deltas.iter().for_each(|delta| writer.events(std::slice::from_ref(delta), &mut out));
    let text = String::from_utf8(out).expect("events are text");
    let read = |(number, message): (usize, &str)| {
        let (name, data) = message.split_once('\n').expect("an event has two lines");
        let data: Value = serde_json::from_str(data.strip_prefix("data: ").expect("the second is data")).expect("JSON");
        assert_eq!(name.strip_prefix("event: "), data["type"].as_str());
        assert_eq!(data["sequence_number"], number);
        data
    };
    assert!(text.ends_with("\n\n"));
    text.trim_end().split("\n\n").enumerate().map(read).collect()
}

pub(super) fn names(events: &[Value]) -> Vec<&str> {
    events.iter().filter_map(|event| event["type"].as_str()).map(|name| name.trim_start_matches("response.")).collect()
}

pub(super) fn fragment(content_index: u32, delta: &str) -> Fragment {
    Fragment { content_index, delta: delta.to_owned() }
}

pub(super) fn usage() -> Usage {
    let cost = UsageCost { input: 0.0, output: 0.0, cache_read: 0.0, cache_write: 0.0, total: 0.0 };
    Usage { input: 3, output: 2, cache_read: 4, cache_write: 5, cache_write_long: 0, total: 14, cost }
}

fn outcome(reason: StopReason, raw: &str) -> Outcome {
    let details = AnswerDetails { service_tier: Some("flex".to_owned()), ..no_details() };
    Outcome { reason, raw_stop_reason: raw.to_owned(), usage: usage(), details }
}

fn failure(kind: FailureKind) -> Delta {
    let failure = Failure {
        retryable: true,
        code: Some("ThrottlingException".to_owned()),
        ..failures::failure(kind, "slow down".to_owned(), None, Some("r-1"))
    };
    Delta::Error(TurnFailure { failure, raw_stop_reason: None, usage: usage(), details: no_details() })
}

fn everything() -> Vec<Delta> {
    let start = |content_index, id: &str| ToolcallStart { content_index, id: id.to_owned(), name: "look".to_owned() };
    let web = r#"{"title":"A page","location":{"web":{"url":"https://a.example/","domain":"a.example"}}}"#;
    let document = r#"{"title":"policy","sourceContent":[{"text":"20"}],"location":{"documentPage":{"documentIndex":1,"start":2,"end":3}}}"#;
    let citation =
        |value: &str| Attachment { content_index: Some(1), kind: "citation".to_owned(), value: value.to_owned() };
    vec![
        Delta::Start,
        Delta::ThinkingStart(0),
        Delta::ThinkingDelta(fragment(0, "")),
        Delta::ThinkingDelta(fragment(0, "h")),
        Delta::ThinkingDelta(fragment(0, "m")),
        Delta::ThinkingEnd(ThinkingEnd { content_index: 0, signature: Some("sig".to_owned()), redacted: false }),
        Delta::TextStart(1),
        Delta::Attachment(citation(web)),
        Delta::TextDelta(fragment(1, "a \"b\"\n")),
        Delta::TextDelta(fragment(1, "ü")),
        Delta::Attachment(citation(document)),
        Delta::TextEnd(1),
        // Two calls at once, one of them without arguments.
        Delta::ToolcallStart(start(2, "c1")),
        Delta::ToolcallStart(start(3, "c2")),
        Delta::ToolcallDelta(fragment(3, "{\"a\":")),
        Delta::ToolcallEnd(ToolcallEnd { content_index: 2, arguments: "{}".to_owned(), problem: None }),
        Delta::ToolcallDelta(fragment(3, "1}")),
        Delta::ToolcallEnd(ToolcallEnd { content_index: 3, arguments: "{\"a\":1}".to_owned(), problem: None }),
        Delta::Done(outcome(StopReason::ToolUse, "tool_use")),
    ]
}

#[test]
fn a_stream_has_the_events_that_openai_has() {
    let events = events(&everything());
    let expected = [
        "created",
        "in_progress",
        "output_item.added",
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
        "output_item.done",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.annotation.added",
        "output_text.annotation.added",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "output_item.added",
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
        "completed",
    ];
    assert_eq!(names(&events), expected);
    assert_eq!(events[0]["response"]["status"], "in_progress");
    assert_eq!(events[0]["response"]["output"], json!([]));
    assert_eq!(
        events[11],
        json!({"type": "response.output_text.delta", "sequence_number": 11, "item_id": "msg_abc_1", "output_index": 1,
            "content_index": 0, "logprobs": [], "delta": "a \"b\"\n"})
    );
    assert_eq!(events[4]["summary_index"], 0);
    assert_eq!(events[15]["text"], "a \"b\"\nü");
    let deltas: String =
        events.iter().filter(|event| event["output_index"] == 3).filter_map(|event| event["delta"].as_str()).collect();
    assert_eq!(deltas, "{\"a\":1}");
    assert_eq!((&events[21]["delta"], &events[22]["arguments"]), (&json!("{}"), &json!("{}")));
    // Every item ends as it stands in the response.
    let output = events[27]["response"]["output"].as_array().expect("the output is a list");
    let done: Vec<_> = events.iter().filter(|event| event["type"] == "response.output_item.done").collect();
    assert_eq!(done.len(), 4);
    for event in done {
        let index = event["output_index"].as_u64().and_then(|index| usize::try_from(index).ok()).expect("an index");
        assert_eq!(event["item"], output[index]);
    }
}

#[test]
fn the_whole_answer_is_the_response_that_ends_the_stream() {
    let mut fold = Fold::new("", "", "", None);
    let deltas = everything();
    deltas.iter().for_each(|delta| fold.apply(delta));
    let mut out = Vec::new();
    writer().whole(fold.message(), &outcome(StopReason::ToolUse, "tool_use"), &mut out);
    let mut whole: Value = serde_json::from_slice(&out).expect("it is JSON");
    let mut last = events(&deltas).pop().expect("there are events")["response"].take();
    // The clock may have moved between the two.
    let completed_at = whole["completed_at"].take();
    assert!(completed_at.is_u64() && last["completed_at"].take().is_u64());
    assert_eq!(whole, last);

    assert_eq!(
        (&whole["id"], &whole["object"], &whole["status"]),
        (&json!("resp_abc"), &json!("response"), &json!("completed"))
    );
    assert_eq!((&whole["model"], &whole["store"], &whole["error"]), (&json!("answering"), &json!(false), &Value::Null));
    assert_eq!((&whole["instructions"], &whole["service_tier"]), (&json!("I"), &json!("flex")));
    assert_eq!((&whole["tool_choice"], &whole["metadata"]), (&json!("auto"), &json!({"team": "a"})));
    assert_eq!((&whole["temperature"], &whole["tools"][0]["name"]), (&json!(0.5), &json!("look")));
    let usage = json!({"input_tokens": 12, "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 5},
        "output_tokens": 2, "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 14});
    assert_eq!(whole["usage"], usage);

    let output = &whole["output"];
    assert_eq!(output[0]["summary"], json!([{"type": "summary_text", "text": "hm"}]));
    let token = output[0]["encrypted_content"].as_str().and_then(ThinkingToken::read).expect("it has a token");
    assert_eq!((token.model.as_str(), token.signature.as_deref(), token.redacted), ("answering", Some("sig"), false));
    let annotations = &output[1]["content"][0]["annotations"];
    let page = json!({"title": "A page", "location": {"web": {"url": "https://a.example/", "domain": "a.example"}}});
    assert_eq!(
        annotations[0],
        json!({"type": "url_citation", "start_index": 0, "end_index": 7, "url": "https://a.example/", "title": "A page",
            "citation": page})
    );
    assert_eq!((&annotations[1]["type"], &annotations[1]["index"]), (&json!("file_citation"), &json!(1)));
    assert_eq!((&annotations[1]["file_id"], &annotations[1]["filename"]), (&json!("document_1"), &json!("policy")));
    let call = json!({"type": "function_call", "id": "fc_abc_3", "status": "completed", "call_id": "c2", "name": "look",
        "arguments": "{\"a\":1}"});
    assert_eq!(output[3], call);
}

#[test]
fn what_was_given_out_comes_back_as_it_was() {
    let redacted = [
        Delta::Start,
        Delta::ThinkingStart(0),
        Delta::ThinkingDelta(fragment(0, "[Reasoning redacted]")),
        Delta::ThinkingEnd(ThinkingEnd { content_index: 0, signature: Some("AQID".to_owned()), redacted: true }),
        // Adaptive thinking gives blocks that are a signature alone.
        Delta::ThinkingStart(1),
        Delta::ThinkingEnd(ThinkingEnd { content_index: 1, signature: Some("only".to_owned()), redacted: false }),
        Delta::Done(outcome(StopReason::Stop, "end_turn")),
    ];
    let last = events(&redacted).pop().expect("there are events");
    let output = &last["response"]["output"];
    assert_eq!(output[1]["summary"], json!([]));
    let body = json!({"model": "alias", "input": output}).to_string();
    let received = Received { body: body.as_bytes(), headers: &HeaderMap::new(), fetched: &Fetched::default() };
    let Ok(request) = request::read(&received) else { panic!("it was refused") };
    let [Message::Assistant(message)] = &request.asked.context.messages[..] else {
        panic!("{:?}", request.asked.context.messages)
    };
    assert_eq!(message.model, "answering");
    let thinking = |text: &str, signature: &str, redacted| {
        AssistantBlock::Thinking(Thinking { text: text.into(), signature: Some(signature.into()), redacted })
    };
    assert_eq!(message.content, [thinking("[Reasoning redacted]", "AQID", true), thinking("", "only", false)]);
}

#[test]
fn an_answer_that_was_cut_off_says_so() {
    for (reason, raw, told) in [
        (StopReason::Length, "max_tokens", "max_output_tokens"),
        (StopReason::Other("filtered".to_owned()), "content_filtered", "content_filter"),
    ] {
        let last = events(&[Delta::Start, Delta::Done(outcome(reason, raw))]).pop().expect("there are events");
        assert_eq!(last["type"], "response.incomplete");
        assert_eq!(last["response"]["status"], "incomplete");
        assert_eq!(last["response"]["incomplete_details"], json!({"reason": told}));
        assert_eq!(last["response"]["completed_at"], Value::Null);
    }
}

#[test]
fn a_failure_is_failed_and_raised_and_nothing_like_an_end() {
    let partial =
        [Delta::Start, Delta::TextStart(0), Delta::TextDelta(fragment(0, "half")), failure(FailureKind::Throttled)];
    let events = events(&partial);
    assert_eq!(
        names(&events)[2..],
        ["output_item.added", "content_part.added", "output_text.delta", "failed", "error"]
    );
    let response = &events[5]["response"];
    assert_eq!(response["status"], "failed");
    assert_eq!(response["error"], json!({"code": "rate_limit_exceeded", "message": "slow down (AWS request id: r-1)"}));
    assert_eq!(
        (&response["output"][0]["status"], &response["output"][0]["content"][0]["text"]),
        (&json!("incomplete"), &json!("half"))
    );
    let error = json!({"message": "slow down (AWS request id: r-1)", "type": "rate_limit_error", "param": null,
        "code": "rate_limit_exceeded"});
    assert_eq!(events[6]["error"], error);
    assert_eq!((&events[6]["code"], &events[6]["message"]), (&error["code"], &error["message"]));
}

#[test]
fn a_failure_that_comes_first_still_has_a_beginning() {
    assert_eq!(names(&events(&[failure(FailureKind::Service)])), ["created", "in_progress", "failed", "error"]);
}

#[test]
fn arguments_that_cannot_be_read_do_not_pass_for_a_whole_call() {
    let start = ToolcallStart { content_index: 0, id: "c".to_owned(), name: "look".to_owned() };
    let end = ToolcallEnd { content_index: 0, arguments: "{}".to_owned(), problem: Some("cut off".to_owned()) };
    let deltas = [
        Delta::Start,
        Delta::ToolcallStart(start),
        Delta::ToolcallDelta(fragment(0, "{\"a\":")),
        Delta::ToolcallEnd(end),
        Delta::Done(outcome(StopReason::Length, "max_tokens")),
    ];
    let events = events(&deltas);
    let last = events.last().expect("there are events");
    assert_eq!(last["response"]["output"][0]["status"], "incomplete");
    // An empty object would be a call that the model did not make.
    assert_eq!(last["response"]["output"][0]["arguments"], "{\"a\":");
    let done = events.iter().find(|event| event["type"] == "response.function_call_arguments.done");
    assert_eq!(done.expect("the arguments end")["arguments"], "{\"a\":");
}

#[test]
fn deltas_of_blocks_that_never_began_are_not_events() {
    let stray = [
        Delta::Start,
        Delta::TextDelta(fragment(4, "x")),
        Delta::ThinkingDelta(fragment(4, "x")),
        Delta::ToolcallDelta(fragment(4, "x")),
        Delta::TextEnd(4),
        Delta::ThinkingEnd(ThinkingEnd { content_index: 4, signature: None, redacted: false }),
        Delta::ToolcallEnd(ToolcallEnd { content_index: 4, arguments: "{}".to_owned(), problem: None }),
    ];
    assert_eq!(names(&events(&stray)), ["created", "in_progress"]);
}
