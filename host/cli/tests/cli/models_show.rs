//! `quarry models show`.

use serde_json::json;

use crate::support::{Answer, Outcome, Quarry, Responder, SONNET, nobody_there, simulator};

const FILE: &str = ".config/quarry/config.json5";

/// The value behind a line's name.
#[track_caller]
fn line<'o>(shown: &'o Outcome, name: &str) -> &'o str {
    let named = |line: &&str| line.split_at_checked(16).is_some_and(|(begin, _)| begin.trim() == name);
    let line = shown.stdout.lines().find(named).unwrap_or_else(|| panic!("no line {name}: {shown:?}"));
    &line[16..]
}

#[test]
fn a_profile_tells_what_is_behind_it() {
    let quarry = Quarry::asking(simulator());
    let shown = quarry.run(&["models", "show", SONNET]);
    shown.succeeded();
    for (name, value) in [
        ("model", SONNET),
        ("name", "US Anthropic Claude Sonnet 4.6"),
        ("provider", "amazon-bedrock, model of anthropic"),
        ("configured", "no"),
        ("discovered", "in us-east-1, just now"),
        ("input", "text, image, document"),
        ("thinks", "yes"),
        ("context", "1000000 tokens (limitsFrom: listing)"),
        ("output", "64000 tokens (limitsFrom: listing)"),
        ("cost", "not known"),
        ("base model", "anthropic.claude-sonnet-4-6"),
        ("regions", "us-east-1, us-east-2, us-west-2"),
        ("geography", "us"),
        ("prompt caching", "yes"),
        ("guardrails", "yes"),
        ("low latency", "no"),
    ] {
        assert_eq!(line(&shown, name), value, "{name}");
    }
    let json = quarry.run(&["models", "show", SONNET, "--json"]).succeeded().json();
    assert_eq!(
        (&json["id"], &json["contextWindow"], &json["maxTokens"]),
        (&json!(SONNET), &json!(1_000_000), &json!(64_000))
    );
    assert_eq!((&json["provider"], &json["vendor"]), (&json!("amazon-bedrock"), &json!("anthropic")));
    assert_eq!((&json["configured"], &json["discovered"]), (&json!(false), &json!(true)));
    assert_eq!((&json["region"], &json["discoverySource"]), (&json!("us-east-1"), &json!("cache")));
    let extras = &json["extras"];
    assert_eq!(extras["limitsFrom"], "listing");
    assert_eq!(extras["regions"], json!(["us-east-1", "us-east-2", "us-west-2"]));
    assert_eq!(extras["explicitPromptCaching"], json!({ "isSupported": true }));
    assert_eq!((&json["listing"], &json["leftOut"]), (&json!(null), &json!(null)));
}

#[test]
fn a_model_goes_by_all_its_names() {
    let config = r#"{ agents: { defaults: {
      model: { primary: "amazon-bedrock/us.anthropic.claude-sonnet-4-6" },
      models: { "amazon-bedrock/amazon.nova-lite-v1:0": { alias: "lite" } },
    } } }"#;
    let quarry = Quarry::asking(simulator()).file(FILE, config);
    let profile = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/q7simteam0a1";
    let system = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-6";
    for (name, id) in [
        ("amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0"),
        ("amazon-bedrock/amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0"),
        ("lite", "amazon.nova-lite-v1:0"),
        ("Amazon.Nova-Lite-v1:0", "amazon.nova-lite-v1:0"),
        ("arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0"),
        ("default", SONNET),
        (system, SONNET),
        (&format!("Amazon-Bedrock/{profile}"), profile),
        ("q7simteam0a1", profile),
        ("LITE", "amazon.nova-lite-v1:0"),
    ] {
        let shown = quarry.run(&["models", "show", name, "--json"]);
        assert_eq!(shown.succeeded().json()["id"], id, "{name}");
    }
    let shown = quarry.run(&["models", "show", "default"]);
    assert_eq!(line(&shown, "used as"), "default");
    assert!(
        line(&shown, "configured").starts_with("named, in ")
            && line(&shown, "configured").ends_with("config.json5:2:25"),
        "{shown:?}"
    );
    // An ARN is looked for where it is, and --region says otherwise.
    let elsewhere = "arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-lite-v1:0";
    assert_eq!(line(&quarry.run(&["models", "show", elsewhere]), "discovered"), "in us-west-2, just now");
    let here = quarry.run(&["models", "show", elsewhere, "--region", "us-east-1"]);
    assert_eq!(line(&here, "discovered"), "in us-east-1, from the cache");
    // Not where requests may not go.
    let refused = [
        "error: MODEL: the model is in eu-central-1, and requests are allowed to us-east-1, us-* only",
        "quarry.regions",
    ];
    quarry.run(&["models", "show", &elsewhere.replace("us-west-2", "eu-central-1")]).failed_with(2, &refused);
}

