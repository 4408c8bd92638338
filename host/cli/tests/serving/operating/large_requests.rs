//! Requests with much of something: the provider takes them in about the time that their size accounts for, or they are too large,
//! which is the client's to change and no fault of the provider.

use serde_json::{Value, json};

use super::client::{Answer, ENDPOINTS, ask, body, get};
use crate::gateway::Gateway;

const MODEL: &str = "sim.stop.end_turn";
const COUNT: &str = "/v1/messages/count_tokens";

/// A gateway that takes its time: a machine that tests many things at once must not make a slow answer of a large one.
fn gateway() -> Gateway {
    Gateway::start("{ quarry: { limits: { bodySeconds: 300, turnSeconds: 300 } } }")
}

/// Endpoints that have a provider prepare a request, one after the other: each holds tens of megabytes.
fn everywhere() -> impl Iterator<Item = &'static str> {
    ENDPOINTS.into_iter().chain([COUNT])
}

/// A request with this as what the user says.
fn said(path: &str, content: &Value) -> Value {
    let messages = json!([{"role": "user", "content": content}]);
    match path {
        "/v1/responses" => json!({"model": MODEL, "input": messages, "store": false}),
        "/api/stream" => json!({"model": {"id": MODEL}, "context": {"messages": messages}, "options": {}}),
        COUNT => json!({"model": MODEL, "messages": messages}),
        _ => json!({"model": MODEL, "messages": messages, "max_tokens": 1000}),
    }
}

fn text_part(path: &str) -> Value {
    let kind = if path == "/v1/responses" { "input_text" } else { "text" };
    json!({"type": kind, "text": "x"})
}

/// That an answer is the refusal of a request that is too large, in the form of its endpoint.
fn is_too_large(path: &str, answer: &Answer, what: &str) {
    assert_eq!(answer.status(), 413, "{path}: {answer:?}");
    let error = answer.error();
    assert!(error.contains("the request is too large") && error.contains("64 MiB"), "{path}: {error}");
    assert!(error.contains(what), "{path}: {error}");
    assert_eq!(answer.head.header("x-should-retry"), Some("false"), "{path}: {answer:?}");
    if matches!(path, "/v1/messages" | COUNT) {
        assert_eq!(answer.json()["error"]["type"], "request_too_large", "{path}: {answer:?}");
    }
}

/// That nobody holds anything against the provider.
fn provider_is_well(gateway: &Gateway) {
    let metrics = get(gateway, "/metrics", &[]).body;
    let faults: Vec<&str> = metrics.lines().filter(|line| line.starts_with("quarry_guest_faults_total{")).collect();
    assert!(faults.is_empty(), "{faults:?}");
    let answer = ask(gateway, "/v1/messages", &[], &body("/v1/messages", MODEL, "echo hello", false));
    assert_eq!(answer.status(), 200, "{answer:?}");
}

#[test]
fn a_long_text_is_taken_as_far_as_there_is_room_for_it() {
    let gateway = gateway();
    // Twenty megabytes are there twice; of thirty there would be sixty.
    let (fits, too_long) = ("word ".repeat(4_000_000), "word ".repeat(6_400_000));
    for path in everywhere() {
        // It reaches the model, which may well say that it is too long.
        let answer = ask(&gateway, path, &[], &said(path, &json!(fits)));
        assert!(
            answer.status() == 200 || answer.error().contains("Input is too long for requested model"),
            "{path}: {:.300}",
            answer.body
        );
        is_too_large(path, &ask(&gateway, path, &[], &said(path, &json!(too_long))), "`messages");
    }
    provider_is_well(&gateway);
    gateway.stop();
}

#[test]
fn many_small_parts_are_taken_or_too_many() {
    let gateway = gateway();
    let parts = |path: &str, count: usize| said(path, &Value::Array(vec![text_part(path); count]));
    for path in everywhere() {
        let answer = ask(&gateway, path, &[], &parts(path, 20_000));
        assert_eq!(answer.status(), 200, "{path}: {:.300}", answer.body);
        is_too_large(path, &ask(&gateway, path, &[], &parts(path, 150_000)), "`messages");
    }
    provider_is_well(&gateway);
    gateway.stop();
}

/// A tool in the form of an endpoint.
fn tool(path: &str, name: &str, schema: &Value) -> Value {
    match path {
        "/v1/chat/completions" => json!({"type": "function", "function": {"name": name, "parameters": schema}}),
        "/v1/responses" => json!({"type": "function", "name": name, "parameters": schema}),
        "/api/stream" => json!({"name": name, "description": "", "parameters": schema}),
        _ => json!({"name": name, "input_schema": schema}),
    }
}

fn with_tools(path: &str, tools: Vec<Value>) -> Value {
    let mut request = said(path, &json!("echo hello"));
    let place = if path == "/api/stream" { &mut request["context"]["tools"] } else { &mut request["tools"] };
    *place = Value::Array(tools);
    request
}

#[test]
fn many_tools_are_taken_or_too_many() {
    let gateway = gateway();
    let schema = json!({"type": "object", "properties": {}});
    // All of one form in ASCII, and as many as took longer than a call may.
    let name = |number: u32| -> String {
        [number / 100, number % 100].map(|digit| char::from_u32(0x4e00 + digit).expect("a letter")).iter().collect()
    };
    for path in everywhere() {
        let tools =
            |count: u32| with_tools(path, (0..count).map(|number| tool(path, &name(number), &schema)).collect());
        let answer = ask(&gateway, path, &[], &tools(8_000));
        assert_eq!(answer.status(), 200, "{path}: {:.300}", answer.body);
        is_too_large(path, &ask(&gateway, path, &[], &tools(90_000)), "`tools` needs");
    }
    provider_is_well(&gateway);
    gateway.stop();
}

#[test]
fn a_schema_with_many_properties_or_levels_is_taken() {
    let gateway = gateway();
    let properties: serde_json::Map<String, Value> =
        (0..60_000).map(|number| (format!("p{number:06}"), json!({}))).collect();
    let alternatives = json!({"anyOf": [{"properties": properties}]});
    let deep =
        (0..100).fold(json!({"type": "string"}), |inner, _| json!({"type": "object", "properties": {"a": inner}}));
    for path in everywhere() {
        for schema in [&alternatives, &deep] {
            let answer = ask(&gateway, path, &[], &with_tools(path, vec![tool(path, "look", schema)]));
            assert!([200, 400].contains(&answer.status()), "{path}: {:.300}", answer.body);
        }
    }
    provider_is_well(&gateway);
    gateway.stop();
}
