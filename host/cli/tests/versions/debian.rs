//! Programs of others, by the names of their Debian packages. Where one cannot be had, the test fails and says why.
//!
//! `cargo test` runs with the toolchain alone: a test that needs a program is marked `#[ignore = "peers: PROGRAM"]`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// A program that has to be installed.
pub(crate) fn installed(name: &str, package: &str) -> Command {
    let file = find(name).unwrap_or_else(|| panic!("{name} is needed (Debian: apt-get install {package})"));
    Command::new(file)
}

/// Where a program is installed.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let is_marked = env::args().any(|argument| argument == "--ignored" || argument == "--include-ignored");
    assert!(is_marked, "this test needs {name}: mark it `#[ignore = \"peers: {name}\"]`");
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// A program that is unpacked under `target/debian` where it is not installed, which takes no rights and starts no service.
/// `packages` are the one that has it, and those that this one needs besides the C library.
pub(crate) fn program(name: &str, packages: &[&str]) -> Command {
    if let Some(installed) = find(name) {
        return Command::new(installed);
    }
    let root = unpacked(name, packages);
    let folders = ["usr/bin", "usr/sbin"].map(|folder| root.join(folder).join(name));
    let file = folders.iter().find(|file| file.is_file()).unwrap_or_else(|| panic!("{packages:?} have no {name}"));
    let mut command = Command::new(file);
    let libraries = format!("usr/lib/{}-linux-gnu", env::consts::ARCH);
    command.env("LD_LIBRARY_PATH", root.join(libraries));
    command
}

/// A folder with the packages' files, filled once.
fn unpacked(name: &str, packages: &[&str]) -> PathBuf {
    let all = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("debian");
    fs::create_dir_all(&all).expect("the target folder can be written");
    let lock = fs::File::create(all.join("lock")).expect("the target folder can be written");
    lock.lock().expect("another test may hold it, and ends");
    let root = all.join(name);
    if root.is_dir() {
        return root;
    }
    let fetched = tempfile::tempdir_in(&all).expect("the target folder can be written");
    let download = || run(Command::new("apt-get").arg("download").args(packages).current_dir(fetched.path()));
    // A machine that is new has no list of packages yet, and only root may get one.
    let downloaded = download().or_else(|first| {
        run(Command::new("apt-get").arg("update")).map_err(|second| format!("{first}\n{second}"))?;
        download()
    });
    let why = |error: String| format!("{name} is needed (Debian: apt-get install {}): {error}", packages[0]);
    downloaded.map_err(why).unwrap_or_else(|error| panic!("{error}"));
    let files = fetched.path().join("files");
    for package in fs::read_dir(fetched.path()).expect("it was just filled") {
        let package = package.expect("it was just filled").path();
        if package.extension().is_some_and(|ending| ending == "deb") {
            run(Command::new("dpkg-deb").arg("-x").arg(&package).arg(&files))
                .map_err(why)
                .unwrap_or_else(|error| panic!("{error}"));
        }
    }
    fs::rename(&files, &root).expect("the packages have files");
    root
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(format!("{command:?}: {said}")) }
}
