//! A provider in a language that is not Rust: `examples/own-provider-javascript`, built as its page says, with the versions of its lock.
//! Where npm cannot be had the test fails and says why.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use crate::authors::{lines, shell};
use crate::packages::{install_once, target, text};

/// The example.
fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/own-provider-javascript")
}

/// The source's files, sorted.
fn sources() -> Vec<PathBuf> {
    files(&example()).into_iter().filter(|file| file.extension().is_some_and(|ending| ending != "md")).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
    files.sort();
    files
}

fn runs(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"))
}

#[test]
#[ignore = "peers: Node.js"]
fn a_provider_in_javascript_passes_the_gate_and_serves() {
    let page = fs::read_to_string(example().join("README.md")).expect("the example has a page");
    let lines = lines(&page);
    let (making, proving): (Vec<&String>, Vec<&String>) = lines
        .iter()
        .partition(|line| ["quarry provider new ", "npm ", "npx "].iter().any(|beginning| line.starts_with(beginning)));
    assert_eq!((making.len(), proving.len()), (3, 2), "{lines:?}");

    // Made anew when its source or the contract changes. Two runs do not make the same bytes, and each has to be compiled.
    let folder = target().join("streams");
    let contract = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit"));
    let inputs: Vec<PathBuf> = sources().into_iter().chain(contract).collect();
    let inputs: Vec<&Path> = inputs.iter().map(PathBuf::as_path).collect();
    let home = tempfile::tempdir().expect("a home can be made");
    install_once(&folder, &inputs, |folder| {
        for file in sources() {
            fs::copy(&file, folder.join(file.file_name().expect("a file has a name"))).expect("it can be copied");
        }
        for line in &making {
            let output = if line.starts_with("quarry ") {
                runs(&mut shell(line, folder, home.path()))
            } else {
                // As this user: npm's own settings say where packages come from.
                runs(Command::new("/bin/sh").args(["-eu", "-c", line]).current_dir(folder))
            };
            assert!(output.status.success(), "{line}: the component cannot be made:\n{}", text(&output));
        }
    });

    for line in proving {
        let output = runs(&mut shell(line, &folder, home.path()));
        let said = text(&output);
        assert!(output.status.success(), "{line}:\n{said}");
        if line.starts_with("quarry provider inspect ") {
            assert!(said.contains("\nimports      none\n"), "{said}");
        } else {
            let parts = said.contains("\ncontract checks: ") && said.trim_end().ends_with(" passed, 0 failed");
            assert!(parts, "{said}");
        }
    }
    // Of streams it makes what the embedded provider makes, so it passes that one's cases of them.
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guest/cases");
    let line = format!("quarry conformance streams.wasm --cases '{}' --only translate/", cases.display());
    let output = runs(&mut shell(&line, &folder, home.path()));
    let said = text(&output);
    let passed = said.trim_end().lines().last().and_then(|line| line.strip_suffix(" passed, 0 failed"));
    let passed: usize = passed.and_then(|passed| passed.parse().ok()).unwrap_or_else(|| panic!("{said}"));
    assert!(passed >= 170 && passed.is_multiple_of(2), "a case and its properties each: {said}");

    serves_requests(&folder, home.path());
}

/// A gateway activates the component, and makes requests and reads answers with it.
fn serves_requests(folder: &Path, home: &Path) {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
    let line = format!("exec quarry serve --simulate --listen 127.0.0.1:{port}");
    let mut command = shell(&line, folder, home);
    let mut gateway = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("there is a shell");
    let began = Instant::now();
    while !runs(&mut shell("quarry provider status", folder, home)).status.success() {
        assert!(began.elapsed() < Duration::from_secs(120), "the gateway does not start");
        thread::sleep(Duration::from_millis(100));
    }
    let activated = runs(&mut shell("quarry provider activate streams.wasm --accept-all", folder, home));
    assert!(activated.status.success(), "{}", text(&activated));
    let status = text(&runs(&mut shell("quarry provider status", folder, home)));
    assert!(status.contains("javascript 0.1.0"), "{status}");

    let body = r#"{"model":"sim.stop.end_turn","messages":[{"role":"user","content":"echo granite"}]}"#;
    let mut connection = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    let length = body.len();
    let head =
        "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json";
    write!(connection, "{head}\r\ncontent-length: {length}\r\n\r\n{body}").expect("it can be asked");
    let mut answer = String::new();
    connection.read_to_string(&mut answer).expect("it answers");
    // It is this test's own.
    gateway.kill().expect("it runs");
    gateway.wait().expect("it ends");
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains(r#""finish_reason":"stop""#), "{answer}");
    assert!(answer.contains("granite"), "what was asked went out, and came back: {answer}");
}
