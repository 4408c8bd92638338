//! The JSON Schema of the configuration, read by a validator that is not ours.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use super::gateway::binary;
use super::manifest::Manifest;
use super::path;
use super::tools::{program, run, text};

/// Holds configurations against the schema: whether each is valid.
fn valid(configurations: &[Value]) -> Vec<bool> {
    let printed = run(Command::new(binary()).args(["config", "schema"]).env_clear());
    assert!(printed.status.success(), "{}", text(&printed));
    let folder = tempfile::tempdir().expect("a folder can be made");
    let (schema, given) = (folder.path().join("schema.json"), folder.path().join("given.json"));
    fs::write(&schema, &printed.stdout).expect("it can be written");
    fs::write(&given, json!(configurations).to_string()).expect("it can be written");
    let script = "import json, sys\nfrom jsonschema import Draft202012Validator as V\nschema, given = (json.load(open(path)) for path in sys.argv[1:])\nV.check_schema(schema)\nprint(json.dumps([V(schema).is_valid(one) for one in given]))";
    let output = run(program("python").args(["-c", script]).arg(&schema).arg(&given));
    assert!(output.status.success(), "{}", text(&output));
    serde_json::from_slice(&output.stdout).expect("Python writes JSON")
}

/// A JSON5 text as a value.
fn value(json5: &str) -> Value {
    json5::from_str(json5).unwrap_or_else(|error| panic!("{json5}: {error}"))
}

#[test]
#[ignore = "peers: Python"]
fn configurations_of_the_tree_are_valid() {
    let mut configurations = vec![value(Manifest::read().configuration())];
    for example in fs::read_dir(path("../examples")).expect("the examples are there") {
        let file = example.expect("readable").path().join("config.json5");
        if let Ok(text) = fs::read_to_string(&file) {
            configurations.push(value(&text));
        }
    }
    assert!(configurations.len() >= 4, "{configurations:?}");
    assert!(valid(&configurations).into_iter().all(|valid| valid), "{configurations:?}");
}

#[test]
#[ignore = "peers: Python"]
fn what_is_wrong_is_not_valid() {
    let wrong = [
        json!({"quarry": {"listn": "127.0.0.1:1"}}),
        json!({"quarry": {"limits": {"concurrency": 0}}}),
        json!({"quarry": {"log": {"format": "xml"}}}),
        json!({"models": {"bedrockDiscovery": {"enabled": "yes"}}}),
        json!({"models": {"providers": {"bedrock": {"models": [{"id": 1}]}}}}),
        json!({"plugins": {"entries": {"amazon-bedrock": {"config": {"discovery": {"refreshInterval": -1}}}}}}),
    ];
    assert_eq!(valid(&wrong), vec![false; wrong.len()]);
    // The rest of an OpenClaw file is its own.
    assert_eq!(
        valid(&[json!({"channels": {"telegram": {}}, "agents": {"defaults": {"model": "a", "sandbox": {}}}})]),
        [true]
    );
}
