//! Whole answers.

use super::super::super::Writer as _;
use super::{USAGE, fragment, outcome, streamed, usage, writer};
use crate::contract::conversation::{
    Attachment, Delta, Outcome, StopReason, ThinkingEnd, ToolcallEnd, ToolcallStart, TurnFailure,
};
use crate::contract::no_details;
use crate::contract::types::FailureKind;
use crate::failures;
use crate::pi::message::Fold;

fn whole(deltas: &[Delta], outcome: &Outcome, stop_sequences: &[&str]) -> String {
    let mut fold = Fold::new("bedrock-converse-stream", "amazon-bedrock", "anthropic.claude-test", None);
    deltas.iter().for_each(|delta| fold.apply(delta));
    let mut out = Vec::new();
    writer(stop_sequences).whole(fold.message(), outcome, &mut out);
    String::from_utf8(out).expect("JSON is UTF-8")
}

fn message(content: &str, end: &str) -> String {
    format!(
        r#"{{"id":"msg_0123456789abcdefghijklmn","type":"message","role":"assistant","model":"anthropic.claude-test","content":[{content}],{end}}}"#
    )
}

fn tool_call(index: u32, arguments: &str, problem: Option<&str>) -> [Delta; 2] {
    let start = ToolcallStart { content_index: index, id: format!("t{index}"), name: "get".to_owned() };
    let end =
        ToolcallEnd { content_index: index, arguments: arguments.to_owned(), problem: problem.map(str::to_owned) };
    [Delta::ToolcallStart(start), Delta::ToolcallEnd(end)]
}

