//! A running gateway goes from one version of the contract to the other and back, with streams under way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use quarry_embedded::embedded_digest;
use quarry_gateway::{VersionStatus, Wanted};
use quarry_provider_host::{Digest, Host, Limits};
use quarry_tests::next_contract::{VERSION, component as next, with_version};
use quarry_versions::Step;

use crate::running::{Running, stream};
use crate::{TODAY, host};

const PROMPT: &str = "echo one two three four five six seven eight nine ten";

/// Streams at once, and how often the version is changed meanwhile.
const STREAMS: usize = 8;
const SWAPS: usize = 20;

#[tokio::test(flavor = "multi_thread")]
async fn streams_of_both_versions_end_where_they_began() {
    let running = Running::start(host()).await;
    let (today, next_digest) = (embedded_digest(), Digest::of(next()));
    let undisturbed = on_a_thread(&running, "sim.slow.20").await.expect("it reads");
    let activated = running.activate(next()).await.expect("it passes");
    assert_eq!((activated.digest, activated.unchanged), (next_digest, false));
    let taken = |step| activated.steps.iter().find(|taken| taken.step == step).and_then(|taken| taken.detail.clone());
    assert_eq!(taken(Step::Contract).as_deref(), Some("quarry:provider@9.0.0"));
    assert!(taken(Step::Checks).is_some_and(|rules| rules.ends_with(" rules")), "{activated:?}");
    assert!(taken(Step::Cases).is_some_and(|cases| cases != "no cases of its own"), "{activated:?}");

    // It passes the cases now, so that going back to it takes no time.
    running.versions.verify(Wanted::Embedded, "a test").await.expect("it passes");

    // A stream that began on one version ends on it, while the other serves; both ways.
    for (old, new) in [(next_digest, today), (today, next_digest)] {
        let slow = on_a_thread(&running, "sim.slow.200");
        running.wait_for_requests(old, 1).await;
        running.activate_known(new).await;
        assert!(running.retires(old).await, "it has a request: {:?}", running.version(old).await);
        assert_eq!(on_a_thread(&running, "sim.slow.20").await.expect("it reads"), undisturbed);
        assert_eq!(slow.await.expect("it reads to its end"), undisturbed);
    }

    let swapping = Arc::new(AtomicBool::new(true));
    let readers: Vec<_> = (0..STREAMS)
        .map(|_| {
            let (swapping, address) = (Arc::clone(&swapping), running.address());
            tokio::task::spawn_blocking(move || {
                let mut streams = Vec::new();
                while swapping.load(Ordering::Relaxed) {
                    streams.push(stream(address, "sim.slow.20", PROMPT));
                }
                streams
            })
        })
        .collect();
    for number in 0..SWAPS {
        running.activate_known(if number % 2 == 0 { today } else { next_digest }).await;
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    swapping.store(false, Ordering::Relaxed);
    let mut streams = Vec::new();
    for reader in readers {
        streams.extend(reader.await.expect("it reads"));
    }
    assert!(streams.len() >= STREAMS, "{} streams", streams.len());
    for stream in &streams {
        assert_eq!(*stream, undisturbed);
    }
    let faults = |version: VersionStatus| version.service.map_or(0, |service| service.faults);
    let served = [faults(running.version(today).await), faults(running.version(next_digest).await)];
    assert_eq!(served, [0, 0]);

    // Back by itself, as an operator does it.
    let before = running.versions.roll_back("a test").await.expect("one served before");
    assert_eq!(before.digest, today);
    assert_eq!(running.stream("sim.slow.20", PROMPT), undisturbed);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gate_names_what_it_does_not_serve_and_what_it_does() {
    let told = |host| async {
        let running = Running::start(host).await;
        let later = with_version(next(), VERSION, "8.0.0");
        let refusals = [running.activate(&later).await, running.activate(next()).await];
        refusals.map(|refusal| refusal.err().map(|error| error.to_string()))
    };
    let of_both = told(host()).await;
    assert_eq!(
        of_both,
        [
            Some(format!(
                "refused at `contract`: it exports quarry:provider@8.0.0; this host supports {VERSION} and {TODAY}"
            )),
            None
        ]
    );
    let of_one = told(Arc::new(Host::new(Limits::default()).expect("an engine"))).await;
    assert_eq!(
        of_one,
        ["8.0.0", VERSION].map(|version| Some(format!(
            "refused at `contract`: it exports quarry:provider@{version}; this host supports {TODAY}"
        )))
    );
}

/// Reads a stream on a thread of its own.
fn on_a_thread(running: &Running, model: &'static str) -> tokio::task::JoinHandle<String> {
    let address = running.address();
    tokio::task::spawn_blocking(move || stream(address, model, PROMPT))
}
