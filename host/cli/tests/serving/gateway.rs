//! The gateway as an operator runs it: the real binary, serving on a free port of loopback, the simulator behind it.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex, Once, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::operating::client::{ask, body, get};
use crate::planted::{nothing_shows_below, nothing_shows_in, plant, plant_variable};

/// The client key of [`Gateway::with_a_key`].
pub(crate) const KEY: &str = "qk_a-key-that-opens-nothing-but-the-gateway-of-a-test";

/// What a gateway signs with where a test wants nothing else. Neither opens anything.
const SECRET_KEY: &str = "sEcReT-aCcEsS-kEy-Of-A-tEsT";
const SESSION_TOKEN: &str = "sEsSiOn-ToKeN-oF-a-TeSt";

/// Another program's secret in the gateway's configuration.
const FOREIGN_SECRET: &str = "fOrEiGn-ToKeN-oF-a-TeSt";

/// Variables that name folders in which a gateway keeps what it knows.
const FOLDERS: [&str; 3] = ["QUARRY_STATE_DIR", "QUARRY_CACHE_DIR", "XDG_RUNTIME_DIR"];

/// A free port of loopback.
const LOOPBACK: &str = "127.0.0.1:0";

/// How long the gateway may take to listen, and to end when it is told to.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long the one compilation of the embedded component may take, unoptimised.
const PATIENCE_TO_COMPILE: Duration = Duration::from_secs(300);

/// A gateway that serves and logs all that can be logged. It does not outlive the test.
///
/// When it goes, whatever it put out is looked through for every secret that any test has planted: its log, its standard output,
/// and the files that it left.
pub(crate) struct Gateway {
    /// Where it listens: `http://127.0.0.1:PORT`.
    pub(crate) base: String,
    /// The file of its configuration.
    pub(crate) configuration: PathBuf,
    child: Child,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
    printed: Option<JoinHandle<Vec<u8>>>,
    /// Folders of its own, its home first.
    folders: Vec<PathBuf>,
    _home: TempDir,
}

impl Gateway {
    /// One that admits everybody, as on a developer's machine.
    pub(crate) fn open() -> Self {
        Self::start("{ quarry: { retry: { attempts: 1 } } }")
    }

    /// One that wants [`KEY`].
    pub(crate) fn with_a_key() -> Self {
        let hash = hash(KEY);
        Self::start(&format!(
            r#"{{ quarry: {{ keys: [{{ name: "clients", hash: "{hash}" }}], retry: {{ attempts: 1 }} }} }}"#
        ))
    }

    /// One with a configuration, as JSON5.
    pub(crate) fn start(configuration: &str) -> Self {
        Self::start_with(configuration, |_| {})
    }

    /// One with a configuration and whatever else the command is to be told.
    pub(crate) fn start_with(configuration: &str, tell_more: impl FnOnce(&mut Command)) -> Self {
        Self::launch(LOOPBACK, configuration, |command| {
            sign(command.arg("--simulate").env("QUARRY_SIMULATE_PACE", "instant"));
            tell_more(command);
        })
    }

    /// One that asks what the configuration names in place of AWS, with credentials that open nothing.
    pub(crate) fn behind(configuration: &str) -> Self {
        Self::launch(LOOPBACK, configuration, |command| {
            sign(command);
        })
    }

    /// One that asks what the command is told of in place of AWS.
    pub(crate) fn before(configuration: &str, tell_more: impl FnOnce(&mut Command)) -> Self {
        Self::launch(LOOPBACK, configuration, tell_more)
    }

    /// One that listens on every address of this machine.
    pub(crate) fn everywhere(configuration: &str) -> Self {
        Self::launch("0.0.0.0:0", configuration, |command| {
            command.arg("--simulate");
        })
    }

