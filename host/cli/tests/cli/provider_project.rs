//! `quarry provider new` and `quarry provider build`: what they refuse. That a project works, `versions/authors.rs` shows.

use std::path::Path;
use std::{env, fs};

use crate::support::Quarry;

/// The names in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("it can be listed");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

const OF_A_PROJECT: &[&str] = &[
    ".gitignore",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "build.rs",
    "cases",
    "clippy.toml",
    "facts",
    "rust-toolchain.toml",
    "rustfmt.toml",
    "src",
    "wit",
];

#[test]
fn a_project_is_there_whole_or_not_at_all() {
    let quarry = Quarry::new().file("full/anything", "mine");
    let made = quarry.run(&["provider", "new", "a/b/mine"]);
    assert_eq!((made.code, made.stdout.as_str()), (Some(0), ""), "{made:?}");
    for words in ["cd a/b/mine\n", "quarry provider build\n", "quarry provider activate mine.wasm\n"] {
        assert!(made.stderr.contains(words), "{words}: {made:?}");
    }
    assert_eq!(names(&quarry.path("a/b/mine")), OF_A_PROJECT);
    assert_eq!(names(&quarry.path("a/b")), ["mine"]);

    quarry.run(&["provider", "new", "full"]).failed_with(2, &["full is not empty"]);
    assert_eq!(names(&quarry.path("full")), ["anything"]);
    quarry.run(&["provider", "new", "full/anything"]).failed_with(2, &["cannot use full/anything"]);
    quarry.run(&["provider", "new", "full/anything/mine"]).failed_with(2, &["full/anything/mine"]);
    quarry.run(&["provider", "new", "a/b/mine"]).failed_with(2, &["a/b/mine is not empty"]);

    fs::create_dir(quarry.path("empty")).expect("it can be made");
    assert_eq!(quarry.run(&["provider", "new", "empty", "--name", "other-one"]).code, Some(0));
    assert_eq!(names(&quarry.path("empty")), OF_A_PROJECT);
    for file in ["Cargo.toml", "Cargo.lock", "README.md"] {
        let text = fs::read_to_string(quarry.path("empty").join(file)).expect("it was written");
        assert!(text.contains("other-one") && !text.contains("template"), "{file}: {text}");
    }
}

#[test]
fn a_name_has_to_be_one_that_cargo_takes() {
    let quarry = Quarry::new();
    for name in ["", "Mine", "7", "_mine", "my provider", "serde", "core", "ä"] {
        quarry.run(&["provider", "new", "x", "--name", name]).failed_with(2, &["cannot be the name of a provider"]);
    }
    quarry
        .run(&["provider", "new", "Mine"])
        .failed_with(2, &["\"Mine\" cannot be the name of a provider", "--name NAME"]);
    quarry.run(&["provider", "new", ".."]).failed_with(2, &["--name NAME"]);
    assert_eq!(names(&quarry.path("")), ["cache"], "nothing was made; the cache was there");
}

#[test]
fn the_contract_alone_is_for_other_languages() {
    let quarry = Quarry::new();
    assert_eq!(quarry.run(&["provider", "new", "Contract", "--contract"]).code, Some(0));
    assert_eq!(names(&quarry.path("Contract")), ["LICENSE-APACHE", "LICENSE-MIT", "cases", "wit"]);
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit/world.wit");
    let there = quarry.path("Contract/wit/world.wit");
    assert_eq!(fs::read(there).expect("it was written"), fs::read(here).expect("it is in the tree"));
    quarry.run(&["conformance", "--cases", "Contract/cases"]).succeeded();
}

/// A project of one file, with cargo and the toolchain within reach.
fn project(source: &str) -> Quarry {
    let manifest = "[package]\nname = \"mine\"\nedition = \"2024\"\n[lib]\ncrate-type = [\"cdylib\"]\npath = \"lib.rs\"\n[workspace]\n";
    let users = env::var("HOME").unwrap_or_default();
    let variable = |name: &str, otherwise: String| env::var(name).unwrap_or(otherwise);
    let quarry = Quarry::new()
        .file("mine/Cargo.toml", manifest)
        .file("mine/lib.rs", source)
        .set("PATH", &variable("PATH", String::new()))
        .set("CARGO_HOME", &variable("CARGO_HOME", format!("{users}/.cargo")))
        .set("RUSTUP_HOME", &variable("RUSTUP_HOME", format!("{users}/.rustup")));
    match env::var("RUSTUP_TOOLCHAIN") {
        Ok(toolchain) => quarry.set("RUSTUP_TOOLCHAIN", &toolchain),
        Err(_) => quarry,
    }
}

#[test]
fn what_is_no_provider_is_not_built() {
    let quarry = Quarry::new();
    quarry.run(&["provider", "build"]).failed_with(2, &[". is not a project", "quarry provider new DIR"]);
    quarry.run(&["provider", "build", "nowhere"]).failed_with(2, &["nowhere is not a project"]);

    let broken = project("fn broken(").run(&["provider", "build", "mine"]);
    assert_eq!((broken.code, broken.stdout.as_str()), (Some(1), ""), "{broken:?}");
    assert!(broken.stderr.contains("unclosed delimiter") && broken.stderr.contains("does not build"), "{broken:?}");

    let refused = |source: &str, words: &[&str]| {
        let quarry = project(source);
        let refused = quarry.run(&["provider", "build", "mine", "--", "--offline"]);
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""), "{refused:?}");
        assert!(words.iter().all(|words| refused.stderr.contains(words)), "{words:?}: {refused:?}");
        assert!(!quarry.path("mine/mine.wasm").exists());
    };
    refused("", &["does not export quarry:provider@0.1.0"]);
    let clock = "unsafe extern \"C\" { fn now() -> u64; }\n#[unsafe(no_mangle)]\nextern \"C\" fn f() -> u64 { unsafe { now() } }\n";
    refused(clock, &["mine.wasm cannot be made a component", "now"]);
}
