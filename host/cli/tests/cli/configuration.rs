//! The configuration: which file it is, what its mistakes look like, and which layer wins.

use serde_json::Value;

use crate::support::{Answer, Quarry, Responder, SONNET, simulator};

/// A configuration of a region, to tell files apart by.
fn region(region: &str) -> String {
    format!("{{ models: {{ bedrockDiscovery: {{ region: '{region}' }} }} }}")
}

/// The region that is used, and where it is from.
fn used(quarry: &Quarry, more: &[&str]) -> (String, String) {
    let status: Value = quarry.run(&[["auth", "status", "--json"].as_slice(), more].concat()).json();
    let text = |member: &str| status[member].as_str().unwrap_or_default().to_owned();
    (text("region"), text("regionFrom"))
}

#[test]
fn three_mistakes_are_three_problems_with_their_places() {
    let responder = Responder::start(|_| Answer::json("{}"));
    let config = r#"{
  models: {
    providers: { "amazon-bedrock": { baseUrl: 7, auth: "magic" } },
    bedrockDiscovery: { enabled: "maybe", regoin: "eu-west-1" },
  },
}"#;
    let quarry = Quarry::asking(&responder.endpoint).file("quarry.json5", config);
    let expected = [
        "error: quarry.json5:3:47: models.providers.amazon-bedrock.baseUrl: baseUrl is a number",
        "  expected: an http or https address, such as `https://bedrock-runtime.eu-west-1.amazonaws.com`",
        "error: quarry.json5:3:56: models.providers.amazon-bedrock.auth: auth is \"magic\"",
        "  expected: one of `aws-sdk`, `api-key`, `oauth`, `token`",
        "error: quarry.json5:4:34: models.bedrockDiscovery.enabled: ",
        "  expected: ",
        "warning: quarry.json5:4:43: models.bedrockDiscovery.regoin: regoin is not known and is ignored",
        "  expected: did you mean `region`?",
        "3 problems in the configuration; nothing was executed",
    ];
    for command in [["chat", "--model", SONNET, "hello"].as_slice(), &["models", "list"], &["auth", "status"]] {
        let refused = quarry.run(&[command, &["--config", "quarry.json5"]].concat());
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""), "{refused:?}");
        let lines: Vec<&str> = refused.stderr.lines().collect();
        assert_eq!(lines.len(), expected.len(), "{refused:?}");
        for (line, begin) in lines.iter().zip(expected) {
            assert!(line.starts_with(begin), "{line:?} does not begin with {begin:?}");
        }
    }
    assert_eq!(responder.asked().len(), 0);
}

#[test]
fn what_is_not_known_is_warned_of_and_does_not_stop() {
    let config = r#"{ models: { bedrockDiscovery: { providerFliter: ["anthropic"] } } }"#;
    let quarry = Quarry::asking(simulator()).file("c.json5", config);
    let answer = quarry.run(&["chat", "--config", "c.json5", "--model", SONNET, "echo on"]);
    assert_eq!((answer.code, answer.stdout.as_str()), (Some(0), "on\n"), "{answer:?}");
    assert!(answer.stderr.starts_with("warning: c.json5:1:33: "), "{answer:?}");
    assert!(answer.stderr.contains("did you mean `providerFilter`?"), "{answer:?}");
}

#[test]
fn a_file_that_cannot_be_read_is_told() {
    let run = |quarry: Quarry, file: &str| quarry.run(&["models", "list", "--config", file]);
    run(Quarry::new(), "none.json5")
        .failed_with(2, &["the configuration file none.json5 does not exist", "named by --config"]);
    run(Quarry::new(), ".").failed_with(2, &["cannot be read: Is a directory"]);
    run(Quarry::new().file("c.json5", [0xff]), "c.json5").failed_with(2, &["c.json5 is not UTF-8"]);
    let variable = Quarry::new().set("QUARRY_CONFIG", "none.json5").run(&["models", "list"]);
    variable.failed_with(2, &["the configuration file none.json5 does not exist", "named by QUARRY_CONFIG"]);
    let broken = run(Quarry::new().file("c.json5", "{ models: \n"), "c.json5");
    assert_eq!(broken.code, Some(2), "{broken:?}");
    assert!(broken.stderr.starts_with("error: c.json5:2:1: a member without a value\n"), "{broken:?}");
}