    /// One that asks this endpoint in place of the simulator.
    pub(crate) fn in_front_of(endpoint: &str) -> Self {
        let provider = format!(r#"{{ "amazon-bedrock": {{ baseUrl: "{endpoint}", models: [] }} }}"#);
        Self::behind(&format!("{{ models: {{ providers: {provider} }}, quarry: {{ retry: {{ attempts: 1 }} }} }}"))
    }

    fn launch(listen: &str, configuration: &str, tell_more: impl FnOnce(&mut Command)) -> Self {
        compile_once();
        let home = tempfile::tempdir().expect("an empty home can be made");
        let file = home.path().join("quarry.json5");
        fs::write(&file, with_a_foreign_secret(configuration)).expect("the configuration can be written");
        let mut command = quarry(home.path());
        command.args(["serve", "--listen", listen, "--config"]).arg(&file);
        // Whoever looks at its open files and its memory needs that, unless it is root.
        if !rustix::process::geteuid().is_root() {
            command.arg("--debuggable");
        }
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        tell_more(&mut command);
        let folders = plant_and_tell_folders(&command, home.path());
        let mut child = command.spawn().expect("the binary starts");
        let (tell, told) = mpsc::channel();
        let log = Arc::new(Mutex::new(String::new()));
        let lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
        let mut stdout = child.stdout.take().expect("it is piped");
        let printed = thread::spawn(move || {
            let mut bytes = Vec::new();
            stdout.read_to_end(&mut bytes).expect("a pipe can be read");
            bytes
        });
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
        let mut gateway = Gateway {
            base: String::new(),
            configuration: file,
            child,
            log: Arc::clone(&log),
            reader: Some(reader),
            printed: Some(printed),
            folders,
            _home: home,
        };
        gateway.base = told.recv_timeout(PATIENCE).unwrap_or_else(|error| {
            panic!("it does not say where it listens ({error}):\n{}", log.lock().expect("nobody panicked"))
        });
        gateway
    }

    /// Where compiled components are kept for all of them.
    pub(crate) fn cache() -> PathBuf {
        shared_cache()
    }

    /// The id of its process.
    pub(crate) fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// What it logged until now.
    pub(crate) fn log(&self) -> String {
        self.log.lock().expect("nobody panicked").clone()
    }

    /// Waits until the log has so many lines with a text in them.
    pub(crate) fn wait_for_log(&self, text: &str, lines: usize) {
        let began = Instant::now();
        while self.log().lines().filter(|line| line.contains(text)).count() < lines {
            assert!(began.elapsed() < PATIENCE, "{text:?} is not told {lines} times:\n{}", self.log());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// The id of its process.
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("it runs");
    }

    /// Tells it to end, and checks that it does so in good order.
    pub(crate) fn stop(self) {
        self.signal(Signal::TERM);
        self.ends();
    }

    /// Checks that it ends in good order: no panic was logged, nothing is left to wait for.
    pub(crate) fn ends(mut self) {
        let status = self.wait();
        if let Some(reader) = self.reader.take() {
            reader.join().expect("the log could be read");
        }
        let log = self.log();
        assert!(status.is_some_and(|status| status.success()), "it ended with {status:?}:\n{log}");
        assert!(!log.contains("panicked"), "{log}");
    }

    /// How it ended; `None` when it did not in time.
    pub(crate) fn wait(&mut self) -> Option<ExitStatus> {
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
        // It has ended unless the test left it to itself, or failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
        // A test that failed already has something else to say.
        if !thread::panicking() {
            self.kept_its_secrets();
        }
    }
}

impl Gateway {
    /// Looks through all that it put out. It has ended.
    fn kept_its_secrets(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.join().expect("the log could be read");
        }
        let printed = self.printed.take().map(|printed| printed.join().expect("the output could be read"));
        nothing_shows_in("the gateway's log", self.log().as_bytes());
        nothing_shows_in("the gateway's output", &printed.unwrap_or_default());
        for folder in &self.folders {
            nothing_shows_below(folder, &self.configuration);
        }
    }
}

/// Signs with credentials that open nothing.
fn sign(command: &mut Command) {
    command.env("AWS_ACCESS_KEY_ID", "AKIDTEST");
    command.env("AWS_SECRET_ACCESS_KEY", SECRET_KEY).env("AWS_SESSION_TOKEN", SESSION_TOKEN);
}

/// A configuration with something in it, at its end, that is none of the gateway's business.
fn with_a_foreign_secret(configuration: &str) -> String {
    plant(FOREIGN_SECRET);
    let Some((before, after)) = configuration.rsplit_once('}') else { return configuration.to_owned() };
    let comma = if before.trim_end().ends_with(['{', ',']) { "" } else { "," };
    format!("{before}{comma} channels: {{ telegram: {{ botToken: '{FOREIGN_SECRET}' }} }} }}{after}")
}

/// Plants the secrets of a command's environment, and gives the folders that are its own.
fn plant_and_tell_folders(command: &Command, home: &Path) -> Vec<PathBuf> {
    let mut folders = vec![home.to_owned()];
    for (name, value) in command.get_envs() {
        let (Some(name), Some(value)) = (name.to_str(), value) else { continue };
        plant_variable(name, &value.to_string_lossy());
        if FOLDERS.contains(&name) && Path::new(value) != shared_cache() {
            folders.push(value.into());
        }
    }
    folders
}

/// The hash of a key, as the configuration has it. The key itself is a secret from then on.
pub(crate) fn hash(key: &str) -> String {
    plant(key);
    Sha256::digest(key).iter().fold("sha256:".to_owned(), |hash, byte| format!("{hash}{byte:02x}"))
}

/// What becomes of a gateway that does not start.
pub(crate) fn fails_to_start(configuration: &str, arguments: &[&str]) -> Output {
    compile_once();
    let home = tempfile::tempdir().expect("an empty home can be made");
    let file = home.path().join("quarry.json5");
    fs::write(&file, configuration).expect("the configuration can be written");
    let mut command = quarry(home.path());
    sign(command.args(["serve", "--simulate", "--config"]).arg(&file).args(arguments));
    plant_and_tell_folders(&command, home.path());
    let output = command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().expect("the binary starts");
    nothing_shows_in("what a gateway said that did not start", &[&output.stdout[..], &output.stderr].concat());
    output
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
        .env("QUARRY_LOG", "trace")
        .env("RUST_BACKTRACE", "full")
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
    let starts = ["http://127.0.0.1:", "http://0.0.0.0:", "https://127.0.0.1:"];
    let (start, after) = starts.into_iter().find_map(|start| Some((start, line.split_once(start)?.1)))?;
    let port: String = after.chars().take_while(char::is_ascii_digit).collect();
    let scheme = start.split_once(':').map_or("http", |(scheme, _)| scheme);
    (!port.is_empty()).then(|| format!("{scheme}://127.0.0.1:{port}"))
}

#[test]
fn what_a_gateway_logs_at_any_level_is_looked_through() {
    let gateway = Gateway::open();
    assert_eq!(get(&gateway, "/v1/models", &[]).status(), 200);
    gateway.wait_for_log("DEBUG quarry_simulator", 1);
    // A model's name is logged, so that one is found that is called a secret.
    let model = "a-model-that-is-called-a-secret";
    ask(&gateway, "/v1/messages", &[], &body("/v1/messages", model, "hello", false));
    gateway.wait_for_log(model, 1);
    plant(model);
    let told = catch_unwind(AssertUnwindSafe(|| drop(gateway))).expect_err("it is shown");
    let told = told.downcast_ref::<String>().expect("it is told");
    assert!(told.starts_with(&format!("{model} is shown as {model} in the gateway's log")), "{told}");
}
