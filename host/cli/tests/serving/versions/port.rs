//! The admin listener on a port: only who has the token is let in, and no page of another origin.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use super::place::Place;
use crate::gateway::Gateway;

const TOKEN: &str = "a-token-of-this-test-that-opens-nothing-else";

/// Where it listens, by its own words.
fn address(gateway: &Gateway) -> String {
    gateway.wait_for_log("administration: http://", 1);
    let log = gateway.log();
    let line = log.lines().find_map(|line| line.split_once("administration: http://")).expect("it was waited for");
    line.1.trim().to_owned()
}

/// The status of an answer.
fn ask(address: &str, method: &str, path: &str, headers: &[(&str, &str)]) -> (u16, String) {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout can be set");
    let mut head = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\ncontent-length: 0\r\n");
    if headers.iter().all(|(name, _)| *name != "host") {
        head.push_str(&format!("host: {address}\r\n"));
    }
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(format!("{head}\r\n").as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.unwrap_or_else(|| panic!("no status: {answer:?}")), answer)
}

#[test]
fn a_port_opens_to_its_token_alone() {
    let place = Place::new();
    let gateway = Gateway::start_with("{}", |command| {
        place.tell(command);
        command.env("QUARRY_ADMIN_TOKEN", TOKEN).args(["--admin", "http://127.0.0.1:0"]);
    });
    let address = address(&gateway);
    let bearer = format!("Bearer {TOKEN}");
    let status = "/admin/v1/status";
    let (told, answer) = ask(&address, "GET", status, &[("authorization", &bearer)]);
    assert_eq!(told, 200, "{answer}");
    let same = format!("http://{address}");
    assert_eq!(ask(&address, "GET", status, &[("authorization", &bearer), ("origin", &same)]).0, 200);

    let wrong = format!("Bearer {TOKEN}x");
    for headers in [vec![], vec![("authorization", wrong.as_str())], vec![("authorization", "Basic YTpi")]] {
        for (method, path) in
            [("GET", status), ("POST", "/admin/v1/rollback"), ("POST", "/admin/v1/pin"), ("GET", "/admin/v1/journal")]
        {
            let (told, answer) = ask(&address, method, path, &headers);
            assert_eq!(told, 401, "{method} {path}: {answer}");
            assert!(!answer.contains("embedded") && !answer.contains(TOKEN), "{answer}");
        }
    }
    for foreign in [
        ("origin", "http://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("host", "evil.example"),
    ] {
        let (told, answer) = ask(&address, "POST", "/admin/v1/pin", &[("authorization", &bearer), foreign]);
        assert_eq!(told, 403, "{foreign:?}: {answer}");
    }
    assert!(place_is_not_pinned(&address, &bearer), "nothing was changed");

    let admin = format!("http://{address}");
    let with = |token: &str| place.provider_with(&["list", "--admin", &admin], &[("QUARRY_ADMIN_TOKEN", token)]);
    assert!(with(TOKEN).well().contains("(embedded)"));
    with("another").refused(&["token"]);
    place.provider(&["list", "--admin", &admin]).refused(&["QUARRY_ADMIN_TOKEN"]);
    assert!(!gateway.log().contains(TOKEN), "the token is not told");
    gateway.stop();
}

fn place_is_not_pinned(address: &str, bearer: &str) -> bool {
    let (_, answer) = ask(address, "GET", "/admin/v1/status", &[("authorization", bearer)]);
    answer.contains("\"pinned\":null")
}

#[test]
fn a_token_that_nobody_named_is_found_by_the_commands_of_the_same_user() {
    let place = Place::new();
    let gateway = place.start_with(&["--admin", "http://127.0.0.1:0"]);
    let admin = format!("http://{}", address(&gateway));
    assert!(place.provider(&["list", "--admin", &admin]).well().contains("(embedded)"));
    let elsewhere = Place::new();
    elsewhere.provider(&["list", "--admin", &admin]).refused(&["token"]);
    gateway.stop();
}
