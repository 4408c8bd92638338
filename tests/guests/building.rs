//! The guests of this workspace, built as the embedded provider is built. Tests include this file by its path: cargo tells
//! `CARGO_TARGET_TMPDIR` to tests alone, so it is in no library.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The component that a package without imports is made into.
pub(crate) fn component(package: &str) -> Vec<u8> {
    let module = std::fs::read(build(package, "wasm32-unknown-unknown")).expect("it was built");
    let encoder = wit_component::ComponentEncoder::default().validate(true).module(&module);
    encoder.and_then(|mut encoder| encoder.encode()).expect("the module says what it is a component of")
}

/// Builds a package beside the embedded provider, with the same profile, and gives the file that came out.
pub(crate) fn build(package: &str, target: &str) -> PathBuf {
    // CARGO_TARGET_TMPDIR is `tmp` in the target folder.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("guest-build");
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .args(["rustc", "--package", package, "--lib", "--crate-type", "cdylib"])
        .args(["--profile", "guest", "--target", target, "--locked", "--target-dir"])
        .arg(&folder)
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .env_remove("CARGO_BUILD_TARGET")
        .env_remove("CARGO_TARGET_DIR")
        .output()
        .expect("cargo can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder.join(target).join("guest").join(package.replace('-', "_")).with_extension("wasm")
}
