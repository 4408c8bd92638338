//! Starting the binary, and what came of it.

use std::fs::DirBuilder;
use std::io::{Read, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Once};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use std::{fs, thread};

use serde_json::Value;
use tempfile::TempDir;

use super::mutant::mutant;
use crate::planted::{nothing_shows_below, nothing_shows_in, plant_variable};

/// How long a command may take before it counts as hanging. Far more than any needs, for machines that are busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long the one compilation of the embedded component may take, unoptimised.
const PATIENCE_TO_COMPILE: Duration = Duration::from_secs(300);

/// Where all tests keep compiled components: an unoptimised compiler needs many seconds for one.
pub(crate) fn shared_cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("quarry-cache")
}

/// A `quarry` command with an environment of its own: an empty home, no AWS, and what the test adds.
///
/// It logs all that can be logged, and whatever it puts out is looked through for every secret that any test has planted. What a test
/// sees of the log is what it would be without that.
pub(crate) struct Quarry {
    home: Arc<TempDir>,
    variables: Vec<(String, String)>,
    stdin: Vec<u8>,
}

impl Quarry {
    /// Nothing is set.
    pub(crate) fn new() -> Self {
        static COMPILED: Once = Once::new();
        COMPILED.call_once(|| {
            let first = Quarry::bare().start(&["provider", "inspect"]).finish_within(PATIENCE_TO_COMPILE);
            assert_eq!(first.code, Some(0), "{first:?}");
        });
        Quarry::bare()
    }

    fn bare() -> Self {
        let home = tempfile::tempdir().expect("an empty home");
        // Compiled components are for all tests, and the rest of the cache for one.
        let compiled = shared_cache().join("aot");
        DirBuilder::new().recursive(true).mode(0o700).create(&compiled).expect("a folder can be made");
        let cache = home.path().join("cache");
        fs::create_dir(&cache).expect("a folder can be made");
        std::os::unix::fs::symlink(compiled, cache.join("aot")).expect("a link can be made");
        Quarry { home: Arc::new(home), variables: Vec::new(), stdin: Vec::new() }
    }

    /// Where it caches.
    pub(crate) fn cache(&self) -> PathBuf {
        self.path("cache")
    }

    /// A key pair that is none.
    pub(crate) fn with_keys() -> Self {
        Quarry::new().set("AWS_ACCESS_KEY_ID", "AKIDTEST").set("AWS_SECRET_ACCESS_KEY", "not-a-secret")
    }

    /// A key pair, and this endpoint in place of AWS.
    pub(crate) fn asking(endpoint: &str) -> Self {
        Quarry::with_keys().set("AWS_ENDPOINT_URL", endpoint)
    }

    /// Sets a variable.
    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// What standard input has.
    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// Writes a file below the home, which is the working directory too.
    pub(crate) fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder can be made");
        fs::write(path, content).expect("a file can be written");
        self
    }

    /// A path below the home.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Runs the command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        self.start(arguments).finish_within(PATIENCE)
    }

    /// The mutated component as `new.wasm`, compiled.
    pub(crate) fn with_mutant(self) -> Self {
        static COMPILED: Once = Once::new();
        let quarry = self.file("new.wasm", mutant());
        COMPILED.call_once(|| {
            let first = quarry.start(&["provider", "inspect", "new.wasm"]).finish_within(PATIENCE_TO_COMPILE);
            assert_eq!(first.code, Some(0), "{first:?}");
        });
        quarry
    }

    /// Starts the command.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        self.start_with(arguments, &[])
    }

    /// Starts the command with further variables.
    pub(crate) fn start_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Running {
        let own = self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let all: Vec<(&str, &str)> = own.chain(variables.iter().copied()).collect();
        all.iter().for_each(|(name, value)| plant_variable(name, value));
        let (level, unwanted) = match (all.iter().find(|(name, _)| *name == "QUARRY_LOG"), arguments.first()) {
            (Some((_, level)), _) => (*level, &[][..]),
            (None, Some(&"serve")) => ("trace", &["DEBUG", "TRACE"][..]),
            (None, _) => ("trace", &["INFO", "DEBUG", "TRACE"][..]),
        };
        let mut command = Command::new(env!("CARGO_BIN_EXE_quarry"));
        let mut child = self
            .surround(command.args(arguments))
            .env("QUARRY_LOG", level)
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut stdin = child.stdin.take().expect("it is piped");
        let given = self.stdin.clone();
        // A command that does not read its input closes it, which is no error here.
        thread::spawn(move || drop(stdin.write_all(&given)));
        let stderr = collect(child.stderr.take().expect("it is piped"));
        let began = Instant::now();
        Running { home: Arc::clone(&self.home), child, stderr: Some(stderr), began, seen: Vec::new(), unwanted }
    }
}

