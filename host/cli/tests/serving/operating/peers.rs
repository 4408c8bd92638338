//! Whoever stands behind the gateway and says more than anybody asked for: it costs an error and no memory.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::thread;

use super::client::{Answer, ENDPOINTS, WHOLE, ask, body, error_event, get, is_finished};
use super::process::{forget_peak, peak, resident};
use super::upstream::{Play, Upstream};
use crate::gateway::Gateway;
use crate::redis::hostile_redis;

/// Memory that any of them may cost at its worst moment, in KiB.
const MOST: usize = 64 << 10;

/// A head of HTTP whose body has no end.
const JSON: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n";

/// Listens, and answers each request with a head and then with the same piece for as long as somebody listens.
fn pouring(head: &'static str, piece: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback can be bound");
    let address = listener.local_addr().expect("it is bound");
    // It lives as long as the test program.
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || {
                let mut lines = BufReader::new(&stream).lines();
                while lines.next().and_then(Result::ok).is_some_and(|line| !line.is_empty()) {}
                let some = piece.repeat(64 << 10);
                let mut to = &stream;
                let mut sent = to.write_all(head.as_bytes());
                while sent.is_ok() {
                    sent = to.write_all(some.as_bytes());
                }
            });
        }
    });
    address
}

/// What it costs the gateway to be asked, in KiB at the worst moment; and that it is well afterwards.
#[track_caller]
fn cost(gateway: &Gateway, what: &str, asked: impl FnOnce() -> Answer) -> Answer {
    assert_eq!(get(gateway, "/healthz", &[]).status(), 200, "{what}");
    let before = resident(gateway);
    forget_peak(gateway);
    let answer = asked();
    let grown = peak(gateway).saturating_sub(before);
    eprintln!("{what}: {grown} KiB");
    assert!(grown < MOST, "{what}: {grown} KiB more at the peak");
    assert_eq!(get(gateway, "/healthz", &[]).status(), 200, "{what}");
    answer
}

#[test]
fn an_error_without_end_is_an_error() {
    let upstream = Upstream::start();
    let gateway = Gateway::behind(&upstream.configuration("quarry: { retry: { attempts: 1 } }"));
    for path in ENDPOINTS {
        for status in [500, 429, 400] {
            upstream.plays("m", [Play::EndlessError { status }]);
            let answer = cost(&gateway, &format!("{path} {status}"), || {
                ask(&gateway, path, &[], &body(path, "m", "hello", false))
            });
            assert!((400..600).contains(&answer.status()), "{path} {status}: {answer:?}");
            assert!(!answer.error().is_empty());
        }
    }
    gateway.stop();
}

#[test]
fn an_answer_without_end_is_ended_in_the_endpoints_own_form() {
    let upstream = Upstream::start();
    let gateway = Gateway::behind(&upstream.configuration("quarry: { retry: { attempts: 1 } }"));
    for path in ENDPOINTS {
        if WHOLE.contains(&path) {
            upstream.plays("m", [Play::Endless]);
            let whole = || ask(&gateway, path, &[], &body(path, "m", "hello", false));
            let answer = cost(&gateway, &format!("{path} whole"), whole);
            assert_eq!(answer.status(), 502, "{path}: {answer:?}");
            assert!(answer.error().contains("larger than 8 MiB"), "{path}: {answer:?}");
        }
        upstream.plays("m", [Play::Endless]);
        let streamed = || ask(&gateway, path, &[], &body(path, "m", "hello", true));
        let answer = cost(&gateway, &format!("{path} streamed"), streamed);
        let error = error_event(&answer.body).unwrap_or_else(|| panic!("{path}: no error event"));
        assert!(error.contains("larger than 8 MiB") && !is_finished(&answer.body), "{path}: {error}");
    }
    gateway.stop();
}

#[test]
fn an_answer_as_large_as_one_may_be_costs_no_more() {
    let upstream = Upstream::start();
    let gateway = Gateway::behind(&upstream.configuration("quarry: { retry: { attempts: 1 } }"));
    for path in ENDPOINTS {
        for stream in [false, true] {
            if !stream && !WHOLE.contains(&path) {
                continue;
            }
            upstream.plays("m", [Play::Large]);
            let asked = || ask(&gateway, path, &[], &body(path, "m", "hello", stream));
            let answer = cost(&gateway, &format!("{path} large, stream {stream}"), asked);
            assert_eq!(answer.status(), 200, "{path}");
            assert!(answer.body.len() > 7 << 20, "{path}: {} bytes", answer.body.len());
        }
    }
    assert!(!gateway.log().contains("of processor time"), "the provider takes its time: {}", gateway.log());
    gateway.stop();
}

#[test]
fn credentials_without_end_are_none() {
    let endpoint = pouring(JSON, r#"{"AccessKeyId":"a"},"#);
    let upstream = Upstream::start();
    for name in ["AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_EC2_METADATA_SERVICE_ENDPOINT"] {
        let configuration = upstream.configuration("quarry: { retry: { attempts: 1 } }");
        let gateway = Gateway::before(&configuration, |command| {
            command.env(name, format!("http://{endpoint}")).env_remove("AWS_EC2_METADATA_DISABLED");
        });
        let asked = || ask(&gateway, "/v1/messages", &[], &body("/v1/messages", "m", "hello", false));
        let answer = cost(&gateway, name, asked);
        // A metadata service that gives none is taken for none.
        let told = if name.contains("CONTAINER") { "65536 bytes" } else { "No AWS credentials were found" };
        assert!(answer.status() >= 500 && answer.error().contains(told), "{name}: {answer:?}");
        gateway.stop();
    }
}

#[test]
fn a_cache_that_says_more_than_it_was_asked_for_is_left_alone() {
    let url = format!("redis://{}", hostile_redis());
    let control = pouring(JSON, r#"{"modelSummaries":[]},"#);
    let gateway = Gateway::before(&format!("{{ quarry: {{ cache: {{ url: '{url}' }} }} }}"), |command| {
        command.env("AWS_ENDPOINT_URL_BEDROCK", format!("http://{control}"));
        command.env("AWS_ACCESS_KEY_ID", "AKIDTEST").env("AWS_SECRET_ACCESS_KEY", "not-a-secret");
    });
    // Nor is a listing without end one.
    cost(&gateway, "cache and control plane", || get(&gateway, "/v1/models", &[]));
    gateway.wait_for_log("the shared cache of listings is not reachable", 1);
    gateway.stop();
}
