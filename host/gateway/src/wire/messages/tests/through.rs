//! Requests through the provider: what reaches Bedrock.

use super::super::MESSAGES;
use super::read_with;
use crate::blobs;
use crate::contract::RequestKind;
use crate::embedded::{EMBEDDED, EMBEDDED_NAME};
use crate::json::model::ModelOverrides;
use crate::json::settings::default_settings;
use crate::provider::{AotCache, Generation, Host, Limits};

/// The body of the Converse request for a model.
fn body(model: &str, headers: &[(&'static str, &str)], request: &str) -> String {
    let asked = read_with(&MESSAGES, headers, request).unwrap_or_else(|error| panic!("{error:?}"));
    let model: ModelOverrides = serde_json::from_str(model).expect("the test's model is one");
    let host = std::sync::Arc::new(Host::new(Limits::default()).expect("an engine can be made"));
    // The cache that the tests of the whole workspace have: an unoptimised compiler needs many seconds for the component. This
    // test lies in TARGET/PROFILE/deps.
    let test = std::env::current_exe().expect("a test has a file");
    let target = test.ancestors().nth(3).expect("it lies in TARGET");
    let cache = AotCache::new(target.join("tmp/quarry-cache/aot"));
    let generation =
        Generation::load(&host, EMBEDDED_NAME, EMBEDDED, Some(&cache)).expect("the embedded component can be loaded");
    let mut session = generation.session().expect("there is room for a session");
    let prepared = session
        .prepare(
            RequestKind::Answer,
            &crate::contract::conversation::RequestSettings::from(&default_settings()),
            "us-east-1",
            &model.0,
            &asked.context,
            &asked.options,
        )
        .expect("the provider answers")
        .unwrap_or_else(|problems| panic!("{problems:?}"));
    let body = blobs::join(&prepared.body, &asked.blobs).expect("every blob is there");
    String::from_utf8(body.to_vec()).expect("a body is UTF-8")
}

/// A turn of an agent with everything that such a client asks for at once.
#[test]
fn a_turn_of_an_agent_reaches_bedrock_as_it_was_asked() {
    let request = r#"{"model":"us.anthropic.claude-opus-4-5-20251101-v1:0","max_tokens":8000,"stream":true,
        "system":[{"type":"text","text":"You are an agent.","cache_control":{"type":"ephemeral","ttl":"1h"}},{"type":"text","text":"Today."}],
        "thinking":{"type":"enabled","budget_tokens":10000},
        "tools":[{"name":"look","description":"Looks.","input_schema":{"type":"object","properties":{}},"cache_control":{"type":"ephemeral","ttl":"1h"}}],
        "tool_choice":{"type":"auto","disable_parallel_tool_use":true},
        "metadata":{"user_id":"{\"s\":1}"},
        "messages":[{"role":"user","content":[{"type":"text","text":"see"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AQID"}}]},
          {"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"c2ln"},{"type":"tool_use","id":"t1","name":"look","input":{"n":1}}]},
          {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"done","cache_control":{"type":"ephemeral"}}]}]}"#;
    let headers = [("anthropic-beta", "claude-code-20250219,interleaved-thinking-2025-05-14")];
    let model = r#"{"id":"us.anthropic.claude-opus-4-5-20251101-v1:0","reasoning":true}"#;
    let expected = concat!(
        r#"{"messages":[{"role":"user","content":[{"text":"see"},{"image":{"source":{"bytes":"AQID"},"format":"png"}}]},"#,
        r#"{"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"text":"hm","signature":"c2ln"}}},{"toolUse":{"toolUseId":"t1","name":"look","input":{"n":1}}}]},"#,
        r#"{"role":"user","content":[{"toolResult":{"toolUseId":"t1","content":[{"text":"done"}],"status":"success"}},{"cachePoint":{"type":"default"}}]}],"#,
        r#""system":[{"text":"You are an agent."},{"cachePoint":{"type":"default","ttl":"1h"}},{"text":"\n\nToday."}],"#,
        r#""inferenceConfig":{"maxTokens":8000},"#,
        r#""toolConfig":{"tools":[{"toolSpec":{"name":"look","description":"Looks.","inputSchema":{"json":{"type":"object","properties":{}}}}},{"cachePoint":{"type":"default","ttl":"1h"}}],"toolChoice":{"auto":{}}},"#,
        r#""additionalModelRequestFields":{"thinking":{"type":"enabled","budget_tokens":10000,"display":"summarized"},"anthropic_beta":["interleaved-thinking-2025-05-14"],"tool_choice":{"disable_parallel_tool_use":true}},"#,
        r#""requestMetadata":{"user_id":"__s_:1_"}}"#,
    );
    assert_eq!(body(model, &headers, request), expected);
}
