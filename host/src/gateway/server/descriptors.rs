//! File descriptors: each connection of a client takes one, and so does each request to AWS.

use rustix::process::{Resource, getrlimit, setrlimit};

/// What the process itself holds open: its log, its listener, files of the configuration, the runtime's own.
const OF_THE_PROCESS: u64 = 64;

/// Raises the number of files that the process may have open to the highest that it may set by itself, and gives what it has
/// then; none where there is no bound. Shells set it low (1024 is usual) for the sake of programs that use `select`.
pub fn raise_descriptor_limit() -> Option<u64> {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let before = limit.current;
        limit.current = limit.maximum;
        // Some systems name a maximum that they do not give; what there was stays then.
        if setrlimit(Resource::Nofile, limit).is_err() {
            limit.current = before;
        }
    }
    match limit.current {
        Some(files) => tracing::info!(files, "limit of open files"),
        None => tracing::info!("no limit of open files"),
    }
    limit.current
}

/// How many connections there may be: as configured, but never so many that their requests find no descriptor to ask AWS with.
pub(super) fn connections(configured: usize, requests: usize) -> usize {
    let Some(files) = getrlimit(Resource::Nofile).current else { return configured };
    let room = room(files, requests);
    if room < configured {
        let files_needed = (configured as u64).saturating_add(requests as u64).saturating_add(OF_THE_PROCESS);
        tracing::warn!(
            connections = room,
            configured,
            files_needed,
            "max connections lowered: raise the limit of open files (`ulimit -n`)"
        );
    }
    room.min(configured)
}

/// The connections that so many descriptors are enough for. Requests to AWS get a quarter of them at most.
fn room(files: u64, requests: usize) -> usize {
    let requests = u64::try_from(requests).unwrap_or(u64::MAX).min(files / 4);
    let room = files.saturating_sub(OF_THE_PROCESS).saturating_sub(requests);
    usize::try_from(room).unwrap_or(usize::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::room;

    #[test]
    fn connections_leave_descriptors_for_requests() {
        assert_eq!(room(1024, 4000), 704);
        assert_eq!(room(20_000, 4000), 15_936);
        assert_eq!(room(20_000, 10), 19_926);
        assert_eq!(room(10, 4000), 1);
    }
}
