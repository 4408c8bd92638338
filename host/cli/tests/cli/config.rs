//! `quarry config`: what is in the file, what of it holds, and changes of it.

use std::fs;

use serde_json::json;

use crate::support::{Outcome, Quarry};

const OWN: &str = ".config/quarry/config.json5";
const OPENCLAWS: &str = ".openclaw/openclaw.json";

const COMMENTED: &str = "// ours
{
  models: {
    bedrockDiscovery: { region: 'eu-west-1' /* where we are */, enabled: false },
    providers: { 'amazon-bedrock': { apiKey: 'ABSKof-the-test-and-long-enough', headers: { 'x-team': 'hunter2' } } }, // hidden
  },
  quarry: { drainSeconds: 0x10 }, // long enough
}
";

fn text(quarry: &Quarry, name: &str) -> String {
    fs::read_to_string(quarry.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[track_caller]
fn refused(outcome: &Outcome, words: &[&str]) {
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(2), ""), "{outcome:?}");
    for word in words {
        assert!(outcome.stderr.contains(word), "{word}: {outcome:?}");
    }
}

#[test]
fn the_quick_setup_makes_the_file() {
    let quarry = Quarry::new();
    let path = quarry.run(&["config", "path"]);
    assert_eq!(path.stdout.trim(), quarry.path(OWN).display().to_string());
    assert!(path.stderr.contains("does not exist yet"), "{path:?}");
    quarry.run(&["config", "set", "models.bedrockDiscovery.enabled", "true"]).succeeded();
    quarry.run(&["config", "set", "models.bedrockDiscovery.region", "us-west-2"]).succeeded();
    let outcome = quarry.run(&["config", "get", "models.bedrockDiscovery", "--json"]);
    assert_eq!(outcome.succeeded().json(), json!({"enabled": true, "region": "us-west-2"}));
    assert_eq!(quarry.run(&["config", "get", "models.bedrockDiscovery.region"]).stdout, "us-west-2\n");
    assert_eq!(quarry.run(&["auth", "status", "--json"]).json()["region"], "us-west-2", "it is what commands use");
}

#[test]
fn an_edit_leaves_the_rest_as_it_was_written() {
    let quarry = Quarry::new().file(OWN, COMMENTED);
    quarry.run(&["config", "set", "models.bedrockDiscovery.enabled", "true"]).succeeded();
    assert_eq!(text(&quarry, OWN), COMMENTED.replace("enabled: false", "enabled: true"));
    assert_eq!(text(&quarry, &format!("{OWN}.bak")), COMMENTED);
    quarry.run(&["config", "unset", "models.bedrockDiscovery.enabled"]).succeeded();
    let now = text(&quarry, OWN);
    assert!(now.contains("/* where we are */") && !now.contains("enabled"), "{now}");
    let before = now.clone();
    let dry = quarry.run(&["config", "set", "quarry.keepAliveSeconds", "7", "--dry-run"]);
    assert!(dry.succeeded().stdout.contains("keepAliveSeconds: 7"), "{dry:?}");
    assert_eq!(text(&quarry, OWN), before);
    refused(&quarry.run(&["config", "unset", "quarry.cors"]), &["quarry.cors is not set", OWN]);
}

#[test]
fn values_are_json5_else_text() {
    let quarry = Quarry::new().stdin("from a pipe\n");
    let check = |value: &str, expected: serde_json::Value| {
        let path = "agents.defaults.models.\"amazon-bedrock/a.b\".alias";
        quarry.run(&["config", "set", path, value]).succeeded();
        assert_eq!(quarry.run(&["config", "get", path, "--json"]).json(), expected, "{value}");
    };
    check("plain words", json!("plain words"));
    check("'quoted'", json!("quoted"));
    check("eu.x-1", json!("eu.x-1"));
    check("-", json!("from a pipe"));
    let path = "models.bedrockDiscovery.providerFilter";
    quarry.run(&["config", "set", path, "['anthropic', \"amazon\"]"]).succeeded();
    quarry.run(&["config", "set", &format!("{path}[2]"), "meta"]).succeeded();
    assert_eq!(quarry.run(&["config", "get", path, "--json"]).json(), json!(["anthropic", "amazon", "meta"]));
    let before = text(&quarry, OWN);
    refused(&quarry.run(&["config", "set", path, "[anthropic", "--strict-json"]), &["--strict-json", "JSON5"]);
    refused(&quarry.run(&["config", "set", &format!("{path}[9]"), "x"]), &["providerFilter[9]"]);
    refused(&quarry.run(&["config", "set", "a..b", "x"]), &["`a..b` is not a configuration path"]);
    assert_eq!(text(&quarry, OWN), before);
}

