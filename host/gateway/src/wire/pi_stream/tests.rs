//! Requests as pi-agent-core 0.87.1 writes them, and what its client makes of the answers.

use std::time::SystemTime;

use hyper::HeaderMap;

use super::super::{Head, ReadError, Received, Request};
use super::*;
use crate::contract::conversation::{
    AssistantBlock, Attachment, Delta, Fragment, Message, Outcome, StopReason, ThinkingEnd, ToolChoice, ToolcallEnd,
    ToolcallStart, TurnFailure,
};
use crate::contract::no_details;
use crate::contract::types::{Failure, FailureKind, Usage, UsageCost};
use crate::failures;
use crate::pi::{API, PROVIDER};
use crate::remote::Fetched;

const MODEL: &str = r#"{"id":"us.anthropic.claude-sonnet-4-5-20250929-v1:0","name":"Claude Sonnet 4.5",
    "api":"bedrock-converse-stream","provider":"amazon-bedrock","baseUrl":"https://evil.example","reasoning":true,
    "thinkingLevelMap":{"xhigh":"max"},"input":["text","image"],"cost":{"input":3,"output":15,"cacheRead":0.3,
    "cacheWrite":3.75,"tiers":[{"inputTokensAbove":200000,"input":6,"output":22.5,"cacheRead":0.6,"cacheWrite":7.5}]},
    "contextWindow":200000,"maxTokens":64000,"headers":{"x-steer":"1"},"compat":{"supportsStrictMode":true}}"#;

fn read(body: &str) -> Result<Request, ReadError> {
    request::read(&Received { body: body.as_bytes(), headers: &HeaderMap::new(), fetched: &Fetched::default() })
}

fn refused(body: &str) -> String {
    match read(body) {
        Err(ReadError::Refused(refusal)) => refusal.message,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it was taken"),
    }
}

#[test]
fn a_request_of_the_client_is_read_and_cannot_steer() {
    let body = format!(
        r#"{{"model":{MODEL},"context":{{"messages":[{{"role":"system","content":"Be brief.","toolsAdded":[{{"name":"look",
        "description":"Looks.","parameters":{{"type":"object"}}}}],"timestamp":0}},{{"role":"user","content":[{{"type":"image",
        "data":"AQID","mimeType":"image/png"}}],"timestamp":1}}]}},"options":{{"temperature":0.5,"maxTokens":900,
        "reasoning":"high","cacheRetention":"long","sessionId":"s","headers":{{"a":"b"}},"metadata":{{"user_id":"u"}},
        "transport":"sse","thinkingBudgets":{{"high":4000}},"maxRetryDelayMs":60000,"toolChoice":"none","deferred":false}}}}"#
    );
    let Ok(Request { asked, .. }) = read(&body) else { panic!("it was refused") };
    assert_eq!(asked.model, "us.anthropic.claude-sonnet-4-5-20250929-v1:0");
    assert!(asked.stream);
    assert_eq!(asked.context.system_prompt.as_deref(), Some("Be brief."));
    assert_eq!((asked.context.tools.len(), asked.context.messages.len(), asked.blobs.len()), (1, 1, 1));
    assert_eq!((asked.options.temperature, asked.options.max_tokens), (Some(0.5), Some(900)));
    assert_eq!(asked.options.thinking.as_deref(), Some("high"));
    assert_eq!(asked.options.thinking_budgets, [("high".to_owned(), 4000)]);
    assert_eq!(asked.options.cache_retention.as_deref(), Some("long"));
    assert!(matches!(asked.options.tool_choice, Some(ToolChoice::None)));
    let known = asked.known.expect("the client's record is kept");
    assert_eq!(known.params, None);
    assert_eq!((known.context_window, known.max_tokens, known.reasoning), (200_000, 64_000, true));
    assert_eq!((known.cost.cache_write, known.cost.tiers[0].output), (3.75, 22.5));
    assert_eq!(known.extras[0].value, r#"{"xhigh":"max"}"#);
}

