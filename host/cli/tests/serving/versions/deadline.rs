//! A version that was put away has until the drain deadline. Then its streams are ended, and told why, and nothing is left of it.

use std::thread;
use std::time::{Duration, Instant};

use super::guests::Guest;
use super::place::{Place, is};
use super::streams::Stream;
use crate::operating::client::{Client, ENDPOINTS, body, error_event, is_finished, text};
use crate::operating::process::{mapped_components, metric};
use crate::operating::wait_until_under_way;

/// The deadline, in seconds.
const DRAIN: u64 = 2;

/// How long it may take until nothing is left, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Half a minute of answer, far beyond the deadline.
const SLOW: &str = "sim.slow.1000";
const PROMPT: &str = "echo one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen \
    sixteen seventeen eighteen nineteen twenty twenty-one twenty-two twenty-three twenty-four twenty-five";

#[test]
fn streams_that_are_left_at_the_deadline_are_ended_and_told_why() {
    let place = Place::new();
    let old = Guest::unruly(place.folder());
    let gateway = place.start_configured(&format!("provider: {{ drainSeconds: {DRAIN} }}"));
    place.provider(&["verify", "embedded"]).well();
    place.activate(&old);
    let admin = place.admin();
    assert!(mapped_components(&gateway).iter().any(|name| name.starts_with(&old.digest)), "it is in memory");

    let gateway = &gateway;
    thread::scope(|scope| {
        let streams = ENDPOINTS.map(|path| {
            let mut client = Client::open(gateway);
            client.post(path, &[], &body(path, SLOW, PROMPT, true));
            assert_eq!(client.head().status, 200, "{path}");
            let mut stream = String::new();
            while !text(&stream).starts_with("one") {
                stream.push_str(&client.chunk().expect("it goes on").expect("it has begun"));
            }
            let read = move || {
                stream.push_str(&client.rest());
                (stream, Instant::now())
            };
            (path, scope.spawn(read))
        });
        let earliest = Instant::now();
        admin.activate("embedded").expect("it passed");
        let new = Stream::of(gateway, "sim.stop.end_turn", "echo a");
        assert!(new.is_done(), "{new:?}");
        for (path, stream) in streams {
            let (stream, ended) = stream.join().expect("it reads");
            let told = error_event(&stream).unwrap_or_else(|| panic!("{path}: no error is told: {stream}"));
            assert!(
                told.contains("its provider version was retired, and the drain deadline has passed"),
                "{path}: {told}"
            );
            assert!(!is_finished(&stream), "{path}: a false end: {stream}");
            assert!(text(&stream).starts_with("one"), "{path}: what came before is not kept: {stream}");
            let after = ended - earliest;
            assert!(after >= Duration::from_secs(DRAIN), "{path}: it was ended after {after:?}");
        }
    });
    // Going back at once gives a version whose streams last: not the one whose streams were just ended.
    place.provider(&["rollback"]).well();
    let again = Stream::of(gateway, "sim.slow.100", "echo one two three four five six seven eight");
    assert!(again.is_done(), "{again:?}");
    assert_eq!(place.serving(), old.digest);
    gateway.wait_for_log("the drain deadline of a retired version has passed; its requests end with an error", 1);

    // The one that is put away with nothing under way is freed but for what a rollback would go to.
    admin.activate("embedded").expect("it passed");
    place.wait_until("nothing is under way", |status| {
        let versions = status["versions"].as_array().expect("a list");
        versions.iter().find(|version| is(version, &old.digest)).is_some_and(|old| old["service"].is_null())
    });
    assert_eq!(metric(gateway, "quarry_provider_sessions_alive"), 0);
    assert_eq!(metric(gateway, "quarry_requests_in_flight"), 0);
}

#[test]
fn a_version_whose_streams_were_ended_is_freed() {
    let place = Place::new();
    let old = Guest::unruly(place.folder());
    let gateway = place.start_configured("provider: { drainSeconds: 0.2 }");
    place.provider(&["verify", "embedded"]).well();
    place.activate(&old);
    let (admin, gateway) = (place.admin(), &gateway);
    thread::scope(|scope| {
        let stream = scope.spawn(|| Stream::of(gateway, SLOW, PROMPT));
        wait_until_under_way(gateway, 1);
        admin.activate("embedded").expect("it passed");
        let stream = stream.join().expect("it reads");
        assert!(stream.bytes.contains("version was retired") && !stream.is_done(), "{stream:?}");
    });
    // Its code is not even kept for a rollback: that loads it from the cache.
    let began = Instant::now();
    while mapped_components(gateway).iter().any(|name| name.starts_with(&old.digest)) {
        assert!(began.elapsed() < PATIENCE, "it is still in memory: {:?}", mapped_components(gateway));
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(metric(gateway, "quarry_provider_sessions_alive"), 0);
    let version = place.version(&old.digest).expect("it is known");
    assert!(version["state"] == "verified" && version["service"].is_null(), "{version}");
    place.provider(&["rollback"]).well();
    assert!(Stream::of(gateway, "sim.stop.end_turn", "echo a").is_done());
    assert_eq!(place.serving(), old.digest);
}
