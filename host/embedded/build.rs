//! Builds the guest as a component with its cases, so that `cargo run` and `cargo test` work with nothing done before.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

#[path = "../conformance/src/own/section.rs"]
mod section;
#[path = "build/wasm_target.rs"]
mod wasm_target;

const TARGET: &str = "wasm32-unknown-unknown";

/// Bytes of heap that an instance begins with: a usual request and its answer need no more.
const INITIAL_HEAP: usize = 128 << 10;

/// Where the embedded provider's cases are.
const CASES: &str = "guest/cases";

fn main() {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let root = manifest.ancestors().nth(2).expect("the crate is a folder of `host` in the workspace");
    for path in ["guest", "wit", "Cargo.toml", "Cargo.lock", "rust-toolchain.toml"] {
        println!("cargo::rerun-if-changed={}", root.join(path).display());
    }
    for path in ["build.rs", "build", "../conformance/src/own/section.rs"] {
        println!("cargo::rerun-if-changed={path}");
    }

    match wasm_target::ensure(TARGET) {
        Ok(false) => {}
        Ok(true) => println!("cargo::warning=the toolchain had no {TARGET}; `rustup target add` brought it"),
        Err(sentence) => {
            println!("cargo::error={sentence}");
            std::process::exit(1);
        }
    }
    let module = build_guest(root, &out);
    let mut component = wit_component::ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .and_then(|mut encoder| encoder.encode())
        .unwrap_or_else(|error| panic!("making a component of the guest: {error:?}"));
    let cases = read_cases(&root.join(CASES)).unwrap_or_else(|error| panic!("reading the cases: {error}"));
    section::append(&mut component, &cases);
    let file = out.join("guest.component.wasm");
    fs::write(&file, component).unwrap_or_else(|error| panic!("writing {}: {error}", file.display()));
    println!("cargo::rustc-env=QUARRY_GUEST_COMPONENT={}", file.display());
}

/// The cases of a folder with one folder a verb: `VERB/NAME` and text, sorted by name.
fn read_cases(folder: &Path) -> io::Result<Vec<(String, String)>> {
    let mut cases = Vec::new();
    for verb in fs::read_dir(folder)? {
        let verb = verb?;
        if !verb.file_type()?.is_dir() {
            continue;
        }
        for case in fs::read_dir(verb.path())? {
            let path = case?.path();
            if path.extension().is_some_and(|end| end == "json") {
                let name = path.strip_prefix(folder).expect("a case lies in the folder of cases").with_extension("");
                cases.push((name.display().to_string(), fs::read_to_string(path)?));
            }
        }
    }
    cases.sort();
    Ok(cases)
}

/// Compiles the guest and gives the core module's bytes.
fn build_guest(root: &Path, out: &Path) -> Vec<u8> {
    let target_dir = target_dir(out);
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(root)
        .args(["rustc", "--package", "quarry-guest", "--lib", "--crate-type", "cdylib"])
        .args(["--profile", "guest", "--target", TARGET, "--locked", "--target-dir"])
        .arg(&target_dir)
        .args(["--", "-C", &format!("link-arg=--initial-heap={INITIAL_HEAP}")])
        // What the outer build was told about its own target and flags is not meant for the guest.
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("RUSTFLAGS")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .env_remove("CARGO_BUILD_TARGET")
        .env_remove("CARGO_TARGET_DIR");
    let output = cargo.output().unwrap_or_else(|error| panic!("starting cargo for the guest: {error}"));
    if !output.status.success() {
        panic!("building the guest for {TARGET} failed:\n{}", String::from_utf8_lossy(&output.stderr));
    }
    let module = target_dir.join(TARGET).join("guest").join("quarry_guest.wasm");
    fs::read(&module).unwrap_or_else(|error| panic!("reading {}: {error}", module.display()))
}

/// One folder for the guest's build, whatever the profile of the host: `target/guest-build`. It cannot be the outer build's
/// own folder, which that build has locked.
fn target_dir(out: &Path) -> PathBuf {
    // OUT_DIR is TARGET_DIR[/TRIPLE]/PROFILE/build/PACKAGE-HASH/out.
    let profile = out.ancestors().nth(3).expect("OUT_DIR lies in the target folder");
    profile.parent().expect("a profile folder lies in the target folder").join("guest-build")
}
