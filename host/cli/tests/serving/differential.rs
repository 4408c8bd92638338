//! pi-ai and pi's agent behind the gateway are given the same generated requests: `tests/peers/differential` says in tables where
//! what they send and what they make of the answers differs, and why. All else has to be the same.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::gateway::{Gateway, KEY, hash};
use crate::packages::{script, text};
use crate::simulator::Simulated;

/// Which requests are generated, and how many: handed through to look further than a run of the tests does.
const KNOBS: [&str; 3] = ["QUARRY_DIFFERENTIAL_SEED", "QUARRY_DIFFERENTIAL_RUNS", "QUARRY_DIFFERENTIAL_PATH"];

#[test]
#[ignore = "peers: Node.js, Python"]
fn pi_ai_and_the_gateway_differ_only_where_it_is_listed_and_send_what_bedrock_takes() {
    let simulator = Simulated::start();
    let folder = tempfile::tempdir().expect("a folder can be made");
    let bodies = folder.path().join("bodies.jsonl");
    let mut command = script("differential/main.mjs");
    command
        .arg(&simulator.endpoint)
        .arg(&bodies)
        .env_clear()
        .envs(KNOBS.iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
        .env("HOME", folder.path())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ACCESS_KEY_ID", "AKIDSIMULATOR")
        .env("AWS_SECRET_ACCESS_KEY", "not-a-secret")
        // What the simulator says the first time is what is compared.
        .env("AWS_MAX_ATTEMPTS", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut node = command.spawn().unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"));
    let mut said = BufReader::new(node.stdout.take().expect("it is piped"));
    let mut first = String::new();
    said.read_line(&mut first).expect("the script tells text");
    let told: Value = serde_json::from_str(&first).unwrap_or_else(|error| panic!("{first:?}: {error}"));

    // Without a catalogue, what pi's record says of a model is all that either side knows of it.
    let gateway = Gateway::behind(
        &json!({
            "models": {
                "bedrockDiscovery": { "enabled": false },
                "providers": { "amazon-bedrock": { "baseUrl": told["endpoint"], "models": [] } },
            },
            "quarry": { "keys": [{ "name": "pi", "hash": hash(KEY) }], "retry": { "attempts": 1 } },
        })
        .to_string(),
    );
    let mut input = node.stdin.take().expect("it is piped");
    writeln!(input, "{}", json!({ "base": gateway.base, "key": KEY })).expect("the script reads");
    let mut rest = String::new();
    said.read_to_string(&mut rest).expect("the script tells text");
    let status = node.wait().expect("a child can be waited for");
    assert!(status.success(), "differential/main.mjs ({status}):\n{rest}\nthe gateway's log:\n{}", gateway.log());
    println!("{rest}");
    gateway.stop();
    // All but what is listed with a row has to be what Bedrock takes.
    let output = script("converse_bodies.py").arg(&bodies).output().expect("Python starts");
    println!("{}", text(&output));
    assert!(output.status.success(), "{}", text(&output));
}
