//! How long, how large, how often and how much at once.

use std::thread;
use std::time::{Duration, Instant};

use super::at_once;
use super::client::{Client, ENDPOINTS, WHOLE, ask, body, error_event, get, is_finished};
use crate::gateway::{Gateway, KEY, hash};

const CHAT: &str = "/v1/chat/completions";
const MODEL: &str = "sim.stop.end_turn";

#[test]
fn an_answer_takes_no_longer_than_it_may() {
    let gateway = Gateway::start("{ quarry: { limits: { turnSeconds: 3 }, retry: { attempts: 1 } } }");
    let least = Duration::from_millis(2900);
    at_once(ENDPOINTS, |path| {
        let began = Instant::now();
        let open = |(model, stream)| {
            let mut client = Client::open(&gateway);
            client.post(path, &[], &body(path, model, "count to 5000", stream));
            (model, client)
        };
        let streams = [("sim.slow.20", true), ("sim.silence.after-5", true)].map(open);
        // No content comes, or it is not to come before the end, so nothing was sent.
        let mut unanswered = vec![open(("sim.silence.after-0", true))];
        if WHOLE.contains(&path) {
            unanswered.extend([("sim.slow.20", false), ("sim.silence.after-0", false)].map(open));
        }
        for (model, mut client) in streams {
            assert_eq!(client.head().status, 200, "{path} {model}");
            let all = client.rest();
            let took = began.elapsed();
            assert!(took > least, "{path} {model}: {took:?}");
            let error = error_event(&all).unwrap_or_else(|| panic!("{path} {model}: no error event in {all}"));
            assert!(error.contains("turnSeconds") && !is_finished(&all), "{path} {model}: {all}");
        }
        for (model, mut client) in unanswered {
            let answer = client.answer();
            let took = began.elapsed();
            assert!(took > least, "{path} {model}: {took:?}");
            assert_eq!(answer.status(), 504, "{path} {model}: {answer:?}");
            assert!(answer.error().contains("turnSeconds"), "{path} {model}: {answer:?}");
        }
    });
    gateway.stop();
}

#[test]
fn a_silent_model_is_given_up() {
    let gateway = Gateway::start("{ quarry: { limits: { idleSeconds: 0.4 }, retry: { attempts: 1 } } }");
    at_once(ENDPOINTS, |path| {
        let answer = ask(&gateway, path, &[], &body(path, "sim.silence.after-0", "hello", true));
        assert_eq!(answer.status(), 504, "{path}: {answer:?}");
        assert!(answer.error().contains("sent nothing"), "{path}: {answer:?}");
        let answer = ask(&gateway, path, &[], &body(path, "sim.silence.after-5", "count to 500", true));
        let error = error_event(&answer.body).unwrap_or_else(|| panic!("{path}: no error event in {answer:?}"));
        assert!(error.contains("sent nothing") && !is_finished(&answer.body), "{path}: {answer:?}");
    });
    gateway.stop();
}

