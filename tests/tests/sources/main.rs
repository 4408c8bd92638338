//! What other projects learned of Bedrock, with the cases and tests that hold it here: `sources.json` has OpenClaw's and pi's
//! vectors, the bugs of other gateways by project and number, and Bedrock's stop reasons. An entry without anything that holds
//! it fails, and so does one whose case does not say that it does.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use quarry_conformance::cases::{Case, Given};
use quarry_conformance::source::Source;
use quarry_guest::families::{NAMES, ROWS, Row, row_of};
use serde::Deserialize;
use serde_json::Value;

const INVENTORY: &str = include_str!("sources.json");

/// How many there are of each kind: discovery, streams, requests, errors.
const VECTORS: [(char, usize); 4] = [('D', 17), ('S', 16), ('R', 16), ('E', 7)];
const BUGS: usize = 40;

/// Bedrock's stop reasons (API model of `StopReason`, botocore 1.44.5).
const STOP_REASONS: [&str; 9] = [
    "end_turn",
    "tool_use",
    "max_tokens",
    "stop_sequence",
    "guardrail_intervened",
    "content_filtered",
    "malformed_model_output",
    "malformed_tool_use",
    "model_context_window_exceeded",
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Inventory {
    vectors: Vec<Vector>,
    peers: Vec<Bug>,
    /// The case in which the service says each.
    stop_reasons: BTreeMap<String, String>,
}

/// What OpenClaw or pi test.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Vector {
    id: String,
    what: String,
    /// Where this provider does otherwise, or as one of the two, and why.
    decided: Option<String>,
    held_by: Vec<String>,
}

/// What another gateway got wrong, and what is right.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Bug {
    number: usize,
    /// Projects, each with the number of its issue or pull request, or with the place in its source.
    sources: Vec<String>,
    what: String,
    held_by: Vec<String>,
}

fn inventory() -> Inventory {
    serde_json::from_str(INVENTORY).expect("the inventory has its form")
}

fn cases() -> BTreeMap<String, Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../guest/cases");
    let cases = Source::Folder(&folder).cases().expect("the cases can be read");
    cases.into_iter().map(|case| (case.name.clone(), case)).collect()
}

/// What is wrong with what an entry names: `VERB/NAME` is a case, `FILE::NAME` a test. Of its cases one has to say that it holds
/// the entry.
fn mistakes(
    entry: &str,
    held_by: &[String],
    cases: &BTreeMap<String, Case>,
    cites: impl Fn(&str) -> bool,
) -> Vec<String> {
    let mut mistakes = Vec::new();
    let mut abouts = Vec::new();
    for name in held_by {
        match (name.split_once("::"), cases.get(name)) {
            (Some((file, test)), _) if is_test(file, test) => {}
            (None, Some(case)) => abouts.push(case.about.as_str()),
            _ => mistakes.push(format!("{entry}: there is no {name}")),
        }
    }
    if held_by.is_empty() {
        mistakes.push(format!("{entry}: nothing holds it"));
    }
    if !abouts.is_empty() && !abouts.into_iter().any(cites) {
        mistakes.push(format!("{entry}: none of its cases says so"));
    }
    mistakes
}

/// Whether a file of this repository has such a test, and not one that is ignored: the tests of the tier `peers` are run by `.ci/run`.
fn is_test(file: &str, test: &str) -> bool {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    let text = fs::read_to_string(path).unwrap_or_default();
    let mut lines = text.lines().map(str::trim);
    let begin = [format!("fn {test}("), format!("async fn {test}(")];
    let mut attributes = Vec::new();
    lines.any(|line| {
        if begin.iter().any(|begin| line.starts_with(begin)) {
            return attributes.iter().any(|line: &&str| line.contains("test"))
                && !attributes.iter().any(|line| line.contains("ignore") && !line.contains("peers: "));
        }
        if line.starts_with("#[") {
            attributes.push(line);
        } else {
            attributes.clear();
        }
        false
    })
}

/// Whether a text has an identifier in it, such as `D1` in "Vector D1.".
fn has_word(text: &str, word: &str) -> bool {
    text.split(|sign: char| !sign.is_alphanumeric()).any(|part| part == word)
}

