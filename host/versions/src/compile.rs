//! Compilation in a child process.
//!
//! A component from outside can make its compiler use any amount of memory and time. So the gateway starts itself again
//! as a compiler, with limits and without its environment, and reads the result from the cache of compiled code.

use std::io::{Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, setrlimit};
use tokio_util::sync::CancellationToken;

use crate::provider::{AotCache, Generation, Host, LoadError};

/// The memory limit of the compiler's data, in bytes.
const MEMORY: u64 = 3 << 30;

/// The number of compiling threads, if the machine has as many cores: a new version has two seconds until it is active.
/// More threads would hold more functions in memory, and take cores from the streams.
const THREADS: usize = 4;

/// The limit of the compiler's error text, in bytes.
const WORDS: u64 = 4096;

/// The message of a cancelled compilation.
const CANCELLED: &str = "compiling was cancelled";

/// Where a component is compiled.
#[derive(Debug, Clone)]
pub enum Compiler {
    /// In this process: for commands that end afterwards.
    Here,
    /// In a child process.
    Child {
        /// The program: `quarry`.
        program: PathBuf,
        /// The limit of elapsed time and of processor time, summed over all threads.
        time: Duration,
    },
}

/// The command-line arguments of the compiler process.
#[derive(Debug, Clone)]
pub struct CompileInto {
    /// The folder of the cache.
    pub cache: PathBuf,
    /// The limit of processor time, summed over all threads, in seconds.
    pub seconds: u64,
}

impl Compiler {
    /// Compiles a component into the cache. `cancel` kills a child process, which has exited when this returns.
    ///
    /// # Errors
    /// With the reason why there is no compiled component.
    pub(super) fn compile(
        &self,
        host: &Arc<Host>,
        name: &str,
        bytes: &[u8],
        cache: &AotCache,
        cancel: &CancellationToken,
    ) -> Result<(), String> {
        let Some(_one_at_a_time) = host.capacity().compiles().begin(|| cancel.is_cancelled()) else {
            return Err(CANCELLED.to_owned());
        };
        match self {
            Compiler::Here => {
                Generation::load(host, name, bytes, Some(cache)).map(drop).map_err(|error| error.to_string())
            }
            Compiler::Child { program, time } => in_a_child(program, *time, bytes, cache.folder(), cancel),
        }
    }
}

fn in_a_child(
    program: &Path,
    time: Duration,
    bytes: &[u8],
    cache: &Path,
    cancel: &CancellationToken,
) -> Result<(), String> {
    let mut child = Command::new(program)
        // The name in process lists, independent of the path.
        .arg0("quarry")
        .args(["provider", "compile-into-cache", "--seconds", &time.as_secs().max(1).to_string(), "--cache"])
        .arg(cache)
        // The compiler handles untrusted code, so it gets none of this process's environment.
        .env_clear()
        .env("RAYON_NUM_THREADS", threads().to_string())
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("the compiler cannot be started: {}: {error}", program.display()))?;
    let (Some(mut stdin), Some(stderr)) = (child.stdin.take(), child.stderr.take()) else {
        return Err("the compiler has no pipes".to_owned());
    };
    thread::scope(|scope| {
        // A compiler that dies does not read to the end; its exit status reports that.
        scope.spawn(move || stdin.write_all(bytes));
        let words = scope.spawn(move || {
            let mut words = Vec::new();
            let _ = stderr.take(WORDS).read_to_end(&mut words);
            String::from_utf8_lossy(&words).trim().to_owned()
        });
        let ended = wait(&mut child, time, cancel);
        let words = words.join().unwrap_or_default();
        match ended {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(told(status, &words)),
            None if cancel.is_cancelled() => Err(CANCELLED.to_owned()),
            None => Err(format!("compiling took longer than {} s", time.as_secs())),
        }
    })
}

/// The number of compiling threads, at most the number of cores that this process may use.
fn threads() -> usize {
    thread::available_parallelism().map_or(1, |cores| cores.get().min(THREADS))
}

fn told(status: ExitStatus, words: &str) -> String {
    use std::os::unix::process::ExitStatusExt as _;
    match status.signal() {
        Some(signal)
            if signal == rustix::process::Signal::XCPU.as_raw() || signal == rustix::process::Signal::KILL.as_raw() =>
        {
            "compiling was stopped: it took more time or memory than it may".to_owned()
        }
        Some(signal) if words.is_empty() => format!("the compiler was killed by signal {signal}"),
        Some(signal) => format!("the compiler was killed by signal {signal}: {words}"),
        None if words.is_empty() => format!("the compiler ended with {status}"),
        None => words.to_owned(),
    }
}

/// Waits for a child. Kills it and returns `None` when its time is up or it is cancelled.
fn wait(child: &mut Child, time: Duration, cancel: &CancellationToken) -> Option<ExitStatus> {
    let began = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if began.elapsed() < time && !cancel.is_cancelled() => {
                thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(20));
            }
            Ok(None) | Err(_) => {
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
        }
    }
}

/// The work of the compiler process: sets its own limits, reads a component and writes its compiled code into the
/// cache.
///
/// # Errors
/// When the component cannot be compiled.
pub fn compile_into_cache(
    host: &Arc<Host>,
    into: &CompileInto,
    mut component: impl std::io::Read,
) -> Result<(), LoadError> {
    bound(into.seconds);
    let name = "the component";
    let mut bytes = Vec::new();
    let limit = host.limits().component;
    component
        .by_ref()
        .take(limit as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|source| LoadError::Read { path: "standard input".into(), source })?;
    let cache = AotCache::new(into.cache.clone());
    Generation::load(host, name, &bytes, Some(&cache)).map(drop)
}

/// Bounds this process for good. What cannot be set is not there to be set: the time that the parent allows still counts.
fn bound(seconds: u64) {
    let to = |most: u64| Rlimit { current: Some(most), maximum: Some(most) };
    for (resource, most) in [(Resource::Data, MEMORY), (Resource::Cpu, seconds), (Resource::Core, 0)] {
        if let Err(error) = setrlimit(resource, to(most)) {
            tracing::warn!(?resource, %error, "a limit of the compiler cannot be set");
        }
    }
    // Streams come first.
    if let Err(error) = rustix::process::nice(10) {
        tracing::warn!(%error, "the priority of the compiler cannot be lowered");
    }
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL)) {
        tracing::warn!(%error, "the compiler may outlive the gateway");
    }
}
