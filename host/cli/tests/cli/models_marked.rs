//! `quarry models list` with a configuration that names models: which are configured, which are discovered, which is the default.

use serde_json::{Value, json};

use crate::support::{Answer, Quarry, Responder, nobody_there, simulator};

const FILE: &str = ".config/quarry/config.json5";

/// A model that is listed and that AWS lists too, a default with an alias, a fallback that cannot be used, one that nobody knows.
const CONFIG: &str = r#"{
  models: { providers: { "amazon-bedrock": { models: [
    { id: "us.anthropic.claude-opus-4-8-v1", name: "My Opus", reasoning: true, contextWindow: 150000 },
    { id: "example.own-v1:0", name: "Own" },
  ] } } },
  agents: { defaults: {
    model: { primary: "fast", fallbacks: ["amazon-bedrock/anthropic.claude-sonnet-4-6"] },
    models: {
      "amazon-bedrock/us.anthropic.claude-sonnet-4-6": { alias: "fast", params: { cacheRetention: "long" } },
      "amazon-bedrock/arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/q7simteam0a1": { alias: "team" },
    },
  } },
}"#;

/// The model of an id in a catalog.
fn model<'c>(catalog: &'c Value, id: &str) -> &'c Value {
    let models = catalog["models"].as_array().expect("there are models");
    let mut same = models.iter().filter(|model| model["id"] == id);
    let found = same.next().unwrap_or_else(|| panic!("{id} is not in it"));
    assert!(same.next().is_none(), "{id} is in it once");
    found
}

fn marks(model: &Value) -> Value {
    json!([
        model["configured"],
        model["discovered"],
        model["default"],
        model["fallback"],
        model["aliases"],
        model["assumed"]
    ])
}

#[test]
fn json_tells_who_knows_of_each_model() {
    let quarry = Quarry::asking(simulator()).file(FILE, CONFIG);
    let catalog = quarry.run(&["models", "list", "--json"]).succeeded().json();
    assert_eq!((&catalog["source"], &catalog["discoverySource"]), (&json!("config"), &json!("live")));
    let of = |id: &str| marks(model(&catalog, id));
    assert_eq!(of("us.anthropic.claude-sonnet-4-6"), json!([true, true, true, null, ["fast"], false]));
    assert_eq!(of("anthropic.claude-sonnet-4-6"), json!([true, false, false, 1, [], true]));
    assert_eq!(of("us.anthropic.claude-opus-4-8-v1"), json!([true, true, false, null, [], false]));
    assert_eq!(of("example.own-v1:0"), json!([true, false, false, null, [], false]));
    let profile = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/q7simteam0a1";
    assert_eq!(of(profile), json!([true, true, false, null, ["team"], false]), "a profile goes by its ARN");
    assert_eq!(of("amazon.nova-lite-v1:0"), json!([false, true, false, null, [], false]));
    // What the configuration lists decides, and what it says of others is not lost.
    let opus = model(&catalog, "us.anthropic.claude-opus-4-8-v1");
    assert_eq!((&opus["name"], &opus["contextWindow"]), (&json!("My Opus"), &json!(150_000)));
    assert_eq!(model(&catalog, "us.anthropic.claude-sonnet-4-6")["params"], json!({ "cacheRetention": "long" }));
    let ids: Vec<&Value> = catalog["models"].as_array().expect("models").iter().map(|model| &model["id"]).collect();
    assert_eq!(ids[..2], ["us.anthropic.claude-sonnet-4-6", "anthropic.claude-sonnet-4-6"], "the default comes first");
    let plain = quarry.run(&["models", "list", "--plain"]);
    assert_eq!(plain.succeeded().stdout.lines().collect::<Vec<_>>(), ids);
}

#[test]
fn the_table_has_a_column_for_it() {
    let listed = Quarry::asking(simulator()).file(FILE, CONFIG).run(&["models", "list"]);
    let row = |id: &str| {
        let line = listed.stdout.lines().find(|line| line.starts_with(&format!("{id} "))).expect("it is in the table");
        line.split_whitespace().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(listed.stdout.lines().next().map(|head| head.split_whitespace().count()), Some(8), "{listed:?}");
    assert_eq!(row("us.anthropic.claude-sonnet-4-6")[4..6], ["both", "default,alias:fast"]);
    assert_eq!(row("anthropic.claude-sonnet-4-6"), ["?", "1000k", "64k", "?", "config", "fallback#1,left-out"]);
    assert_eq!(row("us.anthropic.claude-opus-4-8-v1")[4..], ["both", "My", "Opus"]);
    assert_eq!(row("example.own-v1:0")[4..], ["config", "not-listed", "Own"]);
    assert_eq!(row("amazon.nova-lite-v1:0")[4..], ["AWS", "Nova", "Lite"]);
}

#[test]
fn a_vendor_narrows_configured_models_too() {
    let quarry = Quarry::asking(simulator()).file(FILE, CONFIG);
    let listed = quarry.run(&["models", "list", "--plain", "--provider", "anthropic"]);
    let ids = &listed.succeeded().stdout;
    assert!(ids.contains("us.anthropic.claude-opus-4-8-v1\n") && !ids.contains("example.own"), "{ids}");
    let example = quarry.run(&["models", "list", "--plain", "--provider", "example"]);
    assert_eq!(example.succeeded().stdout, "example.own-v1:0\n");
}

#[test]
fn configured_models_need_nobody() {
    let own = r#"{ models: { providers: { "amazon-bedrock": { models: [{ id: "example.own-v1:0" }] } } } }"#;
    // Without credentials nobody is asked, and nothing is wrong.
    let offline = Quarry::new().file(FILE, own).run(&["models", "list", "--plain"]);
    assert_eq!(offline.succeeded().stdout, "example.own-v1:0\n");
    // Where AWS refuses to list, which is why people configure models, that is told and no failure.
    let denied = [("x-amzn-errortype", "AccessDeniedException")].as_slice();
    let responder = Responder::start(move |_| Answer::error(403, denied, "no list for you"));
    let listed = Quarry::asking(&responder.endpoint).file(FILE, own).run(&["models", "list", "--plain"]);
    assert_eq!((listed.code, listed.stdout.as_str()), (Some(0), "example.own-v1:0\n"), "{listed:?}");
    assert!(listed.stderr.starts_with("note: ") && listed.stderr.contains("no list for you"), "{listed:?}");
    // Unless discovery was asked for.
    let wanted = own.replace("models: { providers", "models: { bedrockDiscovery: { enabled: true }, providers");
    let listed = Quarry::asking(&nobody_there()).file(FILE, wanted).run(&["models", "list", "--plain"]);
    listed.failed_with(1, &["Could not connect to Bedrock"]);
    assert_eq!(listed.stdout, "example.own-v1:0\n");
    // And where it is off, nobody is asked at all.
    let off = own.replace("models: { providers", "models: { bedrockDiscovery: { enabled: false }, providers");
    let before = responder.asked().len();
    let listed = Quarry::asking(&responder.endpoint).file(FILE, off).run(&["models", "list", "--plain"]);
    assert_eq!(listed.succeeded().stdout, "example.own-v1:0\n");
    assert_eq!(responder.asked().len(), before);
}
