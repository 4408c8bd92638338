//! The way from the root to a file: each component is opened, judged, and then used to open the next.

use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, Stat, StatVfsMountFlags, StatxAttributes, StatxFlags, fstat, fstatfs,
    fstatvfs, mkdirat, openat, readlinkat, statx,
};
use rustix::io::Errno;

use super::flaw::{FileError, Flaw, FlawKind, is_own, is_private, is_sticky};

/// Links on one way, as the kernel allows.
const MOST_LINKS: usize = 40;

/// `PROC_SUPER_MAGIC` of `linux/magic.h`.
const PROC: u64 = 0x9fa0;

/// A folder on the way.
pub(super) struct Step {
    pub(super) descriptor: OwnedFd,
    pub(super) path: PathBuf,
    pub(super) stat: Stat,
    /// What lets others rename and remove its entries.
    loose: Option<FlawKind>,
}

/// What a path leads to.
pub(super) enum Found {
    /// A folder.
    Folder(Step),
    /// Anything else.
    File(Entry),
}

/// A file, as an entry of a folder that was opened.
pub(super) struct Entry {
    pub(super) parent: OwnedFd,
    pub(super) name: OsString,
    pub(super) path: PathBuf,
    pub(super) stat: Stat,
    /// Whether the kernel must follow it: an entry of `/proc` may be a link that has no path.
    pub(super) by_kernel: bool,
}

/// Walks a path. What is wrong on the way is put into `flaws`, in its order; the walk goes on. Folders that are missing are made with
/// mode 0700 where `make` says so.
///
/// # Errors
/// When a component is missing, cannot be opened or is no folder where one must be.
pub(super) fn walk(path: &Path, make: bool, flaws: &mut Vec<Flaw>) -> Result<Found, FileError> {
    let absolute = std::path::absolute(path).map_err(FileError::io(path))?;
    let mut ahead: Vec<OsString> = components(&absolute);
    let mut steps = vec![root(flaws)?];
    let mut links = 0;
    while let Some(name) = ahead.pop() {
        let Some(at) = steps.last() else { return Err(FileError::io(path)(Errno::LOOP.into())) };
        if name == ".." {
            // The way was walked without links, so the step before is the real parent.
            if steps.len() > 1 {
                steps.pop();
            }
            continue;
        }
        let child = at.path.join(&name);
        let failed = |error: Errno| FileError::io(&child)(error.into());
        let found = look(at, &name, make).map_err(failed)?;
        let stat = fstat(&found).map_err(failed)?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Symlink if is_of_proc(&found) => {
                let target = openat(&at.descriptor, &name, OFlags::PATH | OFlags::CLOEXEC, Mode::empty());
                let target = target.map_err(failed)?;
                let stat = fstat(&target).map_err(failed)?;
                if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
                    steps.push(step(target, child, stat, flaws));
                } else if ahead.is_empty() {
                    return entry(at, name, child, stat, true);
                } else {
                    return Err(failed(Errno::NOTDIR));
                }
            }
            FileType::Symlink => {
                links += 1;
                if links > MOST_LINKS {
                    return Err(failed(Errno::LOOP));
                }
                judge_link(at, &child, &stat, flaws);
                let target = readlinkat(&found, "", Vec::new()).map_err(failed)?;
                let target = PathBuf::from(OsString::from_vec(target.into_bytes()));
                if target.has_root() {
                    steps.truncate(1);
                }
                ahead.extend(components(&target));
            }
            FileType::Directory => {
                judge_in_loose(at, &stat, flaws);
                steps.push(step(found, child, stat, flaws));
            }
            _ if !ahead.is_empty() => return Err(failed(Errno::NOTDIR)),
            _ => {
                if let Some(kind) = at.loose {
                    flaws.push(Flaw { path: at.path.clone(), kind, is_parent: true });
                }
                return entry(at, name, child, stat, false);
            }
        }
    }
    let last = steps.pop().ok_or_else(|| FileError::io(path)(Errno::LOOP.into()))?;
    Ok(Found::Folder(last))
}

/// The components of a path, the last first; the root and `.` are none.
fn components(path: &Path) -> Vec<OsString> {
    let mut components: Vec<OsString> = path
        .components()
        .filter_map(|component| match component {
            Component::Normal(name) => Some(name.to_owned()),
            Component::ParentDir => Some("..".into()),
            Component::Prefix(_) | Component::RootDir | Component::CurDir => None,
        })
        .collect();
    components.reverse();
    components
}

