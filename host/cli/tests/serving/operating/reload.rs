//! The configuration is read again: on SIGHUP, and when its file has changed.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::client::{Answer, Client, ask, body, error_event, get, is_finished, text};
use crate::gateway::{Gateway, KEY, hash};
use crate::planted::plant;

const CHAT: &str = "/v1/chat/completions";
const OTHER_KEY: &str = "qk_another-key-that-opens-nothing-else";
const IN_FORCE: &str = "read again and is active";
const REFUSED: &str = "the previous one stays active";

/// A configuration with one key, and what else there is to say.
fn with_key(key: &str, key_members: &str, quarry: &str, more: &str) -> String {
    let hash = hash(key);
    format!(
        "{{ quarry: {{ retry: {{ attempts: 1 }}, keys: [{{ name: \"clients\", hash: \"{hash}\" {key_members} }}], {quarry} }}, {more} }}"
    )
}

/// Asks the model `name` with a key.
fn asked(gateway: &Gateway, key: &str, name: &str) -> Answer {
    ask(gateway, CHAT, &[("x-api-key", key)], &body(CHAT, name, "echo hello", false))
}

#[test]
fn a_new_configuration_is_at_work_for_new_requests_and_an_invalid_one_never() {
    let gateway = Gateway::start(&with_key(KEY, "", "", ""));
    assert_eq!(asked(&gateway, KEY, "sim.stop.end_turn").status(), 200);
    let mut stream = Client::open(&gateway);
    stream.post(CHAT, &[("x-api-key", KEY)], &body(CHAT, "sim.slow.40", "count to 60", true));
    assert_eq!(stream.head().status, 200);
    let first = stream.chunk().expect("it goes on").expect("it has begun");

    // Another key, which may use one model only, by an alias; a page's origin; smaller bodies.
    let alias = r#"agents: { defaults: { models: { "amazon-bedrock/sim.stop.end_turn": { alias: "short" } } } }"#;
    let restricted = with_key(
        OTHER_KEY,
        ", models: [\"sim.stop.*\"]",
        "cors: [\"https://page.example\"], limits: { bodyBytes: 1024, headerBytes: 8192 }",
        alias,
    );
    let origin = [("x-api-key", OTHER_KEY), ("origin", "https://page.example")];
    assert!(get(&gateway, "/healthz", &origin).head.header("access-control-allow-origin").is_none());
    fs::write(&gateway.configuration, &restricted).expect("it can be written");
    gateway.signal(Signal::HUP);
    gateway.wait_for_log(IN_FORCE, 1);
    assert_eq!(asked(&gateway, KEY, "sim.stop.end_turn").status(), 401, "its key is gone");
    let answer = asked(&gateway, OTHER_KEY, "short");
    assert_eq!((answer.status(), answer.body.contains("hello")), (200, true), "{answer:?}");
    assert_eq!(asked(&gateway, OTHER_KEY, "us.amazon.nova-lite-v1:0").status(), 403);
    let large = "x".repeat(2000);
    assert_eq!(ask(&gateway, CHAT, &origin[..1], &body(CHAT, "short", &large, false)).status(), 413);
    let head = get(&gateway, "/healthz", &origin).head;
    assert_eq!(head.header("access-control-allow-origin"), Some("https://page.example"));

    // The stream that was there before has its own, and is its own.
    let all = format!("{first}{}", stream.rest());
    assert!(is_finished(&all) && error_event(&all).is_none() && text(&all).contains("60"), "{all}");

    let invalid = [
        ("{ quarry: {\n  keepAliveSeconds: \"soon\" } }", ":2:21"),
        ("{ quarry: {\n  keys: [", ":2:"),
        ("{\n quarry: { limit: {} } }", ":2:12"),
    ];
    for (number, (text, position)) in (1..).zip(invalid) {
        fs::write(&gateway.configuration, text).expect("it can be written");
        gateway.signal(Signal::HUP);
        gateway.wait_for_log(REFUSED, number);
        assert!(gateway.log().contains(&format!("quarry.json5{position}")), "{position}: {}", gateway.log());
        assert_eq!(asked(&gateway, OTHER_KEY, "short").status(), 200, "{text}");
        assert_eq!(asked(&gateway, KEY, "short").status(), 401, "{text}");
    }
    gateway.stop();
}

