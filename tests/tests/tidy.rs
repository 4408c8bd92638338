//! What keeps the tree honest: the pages name what exists, the contract is documented, every verb has cases, the embedded component
//! is what it is said to be.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use quarry_conformance::source::Source;
use quarry_embedded::{EMBEDDED, EMBEDDED_NAME};
use quarry_provider_host::{AotCache, Host, Limits, inspect};

/// The verbs of the contract: `explain` stands beside the four.
const VERBS: &[&str] = &["discover", "explain", "merge", "prepare", "translate"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every file of the tree, by its path from the root: what git has, or would take (also in a tree without git's folder).
fn files() -> &'static [String] {
    static FILES: OnceLock<Vec<String>> = OnceLock::new();
    FILES.get_or_init(|| {
        let mut files = Vec::new();
        collect(&root(), "", &mut files);
        assert!(files.iter().any(|file| file == "Cargo.toml"), "{files:?}");
        files
    })
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder of the tree") {
        let entry = entry.expect("readable");
        let name = entry.file_name().to_string_lossy().into_owned();
        if matches!(name.as_str(), ".git" | ".cache" | "target" | "__pycache__" | "node_modules") {
            continue;
        }
        let path = format!("{prefix}{name}");
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{path}/"), files);
        } else {
            files.push(path);
        }
    }
}

/// What stands between backticks in a page, outside its blocks of code.
fn quoted(page: &str) -> Vec<String> {
    let mut in_block = false;
    let mut quoted = Vec::new();
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
        } else if !in_block {
            quoted.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    quoted
}

/// Whether a quotation looks like a path in the tree: it begins with something that the root holds, or is a page's or a
/// manifest's name.
fn looks_like_a_path(text: &str) -> bool {
    let tops: BTreeSet<&str> = files().iter().filter_map(|file| file.split_once('/')).map(|(top, _)| top).collect();
    let plain = text.chars().all(|character| character.is_ascii_alphanumeric() || "./_-*".contains(character));
    let endings = [".rs", ".wit", ".toml", ".md", ".json", ".py"];
    let is_file = endings.iter().any(|ending| text.ends_with(ending)) && !text.contains('*');
    // `NAME.json` stands for any name.
    plain
        && !text.starts_with("NAME.")
        && (text.split_once('/').is_some_and(|(top, _)| tops.contains(top)) || is_file && !text.starts_with(['.', '/']))
}

#[test]
fn the_pages_name_what_exists() {
    for page in ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "docs/decisions.md"] {
        let named: Vec<String> = quoted(&read(page)).into_iter().filter(|text| looks_like_a_path(text)).collect();
        assert!(named.len() >= 2, "{page} names {named:?}");
        for path in named {
            // `guest/cases/*/` names a form.
            let beginning = path.split('*').next().unwrap_or_default();
            assert!(root().join(beginning).exists(), "{page}: `{path}` does not exist");
        }
    }
}

/// The page on security names a test for each thing that an actor may not do.
#[test]
fn the_tests_that_security_names_exist() {
    let is_a_test = |name: &String| name.contains('_') && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let named: Vec<String> = quoted(&read("SECURITY.md")).into_iter().filter(is_a_test).collect();
    assert!(named.len() > 20, "{named:?}");
    let sources: String = files().iter().filter(|file| file.ends_with(".rs")).map(|file| read(file)).collect();
    for name in named {
        assert!(sources.contains(&format!("fn {name}(")), "SECURITY.md names the test {name}");
    }
}

#[test]
fn the_readme_is_an_introduction() {
    let page = read("README.md");
    for command in ["cargo run -- chat --simulate \"Tell me about bedrock\"", "cargo test --workspace"] {
        assert!(page.lines().any(|line| line.trim() == command), "{command}");
    }
    let mut in_block = false;
    let text = page.lines().filter(|line| {
        let is_fence = line.starts_with("```");
        in_block ^= is_fence;
        !in_block && !is_fence
    });
    let words: usize = text.map(|line| line.split_whitespace().count()).sum();
    assert!(words <= 1200, "{words} words");
    let longest = page.lines().map(str::len).max();
    assert!(longest <= Some(300), "a line has {longest:?} bytes");
}

#[test]
fn architecture_stays_short() {
    let lines = read("ARCHITECTURE.md").lines().count();
    assert!(lines <= 180, "{lines} lines");
}

#[test]
fn every_verb_has_cases_and_every_case_says_what_it_is_for() {
    let cases = Source::Folder(&root().join("guest/cases")).cases().expect("the cases can be read");
    for verb in VERBS {
        let count = cases.iter().filter(|case| case.name.split('/').next() == Some(verb)).count();
        assert!(count >= 10, "{count} cases of {verb}");
    }
    for case in &cases {
        assert!(case.about.trim().len() >= 10, "{}: about is {:?}", case.name, case.about);
        let (_, name) = case.name.split_once('/').unwrap_or_default();
        assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'), "{}", case.name);
    }
}

