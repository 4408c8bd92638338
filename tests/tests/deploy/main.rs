//! What is in `deploy/` is checked by programs that are not ours (a schema validator, a linter, systemd itself), and then run: the
//! gateway is started with the arguments, variables and configuration that stand there.

mod chart;
mod container;
#[path = "../../../host/cli/tests/versions/debian.rs"]
mod debian;
mod gateway;
mod kubernetes;
mod manifest;
mod monitoring;
mod pages;
mod schema;
mod tools;
mod unit;

use std::fs;
use std::path::{Path, PathBuf};

/// A file of `deploy/`.
fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy").join(name)
}

/// Its text.
fn read(name: &str) -> String {
    let path = path(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A text with one thing changed, which has to be there.
fn changed(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "there is no {from:?} to break");
    text.replacen(from, to, 1)
}
