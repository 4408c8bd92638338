//! Going back when it is needed most: while a candidate keeps the compiler busy, and on a disk that is full.

use std::process::{Command, Stdio};

use rustix::process::{Resource, Rlimit, prlimit};

use super::guests::Guest;
use super::past::Past;
use super::place::Place;
use super::refusals::compile_bomb;
use super::streams::Stream;

const MODEL: &str = "sim.stop.end_turn";

/// What is logged when a candidate is looked at.
const LOOKED_AT: &str = "the gate checks a version";

/// A place where this version served last.
fn served_by(guest: &Guest, place: &Place) {
    let mut past = Past::of(place);
    past.passed(guest, None);
    past.activated(guest);
}

#[test]
fn nobody_who_goes_back_waits_for_a_candidate_that_is_looked_at() {
    let place = Place::new();
    let serving = Guest::unruly(place.folder());
    served_by(&serving, &place);
    let bomb = compile_bomb(&place);
    // Longer than this test can take.
    let gateway = place.start_with(&["--compile-seconds", "300"]);
    assert_eq!(place.serving(), serving.digest);
    std::thread::scope(|scope| {
        let admin = place.admin();
        let candidate = scope.spawn(move || admin.activate_component(&bomb));
        gateway.wait_for_log(LOOKED_AT, 1);
        place.provider(&["rollback"]).well();
        assert_ne!(place.serving(), serving.digest);
        place.provider(&["pin"]).well();
        assert!(!candidate.is_finished(), "it is still compiled");
        // It ends with the gateway, and keeps that from ending no longer than anything else.
        gateway.stop();
        assert!(candidate.join().expect("no panic").is_err());
    });
}

#[test]
fn a_candidate_that_is_looked_at_is_not_put_to_work_after_somebody_went_back() {
    let place = Place::new();
    let (serving, candidate) = (Guest::always(place.folder(), "wrong-tool"), Guest::unruly(place.folder()));
    served_by(&serving, &place);
    let gateway = place.start();
    let admin = place.admin();
    std::thread::scope(|scope| {
        let activation = scope.spawn(|| place.provider(&["activate", candidate.file.to_str().expect("a plain path")]));
        gateway.wait_for_log(LOOKED_AT, 1);
        admin.roll_back().expect("it goes back");
        activation.join().expect("no panic").refused(&["a rollback to", "repeat the command"]);
    });
    let serves = place.serving();
    assert!(serves != serving.digest && serves != candidate.digest, "{serves}");
    // It passed, so that it serves at once where it is wanted still.
    assert!(place.activate(&candidate).contains("is active"));
    assert_eq!(place.serving(), candidate.digest);
    gateway.stop();
}

/// Starts what the command starts so that a limit of file sizes is an error to it, as a full disk is, and not its end.
fn as_on_a_disk_of_a_size(command: &mut Command) {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(command.get_program()).args(command.get_args());
    shell.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(folder) = command.get_current_dir() {
        shell.current_dir(folder);
    }
    *command = shell;
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
}

#[test]
fn a_full_disk_keeps_no_version_that_fails() {
    let place = Place::new();
    let failing = Guest::unruly(place.folder());
    served_by(&failing, &place);
    let gateway = place.start_by(as_on_a_disk_of_a_size);
    assert_eq!(place.serving(), failing.digest);
    let journal = place.state().join("journal.jsonl");
    let full = std::fs::metadata(&journal).expect("there is a journal").len();
    let limit = |current| Rlimit { current, maximum: None };
    prlimit(Some(gateway.pid()), Resource::Fsize, limit(Some(full))).expect("it is ours");

    place.provoke(&gateway);
    place.wait_until("another one serves", |status| status["serving"] != failing.digest.as_str());
    assert_ne!(place.serving(), failing.digest);
    gateway.wait_for_log("a restart would not know of this event", 2);
    assert_eq!(std::fs::metadata(&journal).expect("it is there").len(), full);
    let version = place.version(&failing.digest).expect("it is known");
    assert_eq!(version["state"], "quarantined", "{version}");
    assert!(Stream::of(&gateway, MODEL, "echo a").is_done());
    // What a person asks for is done when it is written down, and not before.
    place.provider(&["pin"]).refused(&["cannot use the journal"]);

    prlimit(Some(gateway.pid()), Resource::Fsize, limit(None)).expect("it is ours");
    place.provider(&["pin"]).well();
    let journal = place.journal();
    let events: Vec<&str> = journal.iter().filter_map(|line| line["event"].as_str()).collect();
    assert!(events.ends_with(&["quarantined", "rolled-back", "pinned"]), "{events:?}");
    gateway.stop();
}
