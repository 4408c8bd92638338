//! What can go wrong before the provider sees a layer.

use std::io;
use std::path::{Path, PathBuf};

use super::document::Fault;
use super::file::MAX_FILE_SIZE;
use super::locate::ChosenBy;
use crate::contract::config::Position;
use crate::files::Flaw;

/// Why the configuration cannot be read. Each message names the path and says what would be right.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file was named, and it is not there.
    #[error("the configuration file {path} does not exist ({chosen_by}); name one that exists, or none", path = path.display())]
    NotFound {
        /// The file.
        path: PathBuf,
        /// What named it.
        chosen_by: ChosenBy,
    },
    /// A file is to be made, and nothing says where.
    #[error("no configuration file can be located, because HOME is not set; name a file with --config")]
    NoPlace,
    /// The file is there and cannot be read.
    #[error("the configuration file {path} cannot be read: {source}; make it readable for this user", path = path.display())]
    NotReadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Everybody can change it.
    #[error("{flaw}; a gateway does not start with a configuration that other users can change; to fix it: {}", flaw.remedy())]
    WritableByAll {
        /// How.
        flaw: Flaw,
    },
    /// The file is larger than any configuration.
    #[error("the configuration file {path} is larger than {MAX_FILE_SIZE} bytes; is it a configuration?", path = path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The file is not text.
    #[error("the configuration file {path} is not UTF-8 (byte {offset} is the first that is not); save it as UTF-8", path = path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// Offset of the first byte that is not UTF-8, from 0.
        offset: usize,
    },
    /// The file is no JSON5.
    #[error("{path}:{line}:{column}: {message}; expected {expected}", path = path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: u32,
        /// Column in characters, from 1.
        column: u32,
        /// What is wrong.
        message: &'static str,
        /// A valid form.
        expected: &'static str,
    },
    /// The path of an override cannot be read.
    #[error(
        "`{path}` is not a configuration path; write member names with dots between them, such as models.bedrockDiscovery.region, and a name that has a dot in it in double quotes"
    )]
    OverridePath {
        /// The path as it was given.
        path: String,
    },
}

impl ConfigError {
    pub(super) fn syntax(path: &Path, fault: &Fault) -> Self {
        let Fault { position: Position { line, column }, message, expected } = *fault;
        ConfigError::Syntax { path: path.to_owned(), line, column, message, expected }
    }
}
