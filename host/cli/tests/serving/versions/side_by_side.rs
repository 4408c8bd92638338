//! Streams that want nothing but their answer, at the same time as streams that the unruly provider does something to.

use std::thread;
use std::time::Duration;

use super::streams::Stream;
use crate::gateway::Gateway;

/// One event each 100 ms, so that all streams have begun before the first misdeed.
const SLOW: &str = "sim.slow.100";

const WORDS: &str = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen \
    seventeen eighteen nineteen twenty twenty-one twenty-two twenty-three twenty-four twenty-five twenty-six twenty-seven";

/// Streams that want nothing but their answer.
const GOOD: usize = 8;

/// The time of one call on the path of a stream (`Limits::stream_call`), within which another stream may have to wait; the pace of
/// the simulator; and what a quiet machine with two cores adds when a dozen threads want them.
pub(super) const LONGEST_GAP: Duration = Duration::from_millis(500 + 100 + 250);

/// Memory that may be more after all that than before, in KiB: one pooled instance's, not the gigabytes that were tried.
pub(super) const MORE_MEMORY: usize = 96 << 10;

/// What came of streams that ran at once.
pub(super) struct SideBySide {
    well: Vec<Stream>,
    /// In the order of the misdeeds.
    pub(super) badly: Vec<Stream>,
}

/// The answer that the streams get which want nothing else, while no other stream runs.
pub(super) fn undisturbed(gateway: &Gateway) -> Stream {
    let stream = Stream::of(gateway, SLOW, &format!("echo {WORDS}"));
    assert!(stream.is_done(), "{stream:?}");
    stream
}

impl SideBySide {
    /// Runs them, each to its end.
    pub(super) fn run<'a>(gateway: &Gateway, misdeeds: impl IntoIterator<Item = &'a str>) -> Self {
        thread::scope(|scope| {
            let begin = |prompt: String| scope.spawn(move || Stream::of(gateway, SLOW, &prompt));
            let well: Vec<_> = (0..GOOD).map(|_| begin(format!("echo {WORDS}"))).collect();
            let badly: Vec<_> = misdeeds.into_iter().map(|how| begin(format!("echo unruly:{how} {WORDS}"))).collect();
            let ended = |thread: thread::ScopedJoinHandle<'_, Stream>| thread.join().expect("it reads");
            SideBySide { well: well.into_iter().map(ended).collect(), badly: badly.into_iter().map(ended).collect() }
        })
    }

    /// That the good streams got what they get alone, without a longer wait than one call's. Gives their longest.
    #[track_caller]
    pub(super) fn assert_unfelt(&self, undisturbed: &Stream) -> Duration {
        for stream in &self.well {
            assert_eq!(stream.bytes, undisturbed.bytes, "another stream's bytes changed");
        }
        let longest = self.well.iter().map(|stream| stream.longest_gap).max().expect("there are some");
        // Time says something of a release build on a quiet machine alone.
        assert!(cfg!(debug_assertions) || longest < LONGEST_GAP, "another stream had to wait for {longest:?}");
        longest
    }
}
