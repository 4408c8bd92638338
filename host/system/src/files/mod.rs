//! Files and folders that are trusted for who can change them.
//!
//! Compiled code, the folder of versions, the admin token, a watched folder: whoever can write to one of these decides what the gateway
//! runs or who operates it. So each of them is opened here, and what was checked is what is used: the path is walked from the root
//! component by component, every component is opened relative to the previous one without following links, and owner and mode are
//! those of the descriptor that was opened. A path that is looked up a second time may lead elsewhere by then.
//!
//! The rules, for each component (`sshd` has the same for keys):
//!
//! - It belongs to this user or to root.
//! - Nobody else can write to it. A parent folder with the sticky bit (`/tmp`) is an exception: others can add entries there and
//!   neither rename nor remove those of this user.
//! - In a parent folder that others can write to without the sticky bit, as an `emptyDir` of Kubernetes is (mode 0777), only what is
//!   this user's own and closed to everybody else counts: a folder of mode 0700, or a link of this user, whose target is walked by the
//!   same rules. Others can move such a folder away there, and cannot make one.
//! - A symbolic link is resolved here, step by step, and must belong to this user or root itself.
//! - The mode of a folder that is itself the root of a read-only mount says nothing: a ConfigMap is mounted so, with mode 0777.

mod flaw;
mod folder;
mod open;
mod walk;

pub use self::flaw::{FileError, Flaw, FlawKind};
pub use self::folder::{TrustedFolder, path_of_descriptor};
pub use self::open::{flaws, open_and_note, open_any_and_note, open_trusted};

#[cfg(test)]
mod tests;
