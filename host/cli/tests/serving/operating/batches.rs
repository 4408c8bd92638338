//! What is ready is taken at once: one call of the provider and one write for many events, though each comes as an HTTP chunk.

use super::client::{Client, ENDPOINTS, body, is_finished, text};
use super::upstream::{Play, Upstream};
use crate::gateway::Gateway;

const MODEL: &str = "us.anthropic.claude-sonnet-4-6";
const EVENTS: usize = 64_000;

/// Most chunks of the answer: the client's side of the writes. How many reads the events take is up to the kernel and to whoever else
/// has the processors, so this only tells batches from single events; the bench counts system calls on a quiet machine.
const MOST: usize = EVENTS / 8;

#[test]
fn many_events_are_one_write() {
    let upstream = Upstream::start();
    let gateway = Gateway::behind(&upstream.configuration("quarry: {}"));
    for path in ENDPOINTS {
        upstream.plays(MODEL, [Play::Chunks { events: EVENTS }]);
        let mut client = Client::open(&gateway);
        client.post(path, &[], &body(path, MODEL, "talk", true));
        assert_eq!(client.head().status, 200, "{path}");
        let (mut all, mut chunks) = (String::new(), 0);
        while let Some(chunk) = client.chunk().expect("it goes on") {
            all.push_str(&chunk);
            chunks += 1;
        }
        eprintln!("{path}: {chunks} chunks for {EVENTS} events");
        assert!(is_finished(&all), "{path}");
        assert_eq!(text(&all).len(), 8 * EVENTS, "{path}");
        assert!(chunks <= MOST, "{path}: {chunks} chunks for {EVENTS} events");
    }
    gateway.stop();
}