impl Quarry {
    /// Gives a command this environment and this working directory, and nothing else.
    pub(crate) fn surround<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command
            .current_dir(self.home.path())
            .env_clear()
            .env("HOME", self.home.path())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("QUARRY_CACHE_DIR", self.cache())
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
    }
}

fn collect(mut pipe: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).expect("a pipe can be read");
        bytes
    })
}

/// Leaves out log lines of these levels, and what is indented below them.
fn without_levels(log: &str, levels: &[&str]) -> String {
    let mut below_one = false;
    let is_wanted = |line: &&str| {
        let is_one = line.split_whitespace().nth(1).is_some_and(|word| levels.contains(&word));
        below_one = is_one || below_one && line.starts_with(' ');
        !below_one
    };
    log.split_inclusive('\n').filter(is_wanted).collect()
}

/// A command that has been started. It does not outlive the test.
pub(crate) struct Running {
    /// It is there as long as the command needs it.
    home: Arc<TempDir>,
    child: Child,
    stderr: Option<JoinHandle<Vec<u8>>>,
    began: Instant,
    /// What was read of standard output already.
    seen: Vec<u8>,
    /// Levels of log lines that nobody asked for.
    unwanted: &'static [&'static str],
}

impl Running {
    /// Waits until standard output has this text.
    pub(crate) fn wait_for(&mut self, text: &str) {
        let stdout = self.child.stdout.as_mut().expect("it is piped");
        let mut chunk = [0; 4096];
        while !String::from_utf8_lossy(&self.seen).contains(text) {
            let read = stdout.read(&mut chunk).expect("a pipe can be read");
            assert!(read > 0, "the output ended without {text:?}: {}", String::from_utf8_lossy(&self.seen));
            self.seen.extend_from_slice(&chunk[..read]);
        }
    }

    /// Stops reading what the command prints, as `head` does.
    pub(crate) fn stop_reading(&mut self) {
        drop(self.child.stdout.take());
    }

    /// Sends a signal, such as `INT`.
    pub(crate) fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        let status = Command::new("/bin/sh").args(["-c", &kill]).status().expect("a shell is there");
        assert!(status.success(), "{kill}: {status}");
    }

    /// Waits for the end.
    pub(crate) fn finish(self) -> Outcome {
        self.finish_within(PATIENCE)
    }

    fn finish_within(mut self, patience: Duration) -> Outcome {
        let rest = self.child.stdout.take().map(collect);
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                break Some(status);
            }
            if self.began.elapsed() > patience {
                self.child.kill().expect("a child can be ended");
                break None;
            }
            thread::sleep(Duration::from_millis(2));
        };
        let took = self.began.elapsed();
        let mut stdout = std::mem::take(&mut self.seen);
        if let Some(rest) = rest {
            stdout.extend(rest.join().expect("the reader does not panic"));
        }
        let stderr = self.stderr.take().map(|stderr| stderr.join().expect("the reader does not panic"));
        let outcome = Outcome {
            code: status.and_then(|status| status.code()),
            stdout: String::from_utf8(stdout).expect("the output is UTF-8"),
            stderr: String::from_utf8(stderr.unwrap_or_default()).expect("the output is UTF-8"),
            took,
        };
        assert!(status.is_some(), "it did not end: {outcome:?}");
        assert!(!outcome.stderr.contains("panicked"), "{outcome:?}");
        nothing_shows_in("what a command printed", format!("{}{}", outcome.stdout, outcome.stderr).as_bytes());
        nothing_shows_below(&self.home.path().join("cache"), Path::new(""));
        Outcome { stderr: without_levels(&outcome.stderr, self.unwanted), ..outcome }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended long ago unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What came of a command.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The exit code; none when a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

impl Outcome {
    /// It did what it was asked to, and had nothing to remark.
    #[track_caller]
    pub(crate) fn succeeded(&self) -> &Self {
        assert_eq!((self.code, self.stderr.as_str()), (Some(0), ""), "{self:?}");
        self
    }

    /// It failed with one clear message: the error, and below it at most what to do and the request's id. Nothing else is
    /// said: no second error, no log line.
    #[track_caller]
    pub(crate) fn failed_with(&self, code: i32, words: &[&str]) -> &Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        let mut lines = self.stderr.lines();
        assert!(lines.next().is_some_and(|line| line.starts_with("error: ")), "{self:?}");
        let below: Vec<&str> = lines.collect();
        assert!(below.len() <= 2 && below.iter().all(|line| line.starts_with("  ")), "{self:?}");
        for word in words {
            assert!(self.stderr.contains(word), "{word:?} is not in it: {self:?}");
        }
        self
    }

    /// Standard output as one JSON document.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("not JSON ({error}): {self:?}"))
    }

    /// Standard output as a JSON document a line.
    #[track_caller]
    pub(crate) fn json_lines(&self) -> Vec<Value> {
        let read = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("not JSON ({error}): {line}"));
        self.stdout.lines().map(read).collect()
    }
}
