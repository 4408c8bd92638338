//! Opening a file that others may have had to do with.

use std::fs::File;
use std::path::Path;

use rustix::fs::{FileType, Mode, OFlags, fstat, openat};

use super::flaw::{FileError, Flaw, FlawKind};
use super::walk::{Entry, Found, walk};

/// Opens a regular file that nobody but this user and root can change or replace, for reading.
///
/// # Errors
/// When somebody else can, it is no regular file, or it cannot be opened.
pub fn open_trusted(path: &Path) -> Result<File, FileError> {
    let mut flaws = Vec::new();
    let Found::File(entry) = walk(path, false, &mut flaws)? else {
        return Err(FileError::NotAFile { path: path.to_owned() });
    };
    if let Some(flaw) = flaws.into_iter().next() {
        return Err(FileError::Untrusted { flaw });
    }
    let file = open_entry(&entry, OFlags::RDONLY | OFlags::NONBLOCK)?;
    check(&file, &entry.path)?;
    Ok(file)
}

/// Opens a regular file for reading whoever can change it, and notes what lets others do that.
///
/// # Errors
/// When it is no regular file or cannot be opened.
pub fn open_and_note(path: &Path) -> Result<(File, Vec<Flaw>), FileError> {
    noted(path, OFlags::RDONLY | OFlags::NONBLOCK)
}

/// The same for a file that may be a pipe or a device too, whose mode says nothing of what comes out of it.
///
/// # Errors
/// When it is a folder or cannot be opened.
pub fn open_any_and_note(path: &Path) -> Result<(File, Vec<Flaw>), FileError> {
    noted(path, OFlags::RDONLY)
}

fn noted(path: &Path, flags: OFlags) -> Result<(File, Vec<Flaw>), FileError> {
    let not_a_file = || FileError::NotAFile { path: path.to_owned() };
    let mut flaws = Vec::new();
    let Found::File(entry) = walk(path, false, &mut flaws)? else { return Err(not_a_file()) };
    let file = open_entry(&entry, flags)?;
    let stat = fstat(&file).map_err(|error| FileError::io(path)(error.into()))?;
    if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile {
        flaws.extend(FlawKind::of(&stat).map(|kind| Flaw { path: entry.path, kind, is_parent: false }));
    } else if flags.contains(OFlags::NONBLOCK) {
        return Err(not_a_file());
    }
    Ok((file, flaws))
}

/// What lets others change or replace a file or folder, without opening it for reading.
///
/// # Errors
/// When nothing is there, or the way to it cannot be walked.
pub fn flaws(path: &Path) -> Result<Vec<Flaw>, FileError> {
    let mut flaws = Vec::new();
    let kind = match walk(path, false, &mut flaws)? {
        Found::Folder(step) => {
            flaws.iter_mut().filter(|flaw| flaw.path == step.path).for_each(|flaw| flaw.is_parent = false);
            step.writable_by_others().map(|kind| Flaw { path: step.path, kind, is_parent: false })
        }
        Found::File(Entry { path, stat, .. }) => FlawKind::of(&stat).map(|kind| Flaw { path, kind, is_parent: false }),
    };
    flaws.extend(kind);
    Ok(flaws)
}

/// Opens an entry of a folder that was opened. Another file may be in its place by now, so what is opened is to be judged again.
pub(super) fn open_entry(entry: &Entry, flags: OFlags) -> Result<File, FileError> {
    let follow = if entry.by_kernel { OFlags::empty() } else { OFlags::NOFOLLOW };
    let opened = openat(&entry.parent, &entry.name, flags | follow | OFlags::CLOEXEC | OFlags::NOCTTY, Mode::empty());
    opened.map(File::from).map_err(|error| FileError::io(&entry.path)(error.into()))
}

/// Whether an open file is regular, this user's or root's, and nobody else's to write to.
pub(super) fn check(file: &File, path: &Path) -> Result<(), FileError> {
    let stat = fstat(file).map_err(|error| FileError::io(path)(error.into()))?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(FileError::NotAFile { path: path.to_owned() });
    }
    match FlawKind::of(&stat) {
        Some(kind) => Err(FileError::Untrusted { flaw: Flaw { path: path.to_owned(), kind, is_parent: false } }),
        None => Ok(()),
    }
}