fn root(flaws: &mut Vec<Flaw>) -> Result<Step, FileError> {
    let path = PathBuf::from("/");
    let failed = |error: Errno| FileError::io(Path::new("/"))(error.into());
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let descriptor = openat(CWD, &path, flags, Mode::empty()).map_err(failed)?;
    let stat = fstat(&descriptor).map_err(failed)?;
    Ok(step(descriptor, path, stat, flaws))
}

/// Opens an entry without following it: a descriptor that tells what it is, and by which nothing can be read.
fn look(at: &Step, name: &OsStr, make: bool) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let open = |more| openat(&at.descriptor, name, flags | more, Mode::empty());
    // A folder that is mounted when somebody enters it, such as a home on another machine, is mounted by this flag alone.
    match open(OFlags::DIRECTORY) {
        Err(Errno::NOTDIR) => open(OFlags::empty()),
        Err(Errno::NOENT) if make => {
            match mkdirat(&at.descriptor, name, Mode::RWXU) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => return Err(error),
            }
            open(OFlags::empty())
        }
        opened => opened,
    }
}

/// A folder, with what it means for its entries.
fn step(descriptor: OwnedFd, path: PathBuf, stat: Stat, flaws: &mut Vec<Flaw>) -> Step {
    if !is_own(stat.st_uid) {
        let kind = FlawKind::ForeignOwner { user: stat.st_uid };
        flaws.push(Flaw { path: path.clone(), kind, is_parent: true });
    }
    let loose = FlawKind::of_mode(&stat).filter(|_| !is_sticky(&stat) && !is_root_of_read_only_mount(&descriptor));
    Step { descriptor, path, stat, loose }
}

impl Step {
    /// What lets others add entries to it: a sticky bit is no help against that.
    pub(super) fn writable_by_others(&self) -> Option<FlawKind> {
        FlawKind::of_mode(&self.stat).filter(|_| !is_root_of_read_only_mount(&self.descriptor))
    }
}

/// A folder in one whose entries others can rename must be this user's, and closed to all others: nobody else can have made it.
fn judge_in_loose(at: &Step, stat: &Stat, flaws: &mut Vec<Flaw>) {
    if let Some(kind) = at.loose.filter(|_| !is_private(stat)) {
        flaws.push(Flaw { path: at.path.clone(), kind, is_parent: true });
    }
}

/// A link says where to go on, so it must be from somebody who is trusted; what it leads to is judged by itself.
fn judge_link(at: &Step, path: &Path, stat: &Stat, flaws: &mut Vec<Flaw>) {
    if !is_own(stat.st_uid) {
        let kind = FlawKind::ForeignOwner { user: stat.st_uid };
        flaws.push(Flaw { path: path.to_owned(), kind, is_parent: true });
    }
    if let Some(kind) = at.loose.filter(|_| stat.st_uid != rustix::process::geteuid().as_raw()) {
        flaws.push(Flaw { path: at.path.clone(), kind, is_parent: true });
    }
}

fn entry(at: &Step, name: OsString, path: PathBuf, stat: Stat, by_kernel: bool) -> Result<Found, FileError> {
    let parent = at.descriptor.as_fd().try_clone_to_owned().map_err(FileError::io(&path))?;
    Ok(Found::File(Entry { parent, name, path, stat, by_kernel }))
}

/// Links of `/proc` are the kernel's, and some have no path, such as the pipe behind `/dev/stdin`.
fn is_of_proc(descriptor: &OwnedFd) -> bool {
    fstatfs(descriptor).is_ok_and(|system| u64::try_from(system.f_type).is_ok_and(|kind| kind == PROC))
}

/// Whether a folder is what somebody mounted there for reading alone. A folder below the root of such a mount is not: `systemd` mounts the
/// whole system so for a service, and others write to it all the same.
fn is_root_of_read_only_mount(descriptor: &OwnedFd) -> bool {
    let is_mount = statx(descriptor, "", AtFlags::EMPTY_PATH, StatxFlags::empty())
        .is_ok_and(|stat| stat.stx_attributes.contains(StatxAttributes::MOUNT_ROOT));
    is_mount && fstatvfs(descriptor).is_ok_and(|system| system.f_flag.contains(StatVfsMountFlags::RDONLY))
}
