//! What the kernel knows of the gateway.

use crate::gateway::Gateway;

/// The memory of the gateway that is in use, in KiB.
pub(crate) fn resident(gateway: &Gateway) -> usize {
    let path = format!("/proc/{}/status", gateway.pid().as_raw_nonzero());
    let status = std::fs::read_to_string(path).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("the kernel says it");
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
