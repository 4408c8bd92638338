//! A model that nobody knows refuses one field after the other: the first request is answered after repairs, the second at once.

use serde_json::{Value, json};

use super::client::{Answer, ask, error_event, get, is_finished};
use super::upstream::{Play, Upstream};
use crate::gateway::Gateway;

const CHAT: &str = "/v1/chat/completions";
const MODEL: &str = "acme.unheard-of-v1:0";
const SECOND: &str = "us.amazon.nova-lite-v1:0";

/// Refuses eight fields, the first that a body has of them, in the words of the service and of models behind it.
fn eight_fields(body: &Value) -> Option<String> {
    let has = |pointer: &str| body.pointer(pointer).is_some();
    let field = |name: &str| Some(format!("This model doesn't support the {name} field. Remove {name} and try again."));
    if has("/inferenceConfig/temperature") {
        return field("temperature");
    }
    if has("/inferenceConfig/topP") {
        return field("topP");
    }
    if has("/inferenceConfig/stopSequences") {
        return field("stopSequences");
    }
    if body["inferenceConfig"]["maxTokens"].as_u64().is_some_and(|tokens| tokens > 4096) {
        return Some(
            "The maximum tokens you requested exceeds the model limit of 4096. Try again with a maximum tokens value that is lower than 4096."
                .to_owned(),
        );
    }
    if has("/toolConfig/toolChoice/tool") {
        return field("toolConfig.toolChoice.tool");
    }
    if has("/toolConfig/toolChoice/any") {
        return field("toolConfig.toolChoice.any");
    }
    if let Some(betas) = body.pointer("/additionalModelRequestFields/anthropic_beta") {
        let betas = betas.as_array().map(|betas| betas.iter().filter_map(Value::as_str).collect::<Vec<_>>());
        let betas = betas.unwrap_or_default().join("`, `");
        return Some(format!("Unexpected value(s) `{betas}` for the `anthropic-beta` header."));
    }
    let others = body.get("additionalModelRequestFields").and_then(Value::as_object);
    let first = others.and_then(|others| others.keys().next())?;
    Some(format!(
        "Malformed input request: #: extraneous key [{first}] is not permitted, please reformat your input and try again."
    ))
}

fn never_content(body: &Value) -> Option<String> {
    eight_fields(body).or_else(|| Some("This model doesn't support the temperature field. Remove it.".to_owned()))
}

fn request(stream: bool) -> Value {
    let parameters = json!({"type": "object", "properties": {}});
    json!({
        "model": MODEL,
        "messages": [{"role": "user", "content": "hi"}],
        "stream": stream,
        "temperature": 0.5,
        "top_p": 0.5,
        "stop": ["END"],
        "max_tokens": 50000,
        "tools": [{"type": "function", "function": {"name": "look", "parameters": parameters}}],
        "tool_choice": {"type": "function", "function": {"name": "look"}},
        "additionalModelRequestFields": {"top_k": 5, "mode": "quick", "anthropic_beta": ["compact-2026-01-12"]},
    })
}

fn asked(gateway: &Gateway, body: &Value) -> Answer {
    ask(gateway, CHAT, &[], body)
}

fn is_answered(answer: &Answer, stream: bool) -> bool {
    let whole = if stream { is_finished(&answer.body) && error_event(&answer.body).is_none() } else { true };
    answer.status() == 200 && whole && answer.body.contains("abcdefgh")
}

