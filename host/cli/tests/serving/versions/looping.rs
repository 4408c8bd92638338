//! Several streams that hold their calls up at the same moment: there are more of them than workers, and still no other stream waits
//! longer than a single call may take.

use super::guests::Guest;
use super::place::{Place, is};
use super::side_by_side::{self, MORE_MEMORY, SideBySide};
use crate::operating::process::{metric, resident};

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

#[test]
fn many_that_loop_at_once_hold_no_other_stream_up_for_longer_than_one() {
    let place = Place::new();
    let unruly = Guest::unruly(place.folder());
    let gateway = place.start();
    let undisturbed = side_by_side::undisturbed(&gateway);
    place.activate(&unruly);
    let before = resident(&gateway);
    let streams = SideBySide::run(&gateway, MISDEEDS);
    let longest = streams.assert_unfelt(&undisturbed);
    eprintln!("{} misdeeds at once: other streams wait {longest:?} at most", MISDEEDS.len());
    for (how, stream) in MISDEEDS.iter().zip(&streams.badly) {
        // Where no turn was opened yet, the version before opens it.
        let opens_elsewhere = *how == "open-loop";
        assert!(opens_elsewhere || stream.bytes.contains("unruly 0.1.0"), "{how}: it is not named: {stream:?}");
        assert_eq!(stream.is_done(), opens_elsewhere, "{how}: {stream:?}");
    }
    place.wait_until("it is put away and gone", |status| {
        let versions = status["versions"].as_array().expect("a list");
        let hostile = versions.iter().find(|version| is(version, &unruly.digest));
        hostile.is_some_and(|hostile| hostile["state"] == "quarantined" && hostile["service"].is_null())
    });
    assert_eq!(metric(&gateway, "quarry_provider_sessions_alive"), 0);
    let after = resident(&gateway);
    assert!(after < before + MORE_MEMORY, "{before} KiB before, {after} after");
}
