//! What can go wrong before the provider sees a layer.

use std::io;
use std::path::PathBuf;

use super::file::MAX_FILE_SIZE;
use super::locate::ChosenBy;
use crate::files::Flaw;

/// Why the configuration cannot be read. Each message names the path and says what would be right.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file was named, and it is not there.
    #[error("there is no configuration file {path} ({chosen_by}); name one that exists, or leave it out", path = path.display())]
    NotFound {
        /// The file.
        path: PathBuf,
        /// What named it.
        chosen_by: ChosenBy,
    },
    /// A file is to be made, and nothing says where.
    #[error("there is no place for a configuration file: HOME is not set; name a file with --config")]
    NoPlace,
    /// The file is there and cannot be read.
    #[error("the configuration file {path} cannot be read: {source}; it has to be a file that this user may read", path = path.display())]
    NotReadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Everybody can change it.
    #[error("{flaw}; a gateway does not start with a configuration that everybody can change; to fix it: {}", flaw.remedy())]
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
    /// The path of an override cannot be read.
    #[error(
        "`{path}` is not a configuration path; write member names with dots between them, such as models.bedrockDiscovery.region, and a name that has a dot in it in double quotes"
    )]
    OverridePath {
        /// The path as it was given.
        path: String,
    },
}
