//! `quarry provider diff`: what two components do differently, on cases and on recordings.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{Body, MUTANT_KINDS, Outcome, Quarry, provider_component};

fn kinds(outcome: &Outcome) -> BTreeSet<String> {
    let listed = outcome.json();
    let kinds = listed["kinds"].as_array().expect("kinds are listed");
    kinds.iter().map(|kind| kind["kind"].as_str().expect("a kind is a text").to_owned()).collect()
}

fn expected_kinds() -> BTreeSet<String> {
    MUTANT_KINDS.iter().map(|kind| (*kind).to_owned()).collect()
}

#[test]
fn a_component_does_what_itself_does() {
    let quarry = Quarry::new();
    assert_eq!(quarry.run(&["provider", "export", "same.wasm"]).code, Some(0));
    let same = quarry.run(&["provider", "diff", "embedded", "same.wasm"]);
    let text = &same.succeeded().stdout;
    let (reach, last) = text.split_once('\n').expect("two lines");
    let inputs: usize = last.split(' ').nth(2).and_then(|count| count.parse().ok()).unwrap_or_default();
    assert!(last.starts_with("0 of ") && last.ends_with(" in 0 kinds, 0 of them allowed\n"), "{text}");
    let all = ["23 of 23 options", "20 of 20 kinds of content", &format!("{inputs} inputs: ")];
    assert!(all.iter().all(|words| reach.contains(words)), "{text}");
    assert!(inputs > 3000, "all cases have inputs, and many are generated: {text}");
}

#[test]
fn what_was_changed_is_found_and_nothing_else() {
    let quarry = Quarry::new().with_mutant();
    let text = quarry.run(&["provider", "diff", "embedded", "new.wasm"]);
    assert_eq!((text.code, text.stderr.as_str()), (Some(1), ""), "{text:?}");
    let lines = [
        "delta/attachment/kind                                 6 inputs, first in translate/server-tool-beside-a-call",
        "    old      \"server-tool-use\"",
        "    new      \"server-tool-Use\"",
    ];
    let at = text.stdout.lines().position(|line| line == lines[0]);
    let at = at.unwrap_or_else(|| panic!("the kind is shown, aligned with the others: {}", text.stdout));
    let block: Vec<&str> = text.stdout.lines().skip(at).collect();
    assert_eq!((block[2], block[3]), (lines[1], lines[2]), "{text:?}");
    assert!(text.stdout.contains(" inputs differ, in 7 kinds, 0 of them allowed\n"), "{text:?}");

    let listed = quarry.run(&["provider", "diff", "embedded", "new.wasm", "--json"]);
    assert_eq!((listed.code, kinds(&listed)), (Some(1), expected_kinds()));
    let reach = &listed.json()["reach"];
    assert_eq!((&reach["notReached"], reach["options"].as_array().map(Vec::len)), (&json!({}), Some(23)), "{reach}");
    let back = quarry.run(&["provider", "diff", "new.wasm", "embedded", "--json"]);
    assert_eq!((back.code, kinds(&back)), (Some(1), expected_kinds()));
}

#[test]
fn the_smallest_specimen_is_a_case_that_shows_the_same() {
    let quarry = Quarry::new().with_mutant();
    let listed = quarry.run(&["provider", "diff", "embedded", "new.wasm", "--json"]).json();
    let mut checked = 0;
    for kind in listed["kinds"].as_array().expect("kinds are listed") {
        let verb = kind["specimen"]["verb"].as_str().expect("each has a specimen");
        // A listing's specimen has what was supplied, which no case has.
        if verb == "discover" {
            continue;
        }
        let case = json!({ "about": "the smallest specimen", "given": kind["specimen"]["given"], "expect": {} });
        let folder = format!("smallest-{checked}");
        let quarry = Quarry::new().with_mutant().file(&format!("{folder}/{verb}/it.json"), case.to_string());
        let again = quarry.run(&["provider", "diff", "embedded", "new.wasm", "--cases", &folder, "--json"]);
        let name = kind["kind"].as_str().expect("a kind is a text");
        assert!(kinds(&again).contains(name), "{name}: {again:?}");
        checked += 1;
    }
    assert_eq!(checked, 6);
    // Nothing of this stream can be left out: the block that it is about, and nothing besides.
    let smallest = |name: &str| {
        let kinds = listed["kinds"].as_array().into_iter().flatten();
        kinds
            .clone()
            .find(|kind| kind["kind"] == name)
            .map(|kind| kind["specimen"]["given"].clone())
            .unwrap_or_default()
    };
    let events = smallest("delta/attachment/kind")["events"].as_array().cloned().unwrap_or_default();
    assert!((1..=2).contains(&events.len()), "{events:?}");
    let messages = smallest("request/inferenceConfig")["context"]["messages"].as_array().cloned().unwrap_or_default();
    assert_eq!(messages.len(), 1, "{messages:?}");
}

