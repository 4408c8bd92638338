//! What is wrong with a file, and the command that mends it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::Stat;

/// Write permission of the group, of everybody else, and the sticky bit.
const GROUP_WRITE: u32 = 0o020;
const OTHERS_WRITE: u32 = 0o002;
const STICKY: u32 = 0o1000;

/// What lets somebody else change a file, or put another in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// The file or folder that it is about: the one that was named, or one that leads to it.
    pub path: PathBuf,
    /// What it is.
    pub kind: FlawKind,
    /// Whether `path` is a folder that leads to what was named.
    pub is_parent: bool,
}

/// What is wrong with a file or folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlawKind {
    /// Its owner is neither this user nor root.
    ForeignOwner {
        /// The owner.
        user: u32,
    },
    /// Its group can write to it.
    WritableByGroup {
        /// The group.
        group: u32,
    },
    /// Everybody can write to it.
    WritableByAll,
}

impl FlawKind {
    /// What is wrong with a file of this owner and mode; the owner comes first.
    pub(super) fn of(stat: &Stat) -> Option<Self> {
        if !is_own(stat.st_uid) {
            return Some(FlawKind::ForeignOwner { user: stat.st_uid });
        }
        FlawKind::of_mode(stat)
    }

    /// Whether others can write to it.
    pub(super) fn of_mode(stat: &Stat) -> Option<Self> {
        if stat.st_mode & OTHERS_WRITE != 0 {
            Some(FlawKind::WritableByAll)
        } else if stat.st_mode & GROUP_WRITE != 0 {
            Some(FlawKind::WritableByGroup { group: stat.st_gid })
        } else {
            None
        }
    }
}

/// Whether a user may be trusted with what this process uses.
pub(super) fn is_own(user: u32) -> bool {
    user == 0 || user == rustix::process::geteuid().as_raw()
}

/// Whether something is this user's, and closed to all others: nobody else can have made it.
pub(super) fn is_private(stat: &Stat) -> bool {
    stat.st_uid == rustix::process::geteuid().as_raw() && stat.st_mode & 0o077 == 0
}

/// Whether entries of a folder cannot be renamed or removed by those who can add some.
pub(super) fn is_sticky(stat: &Stat) -> bool {
    stat.st_mode & STICKY != 0
}

impl Flaw {
    /// The command that mends it, for a shell.
    #[must_use]
    pub fn remedy(&self) -> String {
        let path = quoted(&self.path);
        match self.kind {
            FlawKind::ForeignOwner { .. } if self.is_parent => {
                format!("move it to a folder that belongs to this user, outside {path}")
            }
            FlawKind::ForeignOwner { .. } => format!("chown {} {path}", rustix::process::geteuid().as_raw()),
            FlawKind::WritableByGroup { .. } => format!("chmod g-w {path}"),
            FlawKind::WritableByAll => format!("chmod go-w {path}"),
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match self.kind {
            FlawKind::ForeignOwner { user } => {
                write!(formatter, "{path} belongs to another user ({user}); expected this user or root")
            }
            FlawKind::WritableByGroup { group } => {
                write!(formatter, "other users can write to {path}: the group {group}")
            }
            FlawKind::WritableByAll => write!(formatter, "other users can write to {path}: everybody"),
        }
    }
}

/// A path as a shell reads it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+=:@,".contains(&byte);
    if text.bytes().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// Why a file or folder is not used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be opened, read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file, or the folder on the way to it.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Somebody else can change it.
    #[error("{flaw}; to fix it: {}", flaw.remedy())]
    Untrusted {
        /// How.
        flaw: Flaw,
    },
    /// Something else is there.
    #[error("{} is not a regular file", path.display())]
    NotAFile {
        /// Where.
        path: PathBuf,
    },
}

impl FileError {
    /// An error of the system about a path.
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| FileError::Io { path, source }
    }

    /// Whether nothing is there.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, FileError::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

impl From<FileError> for io::Error {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Io { source, path } => io::Error::new(source.kind(), FileError::Io { path, source }),
            other => io::Error::other(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Flaw, FlawKind};

    #[test]
    fn a_remedy_can_be_pasted_into_a_shell() {
        let flaw = |path: &str| Flaw { path: path.into(), kind: FlawKind::WritableByAll, is_parent: false };
        assert_eq!(flaw("/etc/quarry/config.json5").remedy(), "chmod go-w /etc/quarry/config.json5");
        assert_eq!(flaw("/a b/it's; rm").remedy(), r"chmod go-w '/a b/it'\''s; rm'");
    }
}
