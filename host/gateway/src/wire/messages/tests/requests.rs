//! What is asked.

use super::super::{COUNT_TOKENS, MESSAGES, counted};
use super::{read, read_with};
use crate::contract::conversation::{
    AssistantBlock, Document, Message, SystemCachePoint, ToolCachePoint, ToolChoice, ToolResult, UserBlock,
};
use crate::wire::{Asked, ReadError, Wanted};

fn text(text: &str) -> UserBlock {
    UserBlock::Text(text.to_owned())
}

fn with(members: &str) -> Asked {
    read(&format!(r#"{{"model":"m","max_tokens":2000,"messages":[{{"role":"user","content":"hi"}}],{members}}}"#))
}

/// As the README of the Python SDK asks.
#[test]
fn the_simplest_request() {
    let asked = read(
        r#"{"max_tokens": 1024, "messages": [{"role": "user", "content": "Hello, Claude"}], "model": "amazon-bedrock/eu.anthropic.claude-sonnet-4-5-20250929-v1:0"}"#,
    );
    assert_eq!(asked.model, "amazon-bedrock/eu.anthropic.claude-sonnet-4-5-20250929-v1:0");
    assert_eq!(asked.context.messages, [Message::User(vec![text("Hello, Claude")])]);
    assert_eq!((asked.options.max_tokens, asked.stream), (Some(1024), false));
    assert_eq!(asked.options.cache_retention, None);
    assert_eq!(asked.options.additional_request_fields, None);
    assert!(asked.options.parallel_tool_calls.is_none() && asked.known.is_none());
}

#[test]
fn everything_about_the_answer() {
    let asked = with(
        r#""stream":true,"temperature":0.5,"top_p":0.9,"top_k":40,"stop_sequences":["END"],"service_tier":"standard_only",
        "metadata":{"user_id":"{\"session\":\"a-1\"}"},"tool_choice":{"type":"any","disable_parallel_tool_use":true},
        "tools":[{"name":"get","description":"Gets.","input_schema":{"type":"object","n":1.50},"strict":true,"type":"custom","eager_input_streaming":true}],
        "output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}}"#,
    );
    let options = &asked.options;
    assert!(asked.stream);
    assert_eq!((options.temperature, options.top_p), (Some(0.5), Some(0.9)));
    assert_eq!(options.stop_sequences, ["END"]);
    assert_eq!(options.additional_response_field_paths, ["/stop_sequence"]);
    assert_eq!(options.service_tier.as_deref(), Some("default"));
    assert_eq!(options.request_metadata, [("user_id".to_owned(), "__session_:_a-1__".to_owned())]);
    assert_eq!(options.tool_choice, Some(ToolChoice::Any));
    assert_eq!(options.additional_request_fields.as_deref(), Some(r#"{"top_k":40}"#));
    assert_eq!(options.parallel_tool_calls, Some(false));
    assert_eq!(options.output_schema.as_ref().map(|output| output.schema.as_str()), Some(r#"{"type":"object"}"#));
    let tool = &asked.context.tools[0];
    assert_eq!((tool.name.as_str(), tool.description.as_str()), ("get", "Gets."));
    assert_eq!((tool.parameters.as_str(), tool.strict.as_deref()), (r#"{"type":"object","n":1.50}"#, Some("require")));
}

/// A turn of a tool loop, with thinking and two calls.
#[test]
fn a_tool_loop() {
    let asked = read(
        r#"{"model":"m","max_tokens":9,"messages":[
        {"role":"user","content":[{"type":"text","text":"Weather?"}]},
        {"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"c2ln"},
          {"type":"redacted_thinking","data":"cmVk"},{"type":"text","text":"Looking.","citations":null},
          {"type":"tool_use","id":"t1","name":"get","input":{"n":12345678901234567890},"caller":{"type":"direct"}},
          {"type":"tool_use","id":"t2","name":"put","input":{}}]},
        {"role":"user","content":[
          {"type":"tool_result","tool_use_id":"t1","content":"12 C"},
          {"type":"tool_result","tool_use_id":"t2","is_error":true,"content":[{"type":"text","text":"no"},
            {"type":"image","source":{"type":"base64","media_type":"image/png","data":"AQID"}}]},
          {"type":"text","text":"and?"}]}]}"#,
    );
    let [_, Message::Assistant(said), results @ ..] = &asked.context.messages[..] else { panic!("{asked:?}") };
    assert_eq!((&*said.provider, &*said.api, &*said.model), ("amazon-bedrock", "bedrock-converse-stream", "m"));
    assert_eq!(said.stop_reason, "toolUse");
    let [AssistantBlock::Thinking(thinking), AssistantBlock::Thinking(redacted), _, AssistantBlock::ToolCall(call), _] =
        &said.content[..]
    else {
        panic!("{said:?}")
    };
    assert_eq!((&*thinking.text, thinking.signature.as_deref(), thinking.redacted), ("hm", Some("c2ln"), false));
    assert_eq!((redacted.signature.as_deref(), redacted.redacted), (Some("cmVk"), true));
    assert_eq!((&*call.id, &*call.arguments), ("t1", r#"{"n":12345678901234567890}"#));
    let [Message::ToolResult(first), Message::ToolResult(second), Message::User(rest)] = results else {
        panic!("{results:?}")
    };
    let expected = ToolResult {
        tool_call_id: "t1".to_owned(),
        tool_name: "get".to_owned(),
        content: vec![text("12 C")],
        is_error: false,
    };
    assert_eq!(first, &expected);
    assert!(second.is_error && second.tool_name == "put" && matches!(second.content[1], UserBlock::Image(_)));
    assert_eq!(rest, &[text("and?")]);
    assert_eq!(asked.blobs.len(), 1);
}

#[test]
fn cache_control_is_a_point_where_it_stands_and_nowhere_else() {
    let asked = read(
        r#"{"model":"m","max_tokens":9,
        "system":[{"type":"text","text":"é"},{"type":"text","text":"S","cache_control":{"type":"ephemeral","ttl":"1h"}},{"type":"text","text":"today"}],
        "tools":[{"name":"a","input_schema":{}},{"name":"b","input_schema":{},"cache_control":{"type":"ephemeral"}}],
        "messages":[{"role":"user","content":"go"},
          {"role":"assistant","content":[{"type":"tool_use","id":"t","name":"a","input":{},"cache_control":{"type":"ephemeral","ttl":"5m"}}]},
          {"role":"user","content":[{"type":"tool_result","tool_use_id":"t","cache_control":{"type":"ephemeral"}}]}]}"#,
    );
    assert_eq!(asked.context.system_prompt.as_deref(), Some("é\n\nS\n\ntoday"));
    assert_eq!(asked.options.cache_retention.as_deref(), Some("none"));
    let points = &asked.options.cache_points;
    assert_eq!(points.system, [SystemCachePoint { at: 5, ttl: Some("1h".to_owned()) }]);
    assert_eq!(points.tools, [ToolCachePoint { after: 1, ttl: None }]);
    let [_, Message::Assistant(said), Message::ToolResult(_), Message::User(points)] = &asked.context.messages[..]
    else {
        panic!("{asked:?}")
    };
    let AssistantBlock::Other(point) = &said.content[1] else { panic!("{said:?}") };
    assert_eq!((&*point.name, &*point.value), ("cachePoint", r#"{"ttl":"5m"}"#));
    assert_eq!(points, &[UserBlock::CachePoint(None)]);
}

#[test]
fn cache_control_of_the_request_is_a_point_at_its_end() {
    let asked = with(r#""cache_control":{"type":"ephemeral","ttl":"1h"}"#);
    let expected = [Message::User(vec![text("hi"), UserBlock::CachePoint(Some("1h".to_owned()))])];
    assert_eq!(asked.context.messages, expected);
    assert_eq!(asked.options.cache_retention.as_deref(), Some("none"));
    let points = &asked.options.cache_points;
    assert!(points.system.is_empty() && points.tools.is_empty());
}

#[test]
fn documents_of_every_source() {
    let document = |source: &str| {
        let asked = read(&format!(
            r#"{{"model":"m","max_tokens":9,"messages":[{{"role":"user","content":[{{"type":"document","title":"T","context":"C","citations":{{"enabled":true}},"source":{source}}}]}}]}}"#
        ));
        let Message::User(blocks) = &asked.context.messages[0] else { panic!("{asked:?}") };
        let [UserBlock::Document(Document { blob, name, context, citations: true })] = &blocks[..] else {
            panic!("{blocks:?}")
        };
        assert_eq!((name.as_deref(), context.as_deref()), (Some("T"), Some("C")));
        let base64 = asked.blobs.base64(blob.index).expect("the blob is there");
        format!("{} {} {}", blob.media_type, blob.size, String::from_utf8_lossy(base64))
    };
    assert_eq!(document(r#"{"type":"base64","media_type":"application/pdf","data":"AQID"}"#), "application/pdf 3 AQID");
    assert_eq!(document(r#"{"type":"text","media_type":"text/plain","data":"abc"}"#), "text/plain 3 YWJj");
    assert_eq!(document(r#"{"type":"content","content":"abc"}"#), "text/plain 3 YWJj");
    let one = r#"{"type":"content","content":[{"type":"text","text":"abc"}]}"#;
    assert_eq!(document(one), "text/plain 3 YWJj");
}

#[test]
fn an_address_is_wanted_and_a_data_url_is_not() {
    let body = |url: &str| {
        format!(
            r#"{{"model":"m","max_tokens":9,"messages":[{{"role":"user","content":[{{"type":"image","source":{{"type":"url","url":"{url}"}}}}]}}]}}"#
        )
    };
    let wanted = match read_with(&MESSAGES, &[], &body("https://a.example/b.png")) {
        Err(ReadError::Wants(wanted)) => wanted,
        other => panic!("{:?}", other.map(|asked| asked.context)),
    };
    let path = "messages[0].content[0].source.url".to_owned();
    assert_eq!(wanted, [Wanted { path, url: "https://a.example/b.png".to_owned() }]);
    assert_eq!(read(&body("data:image/png;base64,AQID")).blobs.len(), 1);
}

#[test]
fn thinking_arrives_as_it_is_asked_for() {
    let asked = with(r#""thinking":{"type":"enabled","budget_tokens":1500,"display":"omitted"}"#);
    let options = &asked.options;
    assert_eq!(options.thinking.as_deref(), Some("low"));
    assert_eq!(options.thinking_budgets, [("low".to_owned(), 1500)]);
    assert_eq!(options.interleaved_thinking, Some(false));
    assert_eq!(options.thinking_display.as_deref(), Some("omitted"));

    let options = with(r#""thinking":{"type":"adaptive"},"output_config":{"effort":"max"}"#).options;
    assert_eq!((options.thinking.as_deref(), options.additional_request_fields), (Some("max"), None));
    assert_eq!(with(r#""thinking":{"type":"adaptive"}"#).options.thinking.as_deref(), Some("adaptive"));

    let options = with(r#""thinking":{"type":"disabled"},"output_config":{"effort":"low"}"#).options;
    let fields = r#"{"output_config":{"effort":"low"}}"#;
    assert_eq!(
        (options.thinking.as_deref(), options.additional_request_fields.as_deref()),
        (Some("off"), Some(fields))
    );
}

/// What Claude Code sends, with what it sends whether it is used or not.
#[test]
fn betas_go_to_the_provider_but_those_of_a_member_that_is_not_there() {
    let headers = [
        ("anthropic-version", "2023-06-01"),
        ("anthropic-beta", "claude-code-20250219,interleaved-thinking-2025-05-14, context-management-2025-06-27"),
        (
            "anthropic-beta",
            "prompt-caching-scope-2026-01-05,effort-2025-11-24,context-1m-2025-08-07,new-thing-2027-01-01",
        ),
    ];
    let body = |members: &str| {
        format!(r#"{{"model":"m","max_tokens":2000,"messages":[{{"role":"user","content":"hi"}}],{members}}}"#)
    };
    let plain = body(r#""thinking":{"type":"enabled","budget_tokens":5000}"#);
    let asked = read_with(&MESSAGES, &headers, &plain).unwrap_or_else(|error| panic!("{error:?}"));
    let fields = r#"{"anthropic_beta":["claude-code-20250219","prompt-caching-scope-2026-01-05","context-1m-2025-08-07","new-thing-2027-01-01"]}"#;
    assert_eq!(asked.options.additional_request_fields.as_deref(), Some(fields));
    // Above `max_tokens`, which thinking between tool calls allows.
    assert_eq!(asked.options.thinking_budgets, [("medium".to_owned(), 5000)]);
    assert_eq!(asked.options.interleaved_thinking, Some(true));

    let used = body(r#""context_management":{"edits":[{"type":"clear_thinking_20251015","keep":"all"}]}"#);
    let asked = read_with(&MESSAGES, &headers, &used).unwrap_or_else(|error| panic!("{error:?}"));
    let fields = r#"{"context_management":{"edits":[{"type":"clear_thinking_20251015","keep":"all"}]},"anthropic_beta":["claude-code-20250219","context-management-2025-06-27","prompt-caching-scope-2026-01-05","context-1m-2025-08-07","new-thing-2027-01-01"]}"#;
    assert_eq!(asked.options.additional_request_fields.as_deref(), Some(fields));
}

#[test]
fn tokens_are_counted_of_the_same_conversation() {
    let body = r#"{"model":"m","system":"S","messages":[{"role":"user","content":"hi"}],"tools":[{"name":"a","input_schema":{}}]}"#;
    let asked = read_with(&COUNT_TOKENS, &[], body).unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(
        (asked.context.system_prompt.as_deref(), asked.context.tools.len(), asked.stream),
        (Some("S"), 1, false)
    );
    assert_eq!(counted(42), b"{\"input_tokens\":42}");
}

/// What is a member of Anthropic's API and what the client names as Bedrock does go to the model together.
#[test]
fn fields_of_both_apis_are_one_object() {
    let asked = with(r#""top_k":40,"additionalModelRequestFields":{"b \"c\"":1.50,"a":null}"#);
    let fields = asked.options.additional_request_fields;
    assert_eq!(fields.as_deref(), Some(r#"{"top_k":40,"a":null,"b \"c\"":1.50}"#));
    // A switch that is for a member is for the member under either name.
    let body = r#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}],
        "additionalModelRequestFields":{"context_management":{}}}"#;
    let betas = [("anthropic-beta", "context-management-2025-06-27")];
    let fields = read_with(&MESSAGES, &betas, body).expect("it is right").options.additional_request_fields;
    let expected = r#"{"anthropic_beta":["context-management-2025-06-27"],"context_management":{}}"#;
    assert_eq!(fields.as_deref(), Some(expected));
}

/// What Claude Code sends, and Bedrock has no counterpart of.
#[test]
fn wishes_of_claude_code_are_granted_as_far_as_bedrock_can() {
    let asked = with(
        r#""safeguards":[{"type":"x"}],"diagnostics":{"previous_message_id":null},"thinking":{"type":"adaptive","display":"updates"},
        "tools":[{"name":"look","input_schema":{},"defer_loading":true}]"#,
    );
    assert_eq!(asked.options.thinking_display.as_deref(), Some("summarized"));
    assert_eq!(asked.context.tools.len(), 1);
    let asked = read(
        r#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"},
        {"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"find","input":{}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":[{"type":"tool_reference","tool_name":"look"}]}]}]}"#,
    );
    let Some(Message::ToolResult(result)) = asked.context.messages.last() else { panic!("{:?}", asked.context) };
    assert_eq!(result.content, [text("The tool `look` is available.")]);
}

#[test]
fn a_cached_system_message_caches_the_messages_before_it() {
    let system = r#"{"role":"system","content":[{"type":"text","text":"brief","cache_control":{"type":"ephemeral","ttl":"1h"}}]}"#;
    let point = || UserBlock::CachePoint(Some("1h".to_owned()));
    let user =
        read(&format!(r#"{{"model":"m","max_tokens":9,"messages":[{{"role":"user","content":"hi"}},{system}]}}"#));
    let brief = || Message::System("brief".to_owned());
    assert_eq!(user.context.messages, [Message::User(vec![text("hi"), point()]), brief()]);
    assert_eq!(user.options.cache_retention.as_deref(), Some("none"));
    let result = read(&format!(
        r#"{{"model":"m","max_tokens":9,"messages":[{{"role":"assistant","content":[{{"type":"tool_use","id":"t","name":"a","input":{{}}}}]}},
        {{"role":"user","content":[{{"type":"tool_result","tool_use_id":"t","content":"done"}}]}},{system}]}}"#
    ));
    assert_eq!(result.context.messages[2..], [Message::User(vec![point()]), brief()]);
}
