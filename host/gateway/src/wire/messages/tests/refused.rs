//! What is refused, and by which name.

use super::super::{COUNT_TOKENS, MESSAGES};
use super::{problems, read, read_with};
use crate::refusal::RefusalKind;
use crate::wire::ReadError;

fn with(members: &str) -> String {
    format!(r#"{{"model":"m","max_tokens":2000,"messages":[{{"role":"user","content":"hi"}}],{members}}}"#)
}

fn saying(content: &str) -> String {
    format!(r#"{{"model":"m","max_tokens":9,"messages":[{{"role":"user","content":[{content}]}}]}}"#)
}

/// One problem a request, so that none hides behind another.
#[test]
fn what_bedrock_has_not_is_refused_by_name() {
    let members = [
        (r#""container":"c_1""#, "container"),
        (r#""mcp_servers":[{"type":"url"}]"#, "mcp_servers"),
        (r#""speed":"fast""#, "speed"),
        (r#""inference_geo":"us""#, "inference_geo"),
        (r#""user_profile_id":"u""#, "user_profile_id"),
        (r#""service_tier":"fast""#, "service_tier"),
        (r#""output_config":{"effort":"huge"}"#, "output_config.effort"),
        (r#""output_format":{"type":"xml"}"#, "output_format.type"),
        (r#""tools":[{"type":"web_search_20250305","name":"web_search"}]"#, "tools[0].type"),
        (r#""tools":[{"name":"a","input_schema":{},"input_examples":[{}]}]"#, "tools[0].input_examples"),
        (
            r#""tools":[{"name":"a","input_schema":{},"allowed_callers":["code_execution_20250825"]}]"#,
            "tools[0].allowed_callers",
        ),
        (r#""tools":[{"name":"a","input_schema":"x"}]"#, "tools[0].input_schema"),
        (r#""tool_choice":{"type":"some"}"#, "tool_choice.type"),
        (r#""thinking":{"type":"sometimes"}"#, "thinking.type"),
        (r#""thinking":{"type":"enabled","budget_tokens":1023}"#, "thinking.budget_tokens"),
        (r#""thinking":{"type":"enabled","budget_tokens":2000}"#, "thinking.budget_tokens"),
        (r#""cache_control":{"type":"ephemeral","ttl":"1d"}"#, "cache_control.ttl"),
        (r#""system":[{"type":"image"}]"#, "system[0].type"),
    ];
    for (member, path) in members {
        let told = problems(&with(member));
        assert!(told.starts_with(&format!("{path}: ")) && !told.contains('\n'), "{member}: {told}");
    }
}

#[test]
fn blocks_that_bedrock_does_not_take_are_refused_by_name() {
    let blocks = [
        (r#"{"type":"search_result","source":"s","title":"t","content":[]}"#, "type"),
        (r#"{"type":"container_upload","file_id":"f"}"#, "type"),
        (r#"{"type":"image","source":{"type":"file","file_id":"f"}}"#, "source.type"),
        (r#"{"type":"image","source":{"type":"base64","media_type":"image/png","data":"!"}}"#, "source.data"),
        (
            r#"{"type":"document","citations":{"enabled":true},"source":{"type":"content","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}}"#,
            "source.content",
        ),
        (r#"{"type":"tool_result","tool_use_id":"nobody"}"#, "tool_use_id"),
    ];
    for (block, path) in blocks {
        let told = problems(&saying(block));
        assert!(
            told.starts_with(&format!("messages[0].content[0].{path}: ")) && !told.contains('\n'),
            "{block}: {told}"
        );
    }
    let server = r#"{"model":"m","max_tokens":9,"messages":[{"role":"assistant","content":[{"type":"server_tool_use","id":"s","name":"web_search","input":{}}]}]}"#;
    assert!(problems(server).starts_with("messages[0].content[0].type: `server_tool_use` blocks"));
}

#[test]
fn unknown_members_are_ignored_and_named() {
    for (member, place) in [
        (r#""something_new":1"#, "something_new"),
        (r#""metadata":{"other":1}"#, "metadata.other"),
        (r#""output_config":{"task_budget":{}}"#, "output_config.task_budget"),
    ] {
        assert_eq!(read(&with(member)).notices.places(), [place]);
    }
    assert_eq!(read(&saying(r#"{"type":"text","text":"a","more":1}"#)).notices.places(), ["messages.content.more"]);
}

#[test]
fn values_that_ask_for_nothing_are_taken() {
    let asked = read(&with(
        r#""container":null,"mcp_servers":[],"speed":"standard","inference_geo":null,"service_tier":"auto","metadata":{"user_id":null},"thinking":null,"stop_sequences":[],"cache_control":null,"tools":[{"name":"a","input_schema":{},"defer_loading":false,"allowed_callers":["direct"],"input_examples":[],"cache_control":null}]"#,
    ));
    assert_eq!(asked.options.service_tier, None);
    assert!(asked.options.request_metadata.is_empty() && asked.options.additional_response_field_paths.is_empty());
    assert_eq!(asked.options.cache_retention, None);
}

#[test]
fn all_the_problems_come_together() {
    let told = problems(r#"{"messages":"hi","max_tokens":0,"temperature":"hot"}"#);
    let paths: Vec<_> = told.lines().filter_map(|line| line.split(':').next()).collect();
    assert_eq!(paths, ["model", "messages", "max_tokens", "temperature"]);
}

#[test]
fn too_many_points_and_another_version_are_refused() {
    let block = r#"{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}"#;
    assert!(problems(&saying(&[block; 5].join(","))).contains("at most 4"));
    for served in ["2023-06-01", "2026-10-21"] {
        assert!(read_with(&MESSAGES, &[("anthropic-version", served)], &with(r#""stream":true"#)).is_ok(), "{served}");
    }
    let old = read_with(&MESSAGES, &[("anthropic-version", "2023-01-01")], &with(r#""stream":true"#));
    match old {
        Err(ReadError::Refused(refusal)) => {
            assert_eq!((refusal.kind, refusal.param.as_deref()), (RefusalKind::Invalid, Some("anthropic-version")));
        }
        other => panic!("{:?}", other.map(|asked| asked.options)),
    }
}

#[test]
fn what_is_about_the_answer_is_not_for_counting() {
    let asked = read_with(&COUNT_TOKENS, &[], &with(r#""stream":true"#)).expect("it is ignored");
    assert_eq!(asked.notices.places(), ["max_tokens", "stream"]);
}

#[test]
fn a_field_that_is_said_twice() {
    let told = problems(
        r#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}],"top_k":4,"additionalModelRequestFields":{"top_k":5}}"#,
    );
    assert!(told.starts_with("additionalModelRequestFields.top_k: another member or a header"), "{told}");
}
