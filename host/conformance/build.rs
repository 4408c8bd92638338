//! Names the state of the checks by a fingerprint of their sources, so that a change of them asks for a new proof.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::{fs, io};

fn main() {
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=build.rs");
    let checks = fingerprint(Path::new("src")).unwrap_or_else(|error| panic!("reading the checks: {error}"));
    println!("cargo::rustc-env=QUARRY_CHECKS={checks:016x}");
}

/// What tells one state of a folder's files from another.
fn fingerprint(folder: &Path) -> io::Result<u64> {
    let mut files = files(folder)?;
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        fs::read(file)?.hash(&mut hasher);
    }
    Ok(hasher.finish())
}

/// All files below a folder.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}
