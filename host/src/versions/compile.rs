//! Compiling in a process of its own.
//!
//! A component from outside may be made to cost its compiler any amount of memory and time. So the gateway does not compile: it
//! starts itself again for that, with bounds, without its environment, and takes the result from the cache of compiled code.

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

/// Data that the compiler may hold, in bytes.
const MEMORY: u64 = 3 << 30;

/// Threads that compile at once, where the machine has as many cores: a version that nobody has seen has two seconds until it serves.
/// More would hold more functions in memory at once, and take more of a large machine than the streams leave.
const THREADS: usize = 4;

/// How much of what the compiler says of a failure is kept, in bytes.
const WORDS: u64 = 4096;

/// What is said of a compilation that was cancelled.
const CANCELLED: &str = "compiling was cancelled";

/// Who compiles.
#[derive(Debug, Clone)]
pub enum Compiler {
    /// This process: for commands that end after it.
    Here,
    /// A process of its own.
    Child {
        /// The program: `quarry`.
        program: PathBuf,
        /// How long it may take, by the clock and of the processor, all threads together.
        time: Duration,
    },
}

/// What the process that compiles is told on its command line.
#[derive(Debug, Clone)]
pub struct CompileInto {
    /// The folder of the cache.
    pub cache: PathBuf,
    /// How much time of the processor it may take, all threads together, in seconds.
    pub seconds: u64,
}

impl Compiler {
    /// Has a component compiled into the cache. `cancel` ends a process of its own, which is gone when this returns.
    ///
    /// # Errors
    /// Says why there is no compiled component.
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
        // For whoever lists processes, whatever the path says.
        .arg0("quarry")
        .args(["provider", "compile-into-cache", "--seconds", &time.as_secs().max(1).to_string(), "--cache"])
        .arg(cache)
        // What this process may use is no business of a compiler that works on somebody else's code.
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
        // A compiler that dies does not read to the end, which is told by how it ended.
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

/// How many threads compile: no more than this process may use cores.
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
        Some(signal) if words.is_empty() => format!("the compiler was ended by signal {signal}"),
        Some(signal) => format!("the compiler was ended by signal {signal}: {words}"),
        None if words.is_empty() => format!("the compiler ended with {status}"),
        None => words.to_owned(),
    }
}

/// Waits for a child, which is ended when its time is up or it is cancelled; none then.
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

/// What the process that compiles does: bounds itself, reads a component and keeps its compiled code in the cache.
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
            tracing::warn!(?resource, %error, "a bound of the compiler cannot be set");
        }
    }
    // Streams come first.
    if let Err(error) = rustix::process::nice(10) {
        tracing::warn!(%error, "the compiler cannot be made nice");
    }
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL)) {
        tracing::warn!(%error, "the compiler may outlive the gateway");
    }
}
