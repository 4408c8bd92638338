//! What the process of a gateway holds: file descriptors, threads, tasks, sessions, memory.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::ask::get;
use crate::gateway::Gateway;

/// How long what was let go may take to be gone: threads of the blocking pool live for 10 s after their last work.
const PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(100);

/// What a gateway holds while nobody asks it for anything.
///
/// The connections between it and the simulator, both ends of which are in its process, are counted for themselves: the SDK
/// keeps those that it may use again, as many as there were at once, so their number depends on what was at once. Each end has
/// one descriptor and one task, and all else has to be exactly what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Held {
    /// File descriptors besides those of upstream connections.
    pub(super) descriptors: usize,
    /// Tasks besides those of upstream connections.
    pub(super) tasks: usize,
    /// Connections of clients.
    pub(super) clients: usize,
    /// Sessions of the provider.
    pub(super) sessions: usize,
    /// Requests under way.
    pub(super) requests: usize,
}

/// What is not the same from one look to the next even if nothing leaks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Varying {
    /// Ends of upstream connections.
    pub(super) upstream: usize,
    pub(super) threads: usize,
    /// Resident memory, in KiB.
    pub(super) resident: usize,
}

/// Looks once.
pub(super) async fn look(gateway: &Gateway) -> Result<(Held, Varying), String> {
    let metrics = get(gateway, "/metrics").await?;
    let value = |name: &str| total(&metrics, name);
    // The connection and the request that ask for the metrics are gone again when the descriptors are counted.
    let connections = value("quarry_connections_open")?;
    let tasks = value("quarry_tasks_alive")?;
    let process = PathBuf::from(format!("/proc/{}", gateway.process_id()));
    let port = gateway.base.rsplit(':').next().and_then(|port| port.parse::<u16>().ok());
    let port = port.ok_or("the base has no port")?;
    let sockets = tcp_sockets(&process)?;
    let (mut descriptors, mut upstream, mut clients) = (0, 0, 0);
    for link in fs::read_dir(process.join("fd")).map_err(|error| error.to_string())?.flatten() {
        let target = fs::read_link(link.path()).unwrap_or_default();
        let target = target.to_string_lossy();
        let inode = target.strip_prefix("socket:[").and_then(|rest| rest.strip_suffix(']'));
        match inode.and_then(|inode| sockets.get(inode)) {
            Some(Socket { listens: false, port: local }) if *local == port => clients += 1,
            Some(Socket { listens: false, .. }) => upstream += 1,
            _ => descriptors += 1,
        }
    }
    let held = Held {
        descriptors,
        tasks: tasks.checked_sub(upstream).ok_or("an upstream connection without a task")?,
        clients: clients + connections - 1,
        sessions: value("quarry_provider_sessions_alive")?,
        requests: value("quarry_requests_in_flight")?,
    };
    let varying = Varying { upstream, threads: status(&process, "Threads:")?, resident: status(&process, "VmRSS:")? };
    Ok((held, varying))
}

/// Looks until what is held is the same for a while: what the gateway holds when it rests.
pub(super) async fn at_rest(gateway: &Gateway) -> Result<(Held, Varying), String> {
    let began = Instant::now();
    let mut last = look(gateway).await;
    let mut same = 0;
    while began.elapsed() < PATIENCE {
        tokio::time::sleep(PAUSE).await;
        let now = look(gateway).await;
        let rests = matches!((&last, &now), (Ok((before, _)), Ok((now, _))) if before == now && now.requests == 0);
        same = if rests { same + 1 } else { 0 };
        if same == 5 {
            return now;
        }
        last = now;
    }
    Err(format!("it does not come to rest: {last:?}"))
}

/// Looks until the gateway holds what it held before, with no more threads.
pub(super) async fn back_to(gateway: &Gateway, before: &Held, threads: usize) -> Result<Varying, String> {
    let began = Instant::now();
    loop {
        let now = look(gateway).await;
        match &now {
            Ok((held, varying)) if held == before && varying.threads <= threads => return Ok(*varying),
            _ if began.elapsed() > PATIENCE => {
                return Err(format!("it held {before:?} with {threads} threads, and now {now:?}"));
            }
            _ => tokio::time::sleep(PAUSE).await,
        }
    }
}

struct Socket {
    listens: bool,
    /// Its own port.
    port: u16,
}

/// The TCP sockets that the process sees, by inode.
fn tcp_sockets(process: &std::path::Path) -> Result<BTreeMap<String, Socket>, String> {
    const LISTENING: &str = "0A";
    let table = fs::read_to_string(process.join("net/tcp")).map_err(|error| error.to_string())?;
    let mut sockets = BTreeMap::new();
    for line in table.lines().skip(1) {
        let fields: Vec<_> = line.split_whitespace().collect();
        let [_, local, _, state, _, _, _, _, _, inode, ..] = fields[..] else {
            return Err(format!("what is {line:?}?"));
        };
        let port = local.rsplit(':').next().and_then(|port| u16::from_str_radix(port, 16).ok());
        let port = port.ok_or_else(|| format!("the port of {line:?}"))?;
        sockets.insert(inode.to_owned(), Socket { listens: state == LISTENING, port });
    }
    Ok(sockets)
}

/// A number of the process's status.
fn status(process: &std::path::Path, name: &str) -> Result<usize, String> {
    let status = fs::read_to_string(process.join("status")).map_err(|error| error.to_string())?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().next()).and_then(|number| number.parse().ok());
    number.ok_or_else(|| format!("no {name} in {status}"))
}

/// The sum of a metric's series.
fn total(metrics: &str, name: &str) -> Result<usize, String> {
    let mut series = metrics.lines().filter_map(|line| line.strip_prefix(name)).peekable();
    series.peek().ok_or_else(|| format!("no {name} in the metrics:\n{metrics}"))?;
    let values = series.map(|rest| rest.rsplit(' ').next().and_then(|value| value.parse::<usize>().ok()));
    values.sum::<Option<usize>>().ok_or_else(|| format!("{name} is no count:\n{metrics}"))
}
