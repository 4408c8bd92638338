//! The folder where versions are kept.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::components::Components;
use super::history::History;
use super::journal::{Journal, JournalError};
use super::lines::Line;
use crate::config::Environment;
use crate::files::{FileError, TrustedFolder};
use crate::provider::Digest;

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no place for it.
    #[error("there is no folder for the provider's versions: set QUARRY_STATE_DIR, or HOME")]
    NoFolder,
    /// A file or the folder.
    #[error("cannot use {}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process works on it.
    #[error("{} is in use by another process, perhaps a running gateway: use --admin to reach it", folder.display())]
    InUse {
        /// The folder.
        folder: PathBuf,
    },
    /// It cannot be read or written, or others can change what it decides.
    #[error("the folder of versions cannot be used: {0}")]
    File(#[from] FileError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The bytes of a version are not what they were.
    #[error("{} is damaged: its SHA-256 is {found}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Its digest now.
        found: Digest,
    },
}

/// Where the versions of a user's gateway are kept: `QUARRY_STATE_DIR`, systemd's `STATE_DIRECTORY`,
/// `$XDG_STATE_HOME/quarry`, `~/.local/state/quarry`.
///
/// # Errors
/// When none of them is set.
pub fn state_folder(environment: &Environment) -> Result<PathBuf, StoreError> {
    let set = |name| environment.get(name).filter(|value| !value.trim().is_empty()).map(PathBuf::from);
    set("QUARRY_STATE_DIR")
        .or_else(|| set("STATE_DIRECTORY"))
        .or_else(|| Some(set("XDG_STATE_HOME")?.join("quarry")))
        .or_else(|| Some(set("HOME")?.join(".local").join("state").join("quarry")))
        .ok_or(StoreError::NoFolder)
}

/// The folder, held by this process alone.
#[derive(Debug)]
pub struct Store {
    folder: Arc<TrustedFolder>,
    components: Arc<Components>,
    journal: Journal,
    history: History,
    lines: Vec<Line>,
    _lock: File,
}

/// How long it is waited between two looks whether another process is done with the folder.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Lines that are kept in memory for whoever asks what happened.
const LINES_KEPT: usize = 1000;

impl Store {
    /// Opens the folder, which is made where it is missing. Others may be able to write to it, as to the root of a volume; what is in it
    /// counts only where nobody else can have made it.
    ///
    /// # Errors
    /// When it cannot be used, others can put another in its place, or another process works on it.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let folder = Arc::new(TrustedFolder::make_shared(folder)?);
        let components = Arc::new(Components::open(&folder)?);
        let lock = folder.open_lock("lock")?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::InUse { folder: folder.path().to_owned() }),
            Err(TryLockError::Error(source)) => {
                return Err(StoreError::Io { path: folder.path().join("lock"), source });
            }
        }
        let (journal, mut lines) = Journal::open(&folder)?;
        let history = History::of(&lines);
        lines.drain(..lines.len().saturating_sub(LINES_KEPT));
        Ok(Store { folder, components, journal, history, lines, _lock: lock })
    }

    /// The same, and waits so long for another process to be done with it: a command that looks at it has it for a moment. Blocks.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_within(folder: &Path, patience: Duration) -> Result<Self, StoreError> {
        let began = Instant::now();
        loop {
            match Store::open(folder) {
                Err(StoreError::InUse { .. }) if began.elapsed() < patience => std::thread::sleep(LOOK_AGAIN),
                opened => return opened,
            }
        }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The folder, by its descriptor.
    #[must_use]
    pub fn trusted(&self) -> &Arc<TrustedFolder> {
        &self.folder
    }

    /// The versions' bytes. Whoever has them needs the store no more.
    #[must_use]
    pub fn components(&self) -> &Arc<Components> {
        &self.components
    }

    /// What happened until now.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.history
    }

    /// The last lines of the journal, the latest last.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Writes down what happened; it counts when this returns.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn record(&mut self, event: super::Event) -> Result<(), StoreError> {
        let line = self.journal.append(event)?;
        self.count(line);
        Ok(())
    }

    /// The same for what has to count whatever becomes of the disk: it counts in this process in any case, and what could not be
    /// written is written before the next line that can be.
    ///
    /// # Errors
    /// When it is not written yet.
    pub fn record_anyway(&mut self, event: super::Event) -> Result<(), StoreError> {
        let (line, written) = self.journal.append_anyway(event);
        self.count(line);
        Ok(written?)
    }

    fn count(&mut self, line: Line) {
        self.history.add(&line);
        if self.lines.len() >= LINES_KEPT {
            self.lines.drain(..LINES_KEPT / 10);
        }
        self.lines.push(line);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Store, StoreError};

    #[test]
    fn one_process_holds_the_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path()).expect("it opens");
        assert!(matches!(Store::open(folder.path()), Err(StoreError::InUse { .. })));
        drop(store);
        // A program that another test is just starting has it for a moment more.
        assert!(Store::open_within(folder.path(), Duration::from_secs(60)).is_ok());
    }

    #[test]
    fn who_waits_gets_the_folder_when_the_other_is_done() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path()).expect("it opens");
        assert!(matches!(Store::open_within(folder.path(), Duration::ZERO), Err(StoreError::InUse { .. })));
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| Store::open_within(folder.path(), Duration::from_secs(60)));
            std::thread::sleep(Duration::from_millis(50));
            drop(store);
            assert!(waiting.join().is_ok_and(|opened| opened.is_ok()));
        });
    }
}
