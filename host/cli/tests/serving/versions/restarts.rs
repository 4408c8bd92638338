//! A canary and a shadow over `kill -9` and a start: they go on, or it is told why not.

use rustix::process::Signal;
use serde_json::{Value, json};

use super::guests::Guest;
use super::place::Place;
use super::streams::Stream;
use crate::gateway::{Gateway, KEY, hash};

/// A public key that signed nothing here.
const SIGNER: &str = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";

/// Asks as often, each time in a conversation of its own.
fn ask(gateway: &Gateway, times: usize) {
    for number in 0..times {
        assert!(Stream::of(gateway, "sim.stop.end_turn", &format!("echo {number}")).is_done());
    }
}

fn requests(place: &Place, digest: &str) -> u64 {
    place.version(digest).and_then(|version| version["service"]["requests"].as_u64()).unwrap_or_default()
}

/// The reasons of the journal's events of one kind.
fn reasons(place: &Place, event: &str) -> Vec<String> {
    let lines = place.journal();
    let of_kind = lines.iter().filter(|line| line["event"] == event);
    of_kind.map(|line| line["reason"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn trials_go_on_after_a_kill_and_end_when_they_are_ended() {
    let place = Place::new();
    let (unruly, other) = (Guest::unruly(place.folder()), Guest::always(place.folder(), "wrong-tool"));
    let file = |guest: &Guest| guest.file.to_str().expect("a plain path").to_owned();
    let gateway = place.start();
    let embedded = place.serving();
    place.provider(&["canary", &file(&unruly), "--share", "50", "--promote-after", "1000"]).well();
    place.provider(&["shadow", &file(&other), "--share", "100", "--prompts"]).well();
    ask(&gateway, 10);
    gateway.signal(Signal::KILL);
    drop(gateway);

    let again = |status: &Value| !status["canary"].is_null() && status["shadow"]["running"] == true;
    let gateway = place.start();
    place.wait_until("both go on", again);
    let status = place.status();
    assert_eq!(place.serving(), embedded, "a start promotes nothing");
    assert_eq!((&status["canary"]["rule"], &status["canary"]["promoteAfter"]), (&json!({"share": 50}), &json!(1000)));
    assert_eq!(status["canary"]["digest"], json!(unruly.digest));
    // Evidence went with the process.
    assert_eq!(status["canary"]["candidate"], json!({"well": 0, "badly": 0}));
    assert_eq!((&status["shadow"]["digest"], &status["shadow"]["share"]), (&json!(other.digest), &json!(100)));
    ask(&gateway, 60);
    // All of one side would be chance once in 10^18.
    assert!(requests(&place, &unruly.digest) > 0 && requests(&place, &embedded) > 0);
    gateway.wait_for_log("at its start", 2);
    assert!(place.provider(&["prune", "--keep", "0"]).well().is_empty(), "what is on trial is needed");
    gateway.signal(Signal::KILL);
    drop(gateway);

    let gateway = place.start();
    place.wait_until("they go on a second time", again);
    place.provider(&["canary", "--stop"]).well();
    gateway.signal(Signal::KILL);
    drop(gateway);

    let gateway = place.start();
    place.wait_until("the one that was not stopped goes on", |status| status["shadow"]["running"] == true);
    assert!(place.status()["canary"].is_null());
    // In good order it is the same as by a kill.
    gateway.stop();
    let gateway = place.start();
    place.wait_until("it goes on", |status| status["shadow"]["running"] == true);
    place.activate(&unruly);
    gateway.signal(Signal::KILL);
    drop(gateway);

    let gateway = place.start();
    assert_eq!(place.serving(), unruly.digest);
    ask(&gateway, 5);
    let status = place.status();
    assert!(status["canary"].is_null() && status["shadow"].is_null(), "beside another version it is another trial");
    assert_eq!(reasons(&place, "shadow-ended"), ["another version was activated"]);
    gateway.stop();
}

#[test]
fn a_trial_that_cannot_go_on_ends_and_it_is_told() {
    let place = Place::new();
    let unruly = Guest::unruly(place.folder());
    let file = unruly.file.to_str().expect("a plain path").to_owned();
    let start = |more: &str| Gateway::start_with(&format!("{{ quarry: {{ {more} }} }}"), |command| place.tell(command));
    let gateway = start(&format!("keys: [{{ name: \"first\", hash: \"{}\" }}]", hash(KEY)));
    place.provider(&["canary", &file, "--key", "first"]).well();
    place.provider(&["shadow", &file, "--share", "10"]).well();
    gateway.signal(Signal::KILL);
    drop(gateway);

    let gateway = start(&format!("provider: {{ signers: [\"{SIGNER}\"] }}"));
    gateway.wait_for_log("was not resumed at the start", 2);
    let status = place.status();
    assert!(status["canary"].is_null() && status["shadow"].is_null(), "{status}");
    assert_eq!(reasons(&place, "canary-ended"), ["the configuration has no client key \"first\""]);
    let ended = reasons(&place, "shadow-ended");
    assert!(ended.len() == 1 && ended[0].contains("refused at `signature`"), "{ended:?}");
    gateway.stop();

    // What ended stays ended.
    let gateway = start(&format!("keys: [{{ name: \"first\", hash: \"{}\" }}]", hash(KEY)));
    std::thread::sleep(std::time::Duration::from_secs(1));
    let status = place.status();
    assert!(status["canary"].is_null() && status["shadow"].is_null(), "{status}");
    gateway.stop();
}
