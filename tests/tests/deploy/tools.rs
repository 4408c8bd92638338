//! The programs that check: pinned with hashes by `tests/deploy/requirements.txt`, installed once under `target/deploy`, and again
//! when that changes. Where that cannot be done the test fails and says why.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use super::debian;

/// A program of the virtual environment.
pub(super) fn program(name: &str) -> Command {
    Command::new(installed().join("bin").join(name))
}

/// All that a command printed.
pub(super) fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Runs a command to its end.
pub(super) fn run(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"))
}

/// The documents of a YAML text, as PyYAML reads them.
pub(super) fn documents(yaml: &str) -> Vec<Value> {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = folder.path().join("manifest.yaml");
    fs::write(&file, yaml).expect("it can be written");
    let script =
        "import json, sys, yaml\nprint(json.dumps(list(yaml.safe_load_all(open(sys.argv[1], encoding='utf-8')))))";
    let output = run(program("python").args(["-c", script]).arg(&file).stderr(Stdio::inherit()));
    assert!(output.status.success(), "the manifest is no YAML");
    serde_json::from_slice(&output.stdout).expect("Python writes JSON")
}

/// The folder of the virtual environment.
fn installed() -> PathBuf {
    let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("deploy").join("venv");
    let requirements = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/requirements.txt");
    fs::create_dir_all(venv.parent().expect("it lies in target/deploy")).expect("a folder can be made");
    let lock = File::create(venv.with_extension("lock")).expect("a file can be made");
    lock.lock().expect("a file can be locked");
    let wanted = fs::read(&requirements).expect("the requirements are there");
    let stamp = venv.join("installed-from.txt");
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return venv;
    }
    if venv.exists() {
        fs::remove_dir_all(&venv).expect("it can be removed");
    }
    succeed(
        debian::installed("python3", "python3").args(["-m", "venv"]).arg(&venv),
        "a virtual environment (Debian: apt-get install python3-venv)",
    );
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:"];
    let mut install = Command::new(venv.join("bin/python"));
    install.args(pip).args(["--require-hashes", "--requirement"]).arg(&requirements);
    succeed(&mut install, "the packages of tests/deploy/requirements.txt");
    fs::write(&stamp, wanted).expect("it can be written");
    venv
}

fn succeed(command: &mut Command, what: &str) {
    let output = command.output().unwrap_or_else(|error| panic!("{what} cannot be had: {command:?}: {error}"));
    assert!(output.status.success(), "{what} cannot be had: {command:?}:\n{}", text(&output));
}