#[test]
fn a_model_that_refuses_eight_fields_answers_the_first_request_and_the_second_at_once() {
    for stream in [false, true] {
        let upstream = Upstream::start();
        upstream.refuses(MODEL, eight_fields);
        let gateway = Gateway::behind(&upstream.configuration(""));
        let answer = asked(&gateway, &request(stream));
        assert!(is_answered(&answer, stream), "{answer:?}");
        // One field has two forms, which are refused one after the other.
        assert_eq!(upstream.seen(MODEL).len(), 1 + 9);

        let again = asked(&gateway, &request(!stream));
        assert!(is_answered(&again, !stream), "{again:?}");
        assert_eq!(upstream.seen(MODEL).len(), 1 + 9 + 1);
        let metrics = get(&gateway, "/metrics", &[]).body;
        for (kind, count) in [("limit", " 1"), ("replace", " 2")] {
            let label = format!("kind=\"{kind}\"");
            let is_series = |line: &&str| line.starts_with("quarry_repairs_total{") && line.contains(&label);
            let series = metrics.lines().find(is_series).unwrap_or_else(|| panic!("{kind}: {metrics}"));
            assert!(series.ends_with(count), "{series}");
        }
        assert!(!metrics.lines().any(|line| line.starts_with("quarry_retries_total{")), "{metrics}");
        for notice in [
            "the request is repaired and sent again",
            "temperature was left out: the service refused it",
            "maxTokens was reduced from 50000 to 4096",
            "the tool choice became `auto`",
            "`anthropic_beta.compact-2026-01-12` was left out",
        ] {
            gateway.wait_for_log(notice, 1);
        }
        gateway.stop();
    }
}

#[test]
fn a_refusal_that_no_repair_mends_reaches_the_client_and_ends() {
    let upstream = Upstream::start();
    upstream.refuses(MODEL, never_content);
    let gateway = Gateway::behind(&upstream.configuration(""));
    let plain = json!({"model": MODEL, "messages": [{"role": "user", "content": "hi"}]});
    let refused = asked(&gateway, &plain);
    assert_eq!(refused.status(), 400, "{refused:?}");
    assert!(refused.error().contains("doesn't support the temperature field"), "{refused:?}");
    // What is named is not in the request, so the same would be refused again.
    assert_eq!(upstream.seen(MODEL).len(), 1);

    let with_temperature = json!({"model": MODEL, "messages": plain["messages"], "temperature": 0.5});
    assert_eq!(asked(&gateway, &with_temperature).status(), 400);
    assert_eq!(upstream.seen(MODEL).len(), 1 + 2);

    let fields: Value =
        (0..40).map(|number| (format!("field_{number}"), json!(1))).collect::<serde_json::Map<_, _>>().into();
    let mut many = plain.clone();
    many["additionalModelRequestFields"] = fields;
    let refused = asked(&gateway, &many);
    assert_eq!(refused.status(), 400, "{refused:?}");
    assert!(refused.error().contains("extraneous key [field_"), "{refused:?}");
    assert_eq!(upstream.seen(MODEL).len(), 1 + 2 + 1 + 10);
    gateway.stop();
}

#[test]
fn a_repaired_request_is_retried_and_falls_back_as_any_other() {
    let upstream = Upstream::start();
    let model = format!(r#"{{ primary: "amazon-bedrock/{MODEL}", fallbacks: ["amazon-bedrock/{SECOND}"] }}"#);
    let retry = "retry: { attempts: 3, baseMilliseconds: 10, mostMilliseconds: 20, budgetPercent: 1000 }";
    let members = format!("agents: {{ defaults: {{ model: {model} }} }}, quarry: {{ {retry} }}");
    let gateway = Gateway::behind(&upstream.configuration(&members));
    let refusal = Play::Refusal("This model doesn't support the temperature field. Remove it.".to_owned());
    upstream.plays(MODEL, [refusal].into_iter().chain(vec![Play::throttled(""); 3]));
    let body = json!({"model": "default", "messages": [{"role": "user", "content": "echo hello"}], "temperature": 0.5});
    let answer = asked(&gateway, &body);
    assert_eq!((answer.status(), answer.json()["model"].as_str()), (200, Some(SECOND)), "{answer:?}");
    assert_eq!((upstream.seen(MODEL).len(), upstream.seen(SECOND).len()), (1 + 3, 1));
    gateway.stop();
}
