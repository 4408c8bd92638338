//! A component in a file, and the signature beside it.

use std::ffi::OsString;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::FetchError;
use crate::files::{FileError, Flaw, open_and_note};
use crate::signature::SIGNATURE_LIMIT;

/// What was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ReadFile {
    /// The component.
    pub(super) bytes: Vec<u8>,
    /// The text of `FILE.minisig`, where that is.
    pub(super) signature: Option<String>,
    /// What lets others change the component or put another in its place.
    pub(super) flaws: Vec<Flaw>,
}

/// The component's bytes, and the text of `FILE.minisig` where that is.
///
/// # Errors
/// When one of them cannot be read or is too large.
pub(super) async fn read(path: &Path, limit: usize) -> Result<ReadFile, FetchError> {
    let named = path.to_owned();
    // The file's system may be slow.
    let read = tokio::task::spawn_blocking(move || read_now(&named, limit)).await;
    read.unwrap_or_else(|error| Err(FetchError::Read { path: path.to_owned(), source: io::Error::other(error) }))
}

fn read_now(path: &Path, limit: usize) -> Result<ReadFile, FetchError> {
    let failed = |path: &Path, source| FetchError::Read { path: path.to_owned(), source };
    let (bytes, flaws) = at_most(path, limit).map_err(|source| failed(path, source))?;
    let bytes = bytes.ok_or_else(|| FetchError::TooLarge { path: path.to_owned(), limit })?;
    let signature = signature_path(path);
    let text = match at_most(&signature, SIGNATURE_LIMIT) {
        Ok((Some(text), _)) => String::from_utf8(text).ok(),
        Ok((None, _)) => None,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(ReadFile { bytes, signature: None, flaws });
        }
        Err(error) => return Err(failed(&signature, error)),
    };
    match text {
        Some(text) => Ok(ReadFile { bytes, signature: Some(text), flaws }),
        None => Err(FetchError::NotASignature { path: signature }),
    }
}

/// Where minisign puts a file's signature.
fn signature_path(path: &Path) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(".minisig");
    name.into()
}

/// A file's bytes, and what lets others change it; no bytes where it has more than so many. It may grow meanwhile, and is not read beyond
/// that.
fn at_most(path: &Path, limit: usize) -> io::Result<(Option<Vec<u8>>, Vec<Flaw>)> {
    let (file, flaws) = open_and_note(path).map_err(|error| match error {
        FileError::NotAFile { .. } => io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"),
        FileError::Io { source, .. } => source,
        other => other.into(),
    })?;
    let mut bytes = Vec::new();
    file.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    Ok(((bytes.len() <= limit).then_some(bytes), flaws))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{ReadFile, SIGNATURE_LIMIT, read};
    use crate::source::FetchError;

    #[tokio::test]
    async fn a_file_is_read_with_its_signature_within_the_limit() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = folder.path().join("a.wasm");
        fs::write(&path, b"1234").expect("it can be written");
        let whole = ReadFile { bytes: b"1234".to_vec(), signature: None, flaws: Vec::new() };
        assert_eq!(read(&path, 4).await.expect("it can be read"), whole);
        assert!(matches!(read(&path, 3).await, Err(FetchError::TooLarge { limit: 3, .. })));
        let signature = folder.path().join("a.wasm.minisig");
        fs::write(&signature, "signed").expect("it can be written");
        assert_eq!(read(&path, 4).await.expect("it can be read").signature.as_deref(), Some("signed"));
        for wrong in [vec![0xff], vec![b' '; SIGNATURE_LIMIT + 1]] {
            fs::write(&signature, wrong).expect("it can be written");
            assert!(matches!(read(&path, 4).await, Err(FetchError::NotASignature { .. })));
        }
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let missing = read(&folder.path().join("b.wasm"), 4).await.expect_err("it is not there");
        assert!(missing.to_string().contains("b.wasm: No such file"), "{missing}");
        for wrong in [folder.path(), Path::new("/dev/zero")] {
            let told = read(wrong, 4).await.expect_err("it is no file").to_string();
            assert!(told.ends_with("it is not a regular file"), "{told}");
        }
    }
}
