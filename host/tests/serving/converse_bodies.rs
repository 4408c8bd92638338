//! Requests are held against botocore's model of Bedrock, and against rules of the service that the model does not have, by
//! `tests/peers/converse_bodies.py`: those of all cases here, those of the generated requests in `differential`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use quarry::conformance::cases::{self, Given};
use quarry::conformance::component::Component;
use quarry::provider::{AotCache, Generation, Host, Limits};
use serde_json::{Value, json};

use crate::gateway::compiled_components;
use crate::packages::{script, text};

/// Cases that are about a request which Bedrock refuses: rules that are broken, each with the reason.
type Deliberate = BTreeMap<String, BTreeMap<String, String>>;

#[test]
fn what_the_cases_send_is_what_bedrock_takes() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests");
    let deliberate =
        fs::read_to_string(root.join("peers/converse_bodies_of_cases.json")).expect("the list can be read");
    let mut deliberate: Deliberate = serde_json::from_str(&deliberate).expect("the list is one of rules and reasons");
    let host = Arc::new(Host::new(Limits::default()).expect("an engine"));
    let generation = Generation::embedded(&host, Some(&AotCache::new(compiled_components()))).expect("a component");
    let component = Component(generation);
    // Bodies that break one rule each: every rule can fail.
    let broken = root.join("peers/converse_bodies_broken.jsonl");
    let mut lines = fs::read_to_string(broken).expect("the broken bodies can be read");
    for case in cases::find(&root.join("conformance")).expect("the cases can be read") {
        if !matches!(case.given, Given::Prepare(_)) {
            continue;
        }
        let came = case.actual(&component).unwrap_or_else(|fault| panic!("{}: {fault}", case.name));
        let came: Value = serde_json::from_str(&came).unwrap_or_else(|error| panic!("{}: {error}", case.name));
        // A case of problems sends nothing.
        let Some(body) = came.get("body") else { continue };
        let operation = if body.get("input").is_some() { "CountTokens" } else { "ConverseStream" };
        let breaks = deliberate.remove(&case.name).unwrap_or_default();
        let breaks: BTreeMap<_, _> = breaks.into_iter().map(|(rule, reason)| (rule, vec![reason])).collect();
        let line = json!({ "name": case.name, "modelId": came["modelId"], "body": body, "operation": operation, "breaks": breaks });
        lines.push_str(&format!("{line}\n"));
    }
    assert!(deliberate.is_empty(), "listed, and no case of a request: {deliberate:?}");
    let folder = tempfile::tempdir().expect("a folder can be made");
    let bodies = folder.path().join("bodies.jsonl");
    fs::write(&bodies, lines).expect("a file can be written");
    are_valid(&bodies);
}

/// Checks bodies, one to a line.
pub(crate) fn are_valid(bodies: &Path) {
    let output = script("converse_bodies.py").arg(bodies).env_clear().output().expect("Python starts");
    assert!(output.status.success(), "{}", text(&output));
    println!("{}", text(&output));
}
