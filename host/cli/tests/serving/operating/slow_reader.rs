//! Clients that read slowly, or nothing: they hold bounded memory, nobody else notices, and in the end they are let go.

use std::io::Read as _;
use std::thread;
use std::time::{Duration, Instant};

use super::client::{Client, ENDPOINTS, ask, body, is_finished};
use super::process::{resident, ticks};
use super::upstream::{Play, Upstream};
use crate::gateway::Gateway;

const CHAT: &str = "/v1/chat/completions";
/// It speaks as fast as it can and does not end.
const MODEL: &str = "us.anthropic.claude-sonnet-4-6";
const READERS: usize = 50;

/// Every other one reads a little.
fn trickle(readers: &[Client]) {
    let mut little = [0; 100];
    for client in readers.iter().step_by(2) {
        let _ = client.socket().read(&mut little);
    }
}

/// Clients that ask for an answer without an end and do not read it.
fn readers(gateway: &Gateway, upstream: &Upstream, many: usize) -> Vec<Client> {
    let before = upstream.seen(MODEL).len();
    upstream.plays(MODEL, vec![Play::Endless; many]);
    let ask = |number: usize| {
        let path = ENDPOINTS[number % ENDPOINTS.len()];
        let mut client = Client::open(gateway);
        client.post(path, &[], &body(path, MODEL, "talk", true));
        client
    };
    let readers = (0..many).map(ask).collect();
    upstream.wait_for(MODEL, before + many);
    readers
}

#[test]
fn slow_readers_hold_bounded_memory_and_nobody_else_waits() {
    let upstream = Upstream::start();
    let gateway = Gateway::behind(&upstream.configuration("quarry: {}"));
    // What is taken once is taken now.
    assert!(is_finished(&ask(&gateway, CHAT, &[], &body(CHAT, MODEL, "count to 500", true)).body));
    let before = resident(&gateway);
    let readers = readers(&gateway, &upstream, READERS);
    // They fill what the system buffers first; then everybody waits for them, and nothing is done any more.
    let began = Instant::now();
    let mut most = 0;
    let mut used = ticks(&gateway);
    loop {
        trickle(&readers);
        thread::sleep(Duration::from_millis(300));
        most = most.max(resident(&gateway));
        let earlier = std::mem::replace(&mut used, ticks(&gateway));
        if used - earlier < 3 {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "it is busy with clients that read nothing");
    }
    let each = most.saturating_sub(before) / READERS;
    println!("{each} KiB a slow reader");
    // Three reads of the upstream's (one that is decoded piece by piece, one that waits, one that is filled), each as large as hyper
    // makes it for a plain connection that is always full (408 KiB at most; TLS reads 16 KiB), one batch and one write of the client's,
    // and half as much again for what the allocator keeps. Nothing grows any more however much the model says.
    assert!(each < 2500, "{each} KiB a slow reader");
    let answer = ask(&gateway, CHAT, &[], &body(CHAT, MODEL, "echo hello", true));
    assert!(is_finished(&answer.body), "{answer:?}");
    assert!(super::in_flight(&gateway) >= READERS, "they are waited for meanwhile: {}", gateway.log());
    drop(readers);
    gateway.stop();
}

#[test]
fn who_reads_nothing_for_too_long_is_let_go() {
    let upstream = Upstream::start();
    let gateway = Gateway::behind(&upstream.configuration("quarry: { limits: { stallSeconds: 1 } }"));
    let began = Instant::now();
    let readers = readers(&gateway, &upstream, ENDPOINTS.len());
    while super::in_flight(&gateway) > 0 {
        assert!(began.elapsed() < Duration::from_secs(60), "{} are still under way", super::in_flight(&gateway));
        thread::sleep(Duration::from_millis(50));
    }
    assert!(began.elapsed() >= Duration::from_secs(1));
    let closed = Instant::now();
    while upstream.seen(MODEL).iter().any(|seen| seen.closed.is_none()) {
        assert!(closed.elapsed() < Duration::from_secs(60), "the model is still asked");
        thread::sleep(Duration::from_millis(10));
    }
    // They find an answer that breaks off: it has no end, so nobody takes it for one.
    for mut client in readers {
        let mut all = Vec::new();
        let _ = client.stream_mut().read_to_end(&mut all);
        assert!(!is_finished(&String::from_utf8_lossy(&all)) && !all.ends_with(b"0\r\n\r\n"));
    }
    gateway.stop();
}
