//! A version under which the process dies: it is told, and the second time the previous one serves.

use std::os::unix::process::ExitStatusExt as _;

use rustix::process::Signal;
use serde_json::{Value, json};

use super::guests::Guest;
use super::place::Place;
use super::streams::Stream;
use crate::gateway::Gateway;
use crate::operating::process::metric;

const MODEL: &str = "sim.stop.end_turn";

/// Ends a gateway by a signal, and starts another.
fn died(place: &Place, mut gateway: Gateway, signal: Signal) -> Gateway {
    gateway.signal(signal);
    let ended = gateway.wait().and_then(|status| status.signal());
    assert_eq!(ended, Some(signal.as_raw()), "what is noted changes nothing of how it ends");
    drop(gateway);
    place.start()
}

/// The signals by which the process died, as the journal has them.
fn deaths(place: &Place) -> Vec<Value> {
    let lines = place.journal();
    lines.iter().filter(|line| line["event"] == "died").map(|line| line["signal"].clone()).collect()
}

fn failed(gateway: &Gateway, outcome: &str) -> usize {
    metric(gateway, &format!("quarry_provider_versions_failed_total{{outcome=\"{outcome}\"}}"))
}

#[test]
fn the_version_that_served_is_told_and_the_second_time_the_previous_one_serves() {
    let place = Place::new();
    let unruly = Guest::unruly(place.folder());
    let gateway = place.start();
    let embedded = place.serving();
    gateway.stop();
    let gateway = place.start();
    assert_eq!(deaths(&place), Vec::<Value>::new(), "it ended by itself");
    place.activate(&unruly);
    assert!(Stream::of(&gateway, MODEL, "echo a").is_done());

    // Whoever kills it blames nobody, however often.
    let gateway = died(&place, gateway, Signal::KILL);
    gateway.wait_for_log("the previous process was killed, or the machine stopped", 1);
    let gateway = died(&place, gateway, Signal::KILL);
    let gateway = died(&place, gateway, Signal::ABORT);
    gateway.wait_for_log("the previous process crashed with the version", 1);
    assert_eq!(deaths(&place), [json!(null), json!(null), json!(6)]);
    assert_eq!((place.serving(), failed(&gateway, "crashed")), (unruly.digest.clone(), 1));
    let status = place.provider(&["status"]).well();
    assert!(status.contains("the process crashed with this version once within 7 days"), "{status}");

    // A trap is a signal too, and the engine's.
    place.provoke(&gateway);
    place.wait_until("it is quarantined", |status| status["serving"] != unruly.digest.as_str());
    assert!(!place.state().join("running").metadata().is_ok_and(|record| record.len() > 0));
    place.provider(&["verify", unruly.file.to_str().expect("a plain path")]).well();
    place.activate(&unruly);
    let gateway = died(&place, gateway, Signal::KILL);

    // Verified anew it began anew, so it takes two more.
    let gateway = died(&place, gateway, Signal::SEGV);
    assert_eq!((place.serving(), failed(&gateway, "crashed")), (unruly.digest.clone(), 1));
    let gateway = died(&place, gateway, Signal::ABORT);
    gateway.wait_for_log("it is quarantined", 1);
    assert_eq!((place.serving(), failed(&gateway, "quarantined")), (embedded, 1));
    let version = place.version(&unruly.digest).expect("it is known");
    let reason = version["quarantined"].as_str().expect("it is quarantined");
    assert!(reason.contains("crashed with this version twice") && reason.contains("SIGABRT"), "{reason}");
    assert!(place.provider(&["status"]).well().contains("the process crashed with this version: SIGSEGV"));
    assert!(Stream::of(&gateway, MODEL, "echo a").is_done());
    place.admin().activate(&unruly.digest).expect_err("it is quarantined");
    gateway.stop();
    assert!(!place.state().join("running").exists());
}

#[test]
fn the_embedded_version_serves_on_and_that_is_told() {
    let place = Place::new();
    let mut gateway = place.start();
    let embedded = place.serving();
    for signal in [Signal::ABORT, Signal::BUS, Signal::ILL] {
        gateway = died(&place, gateway, signal);
    }
    gateway.wait_for_log("it stays active", 1);
    assert_eq!((place.serving(), failed(&gateway, "kept")), (embedded, 1));
    assert!(place.provider(&["status"]).well().contains(
        "FAILS, and stays active because no other version may be: the process crashed with this version 3 times"
    ));
    gateway.stop();
    let gateway = place.start();
    place.serving();
    gateway.stop();
    assert_eq!(deaths(&place), [json!(6), json!(7), json!(4)]);
}
