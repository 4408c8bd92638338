//! A folder that versions are put into.

use std::collections::HashMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use std::{fs, io};

/// How often is looked.
const EVERY: Duration = Duration::from_secs(1);

/// What tells one state of a file from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct State {
    modified: SystemTime,
    length: u64,
    inode: u64,
    /// When owner, mode or name changed last: a file that others could write to is looked at again when that is mended.
    changed: (i64, i64),
    /// Owner and mode of the folder, for the same reason.
    folder: (u32, u32),
    /// Time and length of the signature beside it: one that comes after its file makes another version of it.
    signature: Option<(SystemTime, u64)>,
}

/// Watches a folder for components: the newest `*.wasm`, by its time of modification and then by its name. A file counts when it was
/// the same at two looks, a second apart, so that one that is being copied does not; hidden and empty files never do.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// As they were at the last look.
    seen: HashMap<PathBuf, State>,
    told: Option<(PathBuf, State)>,
}

impl Folder {
    /// Begins. Files that are there already count too.
    #[must_use]
    pub fn begin(path: PathBuf) -> Self {
        Folder { path, seen: HashMap::new(), told: None }
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The newest component, when it is another than the last that was told, or the same one written or signed again. One that is gone is not
    /// told, nor what then is the newest of those that were there before: taking a file away activates nothing.
    ///
    /// # Errors
    /// When the folder cannot be read. It can be asked again: a folder that is not mounted yet is waited for so.
    pub async fn changed(&mut self) -> io::Result<PathBuf> {
        loop {
            let path = self.path.clone();
            let looked = tokio::task::spawn_blocking(move || look(&path)).await;
            let now = looked.unwrap_or_else(|_| Err(io::Error::other("the check was interrupted")));
            if let Some(found) = self.settle(now?) {
                return Ok(found);
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    /// Whether the folder can be read.
    ///
    /// # Errors
    /// When it cannot.
    pub async fn readable(&self) -> io::Result<()> {
        tokio::fs::read_dir(&self.path).await.map(drop)
    }

    /// What is new among the files that have not changed since the last look.
    fn settle(&mut self, now: HashMap<PathBuf, State>) -> Option<PathBuf> {
        let stable = now.iter().filter(|(path, state)| self.seen.get(*path) == Some(state));
        let newest = stable.max_by(|a, b| (a.1.modified, a.0).cmp(&(b.1.modified, b.0)));
        let newest = newest.map(|(path, state)| (path.clone(), *state));
        self.seen = now;
        let (path, state) = newest?;
        let is_new = self.told.as_ref().is_none_or(|(told, before)| {
            if path == *told { state != *before } else { (state.modified, &path) > (before.modified, told) }
        });
        is_new.then(|| {
            self.told = Some((path.clone(), state));
            path
        })
    }
}

/// The files of a folder that can be components.
fn look(folder: &Path) -> io::Result<HashMap<PathBuf, State>> {
    let mut files = HashMap::new();
    let own = fs::metadata(folder)?;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if name.starts_with('.') || !name.ends_with(".wasm") {
            continue;
        }
        // Followed where it is a link, as Kubernetes makes them; it may be gone since it was listed.
        let Ok(metadata) = fs::metadata(&path) else { continue };
        if !metadata.is_file() || metadata.len() == 0 {
            continue;
        }
        let signature = fs::metadata(folder.join(format!("{name}.minisig"))).ok();
        let signature = signature.and_then(|signature| Some((signature.modified().ok()?, signature.len())));
        let state = State {
            modified: metadata.modified()?,
            length: metadata.len(),
            inode: metadata.ino(),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            folder: (own.uid(), own.mode()),
            signature,
        };
        files.insert(path, state);
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::path::Path;
    use std::time::{Duration, SystemTime};

    use super::{Folder, look};

    /// One look, and what it tells.
    fn step(folder: &mut Folder) -> Option<String> {
        let now = look(folder.path()).expect("it can be read");
        let found = folder.settle(now)?;
        Some(found.file_name()?.to_string_lossy().into_owned())
    }

    /// Writes a file that was changed so many seconds ago.
    fn write(folder: &Path, name: &str, text: &str, age: u64) {
        let path = folder.join(name);
        fs::write(&path, text).expect("it can be written");
        let file = File::options().write(true).open(&path).expect("it is there");
        file.set_modified(SystemTime::now() - Duration::from_secs(age)).expect("it can be set");
    }

    #[test]
    fn a_file_counts_when_it_was_the_same_twice() {
        let kept = tempfile::tempdir().expect("a folder can be made");
        let mut folder = Folder::begin(kept.path().to_owned());
        assert_eq!(step(&mut folder), None);
        write(kept.path(), "a.wasm", "1", 100);
        assert_eq!(step(&mut folder), None);
        assert_eq!(step(&mut folder).as_deref(), Some("a.wasm"));
        assert_eq!(step(&mut folder), None);
        // It grows from look to look, so it is being copied.
        for text in ["12", "123", "1234"] {
            write(kept.path(), "b.wasm", text, 50);
            assert_eq!(step(&mut folder), None);
        }
        assert_eq!(step(&mut folder).as_deref(), Some("b.wasm"));
        // The same file again, by another inode.
        write(kept.path(), "new", "4321", 50);
        fs::rename(kept.path().join("new"), kept.path().join("b.wasm")).expect("it can be renamed");
        assert_eq!((step(&mut folder), step(&mut folder).as_deref()), (None, Some("b.wasm")));
        // Its signature comes after it.
        write(kept.path(), "b.wasm.minisig", "signed", 0);
        assert_eq!((step(&mut folder), step(&mut folder).as_deref()), (None, Some("b.wasm")));
        assert_eq!(step(&mut folder), None);
    }

    #[test]
    fn only_the_newest_counts_and_taking_away_activates_nothing() {
        let kept = tempfile::tempdir().expect("a folder can be made");
        write(kept.path(), "old.wasm", "1", 100);
        write(kept.path(), "new.wasm", "1", 10);
        let mut folder = Folder::begin(kept.path().to_owned());
        assert_eq!((step(&mut folder), step(&mut folder).as_deref()), (None, Some("new.wasm")));
        fs::remove_file(kept.path().join("new.wasm")).expect("it can be removed");
        write(kept.path(), "older.wasm", "1", 200);
        assert_eq!((step(&mut folder), step(&mut folder)), (None, None));
        write(kept.path(), "old.wasm", "2", 5);
        assert_eq!((step(&mut folder), step(&mut folder).as_deref()), (None, Some("old.wasm")));
    }

    #[test]
    fn what_is_hidden_empty_or_something_else_never_counts() {
        let kept = tempfile::tempdir().expect("a folder can be made");
        for name in [".a.wasm", ".a.wasm.Xy12", "a.wasm.tmp", "a.wasm~", "a.wasm.minisig", "wasm", "a.WASM.part"] {
            write(kept.path(), name, "1", 10);
        }
        write(kept.path(), "empty.wasm", "", 10);
        fs::create_dir(kept.path().join("folder.wasm")).expect("it can be made");
        std::os::unix::fs::symlink("nowhere", kept.path().join("dangling.wasm")).expect("it can be made");
        let mut folder = Folder::begin(kept.path().to_owned());
        assert_eq!((step(&mut folder), step(&mut folder)), (None, None));
    }

    #[tokio::test(start_paused = true)]
    async fn a_file_that_is_put_there_is_told_and_a_missing_folder_too() {
        let kept = tempfile::tempdir().expect("a folder can be made");
        let mut folder = Folder::begin(kept.path().join("later"));
        assert!(folder.changed().await.is_err() && folder.readable().await.is_err());
        fs::create_dir(folder.path()).expect("it can be made");
        assert!(folder.readable().await.is_ok());
        write(folder.path(), "a.wasm", "1", 1);
        assert_eq!(folder.changed().await.expect("it is there"), folder.path().join("a.wasm"));
        let quiet = tokio::time::timeout(Duration::from_secs(10), folder.changed()).await;
        assert!(quiet.is_err());
    }
}