/// `cargo test` needs the toolchain alone. What is left out there says why, and whose program another test starts is in one place.
#[test]
fn tests_that_are_left_out_say_what_they_need() {
    let (mut marked, mut wrong) = (0, Vec::new());
    // In two pieces, so that this file has none of them.
    let (mark, start) = (format!("#[{}", "ignore"), format!("Command::{}", "new(\""));
    let is_of_tests =
        |file: &&String| file.ends_with(".rs") && file.contains("tests/") && !file.ends_with("/debian.rs");
    for file in files().iter().filter(is_of_tests) {
        for (number, line) in read(file).lines().enumerate() {
            let says = ["peers: ", "bench: "].iter().any(|tier| line.contains(&format!("{mark} = \"{tier}")));
            marked += usize::from(says);
            let starts_another = line.split(&start).skip(1).any(|program| !program.starts_with('/'));
            if line.contains(&mark) && !says || starts_another {
                wrong.push(format!("{file}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(marked > 60, "{marked}");
}

#[test]
fn no_file_has_a_path_of_one_machine() {
    // In two pieces, so that this file is none of them.
    let paths = [("/ho", "me/"), ("/ro", "ot/"), ("/Us", "ers/"), ("/wo", "rk/"), ("C:", "\\Users")];
    for file in files() {
        let Ok(text) = fs::read_to_string(root().join(file)) else { continue };
        for (a, b) in paths {
            let path = format!("{a}{b}");
            assert!(!text.contains(&path), "{file} has {path}");
        }
    }
}

#[test]
fn every_item_of_the_contract_is_documented() {
    let mut items = 0;
    for file in files().iter().filter(|file| file.starts_with("wit/") && file.ends_with(".wit")) {
        let text = read(file);
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for (index, line) in lines.iter().enumerate() {
            let is_item = line.ends_with(['{', ',', ';']) && !line.starts_with("//");
            // `use` takes names that are documented where they are from; an export is what it names, but for the first.
            let is_named_elsewhere = line.starts_with("use ") || line.starts_with("export ");
            if !is_item || is_named_elsewhere {
                continue;
            }
            let above = index.checked_sub(1).map_or("", |above| lines[above]);
            assert!(above.starts_with("///"), "{file}:{}: `{line}` has no words above it", index + 1);
            items += 1;
        }
    }
    assert!(items > 250, "{items} items");
}

#[test]
fn the_embedded_component_imports_nothing_and_exports_the_contract() {
    let host = Host::new(Limits::default()).expect("an engine");
    let cache = AotCache::new(Path::new(env!("CARGO_TARGET_TMPDIR")).join("quarry-cache/aot"));
    let inspection = inspect(&host, EMBEDDED_NAME, EMBEDDED, Some(&cache)).expect("the embedded component");
    assert_eq!(inspection.imports, Vec::<String>::new());
    let exports: BTreeSet<&str> = inspection.exports.iter().map(String::as_str).collect();
    let expected = functions_of_the_contract();
    assert_eq!(exports, expected.iter().map(String::as_str).collect());
    assert!(expected.contains("quarry:provider/conversation@0.1.0#[method]turn.push"), "{expected:?}");
}

/// The functions of the WIT's interfaces, as a component exports them.
fn functions_of_the_contract() -> BTreeSet<String> {
    let world = read("wit/world.wit");
    let version = world.lines().find_map(|line| line.strip_prefix("package quarry:provider@")).unwrap_or_default();
    let version = version.trim_end_matches(';');
    let mut functions = BTreeSet::new();
    for file in files().iter().filter(|file| file.starts_with("wit/") && file.ends_with(".wit")) {
        let (mut interface, mut resource) = (String::new(), None);
        for line in read(file).lines() {
            let name = |rest: &str| rest.trim_end_matches(['{', ' ']).to_owned();
            let indent = line.len() - line.trim_start().len();
            if let Some(rest) = line.strip_prefix("interface ") {
                interface = name(rest);
            } else if let Some(rest) = line.trim_start().strip_prefix("resource ") {
                resource = Some(name(rest));
            } else if indent <= 4 && line.trim() == "}" {
                resource = None;
            }
            let line = line.trim();
            let function = match (&resource, line.split_once(": func(")) {
                (Some(resource), Some((method, _))) => format!("[method]{resource}.{method}"),
                (None, Some((function, _))) => function.to_owned(),
                (Some(resource), None) if line.starts_with("constructor(") => format!("[constructor]{resource}"),
                _ => continue,
            };
            functions.insert(format!("quarry:provider/{interface}@{version}#{function}"));
        }
    }
    functions
}