#[test]
fn every_kind_of_block() {
    let citation = r#"{"location":{"web":{"url":"https://a.example"}},"title":"A"}"#;
    let end = |content_index, signature: &str, redacted| {
        Delta::ThinkingEnd(ThinkingEnd { content_index, signature: Some(signature.to_owned()), redacted })
    };
    let mut deltas = vec![
        Delta::ThinkingStart(0),
        Delta::ThinkingDelta(fragment(0, "hm")),
        end(0, "c2ln", false),
        Delta::ThinkingStart(1),
        Delta::ThinkingDelta(fragment(1, "[Reasoning redacted]")),
        end(1, "cmVk", true),
        Delta::TextStart(2),
        Delta::TextDelta(fragment(2, "Hi")),
        Delta::Attachment(Attachment {
            content_index: Some(2),
            kind: "citation".to_owned(),
            value: citation.to_owned(),
        }),
    ];
    deltas.extend(tool_call(3, r#"{"n":12345678901234567890}"#, None));
    let content = [
        r#"{"type":"thinking","thinking":"hm","signature":"c2ln"}"#,
        r#"{"type":"redacted_thinking","data":"cmVk"}"#,
        r#"{"type":"text","text":"Hi","citations":[{"type":"web_search_result_location","cited_text":"","url":"https://a.example","title":"A","encrypted_index":""}]}"#,
        r#"{"type":"tool_use","id":"t3","name":"get","input":{"n":12345678901234567890}}"#,
    ];
    let end = format!(r#""stop_reason":"tool_use","stop_sequence":null,"usage":{USAGE}"#);
    let answer = whole(&deltas, &outcome(StopReason::ToolUse, "end_turn", &[]), &[]);
    assert_eq!(answer, message(&content.join(","), &end));
}

#[test]
fn stop_reasons_are_anthropics() {
    let ended = |reason, raw: &str, extras: &[(&str, &str)], sequences: &[&str]| {
        let answer = whole(&[], &outcome(reason, raw, extras), sequences);
        let answer: serde_json::Value = serde_json::from_str(&answer).expect("it is JSON");
        format!("{} {}", answer["stop_reason"], answer["stop_sequence"])
    };
    let which = [("additionalModelResponseFields", r#"{"stop_sequence":"B"}"#)];
    assert_eq!(ended(StopReason::Stop, "end_turn", &[], &["A"]), r#""end_turn" null"#);
    assert_eq!(ended(StopReason::Stop, "stop_sequence", &which, &["A", "B"]), r#""stop_sequence" "B""#);
    assert_eq!(ended(StopReason::Stop, "stop_sequence", &[], &["A"]), r#""stop_sequence" "A""#);
    assert_eq!(ended(StopReason::Stop, "stop_sequence", &[], &["A", "B"]), r#""stop_sequence" null"#);
    assert_eq!(ended(StopReason::Length, "max_tokens", &[], &[]), r#""max_tokens" null"#);
    let full = "model_context_window_exceeded";
    assert_eq!(ended(StopReason::Length, full, &[], &[]), format!("\"{full}\" null"));
}

#[test]
fn the_tier_is_told() {
    let tier = [("serviceTier", "priority")];
    assert!(whole(&[], &outcome(StopReason::Stop, "end_turn", &tier), &[]).contains(r#""service_tier":"priority""#));
    let tier = [("serviceTier", "default")];
    assert!(whole(&[], &outcome(StopReason::Stop, "end_turn", &tier), &[]).contains(r#""service_tier":"standard""#));
}

#[test]
fn arguments_that_are_no_json_are_not_an_empty_call() {
    let answer = whole(
        &tool_call(0, "{}", Some("EOF\n\nReceived arguments:\n{\"a")),
        &outcome(StopReason::ToolUse, "tool_use", &[]),
        &[],
    );
    assert!(answer.contains(r#""input":{"INVALID_JSON":"EOF\n\nReceived arguments:\n{\"a"}"#), "{answer}");
}

#[test]
fn tools_of_the_service_come_before_what_is_said_of_them() {
    let attachment = |kind: &str, value: &str| {
        Delta::Attachment(Attachment { content_index: None, kind: kind.to_owned(), value: value.to_owned() })
    };
    let deltas = [
        attachment("server-tool-use", r#"{"toolUseId":"s1","name":"n","type":"server_tool_use","input":{"a":1}}"#),
        attachment("server-tool-result", r#"{"toolUseId":"s1","type":"n_result","status":"","content":[{"json":{}}]}"#),
        Delta::TextStart(0),
        Delta::TextDelta(fragment(0, "x")),
    ];
    let content = r#"{"type":"server_tool_use","id":"s1","name":"n","input":{"a":1}},{"type":"n_result","tool_use_id":"s1","content":[{"json":{}}]},{"type":"text","text":"x","citations":null}"#;
    let end = format!(r#""stop_reason":"end_turn","stop_sequence":null,"usage":{USAGE}"#);
    assert_eq!(whole(&deltas, &outcome(StopReason::Stop, "end_turn", &[]), &[]), message(content, &end));
}

#[test]
fn a_refusal_is_an_answer_and_other_failures_are_not() {
    let failed = |kind, raw: Option<&str>| {
        let failure = failures::failure(kind, "m".to_owned(), None, None);
        let failed =
            TurnFailure { failure, raw_stop_reason: raw.map(str::to_owned), usage: usage(), details: no_details() };
        writer(&[]).ends_well(&failed).map(|outcome| outcome.reason)
    };
    let word = |word: &str| Some(StopReason::Other(word.to_owned()));
    assert_eq!(failed(FailureKind::Refused, Some("refusal")), word("refusal"));
    assert_eq!(failed(FailureKind::ContentFiltered, Some("guardrail_intervened")), word("refusal"));
    assert_eq!(failed(FailureKind::Other("stop-reason:pause_turn".to_owned()), Some("pause_turn")), word("pause_turn"));
    assert_eq!(failed(FailureKind::ContentFiltered, None), None);
    assert_eq!(failed(FailureKind::ModelOutput, Some("malformed_tool_use")), None);
    assert_eq!(failed(FailureKind::Throttled, Some("end_turn")), None);
}

#[test]
fn searches_of_the_service_are_counted_in_a_stream_and_as_a_whole() {
    let call = |name: &str| {
        let value = format!(r#"{{"toolUseId":"s","name":"{name}","type":"server_tool_use","input":{{}}}}"#);
        Delta::Attachment(Attachment { content_index: None, kind: "server-tool-use".to_owned(), value })
    };
    let counted =
        r#""output_tokens":5,"server_tool_use":{"web_fetch_requests":0,"web_search_requests":2},"service_tier""#;
    let ended = |extras| outcome(StopReason::Stop, "end_turn", extras);
    let searches = [call("nova_grounding"), call("web_search"), call("nova_code_interpreter")];
    for (deltas, extras) in [
        (&searches[..], &[][..]),
        // Bedrock's own count holds.
        (&searches[..1], &[("serverToolUsage", r#"{"webSearchRequests":2}"#)][..]),
    ] {
        let answer = whole(deltas, &ended(extras), &[]);
        assert!(answer.contains(counted), "{answer}");
        let all: Vec<_> = deltas.iter().cloned().chain([Delta::Done(ended(extras))]).collect();
        let stream = streamed(&all, &[]);
        assert!(stream.contains(counted), "{stream}");
    }
    let answer = whole(&[call("nova_code_interpreter")], &ended(&[]), &[]);
    assert!(!answer.contains("server_tool_use\":{"), "{answer}");
}