#[test]
fn what_the_configuration_lists_stands_beside_what_aws_lists() {
    let config = r#"{ models: { providers: { "amazon-bedrock": { models: [{
      id: "us.anthropic.claude-sonnet-4-6", name: "Ours", input: ["text"], contextWindow: 150000,
      cost: { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75,
              tiers: [{ inputTokensAbove: 200000, input: 6, output: 22.5, cacheRead: 0.6, cacheWrite: 7.5 }] },
      params: { cacheRetention: "long" },
    }] } } } }"#;
    let quarry = Quarry::asking(simulator()).file(FILE, config);
    let shown = quarry.run(&["models", "show", SONNET]);
    shown.succeeded();
    for (name, value) in [
        ("name", "Ours"),
        ("input", "text"),
        ("thinks", "no"),
        ("context", "150000 tokens (limitsFrom: configuration)"),
        ("output", "64000 tokens (limitsFrom: listing)"),
        ("cost", "$3 input, $15 output, $0.3 cache read, $3.75 cache write, a million tokens"),
        (
            "",
            "above 200000 tokens of input: $6 input, $22.5 output, $0.6 cache read, $7.5 cache write, a million tokens",
        ),
        ("params", r#"{"cacheRetention":"long"}"#),
        ("AWS's name", "US Anthropic Claude Sonnet 4.6"),
        ("AWS's context", "1000000 tokens (limitsFrom: listing)"),
        ("base model", "anthropic.claude-sonnet-4-6"),
    ] {
        assert_eq!(line(&shown, name), value, "{name}");
    }
    assert!(line(&shown, "configured").ends_with("config.json5:1:55"), "{shown:?}");
    let json = quarry.run(&["models", "show", SONNET, "--json"]).succeeded().json();
    assert_eq!((&json["name"], &json["listing"]["name"]), (&json!("Ours"), &json!("US Anthropic Claude Sonnet 4.6")));
    assert_eq!(json["cost"]["tiers"][0]["inputTokensAbove"], 200_000);
}