#[test]
fn the_places_are_tried_in_order() {
    let quarry = Quarry::new()
        .file("flag.json5", region("eu-west-1"))
        .file("variable.json5", region("eu-west-2"))
        .file("xdg/quarry/config.json5", region("eu-west-3"))
        .file(".config/quarry/config.json5", region("eu-north-1"))
        .file(".openclaw/openclaw.json", region("eu-south-1"));
    let (xdg, variable) = (quarry.path("xdg"), quarry.path("variable.json5"));
    let path = |path: &std::path::Path| path.to_str().expect("it is UTF-8").to_owned();
    let remove = |quarry: &Quarry, name: &str| std::fs::remove_file(quarry.path(name)).expect("it is there");

    assert_eq!(used(&quarry, &[]).0, "eu-north-1");
    let quarry = quarry.set("XDG_CONFIG_HOME", &path(&xdg));
    assert_eq!(used(&quarry, &[]).0, "eu-west-3");
    remove(&quarry, "xdg/quarry/config.json5");
    assert_eq!(used(&quarry, &[]).0, "eu-south-1");
    remove(&quarry, ".openclaw/openclaw.json");
    assert_eq!(used(&quarry, &[]), ("us-east-1".to_owned(), "defaults".to_owned()));
    let quarry = quarry.set("QUARRY_CONFIG", &path(&variable));
    assert_eq!(used(&quarry, &[]).0, "eu-west-2");
    let (region, from) = used(&quarry, &["--config", "flag.json5"]);
    assert_eq!(region, "eu-west-1");
    assert!(from.starts_with("flag.json5:1:"), "{from}");
}

#[test]
fn each_layer_wins_over_the_one_below() {
    let quarry = Quarry::asking(simulator()).set("AWS_DEFAULT_REGION", "us-west-1");
    assert_eq!(used(&quarry, &[]), ("us-west-1".to_owned(), "AWS_DEFAULT_REGION".to_owned()));
    let quarry = quarry.set("AWS_REGION", "us-west-2");
    assert_eq!(used(&quarry, &[]), ("us-west-2".to_owned(), "AWS_REGION".to_owned()));
    let quarry = quarry.file(".config/quarry/config.json5", region("eu-west-1"));
    assert_eq!(used(&quarry, &[]).0, "eu-west-1");
    let quarry = quarry.set("QUARRY_REGION", "eu-west-2");
    assert_eq!(used(&quarry, &[]).0, "eu-west-2");
    let quarry = quarry.set("QUARRY_MODEL", "amazon.nova-lite-v1:0");
    let answer = quarry.run(&["chat", "hello"]);
    assert!(
        answer.succeeded().stdout.contains("the model amazon.nova-lite-v1:0, was signed for eu-west-2"),
        "{answer:?}"
    );
    let answer = quarry.run(&["chat", "--model", "amazon.nova-pro-v1:0", "--region", "eu-west-3", "hello"]);
    assert!(
        answer.succeeded().stdout.contains("the model amazon.nova-pro-v1:0, was signed for eu-west-3"),
        "{answer:?}"
    );
}

#[test]
fn a_file_of_openclaw_works_as_it_is() {
    let config = r#"{
  // A whole OpenClaw configuration: most of it is none of our business.
  gateway: { port: 18789, auth: { mode: "token", token: "foreign" } },
  channels: { telegram: { botToken: "foreign", unknown: [1, 2, { a: null }] } },
  models: {
    mode: "merge",
    providers: {
      openai: { apiKey: "foreign", baseUrl: 7 },
      "amazon-bedrock": {
        api: "bedrock-converse-stream",
        auth: "aws-sdk",
        models: [{
          id: "us.anthropic.claude-opus-4-6-v1", name: "Opus", reasoning: true, input: ["text", "image"],
          cost: { input: 5, output: 25, cacheRead: 0.5, cacheWrite: 6.25 }, contextWindow: 200000, maxTokens: 8192,
        }],
      },
    },
  },
  agents: { defaults: { model: { primary: "amazon-bedrock/us.anthropic.claude-opus-4-6-v1" }, workspace: "~/w" } },
}"#;
    let quarry = Quarry::asking(simulator()).file(".openclaw/openclaw.json", config);
    let answer = quarry.run(&["chat", "--json", "echo fine"]);
    let events = answer.succeeded().json_lines();
    let message = crate::support::check_events(&events);
    assert_eq!(message["model"], "us.anthropic.claude-opus-4-6-v1");
    assert!(message["usage"]["cost"]["total"].as_f64().is_some_and(|dollars| dollars > 0.0), "{message:#}");
    let listed = quarry.run(&["models", "list", "--plain"]);
    let ids = &listed.succeeded().stdout;
    assert!(ids.starts_with("us.anthropic.claude-opus-4-6-v1\n"), "what the file lists comes first: {ids}");
    assert!(ids.contains("\namazon.nova-lite-v1:0\n"), "and what AWS lists after it: {ids}");
}
