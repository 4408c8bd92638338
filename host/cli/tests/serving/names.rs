//! A name of a model means the same at every endpoint, whatever its letter case, and the facts of the model are those of the catalog.

use serde_json::json;

use crate::gateway::Gateway;
use crate::operating::client::{ask, body, get};
use crate::operating::process::ticks;

/// The simulator's application profile. It is called by its ARN alone, and its tokens are counted by the model behind it.
const PROFILE: &str = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/q7simteam0a1";

const CONFIGURATION: &str = r#"{
  agents: { defaults: { models: {
    "amazon-bedrock/amazon.nova-lite-v1:0": { alias: "Fast" },
    "amazon-bedrock/q7simteam0a1": { alias: "team" },
  } } },
  quarry: { retry: { attempts: 1 } },
}"#;

const ENDPOINTS: [&str; 4] = ["/v1/chat/completions", "/v1/messages", "/v1/responses", "/api/stream"];

#[test]
fn names_mean_the_same_at_every_endpoint() {
    let gateway = Gateway::start(CONFIGURATION);
    for (name, id) in [
        ("q7simteam0a1", PROFILE),
        ("Amazon-Bedrock/q7simteam0a1", PROFILE),
        (PROFILE, PROFILE),
        ("TEAM", PROFILE),
        ("fast", "amazon.nova-lite-v1:0"),
        ("AMAZON-BEDROCK/amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0"),
        ("Amazon.Nova-Lite-v1:0", "amazon.nova-lite-v1:0"),
    ] {
        for path in ENDPOINTS {
            let answer = ask(&gateway, path, &[], &body(path, name, "Tell me about bedrock", false));
            assert_eq!(answer.status(), 200, "{name} at {path}: {answer:?}");
            // A stream of pi does not say whose it is.
            assert!(path == "/api/stream" || answer.body.contains(id), "{name} at {path} is {id}: {answer:?}");
        }
        let question = json!({ "model": name, "messages": [{ "role": "user", "content": "Hi" }] });
        let counted = ask(&gateway, "/v1/messages/count_tokens", &[], &question);
        assert_eq!(counted.status(), 200, "{name}: {counted:?}");
    }
    let unknown = ask(&gateway, ENDPOINTS[0], &[], &body(ENDPOINTS[0], "q7simteam0b2", "Hi", false));
    assert_eq!(unknown.status(), 404, "{unknown:?}");
    assert!(unknown.error().contains("q7simteam0a1"), "it says what may have been meant: {unknown:?}");
    gateway.stop();
}

#[test]
fn a_model_that_is_only_named_is_listed_with_its_facts() {
    let gateway = Gateway::start(CONFIGURATION);
    let listed = get(&gateway, "/v1/models", &[]).json();
    let row = |id: &str| {
        let rows = listed["data"].as_array().expect("a list");
        rows.iter().find(|row| row["id"] == id).unwrap_or_else(|| panic!("{id} is not in {rows:?}")).clone()
    };
    for (alias, id) in [("team", PROFILE), ("Fast", "amazon.nova-lite-v1:0")] {
        let (alias, model) = (row(alias), row(id));
        assert_eq!(alias["context_window"], model["context_window"]);
        assert_eq!(alias["max_output_tokens"], model["max_output_tokens"]);
        assert_ne!(alias["limits_from"], "defaults");
    }
    gateway.stop();
}

/// A gateway with so many configured models, each with an alias and parameters of its own.
fn with_models(count: usize) -> Gateway {
    let ids: Vec<String> = (1..count).map(|number| format!("vendor.model-{number}-v1:0")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).chain(["amazon.nova-lite-v1:0"]).collect();
    let models: Vec<_> = ids.iter().map(|id| json!({ "id": id, "name": id, "contextWindow": 200_000 })).collect();
    let named =
        |id: &&str| (format!("amazon-bedrock/{id}"), json!({ "alias": format!("to-{id}"), "params": { "topP": 0.5 } }));
    let aliases: serde_json::Map<_, _> = ids.iter().map(named).collect();
    let configuration = json!({
        "models": { "providers": { "amazon-bedrock": { "models": models } } },
        "agents": { "defaults": { "models": aliases } },
    });
    Gateway::start(&configuration.to_string())
}

/// What names mean is remembered, and settings do not cross the boundary with a request. Rounds alternate, so that a busy machine
/// slows both.
#[test]
fn a_request_costs_the_same_with_two_and_with_two_thousand_models() {
    const ROUNDS: usize = 5;
    const REQUESTS: usize = 40;
    let gateways = [with_models(2), with_models(2000)];
    let requests = |gateway: &Gateway, count: usize| {
        for _ in 0..count {
            let question = body(ENDPOINTS[0], "to-amazon.nova-lite-v1:0", "Hi", false);
            assert_eq!(ask(gateway, ENDPOINTS[0], &[], &question).status(), 200);
        }
    };
    gateways.iter().for_each(|gateway| requests(gateway, REQUESTS));
    let mut used = [0, 0];
    for _ in 0..ROUNDS {
        for (gateway, used) in gateways.iter().zip(&mut used) {
            let before = ticks(gateway);
            requests(gateway, REQUESTS);
            *used += ticks(gateway) - before;
        }
    }
    let [few, many] = used.map(|ticks| ticks as f64);
    println!("{} requests: {few} ticks with 2 models, {many} with 2,000", ROUNDS * REQUESTS);
    // It was eight times as much when the settings crossed with every model. What is left is the error of a clock of hundredths of a
    // second, and of caches that two processes share.
    assert!(many <= few * 1.3 + 15.0, "{} requests: {few} ticks with 2 models, {many} with 2,000", ROUNDS * REQUESTS);
    gateways.into_iter().for_each(Gateway::stop);
}
