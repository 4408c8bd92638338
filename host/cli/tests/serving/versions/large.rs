//! Providers that ask the host to make more of a request than the request holds.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::guests::Guest;
use super::place::Place;
use crate::fake::{Fake, answer, manifest_of, ok};
use crate::gateway::Gateway;
use crate::operating::client::{Answer, ask, get};
use crate::operating::process::{forget_peak, peak, resident};

/// Memory that any of them may cost, in KiB: one instance's and what one call gives back, beside the request itself.
const MOST: usize = 64 << 10;

/// Misdeeds in `prepare`, and what the log says of each.
const MISDEEDS: [(&str, &str); 4] = [
    ("prepare-blobs:2", "it refers to blob 0 more than once"),
    ("prepare-blobs:1500", "it refers to blob 0 more than once"),
    ("prepare-blobs:1500000", "too much data is being copied between the host and the guest"),
    ("prepare-json:8", "too much data is being copied between the host and the guest"),
];

#[test]
fn no_answer_of_prepare_makes_the_host_build_more_than_the_request_accounts_for() {
    for (how, words) in MISDEEDS {
        let place = Place::new();
        let unruly = Guest::unruly(place.folder());
        let gateway = place.start();
        place.activate(&unruly);
        assert_eq!(asked(&gateway, "echo hello").status(), 200);
        let before = resident(&gateway);
        forget_peak(&gateway);
        // The version before answers in its place.
        for number in 0..2 {
            let answer = asked(&gateway, &format!("echo unruly:{how} {number}"));
            assert_eq!(answer.status(), 200, "{how}: {answer:?}");
        }
        gateway.wait_for_log(words, 2);
        let grown = peak(&gateway).saturating_sub(before);
        eprintln!("{how}: {grown} KiB");
        assert!(grown < MOST, "{how}: {grown} KiB more at the peak");
        assert_eq!(get(&gateway, "/healthz", &[]).status(), 200, "{how}");
        // It failed on two inputs within its first, so it is quarantined.
        place.wait_until("the version before serves", |status| status["versions"][0]["source"] == "(embedded)");
        gateway.stop();
    }
}

#[test]
fn no_registry_makes_the_host_keep_more_than_a_component_may_have() {
    let endless = |head: &str| {
        let pieces = "{\"errors\":[]}".repeat(64 << 20 >> 4);
        match head {
            head if head.contains("/token") => ok(pieces.as_bytes()),
            head if head.contains("/a/") => ok(pieces.as_bytes()),
            head if head.contains("/b/manifests/") => ok(manifest_of(b"a component").to_string().as_bytes()),
            head if head.contains("/b/") => ok(pieces.as_bytes()),
            head if head.contains("/c/") => answer("500 Internal Server Error", "", pieces.as_bytes()),
            _ => answer("401 Unauthorized", "WWW-Authenticate: Bearer realm=\"/token\"\r\n", pieces.as_bytes()),
        }
    };
    let registry = Fake::start(endless);
    let place = Place::new();
    let gateway = place.start();
    for name in ["a", "b", "c", "d"] {
        let before = resident(&gateway);
        forget_peak(&gateway);
        let source = format!("oci://{}/{name}:v1", registry.host);
        let error = place.admin().activate(&source).expect_err("it is no component").to_string();
        let grown = peak(&gateway).saturating_sub(before);
        eprintln!("{name}: {grown} KiB: {error}");
        assert!(grown < MOST, "{name}: {grown} KiB more at the peak");
        assert_eq!(get(&gateway, "/healthz", &[]).status(), 200, "{name}");
    }
    gateway.stop();
}

/// A request with an attachment of a megabyte.
fn asked(gateway: &Gateway, prompt: &str) -> Answer {
    let image = format!("data:image/png;base64,{}", STANDARD.encode(vec![7; 1_000_000]));
    let content = json!([{"type": "image_url", "image_url": {"url": image}}, {"type": "text", "text": prompt}]);
    let body: Value = json!({"model": "sim.stop.end_turn", "messages": [{"role": "user", "content": content}]});
    ask(gateway, "/v1/chat/completions", &[], &body)
}
