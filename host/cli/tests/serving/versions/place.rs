//! A place of its own for a gateway: its versions, its admin socket, and the commands that ask it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use quarry_gateway::admin::client::{AdminClient, ClientError};
use quarry_gateway::admin::{AdminAddress, Answered, Asked};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::guests::Guest;
use super::streams::Stream;
use crate::gateway::{Gateway, compiled_components};
use crate::planted::nothing_shows_in;

/// How long something may take that happens by itself.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a command came to.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) code: Option<i32>,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Ran {
    /// What it printed, when it went well.
    #[track_caller]
    pub(super) fn well(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.stdout
    }

    /// What it told, when it failed with these words.
    #[track_caller]
    pub(super) fn refused(self, words: &[&str]) -> String {
        assert!(self.code.is_some_and(|code| code != 0), "{self:?}");
        for words in words {
            assert!(self.stderr.contains(words), "{words:?} is not told: {self:?}");
        }
        self.stderr
    }
}

/// Asks the admin listener.
pub(super) struct Asker {
    runtime: Runtime,
    client: AdminClient,
}

impl Asker {
    /// What the listener knows of the versions.
    pub(super) fn status(&self) -> Value {
        let status: Value = self.runtime.block_on(self.client.get("/admin/v1/status")).expect("it answers");
        nothing_shows_in("what the admin listener answered", status.to_string().as_bytes());
        status
    }

    /// Requests that a version got since it was loaded.
    pub(super) fn requests(&self, digest: &str) -> u64 {
        let status = self.status();
        let version =
            status["versions"].as_array().expect("a list").iter().find(|version| is(version, digest)).cloned();
        version.and_then(|version| version["service"]["requests"].as_u64()).unwrap_or_default()
    }

    /// Activates a version that is known.
    pub(super) fn activate(&self, version: &str) -> Result<Answered, ClientError> {
        let asked = Asked { version: Some(version.to_owned()), ..Asked::default() };
        self.runtime.block_on(self.client.post("/admin/v1/activate", &asked))
    }

    /// Goes back to the version before.
    pub(super) fn roll_back(&self) -> Result<Answered, ClientError> {
        self.runtime.block_on(self.client.post("/admin/v1/rollback", &Asked::default()))
    }

    /// Activates a component.
    pub(super) fn activate_component(&self, guest: &Guest) -> Result<Answered, ClientError> {
        let bytes = std::fs::read(&guest.file).expect("it was written");
        self.runtime.block_on(self.client.post_component(
            "/admin/v1/activate",
            "a component",
            &Asked::default(),
            bytes,
            None,
        ))
    }
}

/// Whether a version has this digest.
pub(super) fn is(version: &Value, digest: &str) -> bool {
    version["digest"].as_str().is_some_and(|known| known.ends_with(digest))
}

/// A configuration with more members below `quarry`.
fn configuration(members: &str) -> String {
    format!("{{ quarry: {{ retry: {{ attempts: 1 }}, {members} }} }}")
}

/// The folders of one gateway, which outlive it: another can be started on them.
pub(super) struct Place {
    folder: TempDir,
    /// What is logged here, where it is not everything.
    log: Option<&'static str>,
}

impl Place {
    pub(super) fn new() -> Self {
        // The path of the socket has to be short, so it is below the system's temporary folder.
        Place { folder: tempfile::tempdir().expect("a folder can be made"), log: None }
    }

    /// One for measuring: what runs here logs as it does where nobody says how much.
    pub(super) fn to_measure_in() -> Self {
        Place { log: Some("info"), ..Place::new() }
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The folder of versions.
    pub(super) fn state(&self) -> PathBuf {
        self.folder().join("state")
    }

    /// The journal of the versions, line by line.
    pub(super) fn journal(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.state().join("journal.jsonl")).expect("there is a journal");
        text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
    }

    /// Adds this place to a command's environment.
    pub(super) fn tell(&self, command: &mut Command) {
        command.env("QUARRY_STATE_DIR", self.state()).env("XDG_RUNTIME_DIR", self.folder());
        self.log.map(|log| command.env("QUARRY_LOG", log));
    }

