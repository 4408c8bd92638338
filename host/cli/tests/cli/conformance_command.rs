//! `quarry conformance`: what a provider's author sees.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{Body, Quarry, provider_component};

/// The text of a case of this project.
fn case(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guest/cases").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Three good cases, of three verbs.
fn with_three_cases() -> Quarry {
    ["explain/denied.json", "merge/defaults.json", "discover/disabled.json"]
        .into_iter()
        .fold(Quarry::new(), |quarry, name| quarry.file(&format!("cases/{name}"), case(name)))
}

#[test]
fn the_embedded_component_passes_every_case() {
    let proven = Quarry::new().run(&["conformance"]);
    let text = &proven.succeeded().stdout;
    assert!(text.ends_with(" passed, 0 failed\n") && !text.contains("FAILED"), "{text}");
    assert!(text.starts_with("checks (component): ") && !text.contains("ok      "), "{text}");
    for part in ["contract checks", "cases"] {
        assert!(text.contains(&format!("\n{part}: ")), "{part}: {text}");
    }
    for verb in ["merge", "discover", "prepare", "translate", "explain"] {
        assert!(text.contains(&format!("\n{verb} (component): ")), "{verb}: {text}");
    }
}

#[test]
fn an_exported_component_passes_in_every_format() {
    let quarry = with_three_cases();
    assert_eq!(quarry.run(&["provider", "export", "mine.wasm"]).code, Some(0));
    let run = |format: &str| quarry.run(&["conformance", "mine.wasm", "--cases", "cases", "--format", format]);

    let text = run("text");
    assert!(text.succeeded().stdout.starts_with("discover (component): 1 of 1\n"), "{text:?}");
    assert!(text.stdout.ends_with("3 passed, 0 failed\n"), "{text:?}");
    let verbose = quarry.run(&["conformance", "mine.wasm", "--cases", "cases", "--verbose"]);
    assert!(verbose.succeeded().stdout.starts_with("ok      discover/disabled::component\n"), "{verbose:?}");

    let json = run("json").succeeded().json();
    assert_eq!((&json["passed"], &json["failed"]), (&Value::from(3), &Value::from(0)), "{json:#}");
    assert_eq!(json["results"][1]["name"], "explain/denied::component", "{json:#}");
    assert!(json["results"][1]["seconds"].is_number(), "{json:#}");

    let junit = run("junit");
    let document = roxmltree::Document::parse(&junit.succeeded().stdout).expect("it is XML");
    let suite = document.root_element().first_element_child().expect("there is a suite");
    assert_eq!(
        (suite.tag_name().name(), suite.attribute("tests"), suite.attribute("failures")),
        ("testsuite", Some("3"), Some("0"))
    );
    assert_eq!(suite.children().filter(|node| node.has_tag_name("testcase")).count(), 3);
}

#[test]
fn a_case_that_does_not_hold_is_shown_with_the_difference() {
    let denied = case("explain/denied.json");
    let wrong = denied.replace("\"kind\": \"denied\"", "\"kind\": \"throttled <&\"");
    assert_ne!(wrong, denied);
    let quarry = with_three_cases().file("cases/explain/denied.json", wrong);
    let text = quarry.run(&["conformance", "--cases", "cases"]);
    assert_eq!((text.code, text.stderr.as_str()), (Some(1), "failed: cases\n"), "{text:?}");
    let shown = "FAILED  explain/denied::component\n        failure.kind\n          \
                 expected \"throttled <&\"\n          got      \"denied\"\n";
    assert!(text.stdout.contains(shown), "{text:?}");
    assert!(text.stdout.ends_with("2 passed, 1 failed\n"), "{text:?}");

    let junit = quarry.run(&["conformance", "--cases", "cases", "--format", "junit"]);
    assert_eq!(junit.code, Some(1), "{junit:?}");
    let document = roxmltree::Document::parse(&junit.stdout).expect("it is XML");
    let failure = document.descendants().find(|node| node.has_tag_name("failure")).expect("one failed");
    assert_eq!(failure.parent().and_then(|case| case.attribute("name")), Some("denied::component"));
    assert!(failure.text().is_some_and(|text| text.contains("expected \"throttled <&\"")), "{junit:?}");
    let json = quarry.run(&["conformance", "--cases", "cases", "--format", "json"]);
    assert_eq!((json.code, &json.json()["failed"]), (Some(1), &Value::from(1)), "{json:?}");
}

#[test]
fn blessing_takes_what_comes_and_nothing_else() {
    let denied = case("explain/denied.json");
    let quarry = with_three_cases()
        .file("cases/explain/denied.json", denied.replace("\"kind\": \"denied\"", "\"kind\": \"throttled\""));
    let blessed = quarry.run(&["conformance", "--cases", "cases", "--bless"]);
    assert_eq!(blessed.succeeded().stdout, "blessed explain/denied\n1 cases blessed\n");
    let written = fs::read_to_string(quarry.path("cases/explain/denied.json")).expect("it is there");
    assert!(written.contains("\"kind\": \"denied\""), "{written}");
    let untouched = fs::read_to_string(quarry.path("cases/merge/defaults.json")).expect("it is there");
    assert_eq!(untouched, case("merge/defaults.json"));
    quarry.run(&["conformance", "--cases", "cases"]).succeeded();
}

#[test]
fn a_case_that_is_none_is_refused_with_its_place() {
    let refused = |name: &str, text: &str, words: &[&str]| {
        let quarry = with_three_cases().file(&format!("cases/{name}"), text);
        quarry.run(&["conformance", "--cases", "cases"]).failed_with(2, words);
    };
    let bogus = "{\n  \"about\": \"x\",\n  \"given\": {\"error\": {\"bogus\": 1}},\n  \"expect\": {}\n}";
    refused("explain/bogus.json", bogus, &["cases/explain/bogus.json:3:29: unknown field `bogus`, expected one of"]);
    let beside = case("merge/defaults.json").replacen('{', "{\"skip\": true,", 1);
    refused("merge/beside.json", &beside, &["cases/merge/beside.json:1:", "unknown field `skip`"]);
    refused("merge/broken.json", "{", &["cases/merge/broken.json:1:"]);
    refused("mereg/defaults.json", &case("merge/defaults.json"), &["cases/mereg", "merge"]);
}

#[test]
fn nothing_to_check_is_an_error() {
    let quarry = Quarry::new();
    fs::create_dir(quarry.path("empty")).expect("it can be made");
    quarry.run(&["conformance", "--cases", "empty"]).failed_with(2, &["empty: the folder contains no cases"]);
    quarry.run(&["conformance", "--cases", "none"]).failed_with(2, &["cannot read none"]);
    quarry.run(&["conformance", "--recordings", "empty"]).failed_with(2, &["empty"]);
}

#[test]
fn a_component_that_fails_fails_the_cases_and_not_the_command() {
    let traps = Body { version: "0.1.0", memory: "1", function: "about#identify", code: "unreachable" };
    let quarry = with_three_cases().file("traps.wasm", provider_component(&traps));
    let proven = quarry.run(&["conformance", "traps.wasm", "--cases", "cases"]);
    assert_eq!(proven.code, Some(1), "{proven:?}");
    assert!(proven.stdout.contains("FAILED  merge/defaults::component\n"), "{proven:?}");
    assert!(
        proven.stdout.contains("failed in `merge`") && proven.stdout.ends_with("0 passed, 3 failed\n"),
        "{proven:?}"
    );
}
