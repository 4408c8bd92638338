//! Strict tools that the service refuses: a wish is given up, a demand is not. The simulator has the service's limit of 20.

use serde_json::{Value, json};

use super::client::{Answer, ask, body, error_event, is_finished};
use super::upstream::Upstream;
use crate::gateway::Gateway;

const MODEL: &str = "us.anthropic.claude-sonnet-4-6";
/// The formats whose strict tools are a wish, streamed and not.
const WISHES: [(&str, bool); 5] = [
    ("/v1/chat/completions", false),
    ("/v1/chat/completions", true),
    ("/v1/responses", false),
    ("/v1/responses", true),
    ("/api/stream", true),
];

/// A request with so many strict tools, the first of which is to be called.
fn asking(path: &str, stream: bool, tools: usize) -> Value {
    let prompt = "What does tool_0 say of \"Oslo\"?";
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": false});
    let tool = |number: usize| {
        let name = format!("tool_{number}");
        match path {
            "/v1/chat/completions" => {
                json!({"type": "function", "function": {"name": name, "parameters": schema, "strict": true}})
            }
            "/v1/responses" => json!({"type": "function", "name": name, "parameters": schema, "strict": true}),
            "/v1/messages" => json!({"name": name, "input_schema": schema, "strict": true}),
            _ => json!({"name": name, "description": "", "parameters": schema, "strict": "prefer"}),
        }
    };
    let tools: Vec<_> = (0..tools).map(tool).collect();
    let mut body = body(path, MODEL, prompt, stream);
    let place = if path == "/api/stream" { &mut body["context"] } else { &mut body };
    place["tools"] = tools.into();
    body
}

fn calls_a_tool(answer: &Answer, stream: bool) -> bool {
    let whole = if stream { is_finished(&answer.body) } else { answer.json().is_object() };
    answer.status() == 200 && whole && error_event(&answer.body).is_none() && answer.body.contains("\"tool_0\"")
}

#[test]
fn a_wish_for_strict_tools_is_given_up_where_the_service_refuses_it() {
    let upstream = Upstream::start();
    let gateway = Gateway::behind(&upstream.configuration(""));
    for (path, stream) in WISHES {
        for (tools, requests) in [(20, 1), (21, 2)] {
            let before = upstream.seen(MODEL).len();
            let answer = ask(&gateway, path, &[], &asking(path, stream, tools));
            assert!(calls_a_tool(&answer, stream), "{path} {stream} {tools}: {answer:?}");
            assert_eq!(upstream.seen(MODEL).len() - before, requests, "{path} {stream} {tools}");
        }
    }
    gateway.stop();
}

#[test]
fn a_demand_for_strict_tools_is_kept_and_the_refusal_told() {
    let upstream = Upstream::start();
    let gateway = Gateway::behind(&upstream.configuration(""));
    for stream in [false, true] {
        let before = upstream.seen(MODEL).len();
        let path = "/v1/messages";
        let answer = ask(&gateway, path, &[], &asking(path, stream, 21));
        assert_eq!(answer.status(), 400, "{answer:?}");
        assert!(answer.error().contains("Too many strict tools (21)"), "{answer:?}");
        assert_eq!(upstream.seen(MODEL).len() - before, 1);
        assert!(calls_a_tool(&ask(&gateway, path, &[], &asking(path, stream, 20)), stream));
    }
    gateway.stop();
}
