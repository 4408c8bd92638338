//! What the kernel knows of the gateway.

use std::fs;

use super::client::get;
use crate::gateway::Gateway;

/// The memory of the gateway that is in use, in KiB.
pub(crate) fn resident(gateway: &Gateway) -> usize {
    kibibytes(gateway, "VmRSS:")
}

/// The most memory of the gateway that was in use at any moment since [`forget_peak`], in KiB.
pub(crate) fn peak(gateway: &Gateway) -> usize {
    kibibytes(gateway, "VmHWM:")
}

/// Has the kernel begin anew with [`peak`].
pub(crate) fn forget_peak(gateway: &Gateway) {
    fs::write(format!("/proc/{}/clear_refs", gateway.process_id()), "5").expect("it runs");
}

fn kibibytes(gateway: &Gateway, name: &str) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", gateway.process_id())).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("the kernel says it");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// The processor time that the gateway used so far, in clock ticks (a hundredth of a second).
pub(crate) fn ticks(gateway: &Gateway) -> u64 {
    let path = format!("/proc/{}/stat", gateway.pid().as_raw_nonzero());
    let stat = std::fs::read_to_string(path).expect("it runs");
    // The name is in parentheses and may hold anything; `utime` and `stime` are the 12th and 13th after it.
    let after = stat.rsplit_once(')').expect("a name").1;
    after.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("a number")).sum()
}

/// The sum of the series of a metric, or one series of it, by the gateway's own count.
pub(crate) fn metric(gateway: &Gateway, name: &str) -> usize {
    let metrics = get(gateway, "/metrics", &[]).body;
    let of_it = |line: &&str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']));
    let values: Vec<usize> =
        metrics.lines().filter(of_it).filter_map(|line| line.rsplit(' ').next()?.parse().ok()).collect();
    assert!(!values.is_empty(), "there is no {name}: {metrics}");
    values.into_iter().sum()
}

/// Files that the gateway has open, but for sockets: connections of clients close when they will.
pub(crate) fn open_files(gateway: &Gateway) -> usize {
    let folder = format!("/proc/{}/fd", gateway.process_id());
    let all = fs::read_dir(folder).expect("it runs").filter_map(Result::ok);
    all.filter(|file| fs::read_link(file.path()).is_ok_and(|to| !to.to_string_lossy().starts_with("socket:"))).count()
}

/// The compiled components in the gateway's memory: the name of each file, which begins with the component's digest, as often as it
/// is there.
pub(crate) fn mapped_components(gateway: &Gateway) -> Vec<String> {
    let maps = fs::read_to_string(format!("/proc/{}/maps", gateway.process_id())).expect("it runs");
    let name = |line: &str| {
        // Each file begins at its first byte once; its other parts are mapped apart.
        let (range, path) = (line.split_whitespace().nth(2)?, line.split_whitespace().nth(5)?);
        let name = path.strip_suffix(".cwasm")?.rsplit('/').next()?;
        (range == "00000000").then(|| name.to_owned())
    };
    maps.lines().filter_map(name).collect()
}
