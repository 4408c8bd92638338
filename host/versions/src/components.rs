//! The bytes of versions, each in a file of its digest.

use std::ffi::OsString;
use std::io;

use super::source::Kept;
use super::store::StoreError;
use crate::files::{FileError, TrustedFolder};
use crate::provider::Digest;

/// The folder of the versions' bytes, in the folder of versions.
const FOLDER: &str = "components";

/// The bytes of versions. A file is what its name says or counts for nothing, so nothing must be ordered here: what happened is in
/// the journal.
#[derive(Debug)]
pub struct Components(TrustedFolder);

impl Components {
    /// Opens the folder, which is made where it is missing.
    pub(super) fn open(folder: &TrustedFolder) -> Result<Self, FileError> {
        folder.make_folder(FOLDER).map(Components)
    }

    /// Keeps the bytes of a version, and its signature. They are on the disk, whole, when this returns.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn keep(&self, bytes: &[u8], signature: Option<&str>) -> Result<Digest, StoreError> {
        let digest = Digest::of(bytes);
        if let Some(signature) = signature {
            self.0.write(signature_file(&digest), signature.as_bytes(), 0o400)?;
        }
        if !self.bytes(&digest).is_ok_and(|kept| kept.is_some()) {
            self.0.write(component_file(&digest), bytes, 0o400)?;
        }
        Ok(digest)
    }

    /// The signature that came with a version; `None` where none did.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn signature(&self, digest: &Digest) -> Result<Option<String>, StoreError> {
        let name = signature_file(digest);
        let Some(bytes) = self.read(&name)? else { return Ok(None) };
        let not_text = |error| StoreError::Io { path: self.0.path().join(&name), source: io::Error::other(error) };
        String::from_utf8(bytes).map(Some).map_err(not_text)
    }

    /// The bytes of a version, compared with their digest; `None` where they are not kept.
    ///
    /// # Errors
    /// When they cannot be read, or are not what they were.
    pub fn bytes(&self, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
        let name = component_file(digest);
        let Some(bytes) = self.read(&name)? else { return Ok(None) };
        let found = Digest::of(&bytes);
        if found != *digest {
            return Err(StoreError::Damaged { path: self.0.path().join(name), found });
        }
        Ok(Some(bytes))
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        match self.0.read(name) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The versions whose bytes are kept.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn kept(&self) -> Result<Vec<Digest>, StoreError> {
        let names = self.0.names()?;
        let digest = |name: &OsString| name.to_str()?.strip_suffix(".wasm")?.parse::<Digest>().ok();
        Ok(names.iter().filter_map(digest).collect())
    }

    /// Removes the bytes of a version.
    ///
    /// # Errors
    /// When they are there and cannot be removed.
    pub fn remove(&self, digest: &Digest) -> Result<(), StoreError> {
        self.0.remove(signature_file(digest))?;
        Ok(self.0.remove(component_file(digest))?)
    }
}

impl Kept for Components {
    fn digests(&self) -> Result<Vec<Digest>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.kept()?)
    }

    fn bytes(&self, digest: &Digest) -> Result<Option<Vec<u8>>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Components::bytes(self, digest)?)
    }

    fn signature(&self, digest: &Digest) -> Result<Option<String>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Components::signature(self, digest)?)
    }
}

fn component_file(digest: &Digest) -> String {
    format!("{digest}.wasm")
}

fn signature_file(digest: &Digest) -> String {
    format!("{digest}.wasm.minisig")
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::{Components, StoreError};
    use crate::files::TrustedFolder;
    use crate::provider::Digest;

    #[test]
    fn what_is_kept_comes_back_and_what_was_changed_does_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let components = Components::open(&TrustedFolder::open(folder.path()).expect("it is ours")).expect("it opens");
        let digest = components.keep(b"a component", None).expect("it is kept");
        assert_eq!(components.bytes(&digest).expect("it can be read").as_deref(), Some(&b"a component"[..]));
        assert_eq!(components.kept().expect("the folder can be read"), [digest]);
        assert!(components.bytes(&Digest::of(b"another")).expect("nothing is wrong").is_none());
        let path = folder.path().join(super::FOLDER).join(super::component_file(&digest));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("the owner may");
        fs::write(&path, b"a compOnent").expect("it can be written");
        assert!(matches!(components.bytes(&digest), Err(StoreError::Damaged { .. })));
        // Kept again, it is mended.
        components.keep(b"a component", None).expect("it is kept");
        assert!(components.bytes(&digest).is_ok_and(|bytes| bytes.is_some()));
    }
}
