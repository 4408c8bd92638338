//! Several streams that hold their calls up at the same moment: there are more of them than workers, and still no other stream waits
//! longer than a single call may take.

use std::thread;
use std::time::Duration;

use super::guests::Guest;
use super::place::{Place, is};
use super::streams::Stream;
use crate::operating::process::{metric, resident};

/// One event each 100 ms.
const SLOW: &str = "sim.slow.100";
const WORDS: &str = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen \
    seventeen eighteen nineteen twenty twenty-one twenty-two twenty-three twenty-four twenty-five twenty-six twenty-seven";

/// All at the same event, and some where the turn is opened. Each is a worker held up until the deadline, or memory and bytes
/// without end.
const MISDEEDS: [&str; 12] = [
    "loop:5",
    "loop:5",
    "loop:5",
    "loop:5",
    "loop:5",
    "loop:5",
    "open-loop",
    "open-loop",
    "memory:5",
    "recursion:5",
    "gigabytes:5",
    "handles:5",
];

/// Streams that want nothing but their answer.
const GOOD: usize = 8;

/// The time of one call on the path of a stream (`Limits::stream_call`).
const CALL: Duration = Duration::from_millis(500);

/// The pace of the simulator, and what a machine with two cores adds when a dozen threads want them.
const BESIDE: Duration = Duration::from_millis(100 + 250);

/// As in the tests of each alone.
const MORE_MEMORY: usize = 96 << 10;

#[test]
fn many_that_loop_at_once_hold_no_other_stream_up_for_longer_than_one() {
    let place = Place::new();
    let unruly = Guest::unruly(place.folder());
    let gateway = place.start();
    let good = format!("echo {WORDS}");
    let undisturbed = Stream::of(&gateway, SLOW, &good);
    assert!(undisturbed.is_done(), "{undisturbed:?}");
    place.activate(&unruly);
    let before = resident(&gateway);
    let (gateway, good) = (&gateway, good.as_str());
    let (well, badly) = thread::scope(|scope| {
        let well: Vec<_> = (0..GOOD).map(|_| scope.spawn(move || Stream::of(gateway, SLOW, good))).collect();
        let badly = MISDEEDS.map(|how| {
            let prompt = format!("echo unruly:{how} {WORDS}");
            (how, scope.spawn(move || Stream::of(gateway, SLOW, &prompt)))
        });
        let well: Vec<_> = well.into_iter().map(|thread| thread.join().expect("it reads")).collect();
        (well, badly.map(|(how, thread)| (how, thread.join().expect("it reads"))))
    });
    for stream in &well {
        assert_eq!(stream.bytes, undisturbed.bytes, "another stream's bytes changed");
    }
    let longest = well.iter().map(|stream| stream.longest_gap).max().expect("there are some");
    eprintln!("{} misdeeds at once: other streams wait {longest:?} at most", MISDEEDS.len());
    assert!(longest < CALL + BESIDE, "another stream had to wait for {longest:?}");
    for (how, stream) in &badly {
        assert!(stream.bytes.contains("unruly 0.1.0"), "{how}: the version is not named: {stream:?}");
        assert!(!stream.is_done(), "{how}: {stream:?}");
    }
    place.wait_until("it is put away and gone", |status| {
        let versions = status["versions"].as_array().expect("a list");
        let hostile = versions.iter().find(|version| is(version, &unruly.digest));
        hostile.is_some_and(|hostile| hostile["state"] == "quarantined" && hostile["service"].is_null())
    });
    assert_eq!(metric(gateway, "quarry_provider_sessions_alive"), 0);
    let after = resident(gateway);
    assert!(after < before + MORE_MEMORY, "{before} KiB before, {after} after");
}
