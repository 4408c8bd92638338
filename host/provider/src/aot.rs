//! A cache of compiled components on disk: a start then takes a millisecond and no compilation.
#![allow(unsafe_code, reason = "mapping machine code that this host itself has written")]

use std::hash::{Hash as _, Hasher};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::digest::Digest;
use crate::files::{FileError, TrustedFolder, path_of_descriptor};

/// A folder of compiled components.
///
/// A compiled component is machine code, so it is only read from a folder that nobody but this user and root can change or replace,
/// under a name of the component's digest and the engine's own compatibility hash; and what is mapped is the file that was checked.
/// Files are written beside, synced and renamed, and never changed after: they are mapped while they are used. A `.cwasm` from
/// anywhere else is never loaded.
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

    /// Creates the folder if it is missing, and checks that only this user can change it.
    ///
    /// # Errors
    /// When it cannot be created, or other users can change or replace it.
    pub fn check(&self) -> Result<(), FileError> {
        TrustedFolder::make(&self.folder).map(drop)
    }

    /// Loads a compiled component, if it is cached and fits this engine.
    pub(super) fn load(&self, engine: &Engine, digest: &Digest) -> Option<Component> {
        let name = file_name(engine, digest);
        let opened = TrustedFolder::open(&self.folder).and_then(|folder| {
            let file = folder.open_file(&name)?;
            Ok((folder, file))
        });
        let (folder, file) = match opened {
            Ok(opened) => opened,
            Err(error) if error.is_not_found() => return None,
            Err(error) => {
                tracing::warn!(%error, "the cached compiled component cannot be used; compiling");
                return None;
            }
        };
        // SAFETY: only this user (or root) can write to the file and to the folder in which it was opened, which was checked on the
        // descriptors just now; only `store` writes there, only what this engine serialised, and never over a file that exists. The
        // path is that of the descriptor and leads to the file that was checked, whatever lies in the folder by now; wasmtime takes
        // none but paths for components.
        match unsafe { Component::deserialize_file(engine, path_of_descriptor(&file)) } {
            Ok(component) => Some(component),
            Err(error) => {
                let path = folder.path().join(&name);
                tracing::warn!(path = %path.display(), error = %format!("{error:#}"), "the cached compiled component cannot be used");
                // An unusable file stays unusable, so it is removed.
                let _ = folder.remove(&name);
                None
            }
        }
    }

    /// Caches a compiled component. A failure costs only the time of the next start, so it is logged and not returned.
    pub(super) fn store(&self, engine: &Engine, digest: &Digest, component: &Component) {
        if let Err(error) = self.write(engine, digest, component) {
            tracing::warn!(%error, "the compiled component was not cached");
        }
    }

    fn write(&self, engine: &Engine, digest: &Digest, component: &Component) -> Result<(), FileError> {
        let folder = TrustedFolder::make(&self.folder)?;
        let failed = |error| FileError::Io { path: self.folder.clone(), source: std::io::Error::other(error) };
        let code = component.serialize().map_err(|error| failed(format!("{error:#}")))?;
        folder.write(file_name(engine, digest), &code, 0o400)
    }
}

fn file_name(engine: &Engine, digest: &Digest) -> String {
    format!("{digest}-{}.cwasm", engine_hash(engine))
}

/// The compatibility hash of an engine: it runs only code that was compiled for the same hash.
pub(super) fn engine_hash(engine: &Engine) -> String {
    let mut hasher = ShaHasher(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut hasher);
    let mut hash = Digest::from_bytes(hasher.0.finalize().into()).to_string();
    hash.truncate(16);
    hash
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

    use super::{AotCache, file_name};
    use crate::Digest;

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

    /// How often compiled code is loaded while its folder changes: as often at least, and until both folders were met.
    const TRIES: usize = 500;
    const MOST_TRIES: usize = 1_000_000;

    #[test]
    fn no_race_maps_what_lies_in_a_folder_of_somebody_else() {
        let place = tempfile::tempdir().expect("a folder");
        let parent = place.path().join("parent");
        fs::create_dir(&parent).expect("it can be made");
        let (engine, _, digest) = stored(&parent);
        fs::rename(parent.join("aot"), parent.join("ours")).expect("it can be renamed");
        // Other compiled code, under the name of ours.
        let other =
            wat::parse_str("(component (instance $none) (export \"theirs\" (instance $none)))").expect("a component");
        let theirs = parent.join("theirs");
        fs::create_dir(&theirs).expect("it can be made");
        let code = Component::new(&engine, other).and_then(|other| other.serialize()).expect("it compiles");
        fs::write(theirs.join(file_name(&engine, &digest)), code).expect("it can be written");
        match rustix::process::geteuid().is_root() {
            true => std::os::unix::fs::chown(&theirs, Some(65534), None).expect("root may"),
            false => fs::set_permissions(&theirs, Permissions::from_mode(0o777)).expect("the owner may"),
        }
        fs::set_permissions(&parent, Permissions::from_mode(0o777)).expect("the owner may");
        let cache = AotCache::new(parent.join("aot"));
        let done = std::sync::atomic::AtomicBool::new(false);
        let (loaded, refused) = std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(std::sync::atomic::Ordering::Relaxed) {
                    for target in ["ours", "theirs"] {
                        let _ = std::os::unix::fs::symlink(target, parent.join("next"));
                        let _ = fs::rename(parent.join("next"), parent.join("aot"));
                    }
                }
            });
            let (mut loaded, mut refused) = (Vec::new(), 0);
            for tries in 0..MOST_TRIES {
                if tries >= TRIES && !loaded.is_empty() && refused > 0 {
                    break;
                }
                match cache.load(&engine, &digest) {
                    Some(component) => loaded.push(component),
                    None => refused += 1,
                }
            }
            done.store(true, std::sync::atomic::Ordering::Relaxed);
            (loaded, refused)
        });
        assert!(loaded.iter().all(|component| component.component_type().exports(&engine).len() == 0));
        assert!(!loaded.is_empty() && refused > 0, "{} loaded, {refused} refused: nothing raced", loaded.len());
    }

    #[test]
    fn a_damaged_file_is_thrown_away_and_a_link_is_not_followed() {
        let folder = tempfile::tempdir().expect("a folder");
        let (engine, cache, digest) = stored(folder.path());
        let path = cache.folder().join(file_name(&engine, &digest));
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
