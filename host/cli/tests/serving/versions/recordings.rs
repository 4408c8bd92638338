//! Recordings of a gateway's own traffic: what is written, what the commands that read recordings make of it, and the bounds.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::{Value, json};

use super::place::Place;
use super::streams::Stream;
use crate::gateway::Gateway;
use crate::operating::client::get;

const MODELS: [&str; 5] = [
    "us.anthropic.claude-sonnet-4-6",
    "sim.exception.throttling.after-4",
    "sim.truncate.after-4",
    "sim.reset.after-4",
    "sim.server-tools",
];

/// Every `NAME.json` of a folder.
fn notes(folder: &Path) -> Vec<Value> {
    let paths = fs::read_dir(folder).expect("the folder is there").map(|entry| entry.expect("readable").path());
    let notes = paths.filter(|path| path.extension().is_some_and(|ending| ending == "json"));
    notes.map(|path| serde_json::from_slice(&fs::read(path).expect("it can be read")).expect("it is JSON")).collect()
}

/// A series of the recordings' metric.
fn count(gateway: &Gateway, outcome: &str) -> u64 {
    let metrics = get(gateway, "/metrics", &[]).body;
    let series = format!("quarry_recordings_total{{outcome=\"{outcome}\"}} ");
    let line = metrics.lines().find_map(|line| line.strip_prefix(&series)).expect("every series is there");
    line.parse().expect("a number")
}

fn wait_for(gateway: &Gateway, outcome: &str, recordings: u64) {
    let began = std::time::Instant::now();
    while count(gateway, outcome) < recordings {
        assert!(began.elapsed().as_secs() < 60, "{outcome}: {}\n{}", count(gateway, outcome), gateway.log());
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

#[test]
fn what_is_streamed_is_recorded_and_read_back() {
    let place = Place::new();
    for prompts in [false, true] {
        let folder = place.folder().join(format!("recordings-{prompts}"));
        let name = folder.to_str().expect("a plain path");
        let arguments = [&["--record", name][..], if prompts { &["--record-prompts"] } else { &[] }].concat();
        let gateway = place.start_with(&arguments);
        for model in MODELS {
            let stream = Stream::of(&gateway, model, "echo Zanzibar 4711");
            assert_eq!(stream.status, 200, "{stream:?}");
        }
        wait_for(&gateway, "written", 5);
        gateway.stop();

        let parts: Vec<_> = fs::read_dir(&folder).expect("it is there").map(|part| part.expect("readable")).collect();
        assert_eq!(parts.len(), 2 * MODELS.len(), "whole files, and nothing beside them: {parts:?}");
        let mut bytes = String::new();
        for part in &parts {
            assert_eq!(part.metadata().expect("it is there").permissions().mode() & 0o777, 0o600);
            bytes += &String::from_utf8_lossy(&fs::read(part.path()).expect("it can be read"));
        }
        assert_eq!(bytes.contains("Zanzibar") || bytes.contains("4711"), prompts);
        let notes = notes(&folder);
        for notes in &notes {
            assert_eq!(notes["source"]["redacted"], json!(!prompts));
            assert_eq!(notes["request"].is_object(), prompts, "{notes}");
        }
        let failed = notes.iter().filter(|notes| notes["message"]["stopReason"] == "error").count();
        assert_eq!(failed, 3, "a stream that failed is a recording, and says so");
        let proved = place.run(&["conformance", "--recordings", name], &[]).well();
        assert!(proved.contains("\nrecordings (component): 5 of 5\n"), "{proved}");
        let same = place.provider(&["diff", "embedded", "embedded", "--recordings", name]).well();
        assert!(same.contains("\n0 of "), "{same}");
    }
}

#[test]
fn a_folder_fills_up_to_its_bound_and_nothing_in_it_goes() {
    let place = Place::new();
    let folder = place.folder().join("recordings");
    let name = folder.to_str().expect("a plain path");
    let gateway = place.start_with(&["--record", name, "--record-most", "2"]);
    for _ in 0..5 {
        assert!(Stream::of(&gateway, MODELS[0], "echo a").is_done());
    }
    wait_for(&gateway, "full", 3);
    assert_eq!((notes(&folder).len(), count(&gateway, "written")), (2, 2));
    let told = gateway.log().matches("the folder of recordings is full").count();
    assert_eq!(told, 1, "{}", gateway.log());
    gateway.stop();

    // Half of the streams, in a folder that has room for all.
    let gateway = place.start_with(&["--record", name, "--record-share", "50"]);
    for _ in 0..60 {
        assert!(Stream::of(&gateway, MODELS[0], "echo a").is_done());
    }
    gateway.stop();
    let recorded = notes(&folder).len() - 2;
    // Five standard deviations: by chance it is outside once in a million.
    assert!((10..=50).contains(&recorded), "{recorded} of 60");

    fs::write(place.folder().join("file"), "").expect("it can be written");
    let file = place.folder().join("file/x");
    let refused = crate::gateway::fails_to_start("{}", &["--record", file.to_str().expect("a plain path")]);
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && told.contains("file/x"), "{told}");
}
