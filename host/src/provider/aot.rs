//! Compiled components on disk, so that a start costs a millisecond and not a compilation.
#![allow(unsafe_code, reason = "mapping machine code that this host itself has written")]

use std::fs::{self, File};
use std::hash::{Hash as _, Hasher};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

use super::digest::Digest;

/// A folder of compiled components.
///
/// A compiled component is machine code, so it is only read from a folder that belongs to this user and that nobody else
/// can write to, under a name of the component's digest and the engine's own compatibility hash. Files are written beside,
/// synced and renamed, and never changed after: they are mapped while they are used. A `.cwasm` from anywhere else is never
/// loaded.
#[derive(Debug, Clone)]
pub struct AotCache {
    folder: PathBuf,
}

impl AotCache {
    /// A cache in this folder, which is made when it is needed.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        AotCache { folder }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The compiled component, where it is there and fits this engine.
    pub(super) fn load(&self, engine: &Engine, digest: &Digest) -> Option<Component> {
        let path = self.path(engine, digest);
        let trusted = trusted_folder(&self.folder).and_then(|()| trusted_file(&path));
        match trusted {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "the compiled component is not used; compiling");
                return None;
            }
        }
        // SAFETY: the file lies in a folder that only this user (or root) can write to, which was checked just now; only
        // `store` writes there, only what this engine serialised, and never over a file that exists.
        match unsafe { Component::deserialize_file(engine, &path) } {
            Ok(component) => Some(component),
            Err(error) => {
                tracing::warn!(path = %path.display(), error = %format!("{error:#}"), "the compiled component is not used");
                // Whatever it is, it will not get better.
                let _ = fs::remove_file(&path);
                None
            }
        }
    }

    /// Keeps a compiled component. A failure costs only the next start's time, so it is told and not returned.
    pub(super) fn store(&self, engine: &Engine, digest: &Digest, component: &Component) {
        let path = self.path(engine, digest);
        let written = component
            .serialize()
            .map_err(|error| io::Error::other(format!("{error:#}")))
            .and_then(|code| self.write(&path, &code));
        if let Err(error) = written {
            tracing::warn!(path = %path.display(), %error, "the compiled component was not kept");
        }
    }

    fn write(&self, path: &Path, code: &[u8]) -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        trusted_folder(&self.folder)?;
        let mut file = tempfile::Builder::new().prefix(".compiling-").tempfile_in(&self.folder)?;
        file.write_all(code)?;
        file.as_file().set_permissions(fs::Permissions::from_mode(0o400))?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        File::open(&self.folder)?.sync_all()
    }

    fn path(&self, engine: &Engine, digest: &Digest) -> PathBuf {
        self.folder.join(format!("{digest}-{}.cwasm", engine_hash(engine)))
    }
}

/// What compiled code has to have been compiled for, so that this engine can run it.
pub(super) fn engine_hash(engine: &Engine) -> String {
    let mut hasher = ShaHasher(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut hasher);
    let mut hash = Digest::from_bytes(hasher.0.finalize().into()).to_string();
    hash.truncate(16);
    hash
}

fn trusted_folder(folder: &Path) -> io::Result<()> {
    owned_and_private(&fs::metadata(folder)?, "the folder")
}

fn trusted_file(path: &Path) -> io::Result<()> {
    let metadata = fs::symlink_metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a plain file"));
    }
    owned_and_private(&metadata, "the file")
}

fn owned_and_private(metadata: &fs::Metadata, what: &str) -> io::Result<()> {
    if metadata.uid() != rustix::process::geteuid().as_raw() && metadata.uid() != 0 {
        return Err(io::Error::other(format!("{what} belongs to another user")));
    }
    if metadata.mode() & 0o022 != 0 {
        return Err(io::Error::other(format!("{what} can be written to by others (chmod go-w would do)")));
    }
    Ok(())
}

/// A hasher of `std::hash` with a digest that does not collide and does not change between builds.
struct ShaHasher(Sha256);

impl Hasher for ShaHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        u64::from_be_bytes(self.0.clone().finalize()[..8].try_into().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    use wasmtime::component::Component;
    use wasmtime::{Config, Engine};

    use super::AotCache;
    use crate::provider::Digest;

    /// The smallest component: magic, version and layer.
    const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

    fn stored(folder: &std::path::Path) -> (Engine, AotCache, Digest) {
        let engine = Engine::default();
        let cache = AotCache::new(folder.join("aot"));
        let digest = Digest::of(EMPTY);
        let component = Component::new(&engine, EMPTY).expect("an empty component compiles");
        cache.store(&engine, &digest, &component);
        (engine, cache, digest)
    }

    #[test]
    fn what_was_stored_is_loaded_by_the_same_kind_of_engine_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let (engine, cache, digest) = stored(folder.path());
        assert!(cache.load(&engine, &digest).is_some());
        assert!(cache.load(&engine, &Digest::of(b"another")).is_none());
        let other = Engine::new(Config::new().epoch_interruption(true)).expect("an engine");
        assert!(cache.load(&other, &digest).is_none());
    }

    #[test]
    fn a_folder_that_others_can_write_to_is_not_trusted() {
        let folder = tempfile::tempdir().expect("a folder");
        let (engine, cache, digest) = stored(folder.path());
        fs::set_permissions(folder.path().join("aot"), Permissions::from_mode(0o777)).expect("the owner may");
        assert!(cache.load(&engine, &digest).is_none());
    }

    #[test]
    fn a_damaged_file_is_thrown_away_and_a_link_is_not_followed() {
        let folder = tempfile::tempdir().expect("a folder");
        let (engine, cache, digest) = stored(folder.path());
        let path = cache.path(&engine, &digest);
        let elsewhere = folder.path().join("elsewhere");
        fs::rename(&path, &elsewhere).expect("the file is there");
        std::os::unix::fs::symlink(&elsewhere, &path).expect("a link can be made");
        assert!(cache.load(&engine, &digest).is_none());
        fs::remove_file(&path).expect("the link is there");
        fs::write(&path, b"not machine code").expect("the folder can be written to");
        assert!(cache.load(&engine, &digest).is_none());
        assert!(!path.exists());
    }
}
