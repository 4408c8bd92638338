//! Streams while versions are swapped.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::figures::{Figures, percentile};
use super::guests::Guest;
use super::place::{Asker, Place};
use super::streams::Stream;
use crate::gateway::Gateway;
use crate::operating::process::{mapped_components, metric, open_files, resident};

/// Activations while streams run. A thousand take seconds where the compiler optimises; a debug build does fewer.
const ACTIVATIONS: usize = if cfg!(debug_assertions) { 40 } else { 1000 };

/// Streams at once.
const STREAMS: usize = if cfg!(debug_assertions) { 12 } else { 200 };

pub(super) const SLOW: &str = "sim.slow.20";
pub(super) const PROMPT: &str =
    "echo one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen";

/// Swaps and none, in turns: what else this machine does meanwhile is the same for both.
const TURNS: usize = if cfg!(debug_assertions) { 2 } else { 5 };

/// How much longer the first delta may take while versions are swapped.
const LONGER: u32 = 2;

/// Memory that may be more after than before, in KiB: allocators keep some, and a version that leaked would be megabytes each.
const MORE_MEMORY: usize = 64 << 10;

#[test]
fn streams_do_not_feel_activations_and_nothing_is_left_of_them() {
    let place = Place::to_measure_in();
    let unruly = Guest::unruly(place.folder());
    let gateway = place.start();
    let undisturbed = Stream::of(&gateway, SLOW, PROMPT);
    assert!(undisturbed.is_done(), "{undisturbed:?}");
    place.activate(&unruly);
    assert_eq!(Stream::of(&gateway, SLOW, PROMPT).bytes, undisturbed.bytes, "another version, the same answer");
    // Once round, so that what is kept for good is there.
    let admin = place.admin();
    swap(&admin, &unruly, 4);
    streams_beside(&gateway, || thread::sleep(Duration::from_secs(2)));
    let before = Held::of(&gateway);

    let (mut swapped, mut quiet, mut took) = (Vec::new(), Vec::new(), Duration::ZERO);
    for _ in 0..TURNS {
        let began = Instant::now();
        swapped.extend(streams_beside(&gateway, || swap(&admin, &unruly, ACTIVATIONS / TURNS)));
        let turn = began.elapsed();
        // As many streams at once for as long, only without swaps.
        quiet.extend(streams_beside(&gateway, || thread::sleep(turn)));
        took += turn;
    }
    for stream in swapped.iter().chain(&quiet) {
        assert_eq!(stream.bytes, undisturbed.bytes);
    }
    place.wait_until("only the version that serves is loaded", |status| {
        let versions = status["versions"].as_array().expect("a list");
        versions.iter().all(|version| version["state"] == "serving" || version["service"].is_null())
    });
    let after = Held::of(&gateway);

    let mut figures = Figures::default();
    eprintln!("{ACTIVATIONS} activations in {took:?} while {STREAMS} streams run, one after the other");
    figures.told("streams whose bytes are the same as without", swapped.len());
    let first = |streams: &[Stream]| streams.iter().map(|stream| stream.to_first).collect::<Vec<_>>();
    let (mut swapped, mut quiet) = (first(&swapped), first(&quiet));
    figures.at_most("first delta, median", percentile(&mut swapped, 50), percentile(&mut quiet, 50) * LONGER);
    let (slow_swapped, slow_quiet) = (percentile(&mut swapped, 99), percentile(&mut quiet, 99));
    figures.at_most("first delta, 99 in 100", slow_swapped, slow_quiet * LONGER);
    figures.told("before", format!("{before:?}"));
    figures.told("after", format!("{after:?}"));
    figures.hold();
    assert!(swapped.len() >= STREAMS, "{} streams", swapped.len());
    assert!(after.memory < before.memory + MORE_MEMORY, "{before:?} {after:?}");
    assert!(after.files <= before.files, "{before:?} {after:?}");
    assert_eq!((after.sessions, after.requests), (0, 0), "{before:?} {after:?}");
    assert!(after.components <= before.components, "{before:?} {after:?}");
    let activated = place.journal().iter().filter(|line| line["event"] == "activated").count();
    assert!(activated >= ACTIVATIONS, "{activated} activations are in the journal");
    gateway.stop();
}

#[test]
fn a_stream_ends_on_the_version_that_it_began_with() {
    let place = Place::to_measure_in();
    let spoiling = Guest::always(place.folder(), "wrong-tool");
    let gateway = place.start();
    // It passes the cases now, so that going back to it takes no time.
    place.provider(&["verify", "embedded"]).well();
    place.activate(&spoiling);
    let gateway = &gateway;
    // The version shows itself by what it does to this stream, after it was put away.
    let old = thread::scope(|scope| {
        let old = scope.spawn(move || Stream::of(gateway, "sim.slow.400", &format!("{PROMPT} unruly:silent")));
        crate::operating::wait_until_under_way(gateway, 1);
        place.provider(&["activate", "embedded"]).well();
        let version = place.version(&spoiling.digest).expect("it is known");
        assert_eq!(version["state"], "retiring", "{version}");
        assert_eq!(version["service"]["underWay"], 1, "{version}");
        let new = Stream::of(gateway, "sim.stop.end_turn", "echo a unruly:silent");
        assert!(new.is_done(), "{new:?}");
        old.join().expect("it reads")
    });
    assert!(old.bytes.contains("ended the answer without `done` or `error`"), "{old:?}");
    place.wait_until("it is freed", |status| {
        let versions = status["versions"].as_array().expect("a list");
        versions.iter().all(|version| version["source"] == "(embedded)" || version["service"].is_null())
    });
}

fn swap(admin: &Asker, unruly: &Guest, times: usize) {
    for number in 0..times {
        let version = if number % 2 == 0 { "embedded" } else { unruly.digest.as_str() };
        admin.activate(version).unwrap_or_else(|error| panic!("activation {number}: {error}"));
    }
}

/// Runs streams, each at once after the one before, for as long as something takes.
pub(super) fn streams_beside(gateway: &Gateway, something: impl FnOnce()) -> Vec<Stream> {
    let running = AtomicBool::new(true);
    thread::scope(|scope| {
        let one_after_the_other = || {
            let mut streams = Vec::new();
            while running.load(Ordering::Relaxed) {
                streams.push(Stream::of(gateway, SLOW, PROMPT));
            }
            streams
        };
        let threads: Vec<_> = (0..STREAMS).map(|_| scope.spawn(one_after_the_other)).collect();
        let ends = Ends(&running);
        something();
        drop(ends);
        threads.into_iter().flat_map(|thread| thread.join().expect("it reads")).collect()
    })
}

/// Ends the streams when it is dropped, also by what fails beside them: else the test would wait for them for ever.
struct Ends<'r>(&'r AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// What a gateway holds while nothing runs.
#[derive(Debug)]
struct Held {
    /// In KiB.
    memory: usize,
    /// But for sockets, which close when the other side does.
    files: usize,
    sessions: usize,
    requests: usize,
    /// Files of compiled code in its memory.
    components: usize,
}

impl Held {
    fn of(gateway: &Gateway) -> Self {
        Held {
            memory: resident(gateway),
            files: open_files(gateway),
            sessions: metric(gateway, "quarry_provider_sessions_alive"),
            requests: metric(gateway, "quarry_requests_in_flight"),
            components: mapped_components(gateway).len(),
        }
    }
}
