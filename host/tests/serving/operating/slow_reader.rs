//! Clients that read slowly, or nothing: they hold bounded memory, nobody else notices, and in the end they are let go.

use std::io::Read as _;
use std::thread;
use std::time::{Duration, Instant};

use super::client::{Client, ENDPOINTS, ask, body, is_finished};
use super::upstream::Upstream;
use crate::gateway::Gateway;

const CHAT: &str = "/v1/chat/completions";
/// Not a fault: it speaks as fast as it can, for as long as it is asked to.
const MODEL: &str = "us.anthropic.claude-sonnet-4-6";
const READERS: usize = 50;
const STALL: Duration = Duration::from_secs(3);

/// The memory of the gateway that is in use, in KiB.
pub(super) fn resident(gateway: &Gateway) -> usize {
    let path = format!("/proc/{}/status", gateway.pid().as_raw_nonzero());
    let status = std::fs::read_to_string(path).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("the kernel says it");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[test]
fn slow_readers_hold_bounded_memory_and_are_let_go() {
    let upstream = Upstream::start();
    let quarry = format!("quarry: {{ limits: {{ stallSeconds: {} }} }}", STALL.as_secs());
    let gateway = Gateway::behind(&upstream.configuration(&quarry));
    // What an answer is when somebody reads it, and what it takes once: the rest is counted from there.
    let whole = ask(&gateway, CHAT, &[], &body(CHAT, MODEL, "count to 50000", true));
    assert!(is_finished(&whole.body));
    let length = whole.body.len();
    assert!(length > 5 << 20, "{length} bytes do not fill what the system buffers");
    let before = resident(&gateway);
    let began = Instant::now();
    let readers: Vec<_> = (0..READERS)
        .map(|number| {
            let path = ENDPOINTS[number % ENDPOINTS.len()];
            let mut client = Client::open(&gateway);
            client.post(path, &[], &body(path, MODEL, "count to 50000", true));
            client
        })
        .collect();
    upstream.wait_for(MODEL, READERS + 1);
    let mut most = 0;
    let mut trickle = [0; 100];
    while began.elapsed() < STALL {
        // Every other one reads a trickle.
        for client in readers.iter().step_by(2) {
            let _ = client.socket().read(&mut trickle);
        }
        most = most.max(resident(&gateway));
        thread::sleep(Duration::from_millis(50));
    }
    let each = most.saturating_sub(before) / READERS;
    println!("{each} KiB a slow reader; an answer is {} KiB", length >> 10);
    assert!(each < 500, "{each} KiB a slow reader of an answer of {} KiB", length >> 10);
    let asked = Instant::now();
    let answer = ask(&gateway, CHAT, &[], &body(CHAT, MODEL, "echo hello", true));
    assert!(is_finished(&answer.body) && asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());

    while super::in_flight(&gateway) > 0 {
        assert!(began.elapsed() < STALL * 6, "{} are still under way", super::in_flight(&gateway));
        thread::sleep(Duration::from_millis(50));
    }
    // They find an answer that breaks off: it has no end, so nobody takes it for one.
    for mut client in readers.into_iter().take(4) {
        let mut all = Vec::new();
        let _ = client.stream_mut().read_to_end(&mut all);
        assert!(!is_finished(&String::from_utf8_lossy(&all)) && !all.ends_with(b"0\r\n\r\n"));
    }
    gateway.stop();
}
