//! The project that `quarry provider new` writes: the guest as a crate of its own. It is made here of the files that the embedded
//! provider is built of, so that it cannot fall behind them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

/// What the project is called until it gets its name.
const NAME: &str = "quarry-provider-template";

/// A case of each verb, to begin an author's own from.
const CASES: &[&str] = &[
    "discover/disabled.json",
    "explain/denied.json",
    "merge/defaults.json",
    "prepare/system-prompt.json",
    "translate/tool-call.json",
];

/// Files of the tree that the project has as they are: from where, to where.
const COPIES: &[(&str, &str)] = &[
    ("LICENSE-APACHE", "LICENSE-APACHE"),
    ("LICENSE-MIT", "LICENSE-MIT"),
    ("guest/build.rs", "build.rs"),
    ("guest/clippy.toml", "clippy.toml"),
    ("host/cli/project/README.md", "README.md"),
    ("host/cli/project/gitignore", ".gitignore"),
    ("rustfmt.toml", "rustfmt.toml"),
    ("guest/cases/README.md", "cases/README.md"),
];

fn main() {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let root = manifest.ancestors().nth(2).expect("the crate is a folder of `host` in the workspace");
    println!("cargo::rerun-if-changed=build.rs");
    let trees = ["guest", "wit", "Cargo.toml", "Cargo.lock", "rust-toolchain.toml"];
    for path in trees.iter().chain(COPIES.iter().map(|(from, _)| from)) {
        println!("cargo::rerun-if-changed={}", root.join(path).display());
    }
    let file = out.join("project.rs");
    let list = make(root, &out.join("project"));
    fs::write(&file, list).unwrap_or_else(|error| panic!("writing {}: {error}", file.display()));
}

/// Makes the project in a folder, and gives a Rust list of (path, text) of its files.
///
/// # Panics
/// When the tree is not what this knows, so that a change of it cannot go by unnoticed.
fn make(root: &Path, folder: &Path) -> String {
    if folder.exists() {
        fs::remove_dir_all(folder).unwrap_or_else(|error| panic!("removing {}: {error}", folder.display()));
    }
    let read =
        |path: &str| fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("reading {path}: {error}"));
    let mut paths = Vec::new();
    let mut write = |path: &str, text: &str| {
        let file = folder.join(path);
        let made = file.parent().map_or(Ok(()), fs::create_dir_all);
        made.and_then(|()| fs::write(&file, text)).unwrap_or_else(|error| panic!("writing {path}: {error}"));
        paths.push(path.to_owned());
    };
    for (from, to) in COPIES {
        write(to, &read(from));
    }
    for case in CASES {
        write(&format!("cases/{case}"), &read(&format!("guest/cases/{case}")));
    }
    for tree in ["guest/facts", "guest/src", "wit"] {
        for file in files(&root.join(tree)).unwrap_or_else(|error| panic!("listing {tree}: {error}")) {
            let from = file.strip_prefix(root).expect("it lies in the tree").display().to_string();
            let to = from.strip_prefix("guest/").unwrap_or(&from).to_owned();
            write(&to, &of_the_project(&to, &read(&from)));
        }
    }
    write("Cargo.toml", &manifest(&read("guest/Cargo.toml"), &read("Cargo.toml")));
    let only = replaced(
        "rust-toolchain.toml",
        &read("rust-toolchain.toml"),
        r#"targets = ["wasm32-unknown-unknown", "wasm32-wasip2"]"#,
        r#"targets = ["wasm32-unknown-unknown"]"#,
        1,
    );
    write("rust-toolchain.toml", &only);
    write("Cargo.lock", &read("Cargo.lock"));
    lock(root, folder);

    paths.sort();
    let mut list = String::from("&[\n");
    for path in paths {
        list.push_str(&format!("    ({path:?}, include_str!({:?})),\n", folder.join(&path).display().to_string()));
    }
    list.push_str("]\n");
    list
}

/// A source file with what differs where it is not a part of this workspace.
fn of_the_project(path: &str, text: &str) -> String {
    match path {
        "src/bindings.rs" => replaced(path, text, r#"path: "../wit""#, r#"path: "wit""#, 2),
        "src/identity.rs" => {
            replaced(path, text, r#""quarry-bedrock".to_owned()"#, r#"env!("CARGO_PKG_NAME").to_owned()"#, 1)
        }
        _ => text.to_owned(),
    }
}

fn replaced(path: &str, text: &str, from: &str, to: &str, times: usize) -> String {
    assert_eq!(text.matches(from).count(), times, "`{from}` in {path}: host/cli/build.rs has to be told");
    text.replace(from, to)
}

/// The guest's manifest with all that it takes from the workspace's written out.
fn manifest(guest: &str, workspace: &str) -> String {
    let mut manifest = String::new();
    let mut section = String::new();
    for line in guest.lines() {
        if line.starts_with('[') {
            section = line.trim_matches(['[', ']']).to_owned();
        }
        let inherited = match section.as_str() {
            "package" => "workspace.package",
            _ => "workspace.dependencies",
        };
        match (line, line.strip_suffix(".workspace = true")) {
            ("[lints]", _) => {
                for lints in ["lints.rust", "lints.clippy"] {
                    manifest.push_str(&format!("[{lints}]\n{}\n\n", members(workspace, &format!("workspace.{lints}"))));
                }
            }
            ("workspace = true", _) => {}
            (line, None) if line.starts_with("name = ") => manifest.push_str(&format!("name = {NAME:?}\n")),
            (line, None) if line.starts_with("description = ") => {
                manifest.push_str("description = \"Provider logic for Amazon Bedrock, for Quarry\"\n");
            }
            (line, None) => {
                assert!(!line.contains("workspace = true"), "`{line}`: host/cli/build.rs cannot write it out");
                manifest.push_str(&format!("{line}\n"));
            }
            (_, Some(name)) => {
                let members = members(workspace, inherited);
                let line = members.lines().find(|line| line.split(" = ").next() == Some(name));
                let line = line.unwrap_or_else(|| panic!("{name} is not in [{inherited}]"));
                manifest.push_str(&format!("{line}\n"));
            }
        }
    }
    let profile = members(workspace, "profile.guest").replace("inherits = \"release\"\n", "");
    manifest.push_str(&format!(
        "# As the provider in `quarry` is built: speed first, it runs for every event of every stream.\n[profile.release]\n{profile}\n\n\
         # A workspace of its own, wherever it lies.\n[workspace]\n"
    ));
    manifest
}

/// The lines of a section, without comments.
fn members(manifest: &str, section: &str) -> String {
    let heading = format!("[{section}]");
    let lines = manifest.lines().skip_while(|line| *line != heading).skip(1).take_while(|line| !line.starts_with('['));
    let lines: Vec<&str> = lines.filter(|line| !line.trim().is_empty() && !line.starts_with('#')).collect();
    assert!(!lines.is_empty(), "Cargo.toml has no {heading}");
    lines.join("\n")
}

/// Makes of the workspace's lock the project's own: the same versions, and no crate that it does not need.
fn lock(root: &Path, folder: &Path) {
    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .current_dir(root)
        .args(["update", "--workspace", "--offline", "--quiet", "--manifest-path"])
        .arg(folder.join("Cargo.toml"))
        .env_remove("CARGO_TARGET_DIR")
        .output()
        .unwrap_or_else(|error| panic!("starting cargo for the lock of the project: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "making the lock of the project failed:\n{said}");
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
