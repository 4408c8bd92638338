//! The limits of a provider: memory, time, returned bytes and handles.

use std::time::Duration;

/// How many sources one catalog may have. The built-in provider names three.
pub const MOST_SOURCES: usize = 16;

/// The limits of one session.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Linear memory, in bytes. Blobs stay in the host, so this holds conversations and listings as text only.
    pub memory: usize,
    /// Wall clock for a call on the path of a stream (the turn and its `push` and `finish`, `explain`, `prepare` of a short request): it
    /// blocks its worker for so long at most. A push of a read's frames takes microseconds; the rest is room for a machine that is busy.
    pub stream_call: Duration,
    /// Wall clock for a call off that path (`merge`, `prepare` of a long request, `resume`, instantiation).
    pub long_call: Duration,
    /// The largest result of one call, in bytes.
    pub lifted_bytes: usize,
    /// Live resource handles.
    pub handles: usize,
    /// Size of a component's file, in bytes.
    pub component: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            memory: 64 << 20,
            stream_call: Duration::from_millis(500),
            long_call: Duration::from_secs(5),
            lifted_bytes: 64 << 20,
            handles: 16,
            component: 32 << 20,
        }
    }
}