#[test]
fn requests_that_come_too_slowly_are_not_waited_for() {
    let gateway = Gateway::start("{ quarry: { limits: { headerSeconds: 0.5, bodySeconds: 0.6 } } }");
    // A head, a byte at a time; and a connection that says nothing.
    for says in
        ["POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\nx-a: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", ""]
    {
        let mut client = Client::open(&gateway);
        let began = Instant::now();
        for byte in says.as_bytes() {
            if client.send(&[*byte]).is_err() {
                break;
            }
            thread::sleep(Duration::from_millis(15));
        }
        let end = client.try_head();
        let took = began.elapsed();
        assert!(end.as_ref().map_or(true, |head| head.status == 408), "{end:?}");
        assert!(took > Duration::from_millis(400), "{says:?}: {took:?}");
    }
    // So is one that is kept after an answer.
    let mut client = Client::open(&gateway);
    client.post(CHAT, &[], &body(CHAT, MODEL, "echo hello", false));
    assert_eq!(client.answer().status(), 200);
    assert!(client.try_head().is_err(), "it is closed");
    at_once(ENDPOINTS, |path| {
        let mut client = Client::open(&gateway);
        let head = client.request("POST", path, &[], 1000);
        client.send(head.as_bytes()).expect("it reads");
        for byte in "{\"model\": \"a\", \"and\": 1".bytes() {
            if client.send(&[byte]).is_err() {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        let answer = client.answer();
        assert_eq!(answer.status(), 408, "{path}: {answer:?}");
        assert!(answer.error().contains("0.6 s"), "{path}: {answer:?}");
    });
    gateway.stop();
}

#[test]
fn requests_that_are_too_large_are_told_so_in_the_endpoints_own_form() {
    let gateway = Gateway::start("{ quarry: { limits: { bodyBytes: 100000, headerBytes: 8192 } } }");
    let long = "x".repeat(9000);
    for path in ENDPOINTS.into_iter().chain(["/v1/messages/count_tokens"]) {
        let form = if path.ends_with("count_tokens") { "/v1/messages" } else { path };
        // As clients do it: all is sent, and only then is read. Told in advance, or in chunks.
        let large = body(form, MODEL, &"x".repeat(180_000), true);
        let answer = ask(&gateway, path, &[], &large);
        assert_eq!(answer.status(), 413, "{path}: {answer:?}");
        assert!(answer.error().contains("bodyBytes"), "{path}: {answer:?}");
        let mut client = Client::open(&gateway);
        let head =
            client.request("POST", path, &[("transfer-encoding", "chunked")], 0).replace("content-length: 0\r\n", "");
        let text = large.to_string();
        client.send(format!("{head}{:x}\r\n{text}\r\n0\r\n\r\n", text.len()).as_bytes()).expect("it reads");
        assert_eq!(client.answer().status(), 413, "{path} in chunks");

        let small = body(form, MODEL, "echo hello", true);
        let answer = ask(&gateway, path, &[("x-long", &long)], &small);
        assert_eq!(answer.status(), 431, "{path}: {answer:?}");
        assert!(answer.error().contains("headerBytes"), "{path}: {answer:?}");
        let within = ask(&gateway, path, &[("x-long", &long[..7000])], &small).status();
        assert_eq!(within, 200, "{path}");
    }
    // What hyper does not even read: the status alone, and no more.
    let mut client = Client::open(&gateway);
    let head = client.request("GET", "/v1/models", &[("x-long", &"x".repeat(200_000))], 0);
    // It may close before all of it was sent.
    let _ = client.send(head.as_bytes());
    assert!(client.try_head().map_or(true, |head| head.status == 431));
    gateway.stop();
}

#[test]
fn a_key_has_its_own_limits() {
    const MANY: &str = "qk_one-request-at-once";
    const OFTEN: &str = "qk_two-requests-a-minute";
    let keys = format!(
        r#"{{ quarry: {{ limits: {{ concurrency: 3 }}, keys: [
            {{ name: "many", hash: "{}", concurrency: 1 }},
            {{ name: "often", hash: "{}", requestsPerMinute: 2 }},
            {{ name: "all", hash: "{}", models: ["sim.*"] }} ] }} }}"#,
        hash(MANY),
        hash(OFTEN),
        hash(KEY)
    );
    let gateway = Gateway::start(&keys);
    for path in ENDPOINTS {
        let asked = |headers: &[(&str, &str)], model: &str| {
            ask(&gateway, path, headers, &body(path, model, "echo hello", true))
        };
        for headers in [
            &[][..],
            &[("x-api-key", "qk_unknown")],
            &[("authorization", "Bearer qk_unknown")],
            &[("authorization", "Basic a")],
        ] {
            let answer = asked(headers, MODEL);
            assert_eq!(answer.status(), 401, "{path} {headers:?}: {answer:?}");
            assert!(!answer.error().contains("qk_unknown"), "{answer:?}");
        }
        assert_eq!(asked(&[("authorization", &format!("Bearer {KEY}"))], MODEL).status(), 200, "{path}");
        let answer = asked(&[("x-api-key", KEY)], "us.amazon.nova-lite-v1:0");
        assert_eq!(answer.status(), 403, "{path}: {answer:?}");
        assert!(answer.error().contains("does not allow the model"), "{path}: {answer:?}");

        let mut open = Client::open(&gateway);
        open.post(path, &[("x-api-key", MANY)], &body(path, "sim.slow.20", "count to 5000", true));
        assert_eq!(open.head().status, 200);
        let answer = asked(&[("x-api-key", MANY)], MODEL);
        assert_eq!((answer.status(), answer.retry_after()), (429, Some(1)), "{path}: {answer:?}");
        assert!(answer.error().contains("limit of 1 concurrent requests"), "{path}: {answer:?}");
        drop(open);
        let left = Instant::now();
        while asked(&[("x-api-key", MANY)], MODEL).status() == 429 {
            assert!(left.elapsed() < Duration::from_secs(60), "{path}: its place is not given back");
        }
    }
    let often: Vec<_> =
        (0..3).map(|_| ask(&gateway, CHAT, &[("x-api-key", OFTEN)], &body(CHAT, MODEL, "hi", false))).collect();
    assert_eq!(often.iter().map(super::client::Answer::status).collect::<Vec<_>>(), [200, 200, 429]);
    assert!(often[2].retry_after().is_some_and(|after| (1..=30).contains(&after)), "{:?}", often[2]);
    assert!(often[2].error().contains("limit of 2 requests per minute; retry in "), "{:?}", often[2]);

    // The gateway's own limit, of all clients.
    let open: Vec<_> = (0..3)
        .map(|_| {
            let mut client = Client::open(&gateway);
            client.post(CHAT, &[("x-api-key", KEY)], &body(CHAT, "sim.slow.20", "count to 5000", true));
            assert_eq!(client.head().status, 200);
            client
        })
        .collect();
    for path in ENDPOINTS {
        let answer = ask(&gateway, path, &[("x-api-key", KEY)], &body(path, MODEL, "hi", true));
        let overloaded = if path == "/v1/messages" { 529 } else { 503 };
        assert_eq!((answer.status(), answer.retry_after()), (overloaded, Some(1)), "{path}: {answer:?}");
    }
    assert_eq!(get(&gateway, "/healthz", &[]).status(), 200);
    drop(open);
    gateway.stop();
}

