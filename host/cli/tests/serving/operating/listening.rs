//! Where the gateway listens, and to whom it answers there.

use std::fs;
use std::net::TcpListener;

use super::client::{ENDPOINTS, ask, body, get};
use crate::gateway::{Gateway, KEY, fails_to_start, hash};

const MODEL: &str = "sim.stop.end_turn";

#[test]
fn it_does_not_listen_elsewhere_without_keys() {
    for address in ["0.0.0.0:0", "[::]:0"] {
        for (configuration, arguments) in
            [("{}", vec!["--listen", address]), (&*format!("{{ quarry: {{ listen: \"{address}\" }} }}"), vec![])]
        {
            let output = fails_to_start(configuration, &arguments);
            let told = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{address}: {told}");
            assert!(told.contains(&format!("refusing to listen on {address} without client keys")), "{told}");
            assert!(told.contains("quarry keys add NAME"), "{told}");
        }
    }
    let hash = hash(KEY);
    let keys = format!("{{ quarry: {{ keys: [{{ name: \"a\", hash: \"{hash}\" }}] }} }}");
    let gateway = Gateway::everywhere(&keys);
    assert_eq!(get(&gateway, "/v1/models", &[]).status(), 401);
    assert_eq!(get(&gateway, "/v1/models", &[("x-api-key", KEY)]).status(), 200);
    gateway.stop();
}

#[test]
fn a_port_that_is_taken_is_told() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("loopback can be bound");
    let address = taken.local_addr().expect("it is bound").to_string();
    let output = fails_to_start("{}", &["--listen", &address]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains(&format!("cannot listen on {address}: Address already in use")), "{told}");
}

#[test]
fn without_keys_it_answers_this_machine_alone() {
    let gateway = Gateway::start("{ quarry: { cors: [\"https://page.example\"] } }");
    for path in ENDPOINTS {
        let status = |headers: &[(&str, &str)]| {
            let answer = ask(&gateway, path, headers, &body(path, MODEL, "echo hello", true));
            if answer.status() != 200 {
                assert!(!answer.error().is_empty());
            }
            answer.status()
        };
        assert_eq!(status(&[]), 200);
        assert_eq!(status(&[("host", "localhost:8484")]), 200);
        assert_eq!(status(&[("origin", "http://localhost:3000")]), 200);
        assert_eq!(status(&[("origin", "https://page.example")]), 200);
        // A name that somebody pointed at 127.0.0.1 after the page was loaded.
        assert_eq!(status(&[("host", "rebound.example:8484")]), 403);
        assert_eq!(status(&[("host", "127.0.0.1.rebound.example")]), 403);
        assert_eq!(status(&[("origin", "https://evil.example")]), 403);
        assert_eq!(status(&[("origin", "null")]), 403);
        assert_eq!(status(&[("origin", "http://localhost.evil.example")]), 403);
        // A target with a host in it says more than the header does.
        let absolute = format!("http://rebound.example{path}");
        let answer = ask(&gateway, &absolute, &[], &body(path, MODEL, "echo hello", true));
        assert_eq!(answer.status(), 403, "{answer:?}");
    }
    for path in ["/v1/models", "/metrics"] {
        assert_eq!(get(&gateway, path, &[]).status(), 200);
        assert_eq!(get(&gateway, path, &[("host", "rebound.example")]).status(), 403, "{path}");
        assert_eq!(get(&gateway, path, &[("origin", "https://evil.example")]).status(), 403, "{path}");
    }
    gateway.stop();
}

#[test]
fn pages_may_do_what_the_configuration_says_and_nothing_else() {
    let gateway = Gateway::start("{ quarry: { cors: [\"https://page.example\"] } }");
    let preflight = |origin: &str| {
        let mut client = super::client::Client::open(&gateway);
        let asked = [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "authorization,content-type"),
        ];
        let head = client.request("OPTIONS", ENDPOINTS[0], &asked, 0);
        client.send(head.as_bytes()).expect("it reads");
        client.answer().head
    };
    let head = preflight("https://page.example");
    assert_eq!(head.header("access-control-allow-origin"), Some("https://page.example"), "{head:?}");
    let allowed = head.header("access-control-allow-headers").unwrap_or_default();
    assert!(allowed.contains("authorization"), "`*` does not stand for it: {head:?}");
    assert!(preflight("https://evil.example").header("access-control-allow-origin").is_none());
    // An answer that is an error can be read as well, or the page does not learn what is wrong.
    let origin = [("origin", "https://page.example")];
    let answer = ask(&gateway, ENDPOINTS[0], &origin, &serde_json::json!([]));
    assert_eq!(answer.status(), 400);
    assert_eq!(answer.head.header("access-control-allow-origin"), Some("https://page.example"));

    fs::write(&gateway.configuration, "{ }").expect("it can be written");
    gateway.signal(rustix::process::Signal::HUP);
    gateway.wait_for_log("was read again and is active", 1);
    let head = preflight("https://page.example");
    assert_eq!((head.status, head.header("access-control-allow-origin")), (405, None), "off: {head:?}");
    gateway.stop();
}
