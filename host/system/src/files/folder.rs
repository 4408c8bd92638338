//! A folder that is this user's or root's alone, by its descriptor.

use std::ffi::OsString;
use std::fs::{File, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd, AsRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, fstat, fsync, openat, renameat, statat, unlinkat};
use rustix::io::Errno;

use super::flaw::{FileError, Flaw, FlawKind, is_private};
use super::open::check;
use super::walk::{Found, Step, walk};

/// A folder that nobody but this user and root can change. Its entries are reached by its descriptor, wherever its path leads by now.
#[derive(Debug)]
pub struct TrustedFolder {
    descriptor: OwnedFd,
    path: PathBuf,
    /// What lets others add, rename and remove entries: then those alone count that nobody else can have made.
    shared: Option<FlawKind>,
}

impl TrustedFolder {
    /// Opens a folder that is there.
    ///
    /// # Errors
    /// When it is not there, is no folder, or others can change it or put another in its place.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let (step, flaws) = folder(path, false)?;
        TrustedFolder::of(step, flaws)
    }

    /// Opens a folder; what is missing of its path is made, for this user alone.
    ///
    /// # Errors
    /// As [`TrustedFolder::open`], and when it cannot be made.
    pub fn make(path: &Path) -> Result<Self, FileError> {
        let (step, flaws) = folder(path, true)?;
        TrustedFolder::of(step, flaws)
    }

    /// The same, and takes a folder whose entries others can rename and remove, as the root of a volume that was mounted for this user:
    /// there a file counts that belongs to this user, that nobody else may open and that has no other name. Others cannot make such a
    /// file; that they can remove one is for whoever made the volume to know.
    ///
    /// # Errors
    /// As [`TrustedFolder::make`], but for that.
    pub fn make_shared(path: &Path) -> Result<Self, FileError> {
        let (step, flaws) = folder(path, true)?;
        let shared = step.writable_by_others();
        match flaws.into_iter().next() {
            Some(flaw) => Err(FileError::Untrusted { flaw: Flaw { is_parent: flaw.path != step.path, ..flaw } }),
            None => TrustedFolder::opened(step, shared),
        }
    }

    fn of(step: Step, flaws: Vec<Flaw>) -> Result<Self, FileError> {
        let of_itself = step.writable_by_others().map(|kind| Flaw { path: step.path.clone(), kind, is_parent: false });
        let owned_by_other = flaws.into_iter().map(|flaw| Flaw { is_parent: flaw.path != step.path, ..flaw });
        match owned_by_other.chain(of_itself).next() {
            Some(flaw) => Err(FileError::Untrusted { flaw }),
            None => TrustedFolder::opened(step, None),
        }
    }

    fn opened(step: Step, shared: Option<FlawKind>) -> Result<Self, FileError> {
        // The walk's descriptor can be used to go on and not to list or sync the folder.
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let descriptor = openat(&step.descriptor, ".", flags, Mode::empty());
        let descriptor = descriptor.map_err(|error| FileError::io(&step.path)(error.into()))?;
        Ok(TrustedFolder { descriptor, path: step.path, shared })
    }

    /// Where it was opened, with links resolved.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens a file of it for reading.
    ///
    /// # Errors
    /// When it is not there, is a link or something else that is no regular file, or others can write to it.
    pub fn open_file(&self, name: impl AsRef<Path>) -> Result<File, FileError> {
        let name = name.as_ref();
        let file = self.open_with(name, OFlags::RDONLY | OFlags::NONBLOCK)?;
        self.check(&file, name)?;
        Ok(file)
    }

    /// The bytes of a file of it.
    ///
    /// # Errors
    /// As [`TrustedFolder::open_file`], and when it cannot be read.
    pub fn read(&self, name: impl AsRef<Path>) -> Result<Vec<u8>, FileError> {
        let name = name.as_ref();
        let mut bytes = Vec::new();
        self.open_file(name)?.read_to_end(&mut bytes).map_err(FileError::io(&self.path.join(name)))?;
        Ok(bytes)
    }

    /// Opens a file of it for reading and writing, which is made with mode 0600 where it is missing.
    ///
    /// # Errors
    /// When it is a link or something else that is no regular file, others can write to it, or it cannot be made.
    pub fn open_or_make(&self, name: impl AsRef<Path>) -> Result<File, FileError> {
        let name = name.as_ref();
        let file = self.open_with(name, OFlags::RDWR | OFlags::CREATE)?;
        self.check(&file, name)?;
        Ok(file)
    }

    /// Opens a file that is there to be locked. What it holds does not matter, so a mode that lets others write to it is mended.
    ///
    /// # Errors
    /// When it cannot be opened or made, or the mode is not this user's to mend.
    pub fn open_lock(&self, name: impl AsRef<Path>) -> Result<File, FileError> {
        let name = name.as_ref();
        let file = self.open_with(name, OFlags::RDWR | OFlags::CREATE)?;
        file.set_permissions(Permissions::from_mode(0o600)).map_err(FileError::io(&self.path.join(name)))?;
        self.check(&file, name)?;
        Ok(file)
    }

    fn check(&self, file: &File, name: &Path) -> Result<(), FileError> {
        let path = self.path.join(name);
        check(file, &path)?;
        let Some(kind) = self.shared else { return Ok(()) };
        let stat = fstat(file).map_err(|error| FileError::io(&path)(error.into()))?;
        if is_private(&stat) && stat.st_nlink == 1 {
            return Ok(());
        }
        Err(FileError::Untrusted { flaw: Flaw { path: self.path.clone(), kind, is_parent: true } })
    }

    fn open_with(&self, name: &Path, flags: OFlags) -> Result<File, FileError> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = openat(&self.descriptor, name, flags, Mode::RUSR | Mode::WUSR).map(File::from);
        opened.map_err(|error| match error {
            // What `O_NOFOLLOW` says of a link.
            Errno::LOOP => FileError::NotAFile { path: self.path.join(name) },
            error => self.failed(name)(error),
        })
    }

    /// Writes a file of this mode, which is on the disk, whole, when this returns. One that is there is replaced.
    ///
    /// # Errors
    /// When it cannot be written; then the one of before is there still.
    pub fn write(&self, name: impl AsRef<Path>, bytes: &[u8], mode: u32) -> Result<(), FileError> {
        let name = name.as_ref();
        let beside = format!(".{}.{:016x}", name.display(), fastrand::u64(..));
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = openat(&self.descriptor, &beside, flags, Mode::RUSR | Mode::WUSR).map_err(self.failed(name))?;
        let mut file = File::from(file);
        let written = (|| -> io::Result<()> {
            file.write_all(bytes)?;
            file.set_permissions(Permissions::from_mode(mode))?;
            file.sync_all()?;
            renameat(&self.descriptor, &beside, &self.descriptor, name)?;
            Ok(fsync(&self.descriptor)?)
        })();
        written.map_err(|source| {
            let _ = unlinkat(&self.descriptor, &beside, AtFlags::empty());
            FileError::io(&self.path.join(name))(source)
        })
    }

    /// Removes a file of it. One that is not there is removed.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(&self, name: impl AsRef<Path>) -> Result<(), FileError> {
        let name = name.as_ref();
        match unlinkat(&self.descriptor, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(self.failed(name)(error)),
        }
    }

    /// What an entry of it is, where it is there. A link is not followed.
    ///
    /// # Errors
    /// When that cannot be found out.
    pub fn kind(&self, name: impl AsRef<Path>) -> Result<Option<FileType>, FileError> {
        let name = name.as_ref();
        match statat(&self.descriptor, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(FileType::from_raw_mode(stat.st_mode))),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(self.failed(name)(error)),
        }
    }

    /// Takes everybody but its owner the right to use a file or socket of it.
    ///
    /// # Errors
    /// When it is not there, is a link, or belongs to somebody else.
    pub fn close_to_others(&self, name: impl AsRef<Path>) -> Result<(), FileError> {
        let name = name.as_ref();
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let entry = openat(&self.descriptor, name, flags, Mode::empty()).map_err(self.failed(name))?;
        std::fs::set_permissions(path_of_descriptor(&entry), Permissions::from_mode(0o600))
            .map_err(FileError::io(&self.path.join(name)))
    }

    /// The names of its entries.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn names(&self) -> Result<Vec<OsString>, FileError> {
        let failed = |error: Errno| FileError::io(&self.path)(error.into());
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.descriptor).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name().to_bytes().to_vec();
            if name != b"." && name != b".." {
                names.push(OsString::from_vec(name));
            }
        }
        Ok(names)
    }

    /// A folder in it, which is made for this user alone where it is missing.
    ///
    /// # Errors
    /// As [`TrustedFolder::make`].
    pub fn make_folder(&self, name: impl AsRef<Path>) -> Result<TrustedFolder, FileError> {
        TrustedFolder::make(&self.path.join(name.as_ref()))
    }

    fn failed(&self, name: &Path) -> impl FnOnce(Errno) -> FileError {
        let path = self.path.join(name);
        move |error| FileError::io(&path)(error.into())
    }
}

/// The path by which the kernel finds what a descriptor is of, wherever it lies by now: for libraries that take paths.
pub fn path_of_descriptor(file: &impl AsFd) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", file.as_fd().as_raw_fd()))
}

fn folder(path: &Path, make: bool) -> Result<(Step, Vec<Flaw>), FileError> {
    let mut flaws = Vec::new();
    match walk(path, make, &mut flaws)? {
        Found::Folder(step) => Ok((step, flaws)),
        Found::File(entry) => Err(FileError::io(&entry.path)(Errno::NOTDIR.into())),
    }
}
