//! What the conformance cases cannot say: bodies that are no JSON, values of the cache that this provider did not write,
//! hosts that give the wrong thing. The rules themselves are in `guest/cases/discover/`.

use serde_json::{Value, json};

use super::*;
use crate::test_values::settings;

fn listing() -> Listing {
    let mut settings = settings();
    settings.discovery.enabled = Some(true);
    Listing::new(settings, ListingOptions { region: "us-east-1".to_owned(), refresh: false })
}

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

fn page(body: &str) -> Supply {
    Supply::Pages(Pages { bodies: vec![body.to_owned()], failed: None })
}

fn cached(value: &[u8], stale: bool) -> Vec<Supply> {
    vec![Supply::Cached(Some(Cached { value: value.to_vec(), stale, age: 7 }))]
}

/// A listing that found nothing in the cache and was given these bodies.
fn given(foundation_models: &str, inference_profiles: &str) -> Step {
    let mut listing = listing();
    listing.resume(Vec::new());
    listing.resume(vec![Supply::Cached(None)]);
    listing.resume(vec![page(foundation_models), page(inference_profiles)])
}

/// The catalog of such a listing, and what it stores.
fn stored_catalog() -> (Catalog, CacheEntry) {
    let mut listing = listing();
    listing.resume(Vec::new());
    listing.resume(vec![Supply::Cached(None)]);
    let bodies = vec![page(&foundation_models().to_string()), page(&inference_profiles().to_string())];
    let Step::Needs(needs) = listing.resume(bodies) else { panic!("a complete listing is stored") };
    let [Need::CacheWrite(entry)] = &needs[..] else { panic!("a complete listing asks for nothing else: {needs:?}") };
    let Step::Done(catalog) = listing.resume(vec![Supply::Stored]) else { panic!("a stored listing is over") };
    (catalog, entry.clone())
}

#[test]
fn what_was_stored_is_read_as_it_was() {
    let (live, entry) = stored_catalog();
    assert_eq!(live.models.len(), 3);
    assert_eq!(live.left_out.len(), 1);
    assert_eq!(entry.ttl, 3600);
    let mut listing = listing();
    listing.resume(Vec::new());
    let Step::Done(catalog) = listing.resume(cached(&entry.value, false)) else {
        panic!("a fresh value is the answer")
    };
    assert_eq!(catalog, Catalog { source: CatalogSource::Cache, ..live });
}

#[test]
fn a_cached_value_that_cannot_be_read_is_as_none() {
    let (live, entry) = stored_catalog();
    let newer = String::from_utf8(entry.value.clone()).expect("JSON").replace("\"format\":4", "\"format\":5");
    let other = json!({ "format": 4, "models": [{"id": 5}], "leftOut": [] }).to_string();
    for (value, why) in [
        (&b"\xff\xfe"[..], "it is not JSON"),
        (b"", "it is not JSON"),
        (b"[]", "it does not name its format"),
        (newer.as_bytes(), "it has format 5, not 4"),
        (other.as_bytes(), "invalid type"),
        (&entry.value[..entry.value.len() / 2], "it is not JSON"),
    ] {
        let mut listing = listing();
        listing.resume(Vec::new());
        let step = listing.resume(cached(value, false));
        assert!(matches!(step, Step::Needs(ref needs) if needs.len() == 2), "{why}: {step:?}");
        listing.resume(vec![page(&foundation_models().to_string()), page(&inference_profiles().to_string())]);
        let Step::Done(mut catalog) = listing.resume(vec![Supply::Stored]) else { panic!("a stored listing is over") };
        let notice = catalog.notices.pop().expect("a notice says so");
        assert_eq!(notice.kind, "cache-unreadable");
        assert!(notice.message.contains(why), "{}", notice.message);
        assert_eq!(catalog, live);
    }
}

#[test]
fn a_body_that_is_no_json_is_a_failure() {
    let Step::Done(catalog) = given("<html>Sign in</html>", &inference_profiles().to_string()) else {
        panic!("a failed listing is not stored")
    };
    assert_eq!(catalog.source, CatalogSource::Live, "the profile came");
    assert_eq!(catalog.models.iter().map(|model| &*model.id).collect::<Vec<_>>(), ["us.x.a"]);
    assert_eq!(catalog.failures.len(), 1);
    assert_eq!(
        catalog.failures[0].message,
        "The answer to ListFoundationModels cannot be read: it is not JSON (expected value at line 1 column 1)"
    );
    let Step::Done(catalog) = given(&foundation_models().to_string(), "") else {
        panic!("an incomplete listing is not stored")
    };
    assert_eq!(catalog.source, CatalogSource::Live);
    assert_eq!(catalog.models.len(), 2);
    assert_eq!(catalog.failures.len(), 1);
}

#[test]
fn no_answer_at_all_is_a_failure() {
    let mut listing = listing();
    listing.resume(Vec::new());
    listing.resume(vec![Supply::Cached(None)]);
    let none = || Supply::Pages(Pages { bodies: Vec::new(), failed: None });
    let Step::Done(catalog) = listing.resume(vec![none(), none()]) else { panic!("a failed listing is not stored") };
    assert_eq!(catalog.source, CatalogSource::Failed);
    assert_eq!(catalog.failures.len(), 1);
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
                let step = given(&bodies[0].to_string(), &bodies[1].to_string());
                tried += 1;
                // The root and the list itself are the whole answer.
                if path.matches('/').count() < 2 {
                    continue;
                }
                let Step::Needs(needs) = step else { panic!("{path} = {value} failed the listing: {step:?}") };
                let [Need::CacheWrite(entry)] = &needs[..] else { panic!("a complete listing is stored: {needs:?}") };
                let catalog = stored::read(&entry.value).expect("it was stored just now");
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

#[test]
#[should_panic(expected = "a listing that asked for cache-read was given stored")]
fn a_supply_of_another_kind_is_a_bug_of_the_host() {
    let mut listing = listing();
    listing.resume(Vec::new());
    listing.resume(vec![Supply::Stored]);
}

#[test]
#[should_panic(expected = "a listing that asked for two things was given 1")]
fn too_few_supplies_are_a_bug_of_the_host() {
    let mut listing = listing();
    listing.resume(Vec::new());
    listing.resume(vec![Supply::Cached(None)]);
    listing.resume(vec![page("{}")]);
}

#[test]
#[should_panic(expected = "a listing that is over cannot be resumed")]
fn a_listing_that_is_over_stays_over() {
    let mut listing = listing();
    listing.resume(Vec::new());
    let (_, entry) = stored_catalog();
    listing.resume(cached(&entry.value, false));
    listing.resume(Vec::new());
}
