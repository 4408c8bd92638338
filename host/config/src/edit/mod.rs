//! Edits of the configuration file. What a person wrote stays as it is: comments, order, spacing, quotes.

mod document;
#[cfg(test)]
mod random_tests;
mod store;
#[cfg(test)]
mod tests;
mod value;

use std::io;
use std::path::{Path, PathBuf};

use self::document::Document;
use self::store::Store;
use super::document::{BYTE_ORDER_MARK, Fault};
use super::error::ConfigError;
use super::file::{ConfigFile, MAX_FILE_SIZE};
use super::locate::Location;
use super::path::Segment;
use super::syntax::MAX_DEPTH;

pub use value::EditValue;

/// A configuration file that is being edited. Nothing is written before [`ConfigEdit::save`]. Other edits of files in its folder
/// wait until this one is dropped.
#[derive(Debug)]
pub struct ConfigEdit {
    store: Store,
    /// With a byte order mark, which is no part of the document.
    marked: bool,
    document: Document,
}

/// Why a configuration file cannot be edited. It is as it was then.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The file cannot be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// There is something at its place that is not a file.
    #[error("{path} is not a file; only a file can be edited", path = path.display())]
    NotAFile {
        /// The place.
        path: PathBuf,
    },
    /// The file is no JSON5 as it is.
    #[error("{path}:{line}:{column}: the file is not valid JSON5: {message}; correct it first", path = path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: u32,
        /// Column in characters, from 1.
        column: u32,
        /// What is wrong.
        message: &'static str,
    },
    /// The new value is no JSON5.
    #[error("the value is not JSON5: {message} at its line {line}, column {column}")]
    Value {
        /// Line within the value, from 1.
        line: u32,
        /// Column in characters, from 1.
        column: u32,
        /// What is wrong.
        message: &'static str,
    },
    /// A value on the way, or the one to append to, is of another kind.
    #[error("{path} is not {expected}", path = if path.is_empty() { "the configuration" } else { path })]
    WrongKind {
        /// The value's path; empty for the whole document.
        path: String,
        /// `an object` or `a list`.
        expected: &'static str,
    },
    /// A list is too short.
    #[error("{path} does not exist, and no element before it that it could follow")]
    NoSuchElement {
        /// The element's path.
        path: String,
    },
    /// No member is named.
    #[error("the path is empty; name a member")]
    EmptyPath,
    /// The path or the value goes deeper than any configuration.
    #[error("the path is too deep; a configuration can have at most {} levels", MAX_DEPTH)]
    TooDeep,
    /// The edited text would be no JSON5.
    #[error("the edit would make the file unreadable: {message} at line {line}, column {column}; nothing was changed")]
    Unreadable {
        /// Line, from 1.
        line: u32,
        /// Column in characters, from 1.
        column: u32,
        /// What would be wrong.
        message: &'static str,
    },
    /// The edited file would be larger than any that is read.
    #[error("the edit would make {path} larger than {MAX_FILE_SIZE} bytes; nothing was changed", path = path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// Another program edits files of this folder.
    #[error("another program has locked {folder}; try again when it has finished", folder = folder.display())]
    Busy {
        /// The folder.
        folder: PathBuf,
    },
    /// The file was changed after it was read.
    #[error("another program changed {path} at the same time; nothing was overwritten; try again", path = path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// Something cannot be written.
    #[error("cannot write {path}: {source}", path = path.display())]
    NotWritten {
        /// What: the file, its backup, or its folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl ConfigEdit {
    /// Reads the file for editing. One that is not there begins empty, and its folders are made.
    ///
    /// # Errors
    /// When it cannot be read, is no JSON5, or its folder cannot be made or is held by another edit for long.
    pub fn open(location: &Location) -> Result<Self, EditError> {
        let store = Store::open(location)?;
        let text = store.file().map(ConfigFile::text).unwrap_or_default();
        let document = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        let marked = document.len() < text.len();
        let document = Document::parse(document).map_err(|Fault { position, message, expected: _ }| {
            let path = location.path.clone();
            EditError::Syntax { path, line: position.line, column: position.column, message }
        })?;
        Ok(ConfigEdit { store, marked, document })
    }

    /// The file that is written: where symbolic links lead to.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.store.path()
    }

    /// The file as it was when it was read; `None` where there was none.
    #[must_use]
    pub fn file(&self) -> Option<&ConfigFile> {
        self.store.file()
    }

    /// Whether there is a value.
    #[must_use]
    pub fn contains(&self, path: &[Segment]) -> bool {
        self.document.contains(path)
    }

    /// Sets a value. Objects on the way that are not there are made, and so is a list whose first element is set. Where a member
    /// is there more than once, it is the last that counts, and that is set.
    ///
    /// # Errors
    /// When a value on the way is neither, or an element does not follow the last one.
    pub fn set(&mut self, path: &[Segment], value: EditValue) -> Result<(), EditError> {
        self.document.set(path, value)
    }

    /// Appends a value to a list, which is made where it is not there.
    ///
    /// # Errors
    /// When there is something else than a list.
    pub fn append(&mut self, path: &[Segment], value: EditValue) -> Result<(), EditError> {
        self.document.append(path, value)
    }

    /// Removes a value, and says whether it was there. Of a member that is there more than once all go, so that none comes
    /// back. Comments above it stay: they may belong to what follows.
    ///
    /// # Errors
    /// When the path is empty.
    pub fn remove(&mut self, path: &[Segment]) -> Result<bool, EditError> {
        self.document.remove(path)
    }

    /// The text as it stands now.
    #[must_use]
    pub fn text(&self) -> String {
        let text = self.document.text();
        if self.marked { format!("{BYTE_ORDER_MARK}{text}") } else { text.to_owned() }
    }

    /// Writes the file in one step, so that whoever reads it finds the old text or the new one and nothing between. A file that
    /// was there keeps its permissions and its owner, and its old text stays beside it with `.bak` behind its name; a new one is
    /// its user's alone (0600). Without a change nothing is written.
    ///
    /// # Errors
    /// When it cannot be written, was changed meanwhile, or would not be readable. The old text is there then.
    pub fn save(self) -> Result<(), EditError> {
        self.store.replace(&self.text())
    }
}