#[test]
fn a_file_is_read_once_it_is_whole_however_it_is_written() {
    let gateway = Gateway::start(&with_key(KEY, "", "", ""));
    let path = gateway.configuration.clone();
    let status = |key: &str| asked(&gateway, key, "sim.stop.end_turn").status();
    let wait_for = |key: &str, expected: u16| {
        let began = Instant::now();
        while status(key) != expected {
            assert!(began.elapsed() < Duration::from_secs(60), "{}", gateway.log());
            thread::sleep(Duration::from_millis(50));
        }
    };
    // As editors do it.
    let beside = path.with_extension("new");
    fs::write(&beside, with_key(OTHER_KEY, "", "", "")).expect("it can be written");
    fs::rename(&beside, &path).expect("it can be renamed");
    wait_for(OTHER_KEY, 200);
    assert_eq!(status(KEY), 401);

    // Taken away, then written in three pieces with nothing in it at first.
    fs::remove_file(&path).expect("it is there");
    gateway.signal(Signal::HUP);
    gateway.wait_for_log(REFUSED, 1);
    assert_eq!(status(OTHER_KEY), 200, "the one before is at work");
    let text = with_key(KEY, "", "", "");
    for end in [0, text.len() / 3, text.len() / 2, text.len() * 2 / 3] {
        fs::write(&path, &text[..end]).expect("it can be written");
        thread::sleep(Duration::from_millis(250));
        assert_eq!((status(OTHER_KEY), status("")), (200, 401), "after {end} bytes");
    }
    fs::write(&path, &text).expect("it can be written");
    wait_for(KEY, 200);
    assert_eq!(status(OTHER_KEY), 401);
    let log = gateway.log();
    assert_eq!(log.matches(REFUSED).count(), 1, "a half of it was read: {log}");

    // The last key taken out closes the gateway; it does not open it.
    fs::write(&path, "{ quarry: { retry: { attempts: 1 } } }").expect("it can be written");
    wait_for(KEY, 401);
    assert_eq!(status(""), 401);
    gateway.wait_for_log("the gateway rejects every request", 1);
    gateway.stop();
}

#[test]
fn what_waits_for_a_restart_is_named() {
    const WAITING: &str = "takes effect after a restart: quarry.limits.connections, quarry.otlp.headers";
    let configuration = |connections: usize, vendor: &str, seconds: usize| {
        format!(
            "{{ quarry: {{
                listen: '127.0.0.1:11', limits: {{ connections: {connections}, headerSeconds: {seconds} }},
                otlp: {{ endpoint: 'http://127.0.0.1:1', headers: {{ 'x-vendor-key': '{vendor}' }} }},
            }} }}"
        )
    };
    // Where it listens, a flag says: the configuration does not count, and changing it changes nothing.
    let gateway = Gateway::start(&configuration(100, "oNe-VeNdOr-KeY", 60));
    plant("oNe-VeNdOr-KeY");
    plant("aNoThEr-VeNdOr-KeY");
    let changed = configuration(200, "aNoThEr-VeNdOr-KeY", 30).replace("127.0.0.1:11", "127.0.0.1:12");
    fs::write(&gateway.configuration, changed).expect("it can be written");
    gateway.wait_for_log(WAITING, 1);
    assert!(!gateway.log().contains("restart: quarry.listen"), "{}", gateway.log());
    // As it was at the start: nothing waits any more.
    fs::write(&gateway.configuration, configuration(100, "oNe-VeNdOr-KeY", 60)).expect("it can be written");
    gateway.wait_for_log(IN_FORCE, 2);
    assert_eq!(gateway.log().matches("after a restart").count(), 1, "{}", gateway.log());
    gateway.stop();
}