/// Whether a text names a bug by its number, as "peers 1, 40" names two.
fn names_bug(text: &str, number: usize) -> bool {
    text.split("peers ").skip(1).any(|behind| {
        let numbers = behind.split(", ").map(|part| {
            let end = part.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(part.len());
            part.split_at(end)
        });
        // The first that goes on with something else is the last of the list.
        let mut open = true;
        numbers
            .take_while(|(digits, rest)| std::mem::replace(&mut open, rest.is_empty()) && !digits.is_empty())
            .any(|(digits, _)| digits.parse() == Ok(number))
    })
}

#[test]
fn every_vector_is_held() {
    let (inventory, cases) = (inventory(), cases());
    let wanted: BTreeSet<String> =
        VECTORS.iter().flat_map(|(kind, count)| (1..=*count).map(move |number| format!("{kind}{number}"))).collect();
    let listed: BTreeSet<String> = inventory.vectors.iter().map(|vector| vector.id.clone()).collect();
    assert_eq!(listed, wanted);
    assert_eq!(inventory.vectors.len(), wanted.len(), "each is listed once");
    let mut wrong = Vec::new();
    for Vector { id, what, decided, held_by } in &inventory.vectors {
        assert!(!what.is_empty() && decided.as_ref().is_none_or(|why| !why.is_empty()), "{id} says nothing");
        wrong.extend(mistakes(id, held_by, &cases, |about| has_word(about, id)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_bug_of_a_peer_is_held() {
    let (inventory, cases) = (inventory(), cases());
    let numbers: Vec<usize> = inventory.peers.iter().map(|bug| bug.number).collect();
    assert_eq!(numbers, (1..=BUGS).collect::<Vec<_>>());
    let mut wrong = Vec::new();
    for Bug { number, sources, what, held_by } in &inventory.peers {
        assert!(!what.is_empty() && !sources.is_empty(), "peers {number} says nothing");
        wrong.extend(mistakes(&format!("peers {number}"), held_by, &cases, |about| names_bug(about, *number)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_stop_reason_is_said_in_a_case() {
    let (inventory, cases) = (inventory(), cases());
    let listed: BTreeSet<&str> = inventory.stop_reasons.keys().map(String::as_str).collect();
    assert_eq!(listed, BTreeSet::from(STOP_REASONS));
    for (reason, name) in &inventory.stop_reasons {
        let case: Value = serde_json::from_str(&cases[name].text).expect("a case is JSON");
        let events = case["given"]["events"].as_array().expect("a case of a stream has events");
        let says = |event: &Value| event["messageStop"]["stopReason"] == reason.as_str();
        assert!(events.iter().any(says), "{name} does not say {reason}");
    }
}

/// Whether a row says more of its models than their limits and media.
fn has_rules(row: &Row) -> bool {
    let limits = ["contextWindow", "maxTokens", "thinks", "images", "converse"];
    !row.patterns.is_empty() && row.own.iter().any(|(fact, _)| !limits.contains(&NAMES[usize::from(*fact)]))
}

#[test]
fn every_family_has_a_case_of_its_own() {
    let mut missing: BTreeSet<&str> = ROWS.iter().filter(|row| has_rules(row)).map(|row| row.name).collect();
    for case in cases().values() {
        let Given::Prepare(given) = &case.given else { continue };
        let (_, _, model, _, _) = given.input().expect("a case's context is pi's");
        let model = serde_json::to_value(&model).and_then(serde_json::from_value).expect("both sides' models are one");
        let family = row_of(&model).name;
        if case.name == format!("prepare/family-{family}") {
            missing.remove(family);
        }
    }
    assert!(missing.is_empty(), "these families have no case `family-NAME`: {missing:?}");
}

#[test]
fn citations_are_read_as_they_are_written() {
    assert!(has_word("Vector D1. Of four", "D1") && !has_word("Vector D10", "D1"));
    assert!(names_bug("typed (peers 1, 40; vector E2).", 40) && names_bug("(peers 27)", 27));
    assert!(!names_bug("(peers 27; botocore #3, 5)", 5) && !names_bug("(peers 4, as pi 3)", 3));
    assert!(is_test("tests/tests/sources/main.rs", "citations_are_read_as_they_are_written"));
    assert!(!is_test("tests/tests/sources/main.rs", "has_word") && !is_test("tests/none.rs", "x"));
}