#[test]
fn what_would_not_work_is_refused_with_its_place() {
    let quarry = Quarry::new().file(OWN, COMMENTED);
    let set = |path: &str, value: &str| quarry.run(&["config", "set", path, value]);
    refused(
        &set("models.bedrockDiscovery.refreshInterval", "soon"),
        &["config.json5:", ":24: models.bedrockDiscovery.refreshInterval", "a number of seconds"],
    );
    refused(&set("quarry.drainSecond", "5"), &["this setting does not exist", "did you mean `drainSeconds`?"]);
    refused(&set("quarry.drainSeconds", "-5"), &["quarry.drainSeconds", "from 0"]);
    refused(&set("models.bedrockDiscovery.regoin", "x"), &["did you mean `region`?", "--allow-unknown"]);
    refused(&set("models.bedrockDiscover.region", "x"), &["did you mean models.bedrockDiscovery.region?"]);
    refused(&set("modles.bedrockDiscovery.region", "x"), &["did you mean models.bedrockDiscovery.region?"]);
    refused(&set("tools.exec", "x"), &["nothing reads tools", "quarry", "models.bedrockDiscovery"]);
    // The shell took the quotes around the id away.
    let whole = "'agents.defaults.models.\"amazon-bedrock/us.anthropic.claude-sonnet-4-6\".alias'";
    refused(&set("agents.defaults.models.amazon-bedrock/us.anthropic.claude-sonnet-4-6.alias", "x"), &[whole]);
    let whole = "'agents.defaults.models.\"amazon-bedrock/amazon.nova-pro-v1:0\"'";
    refused(&set("agents.defaults.models.amazon-bedrock/amazon.nova-pro-v1:0", "{alias: 'x'}"), &[whole]);
    refused(&set("agents.defaults.models.\"amazon-bedrock/a.b\".alais", "x"), &["did you mean `alias`?"]);
    assert_eq!(text(&quarry, OWN), COMMENTED);
    let known_to_others = quarry.run(&["config", "set", "tools.exec", "x", "--allow-unknown"]);
    assert_eq!(known_to_others.code, Some(0), "{known_to_others:?}");
    assert!(text(&quarry, OWN).contains("exec: \"x\""));
}

#[test]
fn a_file_that_cannot_be_used_can_be_mended_step_by_step() {
    let broken = "{ models: { bedrockDiscovery: { region: 5 } }, quarry: { drainSeconds: 'x' } }";
    let quarry = Quarry::new().file(OWN, broken);
    let validated = quarry.run(&["config", "validate"]);
    assert_eq!(validated.code, Some(2), "{validated:?}");
    assert!(validated.stderr.contains("region") && validated.stderr.contains("drainSeconds"), "{validated:?}");
    let first = quarry.run(&["config", "set", "models.bedrockDiscovery.region", "eu-west-1"]);
    assert!(first.code == Some(0) && first.stderr.contains("still has errors"), "{first:?}");
    quarry.run(&["config", "unset", "quarry.drainSeconds"]).succeeded();
    let validated = quarry.run(&["config", "validate", "--json"]);
    assert_eq!(validated.succeeded().json()["valid"], true);
    let no_json5 = Quarry::new().file(OWN, "{ models: ");
    let refusal = no_json5.run(&["config", "set", "quarry.drainSeconds", "5"]);
    refused(&refusal, &["config.json5:1:", "correct it first"]);
    assert_eq!(text(&no_json5, OWN), "{ models: ");
}

#[test]
fn every_effective_value_is_told_with_its_layer_and_line() {
    let quarry =
        Quarry::new().file(OWN, COMMENTED).set("AWS_REGION", "us-east-2").set("QUARRY_CACHE_RETENTION", "long");
    let explained = quarry.run(&["config", "explain", "--json"]);
    let values = explained.succeeded().json();
    let value = |path: &str| {
        let all = values.as_array().expect("a list");
        all.iter().find(|value| value["path"] == path).unwrap_or_else(|| panic!("{path} in {values}")).clone()
    };
    let region = value("models.bedrockDiscovery.region");
    assert_eq!((&region["value"], &region["layer"]), (&json!("eu-west-1"), &json!("file")), "{region}");
    assert_eq!((&region["line"], &region["column"]), (&json!(4), &json!(33)), "{region}");
    let retention = value("models.providers.amazon-bedrock.cacheRetention");
    assert_eq!((&retention["value"], &retention["source"]), (&json!("long"), &json!("QUARRY_CACHE_RETENTION")));
    let default = value("models.bedrockDiscovery.refreshInterval");
    assert_eq!((&default["value"], &default["layer"]), (&json!(3600), &json!("defaults")));
    let drain = value("quarry.drainSeconds");
    assert_eq!((&drain["value"], &drain["line"]), (&json!(16), &json!(7)), "{drain}");
    assert_eq!(value("quarry.keepAliveSeconds")["layer"], "defaults");
    let below = quarry.run(&["config", "explain", "quarry.limits"]);
    let lines: Vec<&str> = below.succeeded().stdout.lines().collect();
    assert!(lines.len() > 5 && lines.iter().all(|line| line.starts_with("quarry.limits.")), "{below:?}");
    refused(&quarry.run(&["config", "explain", "quarry.nothing"]), &["quarry.nothing"]);
    assert!(!explained.stdout.contains("hunter2") && !explained.stdout.contains("ABSK"), "{explained:?}");
}

#[test]
fn secrets_are_not_printed() {
    let quarry = Quarry::new().file(OWN, COMMENTED);
    for path in ["models", "models.providers.amazon-bedrock.apiKey", "models.providers.amazon-bedrock.headers.x-team"] {
        let got = quarry.run(&["config", "get", path]);
        assert!(!got.succeeded().stdout.contains("hunter2") && !got.stdout.contains("ABSK"), "{path}: {got:?}");
    }
    let got = quarry.run(&["config", "get", "quarry.drainSecond"]);
    assert!(got.code == Some(2) && got.stderr.contains("did you mean `drainSeconds`?"), "{got:?}");
}

#[test]
fn openclaws_file_gets_what_openclaw_knows() {
    let quarry = Quarry::new().file(OPENCLAWS, "{ gateway: { port: 1 } }");
    quarry.run(&["config", "set", "models.bedrockDiscovery.enabled", "true"]).succeeded();
    let before = text(&quarry, OPENCLAWS);
    assert!(before.contains("bedrockDiscovery"), "{before}");
    refused(&quarry.run(&["config", "set", "quarry.drainSeconds", "5"]), &["OpenClaw's"]);
    assert_eq!(text(&quarry, OPENCLAWS), before);
}
