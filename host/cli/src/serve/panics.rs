//! Panics of the gateway, in the form of its log.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::{self, PanicHookInfo};
use std::thread;

use crate::terminal;

/// Reports every panic as one line of the log, and its backtrace where `RUST_BACKTRACE` asks for one.
pub(super) fn report() {
    panic::set_hook(Box::new(|panic: &PanicHookInfo<'_>| {
        let thread = thread::current();
        let name = thread.name().unwrap_or("unnamed");
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let message = panic.payload_as_str().unwrap_or("without a message");
        let trace = Backtrace::capture();
        let trace = (trace.status() == BacktraceStatus::Captured).then(|| trace.to_string());
        terminal::tell_panic(&format!("thread '{name}' panicked at {place}: {message}"), trace.as_deref());
    }));
}
