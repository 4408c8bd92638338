//! `quarry record`: what is written is read back by the commands that take recordings.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::support::{Quarry, SONNET, simulator};

/// Streams of the simulator that end in every way that a stream can, and have every kind of block.
const STREAMS: [&str; 14] = [
    SONNET,
    "sim.exception.throttling.after-4",
    "sim.error-frame.after-4",
    "sim.truncate.after-4",
    "sim.cut-mid-frame.after-4",
    "sim.reset.after-4",
    "sim.bad-crc.after-4",
    "sim.malformed-json.after-4",
    "sim.silence.after-4",
    "sim.unknown-events",
    "sim.malformed-tool",
    "sim.citations",
    "sim.server-tools",
    "sim.guardrail",
];

/// The only `NAME.json` of a folder.
fn notes(quarry: &Quarry, folder: &str) -> Value {
    let names =
        fs::read_dir(quarry.path(folder)).expect("the folder is there").map(|entry| entry.expect("readable").path());
    let mut found: Vec<_> = names.filter(|path| path.extension().is_some_and(|ending| ending == "json")).collect();
    let (Some(path), true) = (found.pop(), found.is_empty()) else { panic!("there is not one recording: {found:?}") };
    serde_json::from_str(&fs::read_to_string(path).expect("it can be read")).expect("it is JSON")
}

/// All bytes of a folder's files as text.
fn all_bytes(quarry: &Quarry, folder: &str) -> String {
    let names =
        fs::read_dir(quarry.path(folder)).expect("the folder is there").map(|entry| entry.expect("readable").path());
    names.map(|path| String::from_utf8_lossy(&fs::read(path).expect("it can be read")).into_owned()).collect()
}

#[test]
fn whatever_is_recorded_is_read_back_and_says_the_same() {
    let quarry = Quarry::asking(simulator());
    for prompts in [false, true] {
        let folder = format!("recordings-{prompts}");
        std::thread::scope(|scope| {
            for model in STREAMS {
                let (quarry, folder) = (&quarry, &folder);
                scope.spawn(move || {
                    let mut words = vec!["record", "--out", folder, "--idle-timeout", "1", "--model", model];
                    words.extend(prompts.then_some("--prompts"));
                    let recorded = quarry.run(&[&words, &["--thinking", "high", "Tell me"] as &[_]].concat());
                    assert!(recorded.stderr.contains(&format!("recorded in {folder}\n")), "{model}: {recorded:?}");
                });
            }
        });
        let proven = quarry.run(&["conformance", "--recordings", &folder]);
        assert_eq!(proven.code, Some(0), "{proven:?}");
        assert!(proven.stdout.contains("\nrecordings (component): 14 of 14\n"), "{proven:?}");
        assert!(proven.stdout.contains("\nproperties/recordings (component): 14 of 14\n"), "{proven:?}");
        let same = quarry.run(&["provider", "diff", "embedded", "embedded", "--recordings", &folder]);
        assert!(same.succeeded().stdout.contains("\n0 of "), "{same:?}");
    }
}

#[test]
fn a_recording_shows_what_the_cases_do_not() {
    let case = r#"{"about": "no stream", "given": {"error": {"status": 403}}, "expect": {}}"#;
    let quarry = Quarry::asking(simulator()).with_mutant().file("cases/explain/it.json", case);
    let diff = ["provider", "diff", "embedded", "new.wasm", "--cases", "cases"];
    quarry.run(&diff).succeeded();
    let record = quarry.run(&["record", "--out", "mine", "--model", "sim.server-tools", "hello"]);
    assert_eq!(record.code, Some(0), "{record:?}");
    let found = quarry.run(&[&diff as &[_], &["--recordings", "mine", "--json"]].concat());
    assert_eq!(found.code, Some(1), "{found:?}");
    let kinds = found.json()["kinds"].clone();
    assert_eq!(kinds.as_array().map(Vec::len), Some(1), "{kinds:#}");
    assert_eq!((&kinds[0]["kind"], &kinds[0]["old"]), (&json!("delta/attachment/kind"), &json!("\"server-tool-use\"")));
}

