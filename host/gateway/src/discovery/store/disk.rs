//! Listings on disk, for commands: each is a process of its own and has no memory of the previous one.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::OFlags;

use super::super::concurrently::Boxed;
use super::{ListingStore, StoredListing, frame};

/// How many listings are kept. Above it the oldest go.
const MOST_LISTINGS: usize = 64;

/// How many bytes all listings may take together. Above it the oldest go.
const MOST_BYTES: u64 = 64 << 20;

/// After this time nobody wants a listing, not even as a stale one.
const TOO_OLD: Duration = Duration::from_secs(30 * 24 * 3600);

/// A file that is being written for so long was left behind by a process that was killed: writing takes milliseconds.
const LEFT_BEHIND: Duration = Duration::from_secs(60);

/// What the name of a file begins with while it is written.
const WRITING: &str = ".writing-";

/// What the name of a listing ends with.
const LISTING: &str = ".listing";

/// A folder of listings.
///
/// A listing is one file, written beside under another name and renamed: whoever reads sees the old one or the new one and
/// never a part, with any number of processes and whichever of them are killed. The folder is this user's alone (0700), so are
/// the files (0600), and a file that another user owns or can write to is not read.
#[derive(Debug, Clone)]
pub struct DiskListings {
    folder: PathBuf,
}

impl DiskListings {
    /// The listings in this folder, which is made when it is needed.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        DiskListings { folder }
    }

    fn path(&self, key: &str) -> PathBuf {
        self.folder.join(frame::name(key) + LISTING)
    }
}

impl ListingStore for DiskListings {
    fn get<'a>(&'a self, key: &'a str) -> Boxed<'a, Option<StoredListing>> {
        let (path, key) = (self.path(key), key.to_owned());
        Box::pin(async move {
            let reading = tokio::task::spawn_blocking(move || read(&path, &key));
            // The thread is only stopped where the runtime ends.
            reading.await.ok().flatten()
        })
    }

    fn put<'a>(&'a self, key: &'a str, listing: &'a StoredListing) -> Boxed<'a, ()> {
        let (folder, path) = (self.folder.clone(), self.path(key));
        let frame = frame::encode(key, listing);
        Box::pin(async move {
            let Some(frame) = frame else {
                return tracing::warn!(path = %path.display(), "the listing is not cached, because it is too large");
            };
            let writing = tokio::task::spawn_blocking(move || {
                if let Err(error) = write(&folder, &path, &frame) {
                    tracing::warn!(path = %path.display(), %error, "the listing is not cached");
                }
                prune(&folder, SystemTime::now());
            });
            drop(writing.await);
        })
    }
}

fn read(path: &Path, key: &str) -> Option<StoredListing> {
    let unusable = |why: &dyn std::fmt::Display| {
        tracing::warn!(path = %path.display(), reason = %why, "the cached listing cannot be used; a new one replaces it");
    };
    let bytes = match read_own_file(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) => {
            unusable(&error);
            return None;
        }
    };
    frame::decode(key, &bytes, SystemTime::now()).inspect_err(|why| unusable(why)).ok()
}

/// Reads a plain file of this user. What it is, is asked of the open file: a look at the name first could be outrun.
fn read_own_file(path: &Path) -> io::Result<Vec<u8>> {
    // A link is not followed, and a pipe is not waited for.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a plain file"));
    }
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::other("it belongs to another user"));
    }
    if metadata.mode() & 0o022 != 0 {
        return Err(io::Error::other("other users can write to it"));
    }
    let mut bytes = Vec::new();
    file.take(frame::MOST as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Writes a listing. It is not synced: after a loss of power a file may be cut off, and its digest tells.
fn write(folder: &Path, path: &Path, frame: &[u8]) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mut file = tempfile::Builder::new().prefix(WRITING).tempfile_in(folder)?;
    file.write_all(frame)?;
    let _: File = file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Removes what nobody wants any more. Others may do the same at the same time; a file that is gone already is fine.
fn prune(folder: &Path, now: SystemTime) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut listings = Vec::new();
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let Ok(metadata) = entry.metadata() else { continue };
        let Ok(changed) = metadata.modified() else { continue };
        let age = now.duration_since(changed).unwrap_or_default();
        let is_listing = name.ends_with(LISTING);
        if (name.starts_with(WRITING) && age > LEFT_BEHIND) || (is_listing && age > TOO_OLD) {
            // It is tried again with the next listing.
            let _ = fs::remove_file(entry.path());
        } else if is_listing {
            listings.push((changed, metadata.len(), entry.path()));
        }
    }
    listings.sort_by_key(|(changed, ..)| std::cmp::Reverse(*changed));
    let mut bytes = 0u64;
    for (index, (_, length, path)) in listings.into_iter().enumerate() {
        bytes = bytes.saturating_add(length);
        if index >= MOST_LISTINGS || bytes > MOST_BYTES {
            let _ = fs::remove_file(path);
        }
    }
}

#[cfg(test)]
#[path = "disk_tests.rs"]
mod tests;
