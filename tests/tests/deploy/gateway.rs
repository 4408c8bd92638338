//! The gateway, run as a file of `deploy/` says, in a folder that stands for the root of the file system.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use quarry_config::gateway::GatewayConfig;
use quarry_config::{ChosenBy, ConfigFile, Location};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::tools::{run, text};

/// How long a start may take: a debug build may have to compile the component first.
const PATIENCE: Duration = Duration::from_secs(300);

/// Seconds that the gateway takes after `drainSeconds` at most: five for last events, five for connections, three for spans.
pub(super) const AFTER_DRAIN: u64 = 13;

/// Where the journal is, everywhere.
const JOURNAL: &str = "/var/lib/quarry/journal.jsonl";

/// Where the configuration is, everywhere.
pub(super) const CONFIG: &str = "/etc/quarry/config.json5";

/// `quarry`: cargo puts it in the folder above the tests.
pub(super) fn binary() -> PathBuf {
    let test = std::env::current_exe().expect("a test has a file");
    test.ancestors().nth(2).expect("a test lies in `deps`").join("quarry")
}

/// Whether the command takes these arguments: `--help` after them is printed only when all before it were understood.
pub(super) fn accepts(arguments: &[String]) -> Result<(), String> {
    let output = run(Command::new(binary()).args(arguments).arg("--help"));
    if output.status.success() { Ok(()) } else { Err(text(&output)) }
}

/// What the gateway's own section of a configuration says, by the rules that the gateway reads it by.
pub(super) fn settings(configuration: &str) -> GatewayConfig {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("config.json5");
    fs::write(&path, configuration).expect("it can be written");
    let file = ConfigFile::read(&Location { path, chosen_by: ChosenBy::Flag }).expect("it can be read");
    GatewayConfig::read(Some(&file)).unwrap_or_else(|problems| panic!("{problems:#?}\n{configuration}"))
}

/// How a gateway is run.
pub(super) struct Deployed {
    /// What follows the program's name.
    pub(super) arguments: Vec<String>,
    /// Variables. A value that is a path is one below the root.
    pub(super) environment: BTreeMap<String, String>,
    /// The folders that it may write to.
    pub(super) writable: Vec<String>,
    /// Who may do what in them, as whoever makes them there does it.
    pub(super) mode: u32,
    /// The text of [`CONFIG`].
    pub(super) configuration: String,
}

/// A gateway that runs. It does not outlive the test.
pub(super) struct Running {
    address: String,
    child: Child,
    log: Receiver<String>,
    deployed: Deployed,
    root: TempDir,
}

impl Deployed {
    /// Starts it, with the simulator in place of AWS and a free port in place of the configured one.
    pub(super) fn start(self) -> Running {
        assert!(super::read("README.md").contains(&format!("`{}`", self.socket())), "the page names {}", self.socket());
        let root = tempfile::tempdir().expect("a folder can be made");
        for folder in &self.writable {
            let folder = below(root.path(), folder);
            fs::create_dir_all(&folder).expect("a folder can be made");
            fs::set_permissions(&folder, fs::Permissions::from_mode(self.mode)).expect("it is this test's own");
        }
        // Compiled once for all tests of this build.
        let cache = below(root.path(), self.environment.get("QUARRY_CACHE_DIR").expect("a cache is named")).join("aot");
        let shared = Path::new(env!("CARGO_TARGET_TMPDIR")).join("quarry-cache/aot");
        DirBuilder::new().recursive(true).mode(0o700).create(&shared).expect("a folder can be made");
        symlink(shared, cache).expect("a link can be made");
        let configuration = below(root.path(), CONFIG);
        fs::create_dir_all(configuration.parent().expect("it lies in a folder")).expect("a folder can be made");
        let free = self.configuration.replace("[::]:9464", "127.0.0.1:0");
        fs::write(&configuration, free).expect("it can be written");
        let mut command = self.command(root.path(), &self.arguments);
        command.args(["--simulate", "--simulate-pace", "instant", "--listen", "127.0.0.1:0"]);
        let mut child = command.stderr(Stdio::piped()).spawn().expect("the gateway starts");
        let (tell, log) = mpsc::channel();
        let lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
        thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| tell.send(line)));
        let mut running = Running { address: String::new(), child, log, deployed: self, root };
        let line = running.told("Quarry serves Amazon Bedrock");
        running.address = line.rsplit("http://").next().expect("an address is told").to_owned();
        let line = running.told("administration: unix:");
        let socket = below(running.root.path(), &running.deployed.socket());
        assert!(line.ends_with(&format!("unix:{}", socket.display())), "{line}");
        running
    }

    /// Where the admin socket is.
    pub(super) fn socket(&self) -> String {
        format!("{}/admin.sock", self.environment.get("RUNTIME_DIRECTORY").expect("a folder is named"))
    }

    /// The program with these arguments, and with the variables and nothing else.
    fn command(&self, root: &Path, arguments: &[String]) -> Command {
        let mut command = Command::new(binary());
        command.args(arguments).env_clear().current_dir(root).env("AWS_EC2_METADATA_DISABLED", "true");
        for (name, value) in &self.environment {
            match value.starts_with('/') {
                true => command.env(name, below(root, value)),
                false => command.env(name, value),
            };
        }
        command
    }
}

