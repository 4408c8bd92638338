//! What the conformance cases cannot say: bodies that are no JSON, and every value in every place. The rules themselves are in
//! `guest/cases/discover/`.

use serde_json::{Value, json};

use super::*;
use crate::contract::models::Source;
use crate::test_values::settings;

fn foundation_models() -> Value {
    let model = |id: &str, name: &str| {
        json!({
            "modelId": id, "modelName": name, "providerName": "X", "inputModalities": ["TEXT", "IMAGE"],
            "outputModalities": ["TEXT"], "responseStreamingSupported": true, "modelLifecycle": {"status": "ACTIVE"},
        })
    };
    json!({ "modelSummaries": [model("x.a", "A"), model("x.b", "B"), {}] })
}

fn inference_profiles() -> Value {
    json!({ "inferenceProfileSummaries": [{
        "inferenceProfileId": "us.x.a", "inferenceProfileName": "US A", "status": "ACTIVE", "type": "SYSTEM_DEFINED",
        "inferenceProfileArn": "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.x.a",
        "models": [{"modelArn": "arn:aws:bedrock:us-east-1::foundation-model/x.a"}],
    }] })
}

fn answered(source: Source, body: &str) -> Pages {
    Pages { source, bodies: vec![body.to_owned()], failed: None, cached: false, earlier: None }
}

/// The catalog of the bodies of the first two sources.
fn given(foundation_models: &str, inference_profiles: &str) -> Catalog {
    let settings = settings();
    let bodies = [foundation_models, inference_profiles];
    let pages: Vec<Pages> =
        sources(&settings).into_iter().zip(bodies).map(|(source, body)| answered(source, body)).collect();
    assemble(&settings, "us-east-1".to_owned(), &pages)
}

#[test]
fn a_body_that_is_no_json_is_a_failure() {
    let catalog = given("<html>Sign in</html>", &inference_profiles().to_string());
    assert_eq!(catalog.source, CatalogSource::Live, "the profile came");
    assert_eq!(catalog.models.iter().map(|model| &*model.id).collect::<Vec<_>>(), ["us.x.a"]);
    assert_eq!(catalog.failures.len(), 1);
    assert_eq!(
        catalog.failures[0].message,
        "The answer to ListFoundationModels cannot be read: it is not JSON (expected value at line 1 column 1)"
    );
    let catalog = given(&foundation_models().to_string(), "");
    assert_eq!(catalog.source, CatalogSource::Live);
    assert_eq!(catalog.models.len(), 2);
    assert_eq!(catalog.failures.len(), 1);
}

#[test]
fn no_answer_at_all_is_a_failure() {
    let settings = settings();
    let none = |source| Pages { bodies: Vec::new(), ..answered(source, "") };
    let pages: Vec<Pages> = sources(&settings).into_iter().map(none).collect();
    let catalog = assemble(&settings, "us-east-1".to_owned(), &pages);
    assert_eq!(catalog.source, CatalogSource::Failed);
    assert_eq!(catalog.failures.len(), 3);
}

/// Puts every kind of value in the place of every value of both bodies. What becomes of the entry that was changed is for
/// the rules to say; all the others stay, and none gets lost without a reason.
#[test]
fn any_value_in_any_place_costs_its_own_model_at_most() {
    let strange = [json!(null), json!(true), json!(-1.5e300), json!("\u{0}ß\u{1F600}"), json!([[]]), json!({"a": []})];
    let bodies = [foundation_models(), inference_profiles()];
    let mut tried = 0;
    for changed in 0..bodies.len() {
        for path in paths(&bodies[changed], String::new()) {
            for value in &strange {
                let mut bodies = bodies.clone();
                *bodies[changed].pointer_mut(&path).expect("the path is one of this body") = value.clone();
                let catalog = given(&bodies[0].to_string(), &bodies[1].to_string());
                tried += 1;
                // The root and the list itself are the whole answer.
                if path.matches('/').count() < 2 {
                    continue;
                }
                assert!(catalog.failures.is_empty(), "{path} = {value} failed the listing: {catalog:?}");
                let untouched: &[&str] = match &path {
                    path if path.starts_with("/modelSummaries/0") => &["x.b"],
                    path if path.starts_with("/modelSummaries/1") => &["x.a", "us.x.a"],
                    path if path.starts_with("/modelSummaries/2") => &["x.a", "x.b", "us.x.a"],
                    _ => &["x.a", "x.b"],
                };
                for id in untouched {
                    let listed = catalog.models.iter().any(|model| model.id == *id);
                    assert!(listed, "{path} = {value} cost {id}: {catalog:?}");
                }
                assert_eq!(catalog.models.len() + catalog.left_out.len(), 4, "{path} = {value} lost a model");
            }
        }
    }
    assert!(tried > 100);
}

/// The JSON pointers of all values in a document.
fn paths(value: &Value, path: String) -> Vec<String> {
    let below: Vec<(String, &Value)> = match value {
        Value::Array(items) => items.iter().enumerate().map(|(index, item)| (index.to_string(), item)).collect(),
        Value::Object(members) => members.iter().map(|(name, member)| (name.clone(), member)).collect(),
        _ => Vec::new(),
    };
    let below = below.into_iter().flat_map(|(name, value)| paths(value, format!("{path}/{name}"))).collect::<Vec<_>>();
    [vec![path], below].concat()
}