    /// A gateway that lives here, in front of the simulator.
    pub(super) fn start(&self) -> Gateway {
        self.start_with(&[])
    }

    /// One that is told more on its command line.
    pub(super) fn start_with(&self, arguments: &[&str]) -> Gateway {
        Gateway::start_with(&configuration(""), |command| {
            self.tell(command);
            command.args(arguments);
        })
    }

    /// One whose command is changed before it is started.
    pub(super) fn start_by(&self, change: impl FnOnce(&mut Command)) -> Gateway {
        Gateway::start_with(&configuration(""), |command| {
            self.tell(command);
            change(command);
        })
    }

    /// One with more members below `quarry` in its configuration.
    pub(super) fn start_configured(&self, members: &str) -> Gateway {
        Gateway::start_with(&configuration(members), |command| self.tell(command))
    }

    /// One whose compiled components nobody else has.
    pub(super) fn start_with_an_empty_cache(&self) -> Gateway {
        Gateway::start_with(&configuration(""), |command| {
            self.tell(command);
            command.env("QUARRY_CACHE_DIR", self.folder().join("cache"));
        })
    }

    /// Runs `quarry provider …`.
    pub(super) fn provider(&self, arguments: &[&str]) -> Ran {
        self.provider_with(arguments, &[])
    }

    /// Runs `quarry provider …` with more in its environment.
    pub(super) fn provider_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
        self.run(&[&["provider"], arguments].concat(), variables)
    }

    /// Runs `quarry …`.
    pub(super) fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
        let cache = compiled_components();
        let mut command = Command::new(env!("CARGO_BIN_EXE_quarry"));
        command
            .env_clear()
            .current_dir(self.folder())
            .env("HOME", self.folder())
            .env("QUARRY_CACHE_DIR", cache.parent().expect("it lies in the cache"))
            .env("QUARRY_LOG", "trace")
            .envs(variables.iter().copied())
            .stdin(Stdio::null());
        self.tell(&mut command);
        let output = command.args(arguments).output().expect("the binary starts");
        nothing_shows_in("what a command printed", &[&output.stdout[..], &output.stderr].concat());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ran { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// Activates a component's file.
    #[track_caller]
    pub(super) fn activate(&self, guest: &Guest) -> String {
        self.provider(&["activate", guest.file.to_str().expect("a plain path")]).well()
    }

    /// Somebody who asks the admin listener without a command.
    pub(super) fn admin(&self) -> Asker {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let socket = self.folder().join("quarry/admin.sock");
        Asker { runtime, client: AdminClient::new(AdminAddress::Unix(socket), None) }
    }

    /// What `list` tells.
    pub(super) fn status(&self) -> Value {
        serde_json::from_str(&self.provider(&["list", "--json"]).well()).expect("JSON")
    }

    /// The digest of the version that serves.
    pub(super) fn serving(&self) -> String {
        self.status()["serving"].as_str().expect("a digest").trim_start_matches("sha256:").to_owned()
    }

    /// What `list` knows of a version.
    pub(super) fn version(&self, digest: &str) -> Option<Value> {
        let status = self.status();
        status["versions"].as_array().expect("a list").iter().find(|version| is(version, digest)).cloned()
    }

    /// Has a version fail that was told to, on different inputs, as soon as its failures can be compared with another version's.
    pub(super) fn provoke(&self, gateway: &Gateway) {
        gateway.wait_for_log("failed calls are repeated on this version", 1);
        for number in 0..2 {
            assert!(!Stream::of(gateway, "sim.stop.end_turn", &format!("echo unruly:trap:2 {number}")).is_done());
        }
    }

    /// Waits until something holds of the versions.
    #[track_caller]
    pub(super) fn wait_until(&self, what: &str, holds: impl Fn(&Value) -> bool) {
        let began = Instant::now();
        loop {
            let status = self.status();
            if holds(&status) {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "{what}: {status:#}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}
