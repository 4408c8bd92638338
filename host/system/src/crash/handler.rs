//! What the process does when it is about to die of its own fault.
#![allow(
    unsafe_code,
    reason = "a signal handler is installed by a call that nothing can check; the handler allocates and locks nothing"
)]

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::RawFd;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use libc::{SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP, c_int, c_void, siginfo_t};

use super::record::line;
use super::work::current;

/// The signals that a program raises against itself.
const SIGNALS: [c_int; 7] = [SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP];

/// What was done at each signal before: the standard library reports a stack that overflowed.
static BEFORE: [OnceLock<libc::sigaction>; SIGNALS.len()] = [const { OnceLock::new() }; SIGNALS.len()];

/// Where the record is written to; none before it is opened.
static RECORD: AtomicI32 = AtomicI32::new(-1);

/// Whether it was written: an abort may follow the first signal, and says less.
static WRITTEN: AtomicBool = AtomicBool::new(false);

/// From now on a fatal signal is written to this descriptor, which stays open for as long as the process lives.
///
/// It must be called before the first engine is made: the engine handles the signals of traps itself, and hands on to who was there
/// before what is not its own.
pub(super) fn install(record: RawFd) -> io::Result<()> {
    RECORD.store(record, Ordering::SeqCst);
    for (signal, before) in SIGNALS.into_iter().zip(&BEFORE) {
        // A second record of the same process: the handler is there.
        if before.get().is_some() {
            continue;
        }
        // SAFETY: both structures are valid for the call, and `handle` does only what a handler may. It runs on the alternate stack where
        // the thread has one, because the stack may be what is full.
        unsafe {
            let mut previous = MaybeUninit::<libc::sigaction>::zeroed();
            if libc::sigaction(signal, std::ptr::null(), previous.as_mut_ptr()) != 0 {
                return Err(io::Error::last_os_error());
            }
            let _ = before.set(previous.assume_init());
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = handle as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
            libc::sigemptyset(&raw mut action.sa_mask);
            if libc::sigaction(signal, &raw const action, std::ptr::null_mut()) != 0 {
                return Err(io::Error::last_os_error());
            }
        }
    }
    Ok(())
}

/// The descriptor is about to be closed, and its number may become another file's.
pub(super) fn forget() {
    RECORD.store(-1, Ordering::SeqCst);
}

/// Writes the record, and has the signal end the process as it would have.
extern "C" fn handle(signal: c_int, information: *mut siginfo_t, _context: *mut c_void) {
    if !WRITTEN.swap(true, Ordering::SeqCst) {
        let line = line(signal, current());
        // SAFETY: the buffer is valid for its length; a descriptor that is closed makes the call fail and nothing else.
        unsafe { libc::pwrite(RECORD.load(Ordering::SeqCst), line.as_ptr().cast(), line.len(), 0) };
    }
    let before = SIGNALS.iter().position(|known| *known == signal).and_then(|at| BEFORE[at].get());
    // SAFETY: `sigaction`, `signal` and `raise` may be called in a handler, and the kernel hands over a valid `information`.
    unsafe {
        let by_instruction = !information.is_null() && (*information).si_code > 0;
        match before {
            // The instruction is run again when this returns, and its signal comes to whoever was there before.
            Some(before) if by_instruction && !matches!(signal, SIGSYS | SIGTRAP) => {
                libc::sigaction(signal, before, std::ptr::null_mut());
            }
            // It was raised, as by `abort`, or nothing is run again. The standard library's handlers swallow such a signal once.
            _ => {
                libc::signal(signal, libc::SIG_DFL);
                libc::raise(signal);
            }
        }
    }
}