#[test]
fn what_was_said_is_left_out_unless_it_may_be_kept() {
    let quarry = Quarry::asking(simulator());
    let record = |more: &[&str]| {
        let words = [&["record", "--model", SONNET, "--thinking", "high"], more, &["echo Zanzibar 4711"]].concat();
        let recorded = quarry.run(&words);
        assert_eq!((recorded.code, recorded.stdout.as_str()), (Some(0), "Zanzibar 4711\n"), "{recorded:?}");
    };
    record(&["--out", "plain"]);
    let bytes = all_bytes(&quarry, "plain");
    assert!(bytes.contains("xxxxxxxx 1111") && !bytes.contains("Zanzibar") && !bytes.contains("4711"), "{bytes}");
    let plain = notes(&quarry, "plain");
    assert_eq!((&plain["source"]["redacted"], &plain["request"]), (&json!(true), &Value::Null));
    assert_eq!((&plain["ending"], &plain["opening"]["model"]["id"]), (&json!("complete"), &json!(SONNET)));

    record(&["--out", "whole", "--prompts", "--system", "Be brief."]);
    let whole = notes(&quarry, "whole");
    let context = json!({ "systemPrompt": "Be brief.", "messages": [
        { "role": "user", "content": [{ "type": "text", "text": "echo Zanzibar 4711" }] }
    ]});
    assert_eq!((&whole["source"]["redacted"], &whole["request"]["context"]), (&json!(false), &context));
    let frames = whole["batches"].as_array().into_iter().flatten().filter_map(Value::as_u64).sum::<u64>();
    assert_eq!(whole["frames"].as_u64(), Some(frames));
    for part in fs::read_dir(quarry.path("whole")).expect("the folder is there") {
        let mode = part.expect("readable").metadata().expect("it is there").permissions().mode();
        assert_eq!(mode & 0o077, 0, "what was said is its owner's alone");
    }
}

#[test]
fn a_request_is_compared_too_where_it_was_recorded() {
    let case = r#"{"about": "no stream", "given": {"error": {"status": 403}}, "expect": {}}"#;
    let quarry = Quarry::asking(simulator()).with_mutant().file("cases/explain/it.json", case);
    for (folder, prompts) in [("without", false), ("with", true)] {
        let words = ["record", "--out", folder, "--model", SONNET, "--max-tokens", "500", "hello"];
        let recorded = quarry.run(&[&words as &[_], if prompts { &["--prompts"] } else { &[] }].concat());
        assert_eq!(recorded.code, Some(0), "{recorded:?}");
        let diff = quarry.run(&[
            "provider",
            "diff",
            "embedded",
            "new.wasm",
            "--cases",
            "cases",
            "--recordings",
            folder,
            "--json",
        ]);
        let kinds = diff.json()["kinds"].clone();
        let expected = if prompts { 2 } else { 0 };
        assert_eq!(kinds.as_array().map(Vec::len), Some(expected), "{folder}: {kinds:#}");
        // The stream has nothing to do with it, so it is no part of the smallest specimen.
        assert!(!prompts || kinds[0]["specimen"]["verb"] == "prepare", "{kinds:#}");
    }
}

#[test]
fn an_answer_that_is_stopped_is_recorded_as_far_as_it_came() {
    let quarry = Quarry::asking(simulator());
    let mut running = quarry.start(&["record", "--out", "cut", "--model", "sim.silence.after-4", "hello"]);
    running.wait_for("You wrote");
    running.signal("INT");
    let stopped = running.finish();
    assert_eq!(stopped.code, Some(130), "{stopped:?}");
    assert_eq!(notes(&quarry, "cut")["ending"], "aborted");
    assert_eq!(quarry.run(&["conformance", "--recordings", "cut"]).code, Some(0));
}

#[test]
fn what_cannot_be_recorded_is_told() {
    let quarry = Quarry::asking(simulator()).file("file", "");
    quarry.run(&["record", "--out", "x", "--dry-run", "hello"]).failed_with(2, &["there is nothing to record"]);
    quarry.run(&["record", "--out", "file/x", "--model", SONNET, "hello"]).failed_with(2, &["cannot write file/x"]);
    let refused = quarry.run(&["record", "--out", "none", "--model", "sim.http.403-denied", "hello"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.ends_with("no stream started, so nothing was recorded\n"), "{refused:?}");
}
