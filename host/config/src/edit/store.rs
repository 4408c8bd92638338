//! The file itself: read once, replaced in one step.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, Metadata, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::super::file::{ConfigFile, MAX_FILE_SIZE};
use super::super::locate::Location;
use super::EditError;

/// How long another edit may take. One takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// Permissions of a new file and of its folders: its user's alone, because a configuration may have secrets in it.
const FILE_MODE: u32 = 0o600;
const FOLDER_MODE: u32 = 0o700;

/// A file and its text as it was when it was read.
#[derive(Debug)]
pub(super) struct Store {
    /// Where symbolic links lead to: they stay, and what they lead to is replaced.
    path: PathBuf,
    folder: PathBuf,
    before: Option<Before>,
    /// Held while the edit lasts, so that of two edits at once none is lost.
    _lock: Option<File>,
}

#[derive(Debug)]
struct Before {
    file: ConfigFile,
    metadata: Metadata,
}

impl Store {
    pub(super) fn open(location: &Location) -> Result<Self, EditError> {
        let path = real_path(&location.path)?;
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(&folder).map_err(not_written(&folder))?;
        let lock = lock(&folder)?;
        let before = read(&path, location)?;
        Ok(Store { path, folder, before, _lock: lock })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The file as it was.
    pub(super) fn file(&self) -> Option<&ConfigFile> {
        self.before.as_ref().map(|before| &before.file)
    }

    fn before(&self) -> Option<&str> {
        self.file().map(ConfigFile::text)
    }

    /// Puts a text in the place of the old one, which becomes the backup.
    pub(super) fn replace(&self, text: &str) -> Result<(), EditError> {
        if self.before() == Some(text) {
            return Ok(());
        }
        if text.len() as u64 > MAX_FILE_SIZE {
            return Err(EditError::TooLarge { path: self.path.clone() });
        }
        self.check_unchanged()?;
        if let Some(before) = self.before() {
            self.write(before, &with_bak(&self.path))?;
        }
        self.write(text, &self.path)
    }

    /// Programs that know nothing of the lock may have written too.
    fn check_unchanged(&self) -> Result<(), EditError> {
        let now = match fs::read(&self.path) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(not_written(&self.path)(error)),
        };
        if now.as_deref() == self.before().map(str::as_bytes) {
            Ok(())
        } else {
            Err(EditError::Changed { path: self.path.clone() })
        }
    }

    /// Writes a file beside its place and moves it there when it is whole and on the disk.
    fn write(&self, text: &str, path: &Path) -> Result<(), EditError> {
        let written = || -> io::Result<()> {
            let permissions = fs::Permissions::from_mode(FILE_MODE);
            let mut file =
                tempfile::Builder::new().prefix(".quarry-").permissions(permissions).tempfile_in(&self.folder)?;
            file.write_all(text.as_bytes())?;
            if let Some(Before { metadata, .. }) = &self.before {
                keep_owner(file.as_file(), metadata)?;
                file.as_file().set_permissions(metadata.permissions())?;
            }
            file.as_file().sync_all()?;
            file.persist(path)?;
            // Else the move itself could be lost with the power.
            File::open(&self.folder)?.sync_all()
        };
        written().map_err(not_written(path))
    }
}

fn not_written(path: &Path) -> impl FnOnce(io::Error) -> EditError {
    let path = path.to_owned();
    |source| EditError::NotWritten { path, source }
}

/// Where symbolic links lead to. A path where nothing is stays as it is; a link that leads nowhere is an error.
fn real_path(path: &Path) -> Result<PathBuf, EditError> {
    match fs::symlink_metadata(path) {
        Ok(_) => fs::canonicalize(path).map_err(not_written(path)),
        Err(_) => Ok(path.to_owned()),
    }
}

/// Reads the file at its real path; problems are reported with the path that was named.
fn read(path: &Path, location: &Location) -> Result<Option<Before>, EditError> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(not_written(path)(error)),
    };
    if !metadata.is_file() {
        return Err(EditError::NotAFile { path: location.path.clone() });
    }
    let file = ConfigFile::read(location)?;
    Ok(Some(Before { file, metadata }))
}

/// Holds a folder against other edits. None on a file system that cannot do that: then a change meanwhile is still found.
fn lock(folder: &Path) -> Result<Option<File>, EditError> {
    let Ok(file) = File::open(folder) else { return Ok(None) };
    let begin = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::Error(_)) => return Ok(None),
            Err(TryLockError::WouldBlock) if begin.elapsed() < PATIENCE => thread::sleep(Duration::from_millis(5)),
            Err(TryLockError::WouldBlock) => return Err(EditError::Busy { folder: folder.to_owned() }),
        }
    }
}

/// A file that another user owns stays that user's: the gateway may run as them.
fn keep_owner(file: &File, before: &Metadata) -> io::Result<()> {
    let now = file.metadata()?;
    let owner = (now.uid() != before.uid()).then_some(before.uid());
    let group = (now.gid() != before.gid()).then_some(before.gid());
    if owner.is_none() && group.is_none() { Ok(()) } else { fchown(file, owner, group) }
}

/// The backup's path: `config.json5.bak`.
fn with_bak(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".bak");
    PathBuf::from(name)
}
