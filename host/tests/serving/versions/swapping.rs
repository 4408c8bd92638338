//! Streams while versions are swapped.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::guests::Guest;
use super::place::Place;
use super::streams::Stream;
use crate::gateway::Gateway;
use crate::operating::process::resident;

/// Activations while streams run. A thousand take seconds where the compiler optimises; a debug build does a tenth in that time.
const ACTIVATIONS: usize = if cfg!(debug_assertions) { 100 } else { 1000 };

/// Streams at once.
const STREAMS: usize = if cfg!(debug_assertions) { 24 } else { 200 };

const SLOW: &str = "sim.slow.20";
const PROMPT: &str =
    "echo one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen";

/// Memory that may be more after than before, in KiB: allocators keep some, and a version that leaked would be megabytes each.
const MORE_MEMORY: usize = 64 << 10;

#[test]
fn streams_do_not_feel_activations_and_nothing_is_left_of_them() {
    let place = Place::new();
    let unruly = Guest::unruly(place.folder());
    let gateway = place.start();
    let undisturbed = Stream::of(&gateway, SLOW, PROMPT);
    assert!(undisturbed.is_done(), "{undisturbed:?}");
    place.activate(&unruly);
    assert_eq!(Stream::of(&gateway, SLOW, PROMPT).bytes, undisturbed.bytes, "another version, the same answer");
    // Once round, so that what is kept for good is there.
    let admin = place.admin();
    swap(&admin, &unruly, 4);
    let mut quiet = at_once(&gateway);
    let (memory, files) = (resident(&gateway), open_files(&gateway));

    let swapping = AtomicBool::new(true);
    let mut streams = thread::scope(|scope| {
        let (gateway, swapping) = (&gateway, &swapping);
        let threads: Vec<_> = (0..STREAMS)
            .map(|_| {
                scope.spawn(move || {
                    let mut streams = Vec::new();
                    while swapping.load(Ordering::Relaxed) {
                        streams.push(Stream::of(gateway, SLOW, PROMPT));
                    }
                    streams
                })
            })
            .collect();
        swap(&admin, &unruly, ACTIVATIONS);
        swapping.store(false, Ordering::Relaxed);
        threads.into_iter().flat_map(|thread| thread.join().expect("it reads")).collect::<Vec<_>>()
    });
    assert!(streams.len() >= STREAMS, "{} streams", streams.len());
    for stream in &streams {
        assert_eq!(stream.bytes, undisturbed.bytes);
    }
    // Asked one after the other as before, only with swaps beside.
    let (quiet, swapped) = (median(&mut quiet), median(&mut streams));
    eprintln!("{} streams, {ACTIVATIONS} activations; first delta {swapped:?}, without swaps {quiet:?}", streams.len());
    assert!(swapped < quiet * 2, "the first delta takes {swapped:?} while versions are swapped, {quiet:?} otherwise");

    place.wait_until("only the version that serves is loaded", |status| {
        let versions = status["versions"].as_array().expect("a list");
        versions.iter().all(|version| version["state"] == "serving" || version["service"].is_null())
    });
    let (memory_after, files_after) = (resident(&gateway), open_files(&gateway));
    assert!(memory_after < memory + MORE_MEMORY, "{memory} KiB before, {memory_after} after");
    assert!(files_after <= files, "{files} files before, {files_after} after");
    let activated = place.journal().iter().filter(|line| line["event"] == "activated").count();
    assert!(activated >= ACTIVATIONS, "{activated} activations are in the journal");
    gateway.stop();
}

#[test]
fn a_stream_ends_on_the_version_that_it_began_with() {
    let place = Place::new();
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
    assert!(old.bytes.contains("ended the answer without saying how"), "{old:?}");
    place.wait_until("it is freed", |status| {
        let versions = status["versions"].as_array().expect("a list");
        versions.iter().all(|version| version["source"] == "(embedded)" || version["service"].is_null())
    });
}

fn swap(admin: &super::place::Asker, unruly: &Guest, times: usize) {
    for number in 0..times {
        let version = if number % 2 == 0 { "embedded" } else { unruly.digest.as_str() };
        admin.activate(version).unwrap_or_else(|error| panic!("activation {number}: {error}"));
    }
}

/// As many streams at once as there are beside the swaps, each asked some times.
fn at_once(gateway: &Gateway) -> Vec<Stream> {
    thread::scope(|scope| {
        let one = || (0..4).map(|_| Stream::of(gateway, SLOW, PROMPT)).collect::<Vec<_>>();
        let threads: Vec<_> = (0..STREAMS).map(|_| scope.spawn(one)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("it reads")).collect()
    })
}

/// The time until the first content, in the middle of all.
fn median(streams: &mut [Stream]) -> Duration {
    streams.sort_by_key(|stream| stream.to_first);
    streams[streams.len() / 2].to_first
}

fn open_files(gateway: &Gateway) -> usize {
    let folder = format!("/proc/{}/fd", gateway.process_id());
    let all = fs::read_dir(folder).expect("it runs").filter_map(Result::ok);
    // Connections of clients close when they will.
    all.filter(|file| fs::read_link(file.path()).is_ok_and(|to| !to.to_string_lossy().starts_with("socket:"))).count()
}
