//! `tests/guests/next`, built once.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use quarry::provider::AotCache;

const TARGET: &str = "wasm32-unknown-unknown";

/// One cache for the tests of the whole workspace: an unoptimised compiler needs many seconds for a component.
pub(crate) fn cache() -> AotCache {
    AotCache::new(Path::new(env!("CARGO_TARGET_TMPDIR")).join("quarry-cache/aot"))
}

/// The component's bytes.
pub(crate) fn next() -> &'static [u8] {
    static COMPONENT: OnceLock<Vec<u8>> = OnceLock::new();
    COMPONENT.get_or_init(|| {
        let module = std::fs::read(build()).expect("it was built");
        let encoder = wit_component::ComponentEncoder::default().validate(true).module(&module);
        encoder.and_then(|mut encoder| encoder.encode()).expect("the module says what it is a component of")
    })
}

/// Builds it as the embedded provider is built: beside it, with the same profile.
fn build() -> PathBuf {
    // CARGO_TARGET_TMPDIR is `tmp` in the target folder.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("guest-build");
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .args(["rustc", "--package", "quarry-next", "--lib", "--crate-type", "cdylib"])
        .args(["--profile", "guest", "--target", TARGET, "--locked", "--target-dir"])
        .arg(&folder)
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .env_remove("CARGO_BUILD_TARGET")
        .env_remove("CARGO_TARGET_DIR")
        .output()
        .expect("cargo can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder.join(TARGET).join("guest").join("quarry_next.wasm")
}