#[test]
fn what_cannot_be_had_is_refused_by_name() {
    let told = refused(
        r#"{"model":{"id":"gpt-5","provider":"openai"},"context":{"messages":[{"role":"user","content":[{"type":"image",
        "mimeType":"image/png","data":"!"}]}]},"options":{"deferred":{"window":"1h"},"toolChoice":"some"}}"#,
    );
    for place in [
        "model.provider: `openai`",
        "context.messages[0].content[0].data: it is not base64",
        "options.deferred",
        "options.toolChoice: `some`",
    ] {
        assert!(told.contains(place), "{place} is not in {told}");
    }
    assert!(refused(r#"{"options":{}}"#).contains("model: it is missing"));
    assert!(refused("[]").contains("expected a JSON object"));
    let refusal = Refusal::invalid("model", "no \"such\" model");
    assert_eq!(String::from_utf8_lossy(&super::refusal(&refusal, "req_1")), r#"{"error":"no \"such\" model"}"#);
}

fn writer(asked: &str, answering: &str) -> Box<dyn super::super::Writer> {
    let body = format!(r#"{{"model":{{"id":"{asked}"}},"context":{{"messages":[]}}}}"#);
    let Ok(Request { mut writer, .. }) = read(&body) else { panic!("it was refused") };
    let head = Head { id: "id".to_owned(), model: answering.to_owned(), created: SystemTime::UNIX_EPOCH };
    writer.begin(&head);
    writer
}

fn events(writer: &mut dyn super::super::Writer, deltas: &[Delta]) -> Vec<String> {
    let mut out = Vec::new();
    writer.events(deltas, &mut out);
    let text = String::from_utf8(out).expect("events are text");
    assert!(text.is_empty() || text.ends_with("\n\n"), "{text}");
    text.split_terminator("\n\n").map(|event| event.strip_prefix("data: ").unwrap_or_default().to_owned()).collect()
}

fn usage() -> Usage {
    let cost = UsageCost { input: 1.0, output: 0.5, cache_read: 0.0, cache_write: 0.0, total: 1.5 };
    Usage { input: 3, output: 2, cache_read: 0, cache_write: 0, cache_write_long: 0, total: 5, cost }
}

fn fragment(content_index: u32, delta: &str) -> Fragment {
    Fragment { content_index, delta: delta.to_owned() }
}

const USAGE: &str = r#""usage":{"input":3,"output":2,"cacheRead":0,"cacheWrite":0,"totalTokens":5,"cost":{"input":1,"output":0.5,"cacheRead":0,"cacheWrite":0,"total":1.5}}}"#;

#[test]
fn the_events_are_those_that_the_client_reads() {
    let start = |content_index, id: &str| ToolcallStart { content_index, id: id.to_owned(), name: "look".to_owned() };
    let end =
        |content_index, arguments: &str| ToolcallEnd { content_index, arguments: arguments.into(), problem: None };
    let deltas = [
        Delta::Start,
        Delta::ThinkingStart(0),
        Delta::ThinkingDelta(fragment(0, "hm")),
        Delta::ThinkingEnd(ThinkingEnd { content_index: 0, signature: Some("sig".to_owned()), redacted: false }),
        Delta::TextStart(1),
        Delta::TextDelta(fragment(1, "a \"b\"\n")),
        Delta::Attachment(Attachment { content_index: Some(1), kind: "citation".into(), value: "{}".into() }),
        Delta::TextEnd(1),
        Delta::ToolcallStart(start(2, "c1")),
        Delta::ToolcallStart(start(3, "c2")),
        Delta::ToolcallDelta(fragment(3, "{\"a\":")),
        Delta::ToolcallEnd(end(2, "{}")),
        Delta::ToolcallDelta(fragment(3, "1}")),
        Delta::ToolcallEnd(end(3, "{\"a\":1}")),
        Delta::Done(Outcome {
            reason: StopReason::ToolUse,
            raw_stop_reason: "tool_use".into(),
            usage: usage(),
            details: no_details(),
        }),
    ];
    let expected = [
        r#"{"type":"start"}"#,
        r#"{"type":"thinking_start","contentIndex":0}"#,
        r#"{"type":"thinking_delta","contentIndex":0,"delta":"hm"}"#,
        r#"{"type":"thinking_end","contentIndex":0,"contentSignature":"sig"}"#,
        r#"{"type":"text_start","contentIndex":1}"#,
        r#"{"type":"text_delta","contentIndex":1,"delta":"a \"b\"\n"}"#,
        r#"{"type":"text_end","contentIndex":1}"#,
        r#"{"type":"toolcall_start","contentIndex":2,"id":"c1","toolName":"look"}"#,
        r#"{"type":"toolcall_start","contentIndex":3,"id":"c2","toolName":"look"}"#,
        r#"{"type":"toolcall_delta","contentIndex":3,"delta":"{\"a\":"}"#,
        r#"{"type":"toolcall_delta","contentIndex":2,"delta":"{}"}"#,
        r#"{"type":"toolcall_end","contentIndex":2,"toolCall":{"type":"toolCall","id":"c1","name":"look","arguments":{}}}"#,
        r#"{"type":"toolcall_delta","contentIndex":3,"delta":"1}"}"#,
        r#"{"type":"toolcall_end","contentIndex":3,"toolCall":{"type":"toolCall","id":"c2","name":"look","arguments":{"a":1}}}"#,
        &format!(r#"{{"type":"done","reason":"toolUse",{USAGE}"#),
    ];
    assert_eq!(events(writer("m", "m").as_mut(), &deltas), expected);
}

#[test]
fn a_failure_is_an_error_event_and_nothing_like_an_end() {
    let failure = Failure {
        retryable: true,
        ..failures::failure(FailureKind::Throttled, "slow down".to_owned(), Some("wait"), Some("r-1"))
    };
    let failed = Delta::Error(TurnFailure { failure, raw_stop_reason: None, usage: usage(), details: no_details() });
    let expected =
        format!(r#"{{"type":"error","reason":"error","errorMessage":"slow down (wait) (AWS request id: r-1)",{USAGE}"#);
    assert_eq!(events(writer("m", "m").as_mut(), &[Delta::Start, failed])[1], expected);
}

/// What the client sends back, after it made its message of the events.
fn replayed(asked: &str, end: ThinkingEnd, answering: &str) -> (String, AssistantBlock) {
    let events = events(writer(asked, answering).as_mut(), &[Delta::ThinkingEnd(end)]);
    let event: serde_json::Value = serde_json::from_str(&events[0]).expect("an event is JSON");
    let block =
        serde_json::json!({"type": "thinking", "thinking": "t", "thinkingSignature": event["contentSignature"]});
    let message = serde_json::json!({"role": "assistant", "content": [block], "api": "my-api", "provider": "bedrock",
        "model": asked, "stopReason": "stop"});
    let body = serde_json::json!({"model": {"id": asked, "provider": "bedrock", "api": "my-api"},
        "context": {"messages": [message]}});
    let Ok(Request { asked, .. }) = read(&body.to_string()) else { panic!("it was refused") };
    match asked.context.messages.into_iter().next() {
        Some(Message::Assistant(mut message)) => {
            assert_eq!((message.provider.as_str(), message.api.as_str()), (PROVIDER, API));
            (message.model, message.content.remove(0))
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn thinking_comes_back_as_it_went_redacted_or_from_a_fallback() {
    for (redacted, answering) in [(false, "m"), (true, "m"), (false, "fallback"), (true, "fallback")] {
        let end = ThinkingEnd { content_index: 0, signature: Some("AQID".to_owned()), redacted };
        let (model, block) = replayed("m", end, answering);
        assert_eq!(model, answering);
        let AssistantBlock::Thinking(thinking) = block else { panic!("{block:?}") };
        assert_eq!((thinking.signature.as_deref(), thinking.redacted), (Some("AQID"), redacted));
    }
}