#[test]
fn texts_are_shown_only_where_they_may_be() {
    let quarry = Quarry::new().with_mutant().file(
        "cases/prepare/secret.json",
        json!({ "about": "a secret", "expect": {}, "given": {
            "context": { "systemPrompt": "Keep Zanzibar to yourself.", "messages": [{ "role": "user", "content": "About Zanzibar?" }] },
            "options": { "maxTokens": 77 }
        }})
        .to_string(),
    );
    let diff = |more: &[&str]| {
        let words = [&["provider", "diff", "embedded", "new.wasm", "--cases", "cases", "--json"], more].concat();
        quarry.run(&words)
    };
    let redacted = diff(&[]);
    assert!(redacted.stdout.contains("xxxxx xxxxxxxx?") && !redacted.stdout.contains("Zanzibar"), "{redacted:?}");
    let allowed = diff(&["--prompts"]);
    assert!(allowed.stdout.contains("About Zanzibar?"), "{allowed:?}");
    let kind = &redacted.json()["kinds"][0];
    assert_eq!((&kind["kind"], &kind["old"]), (&json!("request/inferenceConfig"), &json!("{\"maxTokens\":77}")));
}

#[test]
fn an_allow_list_blesses_what_is_wanted() {
    let diff = |list: &str| {
        let quarry = Quarry::new().with_mutant().file("allow.json5", list);
        quarry.run(&["provider", "diff", "embedded", "new.wasm", "--allow", "allow.json5"])
    };
    let all = diff(
        "{ allow: [ { kind: 'request/*', reason: 'Bedrock renames it' }, { kind: 'delta/*', reason: 'better words' },
           { kind: 'wording/*', reason: 'better words' },
           { kind: 'catalog/left-out/reason', reason: 'a capital' }, { kind: 'fault/*', reason: 'long ago' } ] }",
    );
    assert_eq!((all.code, all.stderr.as_str()), (Some(0), ""), "{all:?}");
    assert!(all.stdout.contains("    allowed  Bedrock renames it\n"), "{all:?}");
    assert!(
        all.stdout.contains("stale: the entry \"fault/*\" of the allow-list matches no difference; remove it\n"),
        "{all:?}"
    );
    assert!(all.stdout.ends_with("in 7 kinds, 7 of them allowed\n"), "{all:?}");

    let some = diff("{ allow: [ { kind: 'request/*', reason: 'wanted' } ] }");
    assert_eq!(some.code, Some(1), "{some:?}");
    assert!(some.stdout.ends_with("in 7 kinds, 4 of them allowed\n"), "{some:?}");

    diff("{ allow: [\n { kind: 'a', why: 'b' } ] }").failed_with(2, &["allow.json5:2:15: unknown member `why`"]);
    diff("{ allow: [ { kind: 'a' } ] }").failed_with(2, &["allow.json5:1:12: an entry must have a `reason`"]);
    Quarry::new()
        .run(&["provider", "diff", "embedded", "embedded", "--allow", "none.json5"])
        .failed_with(2, &["cannot read none.json5"]);
}

#[test]
fn a_candidate_that_traps_differs_by_that() {
    let traps = Body { version: "0.1.0", memory: "1", function: "about#identify", code: "unreachable" };
    let quarry = Quarry::new().file("traps.wasm", provider_component(&traps));
    let listed = quarry.run(&["provider", "diff", "embedded", "traps.wasm", "--json"]);
    assert_eq!((listed.code, kinds(&listed)), (Some(1), BTreeSet::from(["fault/trap".to_owned()])), "{listed:?}");
    let trap = &listed.json()["kinds"][0];
    assert_eq!((&trap["place"], &trap["old"]), (&json!("merge"), &Value::Null), "{trap:#}");
    assert!(trap["new"].as_str().is_some_and(|words| words.contains("traps.wasm failed in `merge`")), "{trap:#}");
    assert_eq!(listed.json()["specimens"], listed.json()["differing"]);
}

#[test]
fn what_cannot_be_compared_is_wrong_usage() {
    let quarry = Quarry::new().file("p.wasm", "no component");
    quarry.run(&["provider", "diff", "embedded", "p.wasm"]).failed_with(2, &["p.wasm is not a WebAssembly component"]);
    quarry.run(&["provider", "diff", "embedded", "gone.wasm"]).failed_with(2, &["cannot read the component gone.wasm"]);
    let lacking = quarry.run(&["provider", "diff", "embedded"]);
    assert_eq!(lacking.code, Some(2), "{lacking:?}");
    quarry
        .run(&["provider", "diff", "embedded", "embedded", "--recordings", "nowhere"])
        .failed_with(2, &["cannot read nowhere"]);
}
