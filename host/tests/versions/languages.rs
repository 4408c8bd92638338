//! A provider in a language that is not Rust: `examples/own-provider-javascript`, built as its page says, with the versions of its lock.
//! Where npm cannot be had the test fails and says why.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

use crate::authors::{lines, shell};
use crate::packages::{install_once, target, text};

/// The example.
fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/own-provider-javascript")
}

/// The source's files, sorted.
fn sources() -> Vec<PathBuf> {
    files(&example()).into_iter().filter(|file| file.extension().is_some_and(|ending| ending != "md")).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
    files.sort();
    files
}

fn runs(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"))
}

#[test]
fn a_provider_in_javascript_passes_the_cases_of_streams() {
    let page = fs::read_to_string(example().join("README.md")).expect("the example has a page");
    let lines = lines(&page);
    let (making, proving): (Vec<&String>, Vec<&String>) = lines
        .iter()
        .partition(|line| ["quarry provider new ", "npm ", "npx "].iter().any(|beginning| line.starts_with(beginning)));
    assert_eq!((making.len(), proving.len()), (3, 2), "{lines:?}");

    // Made anew when its source or the contract changes. Two runs do not make the same bytes, and each has to be compiled.
    let folder = target().join("streams");
    let contract = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit"));
    let inputs: Vec<PathBuf> = sources().into_iter().chain(contract).collect();
    let inputs: Vec<&Path> = inputs.iter().map(PathBuf::as_path).collect();
    let home = tempfile::tempdir().expect("a home can be made");
    install_once(&folder, &inputs, |folder| {
        for file in sources() {
            fs::copy(&file, folder.join(file.file_name().expect("a file has a name"))).expect("it can be copied");
        }
        for line in &making {
            let output = if line.starts_with("quarry ") {
                runs(&mut shell(line, folder, home.path()))
            } else {
                // As this user: npm's own settings say where packages come from.
                runs(Command::new("/bin/sh").args(["-eu", "-c", line]).current_dir(folder))
            };
            assert!(output.status.success(), "{line}: the component cannot be made:\n{}", text(&output));
        }
    });

    for line in proving {
        let output = runs(&mut shell(line, &folder, home.path()));
        let said = text(&output);
        assert!(output.status.success(), "{line}:\n{said}");
        if line.starts_with("quarry provider inspect ") {
            assert!(said.contains("\nimports      none\n"), "{said}");
        } else {
            let passed = said.trim_end().lines().last().and_then(|line| line.strip_suffix(" passed, 0 failed"));
            let passed: usize = passed.and_then(|passed| passed.parse().ok()).unwrap_or_else(|| panic!("{said}"));
            assert!(passed >= 170 && passed.is_multiple_of(2), "a case and its properties each: {said}");
        }
    }
    // What it does not do it says.
    let other = runs(&mut shell("quarry conformance streams.wasm --only merge/defaults", &folder, home.path()));
    let said = text(&other);
    assert!(other.status.code() == Some(1) && said.contains("translates streams and does nothing else"), "{said}");
}
