//! Keys, models, rates and bounds hold for Bedrock's own API, and their errors are AWS's.

use serde_json::json;

use super::{CLAUDE, NOVA, conversation, path};
use crate::gateway::{Gateway, KEY, hash};
use crate::operating::client::{Answer, Client, ask, get};
use crate::operating::upstream::{Play, Upstream};

fn bearer() -> String {
    format!("Bearer {KEY}")
}

/// The status, the type and the message of an error.
fn error(answer: &Answer) -> (u16, String, String) {
    let name = answer.head.header("x-amzn-errortype").unwrap_or_default().to_owned();
    (answer.status(), name, answer.json()["message"].as_str().expect("a message").to_owned())
}

#[test]
fn a_key_is_a_bearer_token_and_a_signature_is_none() {
    let gateway = Gateway::with_a_key();
    let signature =
        "AWS4-HMAC-SHA256 Credential=clients/20261201/us-east-1/bedrock/aws4_request, SignedHeaders=host, Signature=0";
    let calls = [path(CLAUDE, "converse"), path(CLAUDE, "converse-stream"), path(CLAUDE, "count-tokens")];
    for path in &calls {
        for authorization in [None, Some("Bearer qk_none"), Some(signature)] {
            let headers: Vec<_> = authorization.iter().map(|value| ("authorization", *value)).collect();
            let (status, name, message) = error(&ask(&gateway, path, &headers, &conversation("Hi")));
            assert_eq!((status, name.as_str()), (403, "AccessDeniedException"), "{path} {authorization:?}");
            let hint = "AWS_BEARER_TOKEN_BEDROCK";
            assert!(authorization != Some(signature) || message.contains(hint), "{message}");
        }
    }
    for path in ["/foundation-models", "/inference-profiles", "/inference-profiles/any", "/foundation-models/any"] {
        assert_eq!(error(&get(&gateway, path, &[])).1, "AccessDeniedException", "{path}");
    }
    let answer = ask(&gateway, &calls[0], &[("authorization", &bearer())], &conversation("Hi"));
    assert_eq!(answer.status(), 200, "{answer:?}");
    gateway.stop();
}

#[test]
fn a_key_has_its_models_and_its_rate_and_its_tokens_are_counted() {
    let hash = hash(KEY);
    let gateway = Gateway::start(&format!(
        r#"{{ quarry: {{
          keys: [{{ name: "clients", hash: "{hash}", models: ["amazon.nova*"], requestsPerMinute: 1, burst: 4 }}],
          retry: {{ attempts: 1 }},
        }} }}"#
    ));
    let bearer = bearer();
    let headers = [("authorization", bearer.as_str())];
    let refused = ask(&gateway, &path(CLAUDE, "converse"), &headers, &conversation("Hi"));
    assert_eq!(error(&refused).1, "AccessDeniedException", "{refused:?}");
    let listed = get(&gateway, "/foundation-models", &headers).json();
    let listed = listed["modelSummaries"].as_array().expect("a list").clone();
    let allowed = |id: &str| id.starts_with("amazon.nova");
    assert!(!listed.is_empty() && listed.iter().all(|row| row["modelId"].as_str().is_some_and(allowed)), "{listed:?}");
    for _ in 0..2 {
        let answer = ask(&gateway, &path(NOVA, "converse"), &headers, &conversation("Hi"));
        assert_eq!(answer.status(), 200, "{answer:?}");
    }
    let limited = ask(&gateway, &path(NOVA, "converse-stream"), &headers, &conversation("Hi"));
    let (status, name, _) = error(&limited);
    assert_eq!((status, name.as_str()), (429, "ThrottlingException"));
    assert!(limited.retry_after().is_some_and(|seconds| seconds > 0), "{limited:?}");
    gateway.wait_for_log("output_tokens=", 2);
    gateway.stop();
}

#[test]
fn aws_errors_pass_after_retries_and_fallbacks() {
    let second = "us.anthropic.claude-haiku-4-5-20251001-v1:0";
    let upstream = Upstream::start();
    let gateway = Gateway::behind(&upstream.configuration(&format!(
        r#"agents: {{ defaults: {{ model: {{ fallbacks: ["amazon-bedrock/{second}"] }} }} }},
          quarry: {{ retry: {{ attempts: 2, baseMilliseconds: 1, budgetPercent: 1000 }} }}"#
    )));
    for call in ["converse", "converse-stream"] {
        // One attempt fails: nobody notices. Both fail: the next model answers. All fail: AWS's error passes.
        for (first, other, passes) in [(1, 0, true), (2, 1, true), (2, 2, false)] {
            upstream.plays(CLAUDE, vec![Play::throttled(""); first]);
            upstream.plays(second, vec![Play::throttled("retry-after: 1\r\n"); other]);
            let mut client = Client::open(&gateway);
            client.post(&path(CLAUDE, call), &[], &conversation("Hi"));
            if passes {
                assert_eq!(client.head().status, 200, "{call} {first} {other}");
                continue;
            }
            let answer = client.answer();
            let told = (429, "ThrottlingException".to_owned(), "ThrottlingException of the test".to_owned());
            assert_eq!(error(&answer), told, "{answer:?}");
            assert!(answer.retry_after().is_some() && answer.head.header("x-amzn-requestid").is_some(), "{answer:?}");
        }
    }
    gateway.stop();
}

#[test]
fn what_is_wrong_has_the_type_that_sdks_raise() {
    let gateway = Gateway::open();
    let unknown = ask(&gateway, "/model/nobody.has-this/converse", &[], &conversation("Hi"));
    assert_eq!(error(&unknown).1, "ValidationException", "as AWS put it: {unknown:?}");
    let wrong = ask(&gateway, &path(CLAUDE, "converse"), &[], &json!({ "messages": 1 }));
    assert_eq!(error(&wrong).0, 400, "{wrong:?}");
    let method = get(&gateway, &path(CLAUDE, "converse"), &[]);
    assert_eq!(error(&method).1, "UnknownOperationException", "{method:?}");
    let other = ask(&gateway, &path(CLAUDE, "async-invoke"), &[], &json!({}));
    assert_eq!(error(&other).1, "UnknownOperationException", "{other:?}");
    gateway.stop();
}