#[test]
fn who_is_turned_away_with_much_in_hand_reads_why() {
    let gateway = Gateway::with_a_key();
    let large = "x".repeat(8 << 20);
    for path in ENDPOINTS {
        let answer = ask(&gateway, path, &[("x-api-key", "wrong")], &body(path, MODEL, &large, true));
        assert_eq!(answer.status(), 401, "{path}: {answer:?}");
    }
    gateway.stop();
}

/// Clients of one key that send large bodies and never end them.
#[test]
fn unfinished_bodies_of_one_key_leave_room_for_others() {
    const LARGEST: usize = 1 << 20;
    let other = "qk_the-key-of-somebody-else";
    let keys = format!("[{{ name: 'a', hash: '{}' }}, {{ name: 'b', hash: '{}' }}]", hash(KEY), hash(other));
    let gateway = Gateway::start(&format!("{{ quarry: {{ limits: {{ bodyBytes: {LARGEST} }}, keys: {keys} }} }}"));
    let (mine, theirs) = (format!("Bearer {KEY}"), format!("Bearer {other}"));
    // Four fit: of five, whichever comes last is refused.
    let mut unfinished: Vec<_> = (0..5)
        .map(|_| {
            let mut client = Client::open(&gateway);
            let head = client.request("POST", CHAT, &[("authorization", &mine)], LARGEST);
            client.send(head.as_bytes()).expect("it reads");
            client.send(&vec![b' '; LARGEST - 1]).expect("it reads");
            client.socket().set_nonblocking(true).expect("it can be");
            client
        })
        .collect();
    let began = Instant::now();
    let answered = |client: &Client| client.socket().peek(&mut [0]).is_ok();
    let at = loop {
        if let Some(at) = unfinished.iter().position(answered) {
            break at;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "none is refused");
        thread::sleep(Duration::from_millis(10));
    };
    let mut refused = unfinished.swap_remove(at);
    refused.socket().set_nonblocking(false).expect("it can be");
    let refused = refused.answer();
    assert!(refused.status() == 503 && refused.retry_after().is_some(), "{refused:?}");
    assert!(refused.error().contains("the memory for request bodies is in use"), "{refused:?}");
    let small = body(CHAT, MODEL, "echo hello", false);
    assert_eq!(ask(&gateway, CHAT, &[("authorization", &theirs)], &small).status(), 200, "there is room for others");
    drop(unfinished);
    let began = Instant::now();
    while ask(&gateway, CHAT, &[("authorization", &mine)], &small).status() != 200 {
        assert!(began.elapsed() < Duration::from_secs(60), "the room is not given back");
    }
    gateway.stop();
}
