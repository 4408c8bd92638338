//! `GET /openapi.json`: a validator accepts the document, every endpoint answers as it says, and there is no other endpoint.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::curl::{Answer, curl};
use crate::gateway::{Gateway, KEY};
use crate::operating::client::body;
use crate::packages::{script, text};

const MODEL: &str = "us.anthropic.claude-sonnet-4-6";

/// A request that every endpoint answers with 200.
fn request(path: &str) -> Value {
    match path {
        "/v1/messages/count_tokens" => {
            json!({"model": MODEL, "messages": [{"role": "user", "content": "Tell me about bedrock"}]})
        }
        "/model/{id}/count-tokens" => json!({ "input": { "converse": request("/model/{id}/converse") } }),
        _ if is_bedrock(path) => json!({ "messages": [{ "role": "user", "content": [{ "text": "Hi" }] }] }),
        _ => body(path, MODEL, "Tell me about bedrock", false),
    }
}

/// Whether an endpoint is of Bedrock's own API.
fn is_bedrock(path: &str) -> bool {
    ["/model/", "/foundation-models", "/inference-profiles"].iter().any(|start| path.starts_with(start))
}

/// Asks an endpoint of the document.
fn ask(gateway: &Gateway, path: &str, method: &str, key: &str, body: Option<&Value>) -> Answer {
    // A count and the facts of a model are those of the foundation model, of which the profile is one.
    let is_profile = !path.ends_with("/count-tokens") && !path.starts_with("/foundation-models");
    let id = if is_profile { MODEL } else { MODEL.trim_start_matches("us.") };
    let url = format!("{}{}", gateway.base, path.replace("{id}", id));
    let body = body.map(Value::to_string);
    curl(&url, key, &["-X", &method.to_uppercase()], body.as_deref())
}

/// An answer for the validator.
fn exchange(path: &str, method: &str, request: Option<&Value>, answer: &Answer) -> Value {
    let media = answer.header("content-type").unwrap_or_default().split(';').next().unwrap_or_default();
    let body = if media == "application/json" { answer.json() } else { answer.body.clone().into() };
    let mut exchange =
        json!({ "path": path, "method": method, "status": answer.status, "media": media, "answer": body });
    if let Some(request) = request {
        exchange["request"] = request.clone();
    }
    exchange
}

/// Has an independent validator compare the document and what went over the wire.
fn validate(document: &Value, exchanges: &[Value]) {
    let mut validator =
        script("openapi.py").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("Python starts");
    let given = json!({ "document": document, "exchanges": exchanges }).to_string();
    validator.stdin.take().expect("piped").write_all(given.as_bytes()).expect("it reads its input");
    let output = validator.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", text(&output));
    assert!(text(&output).trim().ends_with(" bodies"), "{}", text(&output));
}

#[test]
#[ignore = "peers: curl, Python"]
fn every_endpoint_answers_as_the_document_says() {
    let gateway = Gateway::with_a_key();
    let document = ask(&gateway, "/openapi.json", "get", "none", None).json();
    assert_eq!(document["openapi"], "3.1.0");
    let (mut asked, mut exchanges) = (BTreeSet::new(), Vec::new());
    for (path, operations) in document["paths"].as_object().expect("paths") {
        for (method, operation) in operations.as_object().expect("operations") {
            let whole = (method == "post").then(|| request(path));
            let answer = ask(&gateway, path, method, KEY, whole.as_ref());
            assert_eq!(answer.status, 200, "{path}: {answer:?}");
            exchanges.push(exchange(path, method, whole.as_ref(), &answer));
            // Without a key.
            let refused = ask(&gateway, path, method, "qk_none", whole.as_ref());
            let without_key = if is_bedrock(path) { 403 } else { 401 };
            let status = if operation["security"].is_null() { 200 } else { without_key };
            assert_eq!(refused.status, status, "{path}: {refused:?}");
            exchanges.push(exchange(path, method, whole.as_ref(), &refused));
            // Without what the document requires.
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            for required in schema["required"].as_array().into_iter().flatten() {
                let mut part = whole.clone().expect("a body");
                part.as_object_mut().expect("an object").remove(required.as_str().expect("a name"));
                let refused = ask(&gateway, path, method, KEY, Some(&part));
                assert_eq!(refused.status, 400, "{path} without {required}: {refused:?}");
                exchanges.push(exchange(path, method, Some(&part), &refused));
            }
            // With another method.
            let other = if method == "post" { "get" } else { "post" };
            let refused = ask(&gateway, path, other, KEY, (other == "post").then_some(&json!({})));
            assert_eq!(refused.status, 405, "{path}: {refused:?}");
            asked.insert(path.clone());
        }
    }
    assert!(exchanges.len() >= 25, "{} exchanges", exchanges.len());
    validate(&document, &exchanges);
    // The answer at another path lists every endpoint.
    let elsewhere = ask(&gateway, "/chat/completions", "post", KEY, Some(&json!({})));
    assert_eq!(elsewhere.status, 404);
    let told = elsewhere.json()["error"]["message"].as_str().expect("a message").to_owned();
    assert!(asked.len() >= 11 && asked.iter().all(|path| told.contains(path.as_str())), "{told}");
    gateway.stop();
}

#[test]
fn the_command_prints_the_document() {
    let output = Command::new(env!("CARGO_BIN_EXE_quarry")).args(["api", "schema"]).env_clear().output();
    let printed: Value = serde_json::from_slice(&output.expect("the binary starts").stdout).expect("it is JSON");
    assert_eq!(printed, quarry_gateway::openapi());
}