impl Running {
    /// The status of an answer.
    pub(super) fn status(&self, path: &str) -> u16 {
        let mut stream = TcpStream::connect(&self.address).expect("the gateway listens");
        let request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", self.address);
        stream.write_all(request.as_bytes()).expect("it can be asked");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers in text");
        let status = answer.split_whitespace().nth(1).and_then(|status| status.parse().ok());
        status.unwrap_or_else(|| panic!("no answer of HTTP: {answer:?}"))
    }

    /// Runs another command where the gateway runs, as `docker exec` does. Whether it succeeded, and what it printed.
    pub(super) fn execute(&self, arguments: &[String]) -> (bool, String) {
        let output = run(&mut self.deployed.command(self.root.path(), arguments));
        (output.status.success(), text(&output))
    }

    /// The number of the process.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for a line of the log with these words.
    pub(super) fn told(&mut self, words: &str) -> String {
        let until = Instant::now() + PATIENCE;
        let mut lines = Vec::new();
        loop {
            match self.log.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) if line.contains(words) => return message(line),
                Ok(line) => lines.push(line),
                Err(_) => panic!("the gateway does not say {words:?}:\n{}", lines.join("\n")),
            }
        }
    }

    /// SIGTERM, which has to end it well; then nothing may have been written where it may not write. What it said meanwhile.
    pub(super) fn stop(mut self) -> String {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process has a number");
        kill_process(pid, Signal::TERM).expect("it lives");
        let status = self.child.wait().expect("it can be waited for");
        // It ends with the process.
        let said = self.log.iter().collect::<Vec<_>>().join("\n");
        assert!(
            status.success() && said.contains("stopping when the requests under way have ended"),
            "{status}: {said}"
        );
        let mut written = Vec::new();
        files(self.root.path(), &mut written);
        assert!(written.contains(&below(self.root.path(), JOURNAL)), "no journal among {written:?}");
        let config = below(self.root.path(), CONFIG);
        let writable: Vec<PathBuf> =
            self.deployed.writable.iter().map(|folder| below(self.root.path(), folder)).collect();
        written.retain(|file| *file != config && !writable.iter().any(|folder| file.starts_with(folder)));
        assert!(written.is_empty(), "written outside of {writable:?}: {written:?}");
        said
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Ended already, when all went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a line of the log says, which may be JSON.
fn message(line: String) -> String {
    let json = serde_json::from_str::<serde_json::Value>(&line).ok();
    json.and_then(|json| json["message"].as_str().map(str::to_owned)).unwrap_or(line)
}

fn below(root: &Path, path: &str) -> PathBuf {
    root.join(path.trim_start_matches('/'))
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder can be read") {
        let entry = entry.expect("it can be read");
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            files(&entry.path(), found);
        } else {
            found.push(entry.path());
        }
    }
}

#[test]
fn what_the_command_does_not_know_is_not_accepted() {
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(accepts(&words("serve --listen 127.0.0.1:0")), Ok(()));
    for wrong in ["serve --bogus", "serve --listen nowhere", "serving", "provider activate --bogus x"] {
        assert!(accepts(&words(wrong)).is_err(), "{wrong}");
    }
}
