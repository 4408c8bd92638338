//! Makes sure that the toolchain can build for a target. The build script needs it, and the test that builds the guest for WASI.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Adds a target to the toolchain in use where it is missing, and gives whether it was.
///
/// # Errors
/// In one sentence that says what to run.
pub(crate) fn ensure(target: &str) -> Result<bool, String> {
    ensure_in(&sysroot()?, target, || run(Command::new("rustup").args(["target", "add", target])).map(drop))
}

/// The same for the toolchain in this folder, with a way to add the target.
fn ensure_in(sysroot: &Path, target: &str, add: impl FnOnce() -> Result<(), String>) -> Result<bool, String> {
    let is_there = || sysroot.join("lib/rustlib").join(target).is_dir();
    if is_there() {
        return Ok(false);
    }
    let place = sysroot.display();
    add().map_err(|why| {
        format!("the toolchain {place} cannot build for {target}: run `rustup target add {target}` ({why})")
    })?;
    if is_there() {
        return Ok(true);
    }
    Err(format!("`rustup target add {target}` added nothing to {place}: build with a toolchain of rustup"))
}

fn sysroot() -> Result<PathBuf, String> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    run(Command::new(rustc).args(["--print", "sysroot"])).map(|path| PathBuf::from(path.trim()))
}

/// Runs a program, and gives what it printed.
fn run(command: &mut Command) -> Result<String, String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{program} cannot be started: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    Err(words.lines().last().unwrap_or("it failed without a word").trim().to_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::ensure_in;

    const TARGET: &str = "wasm32-unknown-unknown";

    #[test]
    fn a_missing_target_is_added_once() {
        let sysroot = tempfile::tempdir().expect("a folder");
        let library = sysroot.path().join("lib/rustlib").join(TARGET);
        let add = || fs::create_dir_all(&library).map_err(|error| error.to_string());
        assert_eq!(ensure_in(sysroot.path(), TARGET, add), Ok(true));
        assert_eq!(ensure_in(sysroot.path(), TARGET, || Err("asked again".to_owned())), Ok(false));
    }

    #[test]
    fn where_it_cannot_be_added_the_sentence_says_what_to_run() {
        let sysroot = tempfile::tempdir().expect("a folder");
        let error = ensure_in(sysroot.path(), TARGET, || Err("no network".to_owned())).expect_err("nothing is there");
        assert!(error.contains("run `rustup target add wasm32-unknown-unknown` (no network)"), "{error}");
        let error = ensure_in(sysroot.path(), TARGET, || Ok(())).expect_err("nothing is there");
        assert!(error.contains("added nothing"), "{error}");
    }
}
