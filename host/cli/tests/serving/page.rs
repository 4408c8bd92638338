//! The admin listener's page, in headless Chromium: `tests/peers/admin_page.mjs` says what is done there.

use std::env;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use quarry_provider_host::Digest;
use serde_json::json;

use crate::canary::mutated;
use crate::curl::curl;
use crate::debian;
use crate::gateway::{Gateway, KEY, hash};
use crate::packages::{script, text};
use crate::planted::nothing_shows_in;

const TOKEN: &str = "a-token-of-the-page's-test-that-opens-nothing-else";

/// What Chromium is called.
const BROWSERS: [&str; 4] = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"];

#[test]
#[ignore = "peers: Chromium, curl, Node.js"]
fn the_page_shows_the_gateway_and_changes_it_for_who_has_the_token_alone() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let gateway = start(&["--admin", "http://127.0.0.1:0"], folder.path());
    let admin = address(&gateway);
    let candidate = folder.path().join("candidate.wasm");
    std::fs::write(&candidate, mutated()).expect("it can be written");
    // A version to activate, and differences to show: the candidate says other words of a stream without its last event.
    provider(&admin, folder.path(), &["shadow", "candidate.wasm", "--share", "100"]);
    for _ in 0..3 {
        let body =
            json!({"model": "sim.no-metadata", "stream": true, "messages": [{"role": "user", "content": "Hello"}]});
        let url = format!("{}/v1/chat/completions", gateway.base);
        assert_eq!(curl(&url, KEY, &[], Some(&body.to_string())).status, 200);
    }
    let pictures = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("page");
    std::fs::create_dir_all(&pictures).expect("the target folder can be written");
    let told = json!({
        "admin": admin,
        "token": TOKEN,
        "base": gateway.base,
        "key": KEY,
        "candidate": Digest::of(&mutated()).to_string(),
        "browser": browser(),
        "pictures": pictures,
    });
    let output = script("admin_page.mjs")
        .arg(told.to_string())
        .env_clear()
        .env("HOME", folder.path())
        .env("PATH", env::var_os("PATH").unwrap_or_default())
        .output()
        .expect("node starts");
    assert!(output.status.success(), "{}\n{}", text(&output), gateway.log());
    println!("{}", text(&output));
    assert!(!gateway.log().contains(TOKEN), "the token is not told");
    gateway.stop();
}

#[test]
fn the_page_is_on_the_socket_too_and_pages_of_others_are_kept_out_there() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let socket = folder.path().join("admin.sock");
    let gateway = start(&["--admin", &format!("unix:{}", socket.display())], folder.path());
    let page = ask(&socket, "GET / HTTP/1.1\r\nhost: localhost");
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("frame-ancestors 'none'"), "{page}");
    assert!(ask(&socket, "GET /entrance.json HTTP/1.1\r\nhost: localhost").contains("{\"needsToken\":false}"));
    // Whoever forwards a port to the socket brings a browser to it.
    for foreign in ["host: localhost:1\r\norigin: http://evil.example", "host: localhost\r\nsec-fetch-site: cross-site"]
    {
        let refused = ask(&socket, &format!("POST /admin/v1/pin HTTP/1.1\r\n{foreign}"));
        assert!(refused.starts_with("HTTP/1.1 403"), "{foreign}: {refused}");
    }
    assert!(ask(&socket, "POST /admin/v1/pin HTTP/1.1\r\nhost: evil.example").starts_with("HTTP/1.1 403"));
    let status = ask(&socket, "GET /admin/v1/status HTTP/1.1\r\nhost: localhost");
    assert!(status.contains("\"pinned\":null"), "nothing was changed: {status}");
    gateway.stop();
}

fn ask(socket: &Path, head: &str) -> String {
    let mut stream = UnixStream::connect(socket).expect("it listens");
    stream.write_all(format!("{head}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    nothing_shows_in("what the admin listener answered", answer.as_bytes());
    answer
}

fn start(arguments: &[&str], folder: &Path) -> Gateway {
    let keys = format!(r#"keys: [{{ name: "clients", hash: "{}" }}]"#, hash(KEY));
    Gateway::start_with(
        &format!("{{ quarry: {{ retry: {{ attempts: 1 }}, provider: {{ accept: [] }}, {keys} }} }}"),
        |command| {
            command
                .env("QUARRY_ADMIN_TOKEN", TOKEN)
                .env("QUARRY_STATE_DIR", folder.join("state"))
                // Answers that take a while, so that they can be seen under way.
                .env("QUARRY_SIMULATE_PACE", "model")
                .args(arguments);
        },
    )
}

/// Where it listens, by its own words.
fn address(gateway: &Gateway) -> String {
    gateway.wait_for_log("administration: http://", 1);
    let log = gateway.log();
    let line = log.lines().find_map(|line| line.split_once("administration: ")).expect("it was waited for");
    line.1.trim().to_owned()
}

fn provider(admin: &str, folder: &Path, arguments: &[&str]) {
    let output: Output = Command::new(env!("CARGO_BIN_EXE_quarry"))
        .arg("provider")
        .args(arguments)
        .args(["--admin", admin])
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .env("QUARRY_ADMIN_TOKEN", TOKEN)
        .env("QUARRY_LOG", "trace")
        .output()
        .expect("the binary starts");
    nothing_shows_in("what a command printed", &[&output.stdout[..], &output.stderr].concat());
    assert!(output.status.success(), "{arguments:?}: {}", text(&output));
}

/// Chromium, as it is installed.
fn browser() -> PathBuf {
    let found = BROWSERS.into_iter().find_map(debian::find);
    found.expect("a browser is needed (Debian: apt-get install chromium-headless-shell)")
}
