//! Notices that a file has changed.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How often is looked. A look costs a few microseconds, and a person who saves a file does not wait for longer than two.
const EVERY: Duration = Duration::from_millis(500);

/// The identity of a file's state. Editors and Kubernetes replace files, so the inode is part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct State {
    modified: Option<SystemTime>,
    length: u64,
    inode: u64,
}

/// Watches one file.
#[derive(Debug)]
pub struct Watch {
    path: PathBuf,
    last: Option<State>,
}

impl Watch {
    /// Starts watching. The present state is not a change.
    #[must_use]
    pub fn begin(path: PathBuf) -> Self {
        let last = state(&path);
        Watch { path, last }
    }

    /// Ready when the file is another than it was, and has been the same for two looks: one that is being written is not read
    /// half. A file that is gone, or has nothing in it, is waited for: whoever replaces it takes it away, or empties it, first.
    pub async fn changed(&mut self) {
        let mut before = None;
        loop {
            tokio::time::sleep(EVERY).await;
            let now = state(&self.path).filter(|state| state.length > 0);
            if now.is_some() && now != self.last && now == before {
                self.last = now;
                return;
            }
            before = now;
        }
    }
}

fn state(path: &Path) -> Option<State> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = std::fs::metadata(path).ok()?;
    Some(State { modified: metadata.modified().ok(), length: metadata.len(), inode: metadata.ino() })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Watch;

    #[tokio::test]
    async fn a_file_that_is_written_or_replaced_has_changed() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = folder.path().join("config.json5");
        std::fs::write(&path, "{}").expect("it can be written");
        let mut watch = Watch::begin(path.clone());
        std::fs::write(&path, "{ }").expect("it can be written");
        watch.changed().await;
        let other = folder.path().join("other");
        std::fs::write(&other, "{ }").expect("it can be written");
        std::fs::rename(&other, &path).expect("it can be renamed");
        watch.changed().await;
        assert!(tokio::time::timeout(Duration::from_millis(1500), watch.changed()).await.is_err());
    }
}
