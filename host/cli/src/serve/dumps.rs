//! What of this process's memory others get to see: nothing. It holds tokens and keys.

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// Forbids core dumps; and, unless a person wants to look, processes of the same user to read this one's memory: they may run code that
/// is not this gateway's.
pub(super) fn forbid(debuggable: bool) {
    // The limit alone would do for a file, and not for a core that is piped to a collector.
    if let Err(error) = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) }) {
        tracing::warn!(%error, "core dumps cannot be disabled: a core dump would contain tokens");
    }
    if !debuggable && let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        tracing::warn!(%error, "the memory of this process cannot be protected from other processes of this user");
    }
}
