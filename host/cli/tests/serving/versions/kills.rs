//! A gateway that is killed while versions are activated starts again, on a version that passed.

use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use super::guests::Guest;
use super::place::Place;
use super::streams::Stream;

/// How often it is killed. The hundred take minutes where nothing is optimised.
const KILLS: u64 = if cfg!(debug_assertions) { 8 } else { 100 };

/// The longest life, in milliseconds: some dozen activations, and the cases of one that does not pass.
const LIFE: u64 = 400;

/// The same moments in each run, as far as a machine lets them be.
const SEED: u64 = 20_260_415;

#[test]
fn it_starts_again_on_a_version_that_passed() {
    let place = Place::new();
    let unruly = Guest::unruly(place.folder());
    let wrong = Guest::always(place.folder(), "wrong-text");
    let gateway = place.start();
    let embedded = place.serving();
    // Both passed before, so what follows takes milliseconds.
    place.provider(&["verify", "embedded"]).well();
    place.activate(&unruly);
    place.provider(&["activate", wrong.file.to_str().expect("a plain path")]).refused(&["refused at `checks`"]);
    let passed = [embedded.clone(), unruly.digest.clone()];
    let mut dice = fastrand::Rng::with_seed(SEED);
    let mut gateway = Some(gateway);
    let (mut activations, mut seen) = (0, Vec::new());
    for number in 0..KILLS {
        let running = gateway.take().unwrap_or_else(|| place.start());
        let serving = place.serving();
        assert!(passed.contains(&serving), "{number}: {serving} serves after a kill");
        seen.push(serving);
        assert!(Stream::of(&running, "sim.stop.end_turn", "echo a").is_done(), "{number}");
        let life = Duration::from_millis(dice.u64(0..LIFE));
        activations += thread::scope(|scope| {
            let activating = scope.spawn(|| {
                let admin = place.admin();
                let mut done = 0;
                let mut dice = fastrand::Rng::with_seed(SEED + number);
                // Until it is killed: the connection breaks then.
                loop {
                    // The cases of the one that does not pass take the rest of a life.
                    let answered = match dice.u8(0..12) {
                        0..5 => admin.activate(&embedded),
                        5..10 => admin.activate(&unruly.digest),
                        10 => admin.activate_component(&unruly),
                        _ => admin.activate_component(&wrong),
                    };
                    match answered {
                        Ok(_) => done += 1,
                        Err(quarry_gateway::admin::client::ClientError::Refused(_)) => {}
                        Err(_) => break,
                    }
                }
                done
            });
            thread::sleep(life);
            running.signal(Signal::KILL);
            activating.join().expect("it asks until nobody answers")
        });
    }
    let running = place.start();
    assert!(passed.contains(&place.serving()));
    eprintln!("{KILLS} kills within at most {LIFE} ms, among {activations} activations and more that were refused");
    assert!(activations > 0, "it was killed before it did anything, each time");
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), passed.len(), "both versions came back at some time: {seen:?}");
    running.stop();
}
