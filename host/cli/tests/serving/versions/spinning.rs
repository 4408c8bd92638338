//! A version that stays below the deadline of each call and takes all of the time until there: nobody else waits for it, and it is
//! at fault.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::guests::Guest;
use super::place::Place;
use super::streams::Stream;
use crate::gateway::Gateway;
use crate::operating::client::get;
use crate::operating::process::metric;

/// An event each 20 ms, each of which the version spins for.
const MODEL: &str = "sim.slow.20";

/// Far longer than any other provider takes, and far below the deadline: millions of times nothing.
const SPIN: &str = "echo unruly:spin:120 one two three four five six seven eight nine ten";

/// As many streams at once as hold each of two workers up twice.
const STREAMS: usize = 4;

/// How many times shorter the gateway's own answers have to be than the calls that spin. Where they waited for these calls, they
/// took as long as one or two of them.
const SHORTER: u32 = 5;

#[test]
fn its_calls_hold_nobody_up_and_it_is_told() {
    let place = Place::new();
    let unruly = Guest::unruly(place.folder());
    let gateway = place.start_by(|command| {
        command.env("TOKIO_WORKER_THREADS", "2");
    });
    place.activate(&unruly);
    // It stays whatever it does.
    place.provider(&["pin"]).well();
    let idle = median(&answers(&gateway, 50));
    let stop = AtomicBool::new(false);
    let waits = thread::scope(|scope| {
        for number in 0..STREAMS {
            let (gateway, stop) = (&gateway, &stop);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let stream = Stream::of(gateway, MODEL, &format!("{SPIN} {number}"));
                    assert!(stream.is_done(), "it answers: {stream:?}");
                }
            });
        }
        // All have been over their time before anything is measured.
        gateway.wait_for_log("ms of processor time in `push`", STREAMS);
        let waits = answers(&gateway, 200);
        stop.store(true, Ordering::Relaxed);
        waits
    });
    let (wait, spin) = (median(&waits), mean_push(&gateway));
    eprintln!("idle {idle:?}; {wait:?} while {STREAMS} streams wait {spin:?} for a call");
    assert!(wait * SHORTER < spin, "{wait:?} for an answer of the gateway, {spin:?} for one of the version");
    assert!(metric(&gateway, "quarry_guest_faults_total{call=\"push\",fault=\"too-slow\"}") >= STREAMS);
    let version = place.version(&unruly.digest).expect("it is known");
    assert!(version["service"]["faults"].as_u64().is_some_and(|faults| faults >= STREAMS as u64), "{version}");
    assert!(version["failing"].as_str().is_some_and(|reason| reason.contains("it failed")), "{version}");
    gateway.stop();
}

#[test]
fn it_is_put_away_whichever_call_spins() {
    // A stream has one of the latter two calls, so that one spins for longer: 120 million turns are near the 50 ms that a call has.
    for (how, call) in [("spin:120", "push"), ("prepare-spin:240", "prepare"), ("open-spin:240", "turn")] {
        let place = Place::new();
        let unruly = Guest::unruly(place.folder());
        let gateway = place.start();
        place.activate(&unruly);
        for number in 0..3 {
            let prompt = SPIN.replace("unruly:spin:120", &format!("unruly:{how}"));
            assert!(Stream::of(&gateway, MODEL, &format!("{prompt} {number}")).is_done());
        }
        place.wait_until("the version before serves", |status| status["serving"] != unruly.digest.as_str());
        assert_eq!(place.version(&unruly.digest).expect("it is known")["state"], "quarantined", "{how}");
        assert!(gateway.log().contains(&format!("ms of processor time in `{call}`")), "{how}: {}", gateway.log());
        gateway.stop();
    }
}

/// How long each of so many answers of `/healthz` took.
fn answers(gateway: &Gateway, times: usize) -> Vec<Duration> {
    let ask = || {
        let began = Instant::now();
        assert_eq!(get(gateway, "/healthz", &[]).status(), 200);
        began.elapsed()
    };
    (0..times).map(|_| ask()).collect()
}

/// How long the calls of the version took, on an average.
fn mean_push(gateway: &Gateway) -> Duration {
    let metrics = get(gateway, "/metrics", &[]).body;
    let value = |name: &str| {
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)).expect("it is there");
        line.trim().parse::<f64>().expect("a number")
    };
    let sum = value("quarry_guest_push_duration_seconds_sum");
    Duration::from_secs_f64(sum / value("quarry_guest_push_duration_seconds_count"))
}

fn median(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort_unstable();
    times[times.len() / 2]
}
