//! The configuration file.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::error::ConfigError;
use super::locate::Location;

/// The largest configuration file that is read: 1 MiB. OpenClaw's largest are some tens of kilobytes.
pub const MAX_FILE_SIZE: u64 = 1024 * 1024;

/// A configuration file's text. It may have secrets in it, so it is not shown in debug output.
pub struct ConfigFile {
    path: PathBuf,
    text: String,
}

impl ConfigFile {
    /// Reads a file. It may be a pipe: nothing is asked of it but its bytes.
    ///
    /// # Errors
    /// When it is missing, not readable, too large or not UTF-8.
    pub fn read(location: &Location) -> Result<Self, ConfigError> {
        let path = location.path.clone();
        let mut bytes = Vec::new();
        let read = File::open(&path).and_then(|file| file.take(MAX_FILE_SIZE + 1).read_to_end(&mut bytes));
        match read {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(ConfigError::NotFound { path, chosen_by: location.chosen_by });
            }
            Err(source) => return Err(ConfigError::NotReadable { path, source }),
        }
        if bytes.len() as u64 > MAX_FILE_SIZE {
            return Err(ConfigError::TooLarge { path });
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(ConfigFile { path, text }),
            Err(error) => Err(ConfigError::NotUtf8 { path, offset: error.utf8_error().valid_up_to() }),
        }
    }

    /// A file as it would be with this text: to check an edit before it is written.
    #[must_use]
    pub fn with_text(path: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        ConfigFile { path: path.into(), text: text.into() }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
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
