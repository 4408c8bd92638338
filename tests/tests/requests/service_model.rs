//! The host's own check of requests against the service model: its data is botocore's, its verdicts are botocore's, and what the
//! provider makes of the generated inputs fits.

use std::fmt::Write as _;
use std::path::Path;

use quarry_conformance::cost::inputs::{Input, Request as Asked};
use quarry_conformance::generated;
use quarry_conformance::provider::Providers as _;
use quarry_conformance::service;
use quarry_conformance::service_model::{Request, ServiceModel};
use quarry_contract::conversation::RequestSettings;
use quarry_tests::native::Native;
use serde_json::{Value, json};

use super::{bodies_of_cases, packages};

fn run(command: &str, file: &Path) -> String {
    let mut script = packages::script("service_model.py");
    script.args([command.as_ref(), file.as_os_str()]);
    let output = script.output().unwrap_or_else(|error| panic!("{script:?} cannot be started: {error}"));
    let said = packages::text(&output);
    assert!(output.status.success(), "{}:\n{said}", output.status);
    said
}

#[test]
#[ignore = "peers: Python"]
fn the_model_is_the_one_of_the_installed_botocore() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../host/conformance/src/service_model/model.json");
    assert!(run("check", &file).contains("the model is botocore's"));
}

#[test]
fn requests_of_generated_inputs_fit_the_service() {
    let mut provider = Native.fresh().expect("the native provider can be had");
    let (mut fit, mut broken) = (0, Vec::new());
    for generated in generated::inputs(&[]) {
        let Input::Request(request) = generated.input else { continue };
        let Asked { kind, settings, model, context, options } = *request;
        let prepared =
            provider.prepare(kind, &RequestSettings::from(&settings), &generated.region, &model, &context, &options);
        let prepared = prepared.unwrap_or_else(|fault| panic!("{}: {fault}", generated.name));
        match prepared.map(|prepared| service::check(&prepared)) {
            Ok(Ok(())) => fit += 1,
            Ok(Err(told)) => broken.push(format!("{}: {told}", generated.name)),
            Err(_) => {}
        }
    }
    assert!(broken.is_empty(), "{} of {}:\n{}", broken.len(), fit + broken.len(), broken.join("\n"));
    assert!(fit > 2000, "{fit} requests can be sent");
}

/// What is put in the place of a value, and beside it.
fn replacements() -> Vec<Value> {
    let (long, longer) = ("x".repeat(257), "x".repeat(3000));
    vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(0.5),
        json!(2),
        json!(""),
        json!(" é\n"),
        json!(long),
        json!(longer),
        json!([]),
        json!([null]),
        json!({}),
        json!({"unknown": 1}),
        json!(["a", "a", "a"]),
        json!("AAAA"),
        json!("user"),
    ]
}

/// Bodies that are made of one by changing one place: each replacement, the member left out, one more beside it.
fn mutations(body: &Value) -> Vec<Value> {
    let mut places = vec![String::new()];
    collect(body, "", &mut places);
    let mut all = Vec::new();
    for place in &places {
        let mut changed = |change: &dyn Fn(&mut Value)| {
            let mut body = body.clone();
            if let Some(value) = body.pointer_mut(place) {
                change(&mut *value);
            }
            all.push(body);
        };
        replacements().iter().for_each(|other| changed(&|value| *value = other.clone()));
        changed(&|value| {
            if let Value::Object(members) = value {
                members.insert("unknown".to_owned(), json!({}));
            }
        });
        let Some((above, name)) = place.rsplit_once('/') else { continue };
        let mut body = body.clone();
        if let Some(Value::Object(members)) = body.pointer_mut(above) {
            members.remove(&name.replace("~1", "/").replace("~0", "~"));
            all.push(body);
        }
    }
    all
}

/// Pointers to all values, but not into what is free.
fn collect(value: &Value, at: &str, places: &mut Vec<String>) {
    let mut add = |name: &str, inner: &Value| {
        let place = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
        places.push(place.clone());
        if !["json", "input", "additionalModelRequestFields"].contains(&name) || place == "/input" {
            collect(inner, &place, places);
        }
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, inner)| add(name, inner)),
        Value::Array(items) => items.iter().enumerate().for_each(|(index, inner)| add(&index.to_string(), inner)),
        _ => {}
    }
}

#[test]
#[ignore = "peers: Python"]
fn the_host_and_botocore_agree_on_bodies_and_on_mutations_of_them() {
    let mut lines = String::new();
    let mut bodies = 0;
    for (number, (name, prepared)) in bodies_of_cases().into_iter().enumerate() {
        let body = &prepared["body"];
        let is_counted = body.get("input").is_some();
        let (request, operation) = if is_counted {
            (Request::CountTokens, "CountTokens")
        } else {
            (Request::ConverseStream, "ConverseStream")
        };
        // All mutations of all cases are a million; every seventh of each case has every kind.
        let mutations = mutations(body).into_iter().skip(number % 7).step_by(7);
        for body in std::iter::once(body.clone()).chain(mutations) {
            let violations = ServiceModel::get().violations(request, &body);
            let violations: Vec<String> = violations.iter().map(ToString::to_string).collect();
            bodies += 1;
            let _ = writeln!(
                lines,
                "{}",
                json!({"name": name, "operation": operation, "body": body, "violations": violations})
            );
        }
    }
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("verdicts.jsonl");
    std::fs::write(&file, lines).expect("the bodies can be written down");
    let said = run("verdicts", &file);
    assert!(bodies > 10_000 && said.contains("\"failures\": 0"), "{bodies} bodies: {said}");
}
