//! How long it takes until a version that was asked for answers: from before the admin listener is asked to the first content of a
//! stream that the version translates, the connections of both included.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::time::{Duration, Instant};

use super::figures::{Figures, percentile};
use super::guests::Guest;
use super::place::Place;
use super::streams::Stream;

const MODEL: &str = "sim.stop.end_turn";
const PROMPT: &str = "echo a b c";

/// Rounds through three versions. Each is loaded from the cache, also where the one before is still in memory.
const ROUNDS: usize = if cfg!(debug_assertions) { 2 } else { 30 };

/// For a version whose compiled code is in the cache.
const CACHED: Duration = Duration::from_millis(5);

/// For a version that was never seen.
const NEW: Duration = Duration::from_secs(2);

#[test]
fn a_version_whose_code_is_in_the_cache_answers_at_once() {
    let place = Place::to_measure_in();
    let (one, two) = (Guest::unruly(place.folder()), Guest::always(place.folder(), "wrong-tool"));
    let gateway = place.start();
    let embedded = place.serving();
    place.provider(&["verify", "embedded"]).well();
    place.activate(&one);
    place.activate(&two);
    let admin = place.admin();
    // What each does differently from the one before it is compared once.
    for digest in [&embedded, &one.digest, &two.digest] {
        admin.activate(digest).expect("it passed before");
    }
    let (mut whole, mut asked) = (Vec::new(), Vec::new());
    for digest in [&embedded, &one.digest, &two.digest].into_iter().cycle().take(3 * ROUNDS) {
        let before = admin.requests(digest);
        let began = Instant::now();
        let answered = admin.activate(digest).expect("it passed before");
        let activated = began.elapsed();
        let stream = Stream::of(&gateway, MODEL, PROMPT);
        whole.push(activated + stream.to_first);
        asked.push(activated);
        assert!(answered.steps.is_empty(), "no step was taken again: {answered:?}");
        assert!(stream.is_done(), "{stream:?}");
        // One that is let go meanwhile counts anew.
        assert!([1, before + 1].contains(&admin.requests(digest)), "the stream was on another version");
    }
    let mut figures = Figures::default();
    eprintln!("activation of a version in the cache of compiled code, {} times", whole.len());
    figures.at_most("from the request to the first delta, median", percentile(&mut whole, 50), CACHED);
    figures.told("from the request to the first delta, 90 in 100", format!("{:?}", percentile(&mut whole, 90)));
    figures.told("the activation alone, median", format!("{:?}", percentile(&mut asked, 50)));
    figures.told("this disk for a line as the journal's, median", format!("{:?}", synced(&place)));
    figures.hold();
    gateway.stop();
}

/// How long a line takes to be on the disk.
fn synced(place: &Place) -> Duration {
    let mut file = OpenOptions::new().append(true).create(true).open(place.folder().join("line")).expect("it is ours");
    let mut times: Vec<Duration> = (0..3 * ROUNDS)
        .map(|_| {
            let began = Instant::now();
            file.write_all(&[b'x'; 250]).and_then(|()| file.sync_data()).expect("it can be written");
            began.elapsed()
        })
        .collect();
    percentile(&mut times, 50)
}

#[test]
#[ignore = "bench: an unoptimised compiler takes many seconds, so it is measured with --release"]
fn a_version_that_nobody_has_seen_answers_soon() {
    let place = Place::to_measure_in();
    let gateway = place.start_with_an_empty_cache();
    let admin = place.admin();
    let mut times = Vec::new();
    for number in 0..5 {
        let guest = Guest::fresh(place.folder(), &format!("new-{number}"));
        let began = Instant::now();
        let answered = admin.activate_component(&guest).expect("it passes");
        let stream = {
            let activated = began.elapsed();
            let stream = Stream::of(&gateway, MODEL, PROMPT);
            times.push(activated + stream.to_first);
            stream
        };
        assert!(stream.is_done(), "{stream:?}");
        assert_eq!(admin.requests(&guest.digest), 1, "the stream was on another version");
        let steps: Vec<String> =
            answered.steps.iter().map(|step| format!("{} {} ms", step.step, step.milliseconds)).collect();
        eprintln!("  new version {number}: {}", steps.join(", "));
    }
    let mut figures = Figures::default();
    eprintln!("activation of a version that was never seen");
    figures.at_most("from the request to the first delta, median of 5", percentile(&mut times, 50), NEW);
    figures.hold();
    gateway.stop();
}
