//! A version that fails now and then goes away by itself.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::guests::Guest;
use super::place::Place;
use super::streams::Stream;

const MODEL: &str = "sim.stop.end_turn";

/// Streams that are asked for.
const STREAMS: usize = 150;

/// Clients that ask at once.
const CLIENTS: usize = 6;

/// The prompt of a stream: every fiftieth makes the provider trap, each in its own words.
fn prompt(number: usize) -> String {
    if number.is_multiple_of(50) { format!("echo unruly:trap:2 {number}") } else { "echo a b c".to_owned() }
}

#[test]
fn one_that_traps_on_every_fiftieth_stream_is_put_away_after_two() {
    let place = Place::new();
    let unruly = Guest::unruly(place.folder());
    let gateway = place.start();
    place.activate(&unruly);
    let mut failed = 0;
    for number in 1..=STREAMS {
        failed += usize::from(!Stream::of(&gateway, MODEL, &prompt(number)).is_done());
        if failed == 2 {
            // It takes a moment, in which nobody asks here.
            place.wait_until("it is put away", |status| status["serving"] != unruly.digest.as_str());
        }
    }
    assert_eq!(failed, 2, "streams that failed");
    let hostile = place.version(&unruly.digest).expect("it is known");
    assert_eq!(hostile["state"], "quarantined", "{hostile}");
    let reason = hostile["quarantined"].as_str().expect("a reason");
    assert!(reason.contains("failed on 2 inputs"), "{reason}");
    gateway.wait_for_log("the provider version is quarantined", 1);
    gateway.wait_for_log("rolled back to the previous provider version", 1);
    let events: Vec<_> = place.journal().into_iter().map(|line| line["event"].clone()).collect();
    assert!(events.ends_with(&["quarantined".into(), "rolled-back".into()]), "{events:?}");
    let file = unruly.file.to_str().expect("a plain path");
    place.provider(&["activate", file]).refused(&["is quarantined", "failed on 2 inputs"]);
    place.provider(&["verify", file]).well();
    place.provider(&["activate", file]).well();
    assert_eq!(place.serving(), unruly.digest, "verified anew, it may serve again");
    let again = place.version(&unruly.digest).expect("it is known");
    assert!(again["failing"].is_null(), "what was lifted is held against it: {again}");
    gateway.stop();
}

#[test]
fn of_clients_that_ask_at_once_none_sees_more_than_two_that_failed() {
    let place = Place::new();
    let unruly = Guest::unruly(place.folder());
    let gateway = place.start();
    place.activate(&unruly);
    let asked = AtomicUsize::new(0);
    let failed: Vec<usize> = thread::scope(|scope| {
        let ask = || {
            let mut failed = 0;
            loop {
                let number = asked.fetch_add(1, Ordering::Relaxed) + 1;
                if number > CLIENTS * STREAMS {
                    return failed;
                }
                failed += usize::from(!Stream::of(&gateway, MODEL, &prompt(number)).is_done());
            }
        };
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(ask)).collect();
        clients.into_iter().map(|client| client.join().expect("it asks")).collect()
    });
    eprintln!("of {} streams failed, by client: {failed:?}", CLIENTS * STREAMS);
    assert!(failed.iter().sum::<usize>() >= 2 && failed.iter().all(|failed| *failed <= 2), "{failed:?}");
    assert_eq!(place.version(&unruly.digest).expect("it is known")["state"], "quarantined");
    gateway.stop();
}
