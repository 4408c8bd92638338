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
pub enum StoreError {
    /// No folder is known.
    #[error("no folder for provider versions is known: set QUARRY_STATE_DIR, or HOME")]
    NoFolder,
    /// A file or the folder.
    #[error("cannot use {}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process uses it.
    #[error("{} is in use by another process, perhaps a running gateway: use --admin to reach it", folder.display())]
    InUse {
        /// The folder.
        folder: PathBuf,
    },
    /// It cannot be read or written, or other users can change it.
    #[error("the folder of versions cannot be used: {0}")]
    File(#[from] FileError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The bytes of a version do not have its digest.
    #[error("{} is damaged: its SHA-256 is {found}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Its digest now.
        found: Digest,
    },
}

/// The folder for the versions of a user's gateway: `QUARRY_STATE_DIR`, systemd's `STATE_DIRECTORY`,
/// `$XDG_STATE_HOME/quarry`, or `~/.local/state/quarry`.
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

/// The folder of versions, locked by this process.
#[derive(Debug)]
pub struct Store {
    folder: Arc<TrustedFolder>,
    components: Arc<Components>,
    journal: Journal,
    history: History,
    lines: Vec<Line>,
    _lock: File,
}

/// The interval between two attempts to lock the folder.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// The number of journal lines that are kept in memory.
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

    /// As [`Store::open`], and waits for the lock: a command holds it for a moment. Blocks.
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

    /// The bytes of versions. They can be used without the store.
    #[must_use]
    pub fn components(&self) -> &Arc<Components> {
        &self.components
    }

    /// The state that the journal describes.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.history
    }

    /// The last lines of the journal, the latest last.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Records an event. When this returns, it is on disk.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn record(&mut self, event: super::Event) -> Result<(), StoreError> {
        let line = self.journal.append(event)?;
        self.count(line);
        Ok(())
    }

    /// Records an event that takes effect in this process in any case. If it cannot be written, it is written before
    /// the next line.
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
