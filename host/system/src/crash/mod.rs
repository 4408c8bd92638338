//! Whose version the process worked for when it died.
//!
//! A provider can end the whole process in ways that no sandbox stops: by an answer of which the host makes more than there is memory, or
//! by a fault of the compiler or the engine. Each restart would serve the same version again. So a process that dies of its own fault
//! records, with its last instructions, for which version its thread worked; the next start reads that.
//!
//! What counts is a signal that a program raises against itself: an abort (also of an allocation that failed), a bad memory access, an
//! illegal instruction. `SIGKILL`, the kernel's out-of-memory killer and a power failure leave no word: they come from outside, hit whatever
//! serves, and are reported without blame. The record is a few dozen bytes, written once a process, and a request costs no system call.

mod handler;
mod record;
mod work;

pub use self::record::{LastEnd, Record, Signal};
pub use self::work::{Work, attributed, work_for};

#[cfg(test)]
mod tests;
