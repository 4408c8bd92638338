//! Providers that do to one stream what they should not: it is that stream that fails, and no other feels it.

use super::guests::Guest;
use super::place::Place;
use super::side_by_side::{self, MORE_MEMORY, SideBySide};
use super::streams::Stream;
use crate::operating::process::resident;

/// Misdeeds in `push`, and what a client is told of each. They come one after the other, so that no two of them share a worker.
const MISDEEDS: [(&str, &str); 7] = [
    ("trap:4", "failed in `push`: wasm trap: wasm `unreachable` instruction executed"),
    ("loop:5", "was stopped in `push`: it took longer than 500 ms"),
    // Its own stack, lowest in its memory, is over before the engine's.
    ("recursion:6", "failed in `push`: wasm trap: out of bounds memory access"),
    ("memory:7", "failed in `push`: it requested more memory than 67108864 bytes"),
    ("gigabytes:8", "failed in `push`: too much data is being copied between the host and the guest"),
    ("handles:9", "failed in `push`: cannot allocate another handle"),
    ("silent", "ended the answer without `done` or `error`"),
];

/// Misdeeds in `prepare`.
const MISDEEDS_IN_PREPARE: [(&str, &str); 3] = [
    ("prepare-trap", "failed in `prepare`: wasm trap: wasm `unreachable` instruction executed"),
    ("prepare-memory", "failed in `prepare`: it requested more memory than 67108864 bytes"),
    ("prepare-loop", "was stopped in `prepare`: it took longer than 500 ms"),
];

#[test]
fn what_a_hostile_provider_does_is_contained_to_its_stream() {
    let place = Place::new();
    let unruly = Guest::unruly(place.folder());
    let gateway = place.start();
    let undisturbed = side_by_side::undisturbed(&gateway);
    place.activate(&unruly);
    let before = resident(&gateway);
    let streams = SideBySide::run(&gateway, MISDEEDS.map(|(how, _)| how));
    streams.assert_unfelt(&undisturbed);
    let named = format!("unruly 0.1.0 ({})", &unruly.digest[..12]);
    for ((how, words), stream) in MISDEEDS.iter().zip(&streams.badly) {
        assert!(stream.bytes.contains(words), "{how}: {words:?} is not told: {stream:?}");
        assert!(stream.bytes.contains(&named), "{how}: the version is not named: {stream:?}");
        assert!(!stream.bytes.contains("unruly.wasm"), "{how}: a path of this machine is told: {stream:?}");
        assert!(!stream.is_done(), "{how}: {stream:?}");
    }
    gateway_is_well_again(&place, &unruly);
    let after = resident(&gateway);
    assert!(after < before + MORE_MEMORY, "{before} KiB before, {after} after");
}

#[test]
fn where_a_provider_fails_before_a_stream_begins_the_version_before_answers_and_it_is_put_away() {
    for (how, words) in MISDEEDS_IN_PREPARE {
        let place = Place::new();
        let unruly = Guest::unruly(place.folder());
        let gateway = place.start();
        place.activate(&unruly);
        let answered = |more: &str| {
            let stream = Stream::of(&gateway, "sim.stop.end_turn", &format!("echo unruly:{how} {more}"));
            assert!(stream.is_done(), "{how}: {stream:?}");
        };
        for _ in 0..3 {
            answered("one input, however often, says little");
        }
        assert_eq!(place.serving(), unruly.digest, "{how}");
        gateway.wait_for_log("the provider failed on an input that another version handles", 3);
        assert!(gateway.log().contains(words), "{how}: {}", gateway.log());
        answered("another input");
        gateway_is_well_again(&place, &unruly);
        answered("a third one");
        gateway.stop();
    }
}

/// The version before serves, the hostile one is put away and gone.
fn gateway_is_well_again(place: &Place, unruly: &Guest) {
    place.wait_until("the version before serves", |status| {
        let versions = status["versions"].as_array().expect("a list");
        let of = |digest: &str| {
            versions.iter().find(|version| version["digest"].as_str().is_some_and(|is| is.ends_with(digest)))
        };
        let hostile = of(&unruly.digest).expect("it is known");
        hostile["state"] == "quarantined" && hostile["service"].is_null() && versions[0]["source"] == "(embedded)"
    });
}
