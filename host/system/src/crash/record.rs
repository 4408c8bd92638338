//! The record of a process that runs: how it ended is read from it by the next one.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use super::handler;
use crate::digest::Digest;
use crate::files::{FileError, TrustedFolder};

/// The file, in the folder of versions. It is there while a gateway runs, and after one that did not end by itself.
const NAME: &str = "running";

/// What is written before the signal's number and the version.
const SIGNAL: &[u8] = b"signal ";

/// Bytes of the line that a handler writes: `signal 006 ` and 64 digits, or as many dashes, and a line break.
const LENGTH: usize = SIGNAL.len() + 4 + 64 + 1;

/// What stands behind it from the time on that somebody wanted the process to end.
const STOPPING: &[u8] = b"stopping\n";

/// A signal that ended a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Signal(pub u8);

impl fmt::Display for Signal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match i32::from(self.0) {
            libc::SIGABRT => "SIGABRT, an abort",
            libc::SIGBUS => "SIGBUS, a bad memory access",
            libc::SIGFPE => "SIGFPE, an arithmetic error",
            libc::SIGILL => "SIGILL, an illegal instruction",
            libc::SIGSEGV => "SIGSEGV, a bad memory access",
            libc::SIGSYS => "SIGSYS, a forbidden system call",
            libc::SIGTRAP => "SIGTRAP, a trap",
            number => return write!(formatter, "signal {number}"),
        };
        formatter.write_str(name)
    }
}

/// How a process before ended that did not end by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastEnd {
    /// It left no word: it was killed, or the machine stopped.
    Killed,
    /// It died of its own fault.
    Crashed {
        /// By which signal.
        signal: Signal,
        /// The version that its thread worked for; `None` where that worked for none.
        version: Option<Digest>,
    },
}

/// The record of this process. It is removed when this is dropped: then the process ended by itself.
#[derive(Debug)]
pub struct Record {
    file: File,
    folder: Arc<TrustedFolder>,
}

impl Record {
    /// How the process before ended, where it left a record.
    ///
    /// # Errors
    /// When the record cannot be read.
    pub fn last_end(folder: &TrustedFolder) -> Result<Option<LastEnd>, FileError> {
        let file = match folder.open_file(NAME) {
            Ok(file) => file,
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut text = Vec::new();
        let read = file.take(1024).read_to_end(&mut text);
        read.map_err(|source| FileError::Io { path: folder.path().join(NAME), source })?;
        Ok(parsed(&text))
    }

    /// Begins the record of this process in the place of the last one. From now on a fatal signal is written there.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn begin(folder: Arc<TrustedFolder>) -> Result<Self, FileError> {
        folder.write(NAME, b"", 0o600)?;
        let file = folder.open_or_make(NAME)?;
        let failed = |source| FileError::Io { path: folder.path().join(NAME), source };
        handler::install(file.as_raw_fd()).map_err(failed)?;
        Ok(Record { file, folder })
    }

    /// Notes that somebody wants this process to end: what ends it from now on needs no report, unless it is a fault.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn stopping(&self) -> io::Result<()> {
        self.file.write_all_at(STOPPING, LENGTH as u64)
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        handler::forget();
        if std::thread::panicking() {
            return;
        }
        // One that stays is taken for a process that was killed, which has no consequence but a line in the log.
        let _ = self.folder.remove(NAME);
    }
}

/// What a handler writes. It allocates nothing.
pub(super) fn line(signal: libc::c_int, version: Option<Digest>) -> [u8; LENGTH] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut line = [b'-'; LENGTH];
    line[..SIGNAL.len()].copy_from_slice(SIGNAL);
    let signal = signal.unsigned_abs() as usize % 1000;
    for (at, digit) in [signal / 100, signal / 10 % 10, signal % 10].into_iter().enumerate() {
        line[SIGNAL.len() + at] = DIGITS[digit];
    }
    line[SIGNAL.len() + 3] = b' ';
    if let Some(version) = version {
        for (at, byte) in version.bytes().iter().enumerate() {
            line[SIGNAL.len() + 4 + 2 * at] = DIGITS[usize::from(byte >> 4)];
            line[SIGNAL.len() + 5 + 2 * at] = DIGITS[usize::from(byte & 15)];
        }
    }
    line[LENGTH - 1] = b'\n';
    line
}

/// What a record says. One that a power failure damaged says as much as an empty one.
fn parsed(text: &[u8]) -> Option<LastEnd> {
    let crash = text.get(..LENGTH).and_then(|line| std::str::from_utf8(line).ok()).and_then(|line| {
        let (signal, version) = line.strip_prefix("signal ")?.trim_end().split_once(' ')?;
        Some(LastEnd::Crashed { signal: Signal(signal.parse().ok()?), version: version.parse().ok() })
    });
    match crash {
        Some(crash) => Some(crash),
        None if text.ends_with(STOPPING) => None,
        None => Some(LastEnd::Killed),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{LastEnd, NAME, Record, STOPPING, Signal, line, parsed};
    use crate::digest::Digest;
    use crate::files::TrustedFolder;

    #[test]
    fn what_a_handler_writes_is_read_back() {
        let version = Digest::of(b"a version");
        for version in [Some(version), None] {
            let crash = LastEnd::Crashed { signal: Signal(11), version };
            let written = line(11, version);
            assert_eq!(parsed(&written), Some(crash));
            // Also where somebody wanted it to end before.
            assert_eq!(parsed(&[written.as_slice(), STOPPING].concat()), Some(crash));
        }
        assert_eq!(Signal(6).to_string(), "SIGABRT, an abort");
    }

    #[test]
    fn a_record_without_a_signal_is_of_a_process_that_was_killed_unless_it_was_to_end() {
        let place = tempfile::tempdir().expect("a folder can be made");
        let folder = Arc::new(TrustedFolder::open(place.path()).expect("it is this test's own"));
        let file = place.path().join(NAME);
        let last_end = || Record::last_end(&folder).expect("it can be read");
        assert_eq!(last_end(), None);
        let record = Record { file: folder.open_or_make(NAME).expect("it can be made"), folder: Arc::clone(&folder) };
        assert_eq!(last_end(), Some(LastEnd::Killed));
        record.stopping().expect("it can be written");
        assert_eq!(last_end(), None);
        std::fs::write(&file, [0; 300]).expect("it can be written");
        assert_eq!(last_end(), Some(LastEnd::Killed), "as after a power failure");
        drop(record);
        assert!(!file.exists() && last_end().is_none());
    }
}
