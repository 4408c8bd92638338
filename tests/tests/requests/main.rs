//! Every request body is one that the API takes: botocore's own validator says so, and the rules that the service has beside its
//! model (`tests/peers/converse_bodies.py`). The bodies are those of all cases of `prepare`, and those of conversations that
//! are grown here. The cases hold the component to the same bodies.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use quarry_conformance::cases::{Case, Given};
use quarry_conformance::prepare;
use quarry_conformance::provider::Providers as _;
use quarry_conformance::source::Source;
use quarry_tests::native::Native;
use serde_json::{Value, json};

#[path = "../../../host/cli/tests/versions/debian.rs"]
#[expect(dead_code, reason = "only Python is needed here")]
mod debian;
mod grown;
#[path = "../../../host/cli/tests/serving/packages.rs"]
#[expect(dead_code, reason = "only scripts in Python are run here")]
mod packages;
mod service_model;

/// How many conversations are grown: some for each family.
const GROWN: u64 = 1400;

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../guest/cases");
    let cases = Source::Folder(&folder).cases().expect("the cases can be read");
    cases.into_iter().filter(|case| matches!(case.given, Given::Prepare(_))).collect()
}

/// Writes the bodies down, one a line, and has the script look at them.
fn held_to_the_api(file: &str, bodies: &[(String, Value)]) {
    let mut lines = String::new();
    for (name, prepared) in bodies {
        let operation = if prepared["body"].get("input").is_some() { "CountTokens" } else { "ConverseStream" };
        let line =
            json!({"name": name, "modelId": prepared["modelId"], "body": prepared["body"], "operation": operation});
        let _ = writeln!(lines, "{line}");
    }
    let path: PathBuf = Path::new(env!("CARGO_TARGET_TMPDIR")).join(file);
    std::fs::write(&path, lines).expect("the bodies can be written down");
    let mut script = packages::script("converse_bodies.py");
    let output = script.arg(&path).output().unwrap_or_else(|error| panic!("{script:?} cannot be started: {error}"));
    let said = packages::text(&output);
    assert!(output.status.success(), "{}:\n{said}", output.status);
    assert!(said.starts_with(&format!("{} bodies,", bodies.len())), "{said}");
}

/// The name of each case that gives a request, and the request.
fn bodies_of_cases() -> Vec<(String, Value)> {
    let mut bodies = Vec::new();
    for case in cases() {
        let actual = case.actual(&Native).unwrap_or_else(|fault| panic!("{}: {fault}", case.name));
        let prepared: Value = serde_json::from_str(&actual).expect("what a case gives is JSON");
        if prepared.get("problems").is_none() {
            bodies.push((case.name, prepared));
        }
    }
    bodies
}

#[test]
#[ignore = "peers: Python"]
fn the_bodies_of_all_cases() {
    held_to_the_api("bodies-of-cases.jsonl", &bodies_of_cases());
}

#[test]
#[ignore = "peers: Python"]
fn the_bodies_of_conversations_that_were_grown() {
    let mut provider = Native.fresh().expect("the native provider can be had");
    let mut bodies = Vec::new();
    for seed in 0..GROWN {
        let given = grown::given(seed);
        let read: prepare::Given =
            serde_json::from_value(given.clone()).unwrap_or_else(|error| panic!("{error}: {given}"));
        let actual = prepare::run(&read, provider.as_mut()).unwrap_or_else(|fault| panic!("{fault}: {given}"));
        let prepared: Value = serde_json::from_str(&actual).expect("what it gives is JSON");
        if let Some(problems) = prepared["problems"].as_array() {
            let is_of_a_document = |problem: &Value| problem["message"] == "this model does not support documents";
            assert!(problems.iter().all(is_of_a_document), "{prepared}\n{given}");
            continue;
        }
        bodies.push((format!("seed {seed}, {}", given["model"]["id"]), prepared));
    }
    held_to_the_api("bodies-of-conversations.jsonl", &bodies);
}