#[test]
fn a_model_that_is_left_out_tells_why() {
    let quarry = Quarry::asking(simulator());
    let embedding = quarry.run(&["models", "show", "amazon.titan-embed-text-v2:0"]);
    assert_eq!(line(embedding.succeeded(), "left out"), "not-streaming: The model does not stream its answers.");
    let json = quarry.run(&["models", "show", "anthropic.claude-sonnet-4-6", "--json"]).succeeded().json();
    assert_eq!((&json["discovered"], &json["leftOut"]["reason"]), (&json!(false), &json!("needs-inference-profile")));
    assert!(json["leftOut"]["message"].as_str().is_some_and(|why| why.contains(SONNET)), "{json:#}");
    // As the default model, it is shown with what will go wrong.
    let named =
        quarry.file(FILE, r#"{ agents: { defaults: { model: "amazon-bedrock/anthropic.claude-sonnet-4-6" } } }"#);
    let shown = named.run(&["models", "show", "default"]);
    assert!(
        line(shown.succeeded(), "discovered").contains("left out: needs-inference-profile: The model is invoked"),
        "{shown:?}"
    );
    assert_eq!(
        (line(&shown, "thinks"), line(&shown, "context")),
        ("not known", "1000000 tokens (limitsFrom: known-models)")
    );
}

#[test]
fn a_model_that_is_not_there_is_an_error_with_what_was_meant() {
    let quarry = Quarry::asking(simulator());
    for (typed, words) in [
        ("us.antropic.claude-sonnet-4-6", &["did you mean us.anthropic.claude-sonnet-4-6"][..]),
        ("eu.anthropic.claude-sonnet-4-6", &["us.anthropic.claude-sonnet-4-6", "global.anthropic.claude-sonnet-4-6"]),
        ("sonnet-4-6", &["us.anthropic.claude-sonnet-4-6", " or "]),
        ("amazon.titan-embed-text-v3:0", &["amazon.titan-embed-text-v2:0"]),
        ("gpt-of-nobody", &["the model gpt-of-nobody was not found in us-east-1", "quarry models list"]),
        ("arn:aws:bedrock:us-east-1:123456789012:prompt-router/x", &["quarry chat --model ARN"]),
    ] {
        let shown = quarry.run(&["models", "show", typed]);
        shown.failed_with(2, words);
        assert_eq!(shown.stdout, "");
        quarry.run(&["models", "show", typed, "--json"]).failed_with(2, words);
    }
    quarry.run(&["models", "show", "default"]).failed_with(2, &["no default model is configured", "quarry config set"]);
}

#[test]
fn what_cannot_be_looked_up_is_not_said_to_be_missing() {
    Quarry::new()
        .run(&["models", "show", SONNET])
        .failed_with(1, &["No AWS credentials were found", "quarry auth status"]);
    let down = Quarry::asking(&nobody_there()).run(&["models", "show", SONNET]);
    assert_eq!((down.code, down.stdout.as_str()), (Some(1), ""), "{down:?}");
    assert!(down.stderr.contains("Could not connect to Bedrock"), "{down:?}");
    assert!(
        down.stderr.ends_with(&format!("error: cannot tell whether the model {SONNET} exists in us-east-1\n")),
        "{down:?}"
    );
    // What the configuration lists is known without AWS.
    let own =
        r#"{ models: { providers: { "amazon-bedrock": { models: [{ id: "example.own-v1:0", name: "Own" }] } } } }"#;
    let offline = Quarry::new().file(FILE, own);
    let shown = offline.run(&["models", "show", "example.own-v1:0"]);
    assert_eq!(line(shown.succeeded(), "discovered"), "not called: there are no AWS credentials");
    offline
        .run(&["models", "show", "example.onw-v1:0"])
        .failed_with(2, &["AWS was not called", "did you mean example.own-v1:0?"]);
}

#[test]
fn nothing_of_a_listing_drives_the_terminal() {
    let model = json!({
        "modelId": "example.evil-v1:0", "modelName": "Evil\u{1b}[2J\nmodel x", "providerName": "Example",
        "inputModalities": ["TEXT"], "outputModalities": ["TEXT"], "responseStreamingSupported": true,
        "modelLifecycle": { "status": "ACTIVE" }, "converse": { "userImageTypesSupported": ["png\u{7}"] },
    });
    let models = json!({ "modelSummaries": [model] }).to_string();
    let responder = Responder::start(move |path| {
        if path.starts_with("/foundation-models") {
            Answer::json(&models)
        } else {
            Answer::json(&json!({ "inferenceProfileSummaries": [] }))
        }
    });
    let quarry = Quarry::asking(&responder.endpoint);
    let shown = quarry.run(&["models", "show", "example.evil-v1:0"]);
    assert_eq!(line(shown.succeeded(), "name"), r"Evil\u001b[2J\nmodel x");
    let listed = quarry.run(&["models", "list"]);
    for text in [&shown.stdout, &listed.stdout] {
        assert!(!text.contains(['\u{1b}', '\u{7}']), "{text:?}");
    }
    assert_eq!(listed.stdout.lines().count(), 2, "a row is a line: {listed:?}");
}
