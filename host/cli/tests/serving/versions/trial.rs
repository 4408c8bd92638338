//! A candidate that cannot go on: it fails by its own fault, or cannot use a configuration that is read again.

use std::fs;

use rustix::process::Signal;
use serde_json::Value;

use super::guests::Guest;
use super::place::Place;
use super::streams::Stream;
use crate::gateway::{Gateway, KEY, hash};
use crate::operating::client::{ask, body, is_finished};

const MODEL: &str = "sim.stop.end_turn";
const PATH: &str = "/v1/chat/completions";
const OTHER_KEY: &str = "qk_the-key-of-those-who-try-things-first";

/// A configuration that this candidate refuses, and others do not. What stands below `quarry` no version is shown.
const REFUSED: &str = "{ agents: { defaults: { model: { primary: 'amazon-bedrock/unruly-refuse' } } },
    quarry: { retry: { attempts: 1 } } }";

/// Two clients; the second one's requests are for a candidate.
fn two_keys() -> String {
    let keys = [("clients", KEY), ("first", OTHER_KEY)];
    let keys = keys.map(|(name, key)| format!("{{ name: '{name}', hash: '{}' }}", hash(key)));
    format!("keys: [{}]", keys.join(", "))
}

/// Asks with a key; whether the answer came to its end.
fn is_answered(gateway: &Gateway, key: &str, prompt: &str) -> bool {
    let key = format!("Bearer {key}");
    let answer = ask(gateway, PATH, &[("authorization", key.as_str())], &body(PATH, MODEL, prompt, true));
    is_finished(&answer.body) && !answer.body.contains("\"error\"")
}

/// The events of the journal, but for the steps.
fn events(place: &Place) -> Vec<Value> {
    let lines = place.journal().into_iter();
    lines.map(|line| line["event"].clone()).filter(|event| *event != "step" && *event != "verified").collect()
}

#[test]
fn a_candidate_that_fails_on_two_inputs_is_quarantined_and_its_requests_go_to_the_one_that_serves() {
    let place = Place::new();
    let unruly = Guest::unruly(place.folder());
    let gateway = place.start_configured(&two_keys());
    let embedded = place.serving();
    place.provider(&["canary", unruly.file.to_str().expect("a plain path"), "--key", "first"]).well();
    assert!(is_answered(&gateway, OTHER_KEY, "echo a"));
    assert_eq!(place.admin().requests(&unruly.digest), 1, "the candidate answered");
    let prompt = "echo unruly:trap:2 a b c";
    assert!(is_answered(&gateway, KEY, prompt), "those of others are not touched");
    for _ in 0..3 {
        assert!(!is_answered(&gateway, OTHER_KEY, prompt), "one input, however often, says little");
    }
    assert!(!is_answered(&gateway, OTHER_KEY, "echo unruly:trap:2 d e f"));
    place.wait_until("it is removed", |status| status["canary"].is_null());
    assert!(is_answered(&gateway, OTHER_KEY, prompt), "its requests go to the active version");
    assert_eq!(place.serving(), embedded);
    let version = place.version(&unruly.digest).expect("it is known");
    assert_eq!(version["state"], "quarantined", "{version}");
    assert!(version["quarantined"].as_str().is_some_and(|reason| reason.contains("failed on 2 inputs")), "{version}");
    assert_eq!(events(&place), ["activated", "canary-begun", "quarantined", "canary-ended"]);
    gateway.wait_for_log("the canary is quarantined", 1);
    let metrics = crate::operating::client::get(&gateway, "/metrics", &[("authorization", &format!("Bearer {KEY}"))]);
    assert!(
        metrics.body.contains("quarry_provider_versions_failed_total{outcome=\"quarantined\"} 1"),
        "{}",
        metrics.body
    );
    for command in [&["activate"][..], &["canary", "--share", "5"]] {
        place.provider(&[command, &[&unruly.digest[..12]]].concat()).refused(&["is quarantined"]);
    }
    gateway.stop();
}

#[test]
fn a_candidate_that_cannot_use_a_configuration_that_is_read_again_goes_and_nobody_loses_anything() {
    let place = Place::new();
    let unruly = Guest::unruly(place.folder());
    let gateway = place.start();
    let embedded = place.serving();
    place.provider(&["canary", unruly.file.to_str().expect("a plain path"), "--share", "50"]).well();
    let gateway = &gateway;
    let begun = std::thread::scope(|scope| {
        // Some of these are the candidate's: they go on under the configuration that they began with.
        let ask =
            |number| move || Stream::of(gateway, "sim.slow.200", &format!("echo {number} b c d e f g h i j k l m n o"));
        let begun: Vec<_> = (0..8).map(|number| scope.spawn(ask(number))).collect();
        crate::operating::wait_until_under_way(gateway, 8);
        fs::write(&gateway.configuration, REFUSED).expect("it can be written");
        gateway.signal(Signal::HUP);
        gateway.wait_for_log("read again and is active", 1);
        place.wait_until("the candidate goes", |status| status["canary"].is_null());
        for _ in 0..20 {
            assert!(Stream::of(gateway, MODEL, "echo a").is_done(), "those after it are answered by the other one");
        }
        begun.into_iter().map(|stream| stream.join().expect("it reads")).collect::<Vec<_>>()
    });
    assert!(begun.iter().all(Stream::is_done), "{begun:?}");
    assert_eq!(place.serving(), embedded);
    assert_eq!(events(&place), ["activated", "canary-begun", "canary-ended"]);
    let journal = place.journal();
    let reason = journal.last().map(|line| line["reason"].clone()).unwrap_or_default();
    assert!(reason.as_str().is_some_and(|reason| reason.contains("rejects the new configuration")), "{reason}");
    // Nor can it be put to work, or on trial, while that is in force: it is refused at the step for it.
    for command in [&["activate"][..], &["canary", "--share", "5"]] {
        let words = ["refused at `configuration`", "this version was told to refuse it"];
        place.provider(&[command, &[&unruly.digest[..12]]].concat()).refused(&words);
    }
    // It is retired once its last request was noticed to have ended.
    place.wait_until("it is verified and nothing more", |status| {
        let versions = status["versions"].as_array().expect("a list");
        let found = versions.iter().find(|version| version["digest"] == unruly.digest.as_str());
        status["canary"].is_null() && found.is_some_and(|version| version["state"] == "verified")
    });
    assert!(Stream::of(gateway, MODEL, "echo a").is_done());
}
