//! A model that is silent: the client hears from the gateway all the same, and a failure then is an event.

use std::time::{Duration, Instant};

use super::at_once;
use super::client::{Client, ENDPOINTS, body, error_event, is_finished, text};
use super::upstream::{Play, Upstream};
use crate::gateway::Gateway;

/// What says that somebody is there, in each format.
fn is_sign_of_life(chunk: &str) -> bool {
    chunk.starts_with(": ") || chunk.starts_with("event: ping\n")
}

#[test]
fn silence_is_filled_and_a_failure_after_it_is_an_event() {
    let upstream = Upstream::start();
    let quarry = "quarry: { keepAliveSeconds: 0.3, retry: { attempts: 1 }, limits: { idleSeconds: 60 } }";
    let gateway = Gateway::behind(&upstream.configuration(quarry));
    at_once(ENDPOINTS, |path| {
        // The simulator plays it for any number, and a number tells requests apart.
        let model = format!("sim.slow.{}", path.len());
        let (after, name) = (Duration::from_secs(4), "AccessDeniedException");
        upstream.plays(&model, [Play::Error { after, status: 403, name, headers: "" }]);
        let began = Instant::now();
        let mut client = Client::open(&gateway);
        client.post(path, &[], &body(path, &model, "hello", true));
        let head = client.head();
        let waited = began.elapsed();
        assert_eq!(
            (head.status, head.header("content-type").is_some_and(|kind| kind.starts_with("text/event-stream"))),
            (200, true),
            "{path}: {head:?}"
        );
        assert!(waited >= Duration::from_millis(300) && waited < after, "{path}: headers after {waited:?}");
        let mut signs = 0;
        let last = loop {
            let chunk = client.chunk().expect("it goes on").expect("it has not ended");
            if !is_sign_of_life(&chunk) {
                break chunk;
            }
            signs += 1;
        };
        assert!(signs >= 2, "{path}: {signs} signs of life in {after:?}");
        let all = format!("{last}{}", client.rest());
        let error = error_event(&all).unwrap_or_else(|| panic!("{path}: no error event in {all}"));
        assert!(error.contains(name) && !is_finished(&all), "{path}: {all}");
    });

    // In the middle of an answer too; and an answer after a silence is an answer.
    at_once(ENDPOINTS, |path| {
        let mut client = Client::open(&gateway);
        client.post(path, &[], &body(path, "sim.silence.after-4", "echo a b c d e f g h", true));
        assert_eq!(client.head().status, 200);
        let mut signs = 0;
        while signs < 2 {
            signs += usize::from(is_sign_of_life(&client.chunk().expect("it goes on").expect("it has not ended")));
        }
        let mut client = Client::open(&gateway);
        client.post(path, &[], &body(path, "sim.slow.500", "echo hello", true));
        assert_eq!(client.head().status, 200);
        let all = client.rest();
        assert!(text(&all) == "hello" && is_finished(&all), "{path}: {all}");
    });
    gateway.stop();
}
