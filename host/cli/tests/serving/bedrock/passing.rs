//! Documents and frames are those of AWS, and so is the end of a stream.

use serde_json::json;

use super::recorder::Recorder;
use super::{CLAUDE, NOVA, conversation, has, path, stream};
use crate::gateway::Gateway;
use crate::operating::client::{Client, ask, get};

/// The simulator's application profile.
const PROFILE: &str = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/q7simteam0a1";

#[test]
fn a_document_passes_byte_for_byte() {
    let recorder = Recorder::start();
    let gateway = Gateway::in_front_of(&recorder.endpoint);
    let answer = ask(&gateway, &path(CLAUDE, "converse"), &[], &conversation("Tell me about bedrock"));
    assert_eq!(answer.status(), 200, "{answer:?}");
    assert_eq!(answer.head.header("content-type"), Some("application/json"));
    assert!(answer.head.header("x-amzn-requestid").is_some(), "{answer:?}");
    assert_eq!(answer.body.as_bytes(), recorder.body());
    gateway.wait_for_log("output_tokens=", 1);
    gateway.stop();
}

#[test]
fn frames_pass_byte_for_byte() {
    for model in [CLAUDE, "sim.exception.throttling.after-4"] {
        let recorder = Recorder::start();
        let gateway = Gateway::in_front_of(&recorder.endpoint);
        let mut client = Client::open(&gateway);
        // Whoever accepts compressed answers gets the frames as they are, all the same.
        let headers = [("accept-encoding", "gzip")];
        client.post(&path(model, "converse-stream"), &headers, &conversation("Tell me about bedrock"));
        let head = client.head();
        assert_eq!((head.status, head.header("content-encoding")), (200, None), "{head:?}");
        assert_eq!(head.header("content-type"), Some("application/vnd.amazon.eventstream"));
        let (frames, is_whole) = stream(&mut client);
        assert!(is_whole, "{model}");
        assert!(frames == recorder.body(), "{model}: {} bytes", frames.len());
        gateway.stop();
    }
}

#[test]
fn a_stream_that_breaks_off_does_not_end_well() {
    let gateway = Gateway::open();
    for fault in [
        "sim.truncate.after-5",
        "sim.cut-mid-frame.after-5",
        "sim.reset.after-5",
        "sim.bad-crc.after-4",
        "sim.no-metadata",
    ] {
        let mut client = Client::open(&gateway);
        client.post(&path(fault, "converse-stream"), &[], &conversation("Tell me about bedrock"));
        assert_eq!(client.head().status, 200, "{fault}");
        let (frames, is_whole) = stream(&mut client);
        assert!(has(&frames, "contentBlockDelta") && !is_whole, "{fault}: {} bytes", frames.len());
    }
    gateway.stop();
}

#[test]
fn names_are_resolved_and_encoded_ones_decoded() {
    let gateway = Gateway::start(
        r#"{
          agents: { defaults: { models: { "amazon-bedrock/amazon.nova-lite-v1:0": { alias: "Fast" } } } },
          quarry: { retry: { attempts: 1 } },
        }"#,
    );
    for name in [NOVA, "fast", "amazon-bedrock/amazon.nova-lite-v1:0", PROFILE] {
        let answer = ask(&gateway, &path(name, "converse"), &[], &conversation("Hi"));
        assert_eq!(answer.status(), 200, "{name}: {answer:?}");
    }
    let counted = json!({ "input": { "converse": conversation("Hi") } });
    let answer = ask(&gateway, &path("anthropic.claude-sonnet-4-6", "count-tokens"), &[], &counted);
    assert!(answer.json()["inputTokens"].as_u64().is_some_and(|tokens| tokens > 0), "{answer:?}");
    // No client chooses a region that the operator did not.
    let elsewhere = PROFILE.replace("us-east-1", "ap-south-2");
    let refused = ask(&gateway, &path(&elsewhere, "converse"), &[], &conversation("Hi"));
    assert_eq!(refused.head.header("x-amzn-errortype"), Some("ValidationException"), "{refused:?}");
    gateway.stop();
}

#[test]
fn aws_lists_its_models_and_profiles() {
    let gateway = Gateway::open();
    let models = get(&gateway, "/foundation-models?byProvider=amazon", &[]).json();
    let models = models["modelSummaries"].as_array().expect("a list").clone();
    assert!(!models.is_empty() && models.iter().all(|model| model["providerName"] == "Amazon"), "{models:?}");
    let id = models[0]["modelId"].as_str().expect("an id");
    let one = get(&gateway, &format!("/foundation-models/{}", id.replace(':', "%3A")), &[]).json();
    assert_eq!(one["modelDetails"], models[0]);
    let (mut token, mut listed) = (String::new(), Vec::new());
    loop {
        let page = get(&gateway, &format!("/inference-profiles?maxResults=5{token}"), &[]).json();
        let some = page["inferenceProfileSummaries"].as_array().expect("a list").clone();
        assert!((1..=5).contains(&some.len()), "{page}");
        listed.extend(some);
        match page["nextToken"].as_str() {
            Some(next) => token = format!("&nextToken={}", next.replace(':', "%3A")),
            None => break,
        }
    }
    let whole = get(&gateway, "/inference-profiles?type=SYSTEM_DEFINED", &[]).json();
    assert_eq!(json!(listed), whole["inferenceProfileSummaries"]);
    let profile = get(&gateway, &format!("/inference-profiles/{}", PROFILE.replace('/', "%2F")), &[]).json();
    assert_eq!(profile["inferenceProfileArn"], PROFILE);
    let unknown = get(&gateway, "/foundation-models/nobody.has-this", &[]);
    assert_eq!(unknown.head.header("x-amzn-errortype"), Some("ResourceNotFoundException"), "{unknown:?}");
    gateway.stop();
}
