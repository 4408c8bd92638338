//! What this machine lets the process have: memory and open files.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::process::{Resource, getrlimit, setrlimit};

/// Files that the process itself holds open: its log, its listeners, files of the configuration, the runtime's own.
const OF_THE_PROCESS: u64 = 64;

/// What this process may use. `None` where there is no bound, or it cannot be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Machine {
    /// Bytes of memory: of the machine, or of the control group where that has fewer.
    pub memory: Option<u64>,
    /// Files that may be open.
    pub files: Option<u64>,
}

impl Machine {
    /// This one. The limit of open files is raised first: see [`raise_file_limit`].
    #[must_use]
    pub fn here() -> Self {
        let limits =
            [total_memory(), control_group_memory(Path::new("/proc/self/cgroup"), Path::new("/sys/fs/cgroup"))];
        Machine { memory: limits.into_iter().flatten().min(), files: raise_file_limit() }
    }

    /// Requests that the open files are enough for, where each takes so many sockets. A quarter of a file a request is for connections
    /// beyond those, so that refusals, `/readyz` and `/metrics` get through.
    pub(super) fn requests(self, sockets: u64) -> Option<usize> {
        let free = self.files?.saturating_sub(OF_THE_PROCESS);
        Some(usize::try_from(free.saturating_mul(4) / (4 * sockets + 1)).unwrap_or(usize::MAX).max(1))
    }

    /// Connections of clients that leave enough files for what so many requests take besides.
    pub(super) fn connections(self, requests: usize, sockets: u64) -> Option<usize> {
        let besides = (requests as u64).saturating_mul(sockets - 1);
        let free = self.files?.saturating_sub(OF_THE_PROCESS).saturating_sub(besides);
        Some(usize::try_from(free).unwrap_or(usize::MAX).max(1))
    }
}

/// Raises the number of files that the process may have open to the highest that it may set by itself, and gives what it has
/// then; `None` where there is no bound. Shells set it low (1024 is usual) for the sake of programs that use `select`.
pub fn raise_file_limit() -> Option<u64> {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let before = limit.current;
        limit.current = limit.maximum;
        // Some systems name a maximum that they do not give; what there was stays then.
        if setrlimit(Resource::Nofile, limit).is_err() {
            limit.current = before;
        }
    }
    limit.current
}

/// Bytes of memory of the whole machine (proc_meminfo(5)); where that file is hidden (`ProcSubset=pid` of systemd), of its first node.
fn total_memory() -> Option<u64> {
    ["/proc/meminfo", "/sys/devices/system/node/node0/meminfo"].iter().find_map(|path| {
        let text = fs::read_to_string(path).ok()?;
        let (_, after) = text.split_once("MemTotal:")?;
        after.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
    })
}

/// The smallest memory limit of the control groups that the process is in: a group's own and those of its parents (cgroups(7)). Inside a
/// container the group's path is often that of the host, where nothing is mounted: then the mount's root is the group.
fn control_group_memory(groups: &Path, mounted: &Path) -> Option<u64> {
    let groups = fs::read_to_string(groups).ok()?;
    let limits = groups.lines().filter_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, path) = (parts.next()?, parts.next()?);
        let (root, file) = if controllers.is_empty() {
            (mounted.to_owned(), "memory.max")
        } else if controllers.split(',').any(|name| name == "memory") {
            (mounted.join("memory"), "memory.limit_in_bytes")
        } else {
            return None;
        };
        let group = root.join(path.trim_start_matches('/'));
        let chain = group.ancestors().take_while(|folder| folder.starts_with(&root)).map(PathBuf::from);
        chain.filter_map(|folder| fs::read_to_string(folder.join(file)).ok()?.trim().parse::<u64>().ok()).min()
    });
    limits.min()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Machine, control_group_memory};

    #[test]
    fn half_of_the_files_and_more_is_for_connections() {
        let machine = |files| Machine { memory: None, files: Some(files) };
        assert_eq!(machine(1024).requests(2), Some(426));
        assert_eq!(machine(1024).connections(426, 2), Some(534));
        assert_eq!(machine(1024).requests(3), Some(295));
        assert_eq!(machine(1024).connections(295, 3), Some(370));
        assert_eq!(machine(u64::MAX).requests(2), Some(2_049_638_230_412_172_401));
        assert_eq!(machine(20_000).connections(4096, 2), Some(15_840));
        assert_eq!((machine(10).requests(2), machine(10).connections(4, 2)), (Some(1), Some(1)));
        assert_eq!((Machine::default().requests(2), Machine::default().connections(9, 2)), (None, None));
    }

    #[test]
    fn the_smallest_limit_of_all_groups_counts() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("it has a parent")).expect("a folder");
            fs::write(path, text).expect("it is written");
        };
        let limit = |groups: &str| {
            write("groups", groups);
            control_group_memory(&folder.path().join("groups"), &folder.path().join("mounted"))
        };
        write("mounted/a/memory.max", "3000\n");
        write("mounted/a/b/memory.max", "max\n");
        write("mounted/a/b/c/memory.max", "5000\n");
        assert_eq!(limit("0::/a/b/c\n"), Some(3000), "a parent's");
        write("mounted/memory.max", "2000\n");
        assert_eq!(limit("0::/kubepods/of/the/host\n"), Some(2000), "the mount's root");
        write("mounted/memory/d/memory.limit_in_bytes", "1000\n");
        assert_eq!(limit("5:cpu:/\n4:hugetlb,memory:/d\n0::/a\n"), Some(1000), "of the first version");
        assert_eq!(limit("5:cpu:/x\n"), None);
    }
}
