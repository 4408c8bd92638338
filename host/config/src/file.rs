//! The configuration file.

use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::document::{Document, Fault};
use super::error::ConfigError;
use super::locate::Location;
use crate::files::{FileError, Flaw, FlawKind, open_any_and_note};

/// The largest configuration file that is read: 1 MiB. OpenClaw's largest are some tens of kilobytes.
pub const MAX_FILE_SIZE: u64 = 1024 * 1024;

/// A configuration file, parsed once. It may have secrets in it, so debug output leaves its text out.
pub struct ConfigFile {
    path: PathBuf,
    text: String,
    document: Result<Document, Fault>,
    flaws: Vec<Flaw>,
}

impl ConfigFile {
    /// Reads a file, and notes who else can change it. It may be a pipe.
    ///
    /// # Errors
    /// When it is missing, not readable, too large or not UTF-8.
    pub fn read(location: &Location) -> Result<Self, ConfigError> {
        let path = location.path.clone();
        let mut bytes = Vec::new();
        let opened = open_any_and_note(&path).map_err(|error| match error {
            FileError::Io { source, .. } => source,
            FileError::NotAFile { .. } => rustix::io::Errno::ISDIR.into(),
            other @ FileError::Untrusted { .. } => other.into(),
        });
        let read = opened.and_then(|(file, flaws)| file.take(MAX_FILE_SIZE + 1).read_to_end(&mut bytes).map(|_| flaws));
        let flaws = match read {
            Ok(flaws) => flaws,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(ConfigError::NotFound { path, chosen_by: location.chosen_by });
            }
            Err(source) => return Err(ConfigError::NotReadable { path, source }),
        };
        if bytes.len() as u64 > MAX_FILE_SIZE {
            return Err(ConfigError::TooLarge { path });
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(ConfigFile { flaws, ..ConfigFile::with_text(path, text) }),
            Err(error) => Err(ConfigError::NotUtf8 { path, offset: error.utf8_error().valid_up_to() }),
        }
    }

    /// A file as it would be with this text: to check an edit before it is written.
    #[must_use]
    pub fn with_text(path: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        let text = text.into();
        ConfigFile { path: path.into(), document: Document::parse(&text), text, flaws: Vec::new() }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What lets others change it or put another in its place.
    #[must_use]
    pub fn flaws(&self) -> &[Flaw] {
        &self.flaws
    }

    /// Whether a gateway may serve under it: it decides where tokens go, so nobody may be able to change it whom nobody chose. A group,
    /// or another user who owns it, may have been chosen.
    ///
    /// # Errors
    /// When everybody can change it.
    pub fn check_for_service(&self) -> Result<(), ConfigError> {
        match self.flaws.iter().find(|flaw| flaw.kind == FlawKind::WritableByAll) {
            Some(flaw) => Err(ConfigError::WritableByAll { flaw: flaw.clone() }),
            None => Ok(()),
        }
    }

    /// Whether the text is JSON5.
    #[must_use]
    pub fn is_json5(&self) -> bool {
        self.document.is_ok()
    }

    /// The parsed text.
    ///
    /// # Errors
    /// The error that makes the text no JSON5.
    pub fn document(&self) -> Result<&Document, &Fault> {
        self.document.as_ref()
    }

    /// The text as it stands in the file, secrets and all. Not for the provider.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for ConfigFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ConfigFile").field("path", &self.path).field("bytes", &self.text.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::locate::{ChosenBy, Location};
    use super::{ConfigFile, MAX_FILE_SIZE};

    fn read(name: &str, bytes: &[u8]) -> Result<ConfigFile, String> {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let path = folder.path().join(name);
        fs::write(&path, bytes).expect("written");
        ConfigFile::read(&Location { path, chosen_by: ChosenBy::Flag }).map_err(|error| error.to_string())
    }

    #[test]
    fn a_text_is_read_and_not_shown() {
        let file = read("quarry.json5", b"{apiKey: 'hunter2'}").expect("readable");
        assert_eq!(file.text(), "{apiKey: 'hunter2'}");
        assert!(!format!("{file:?}").contains("hunter2"));
    }

    #[test]
    fn what_is_no_configuration_is_refused_with_its_path() {
        let error = read("bytes.json5", b"{a: '\xff'}").expect_err("not UTF-8");
        assert!(
            error.contains("bytes.json5") && error.contains("byte 5") && error.contains("save it as UTF-8"),
            "{error}"
        );
        let largest = usize::try_from(MAX_FILE_SIZE).expect("small");
        assert!(read("large.json5", &vec![b' '; largest]).is_ok());
        let error = read("large.json5", &vec![b' '; largest + 1]).expect_err("too large");
        assert!(error.contains("large.json5") && error.contains("1048576"), "{error}");
    }

    #[test]
    fn a_missing_file_and_a_folder_are_told_apart() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let location = |path| Location { path, chosen_by: ChosenBy::Variable };
        let missing = ConfigFile::read(&location(folder.path().join("none.json5"))).expect_err("missing").to_string();
        assert!(missing.contains("none.json5") && missing.contains("QUARRY_CONFIG"), "{missing}");
        let is_folder = ConfigFile::read(&location(folder.path().to_owned())).expect_err("a folder").to_string();
        assert!(is_folder.contains("cannot be read"), "{is_folder}");
    }
}
