//! The gateway as an operator runs it: the real binary, serving on a free port of loopback, the simulator behind it.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, Once, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

/// The client key of [`Gateway::with_a_key`].
pub(crate) const KEY: &str = "qk_a-key-that-opens-nothing-but-the-gateway-of-a-test";

/// How long the gateway may take to listen, and to end when it is told to.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long the one compilation of the embedded component may take, unoptimised.
const PATIENCE_TO_COMPILE: Duration = Duration::from_secs(300);

/// A gateway that serves. It does not outlive the test.
pub(crate) struct Gateway {
    /// Where it listens: `http://127.0.0.1:PORT`.
    pub(crate) base: String,
    child: Child,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
    _home: TempDir,
}

impl Gateway {
    /// One that admits everybody, as on a developer's machine.
    pub(crate) fn open() -> Self {
        Self::start("{ quarry: { retry: { attempts: 1 } } }")
    }

    /// One that wants [`KEY`].
    pub(crate) fn with_a_key() -> Self {
        let hash: String = Sha256::digest(KEY).iter().map(|byte| format!("{byte:02x}")).collect();
        Self::start(&format!(
            r#"{{ quarry: {{ keys: [{{ name: "clients", hash: "sha256:{hash}" }}], retry: {{ attempts: 1 }} }} }}"#
        ))
    }

    /// One with a configuration, as JSON5.
    pub(crate) fn start(configuration: &str) -> Self {
        Self::start_with(configuration, |_| {})
    }

    /// One with a configuration and whatever else the command is to be told.
    pub(crate) fn start_with(configuration: &str, tell_more: impl FnOnce(&mut Command)) -> Self {
        Self::serve(configuration, |command| {
            command.arg("--simulate").env("QUARRY_SIMULATE_PACE", "instant");
            tell_more(command);
        })
    }

    /// One that asks this endpoint in place of the simulator.
    pub(crate) fn in_front_of(endpoint: &str) -> Self {
        let provider = format!(r#"{{ "amazon-bedrock": {{ baseUrl: "{endpoint}", models: [] }} }}"#);
        let configuration =
            format!("{{ models: {{ providers: {provider} }}, quarry: {{ retry: {{ attempts: 1 }} }} }}");
        Self::serve(&configuration, |command| {
            command.env("AWS_ACCESS_KEY_ID", "AKIDNOBODY").env("AWS_SECRET_ACCESS_KEY", "not-a-secret");
        })
    }

    fn serve(configuration: &str, tell_more: impl FnOnce(&mut Command)) -> Self {
        compile_once();
        let home = tempfile::tempdir().expect("an empty home can be made");
        let file = home.path().join("quarry.json5");
        fs::write(&file, configuration).expect("the configuration can be written");
        let mut command = quarry(home.path());
        command.args(["serve", "--listen", "127.0.0.1:0", "--config"]).arg(&file).stderr(Stdio::piped());
        tell_more(&mut command);
        let mut child = command.spawn().expect("the binary starts");
        let (tell, told) = mpsc::channel();
        let log = Arc::new(Mutex::new(String::new()));
        let lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
        let reader = thread::spawn({
            let log = Arc::clone(&log);
            move || {
                for line in lines {
                    let line = line.expect("the log is UTF-8");
                    if let Some(base) = address(&line) {
                        // Nobody waits for a second one.
                        let _ = tell.send(base);
                    }
                    let mut log = log.lock().expect("nobody panicked");
                    log.push_str(&line);
                    log.push('\n');
                }
            }
        });
        let mut gateway =
            Gateway { base: String::new(), child, log: Arc::clone(&log), reader: Some(reader), _home: home };
        gateway.base = told.recv_timeout(PATIENCE).unwrap_or_else(|error| {
            panic!("it does not say where it listens ({error}):\n{}", log.lock().expect("nobody panicked"))
        });
        gateway
    }

    /// What it logged until now.
    pub(crate) fn log(&self) -> String {
        self.log.lock().expect("nobody panicked").clone()
    }

    /// Tells it to end, and checks that it does so in good order: no panic was logged, nothing is left to wait for.
    pub(crate) fn stop(mut self) {
        let kill = format!("kill -TERM {}", self.child.id());
        let sent = Command::new("/bin/sh").args(["-c", &kill]).status().expect("a shell is there");
        assert!(sent.success(), "{kill}: {sent}");
        let status = self.wait();
        if let Some(reader) = self.reader.take() {
            reader.join().expect("the log could be read");
        }
        let log = self.log();
        assert!(status.is_some_and(|status| status.success()), "it ended with {status:?}:\n{log}");
        assert!(!log.contains("panicked"), "{log}");
    }

    /// How it ended; `None` when it did not in time.
    fn wait(&mut self) -> Option<ExitStatus> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                return Some(status);
            }
            thread::sleep(Duration::from_millis(5));
        }
        None
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It has ended unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The binary in an environment that holds nothing of this machine.
fn quarry(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quarry"));
    command
        .current_dir(home)
        .env_clear()
        .env("HOME", home)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("QUARRY_CACHE_DIR", shared_cache())
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    command
}

/// Compiles the embedded component before anything is measured in seconds: an unoptimised compiler needs many for one.
fn compile_once() {
    static COMPILED: Once = Once::new();
    COMPILED.call_once(|| {
        let home = tempfile::tempdir().expect("an empty home can be made");
        let began = Instant::now();
        let mut child = quarry(home.path()).args(["provider", "inspect"]).spawn().expect("the binary starts");
        loop {
            if let Some(status) = child.try_wait().expect("a child can be waited for") {
                assert!(status.success(), "the component cannot be inspected: {status}");
                return;
            }
            if began.elapsed() > PATIENCE_TO_COMPILE {
                child.kill().expect("a child can be ended");
                panic!("the component was not compiled in {PATIENCE_TO_COMPILE:?}");
            }
            thread::sleep(Duration::from_millis(20));
        }
    });
}

/// Where the binary keeps compiled components, the embedded one among them.
pub(crate) fn compiled_components() -> PathBuf {
    compile_once();
    shared_cache().join("aot")
}

/// Where all tests keep compiled components.
fn shared_cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("quarry-cache")
}

/// The address in a line of the log that tells one.
fn address(line: &str) -> Option<String> {
    const START: &str = "http://127.0.0.1:";
    let after = &line[line.find(START)? + START.len()..];
    let port: String = after.chars().take_while(char::is_ascii_digit).collect();
    (!port.is_empty()).then(|| format!("{START}{port}"))
}
