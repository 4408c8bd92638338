//! The gate on `wit/`: what was published stays as it was published.
//!
//! `tests/wit-published/VERSION` is a copy of each version as it was published. `wit_component::semver_check(prev, new)` says whether
//! a component of `prev` may stand where one of `new` is wanted: it may have more exports, and every type has to be the same, so
//! a record with one member more is another record. Asked in both directions it says who is served by whom:
//!
//! - `(published, today)`: a host made from `wit/` serves the providers that are out there;
//! - `(today, published)`: the hosts that are out there serve a provider made from `wit/`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use quarry_provider_host::{Digest, Generation, Host, Limits};
use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata, semver_check};
use wit_parser::{ManglingAndAbi, PackageName, Resolve, WorldId};

/// What was published, and the SHA-256 of its files, one after the other by name: a copy that is edited is no copy.
const PUBLISHED: &[(&str, &str)] = &[];

/// Files of a version of the contract, by name.
type Texts = BTreeMap<String, String>;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn texts(folder: &str) -> Texts {
    let files = fs::read_dir(root().join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let read = |file: fs::DirEntry| {
        let name = file.file_name().into_string().expect("a plain name");
        (name, fs::read_to_string(file.path()).expect("WIT is text"))
    };
    files.map(|file| read(file.expect("it can be read"))).collect()
}

fn published(version: &str) -> Texts {
    texts(&format!("tests/wit-published/{version}"))
}

/// The version that a contract's texts say they are.
fn version(texts: &Texts) -> &str {
    let package =
        texts.values().flat_map(|text| text.lines()).find_map(|line| line.strip_prefix("package quarry:provider@"));
    package.and_then(|rest| rest.strip_suffix(';')).expect("the package has a name and a version")
}

/// The same texts as another version.
fn as_version(mut texts: Texts, new: &str) -> Texts {
    let old = version(&texts).to_owned();
    for text in texts.values_mut() {
        *text = text.replace(&format!("quarry:provider@{old}"), &format!("quarry:provider@{new}"));
    }
    texts
}

fn parse(resolve: &mut Resolve, texts: &Texts) -> Result<WorldId, String> {
    let folder = tempfile::tempdir().expect("a folder can be made");
    for (name, text) in texts {
        fs::write(folder.path().join(name), text).expect("it can be written");
    }
    let (package, _) = resolve.push_dir(folder.path()).map_err(|error| format!("it is not WIT: {error:#}"))?;
    let PackageName { namespace, name, .. } = &resolve.packages[package].name;
    if (namespace.as_str(), name.as_str()) != ("quarry", "provider") {
        return Err(format!("the package is called {namespace}:{name}"));
    }
    resolve.select_world(&[package], Some("provider")).map_err(|error| format!("it has no world `provider`: {error:#}"))
}

/// Whether a component of `given` may stand where one of `wanted` is wanted.
fn may_stand_for(given: &Texts, wanted: &Texts) -> Result<(), String> {
    let mut resolve = Resolve::default();
    // Two packages need two names; the check looks past versions.
    let given = parse(&mut resolve, &as_version(given.clone(), "0.0.1-given"))?;
    let wanted = parse(&mut resolve, &as_version(wanted.clone(), "0.0.1-wanted"))?;
    semver_check(resolve, given, wanted).map_err(|error| format!("{error:#}"))
}

/// Whether `today` may be called what it is called, beside what was published.
fn check(published: &Texts, today: &Texts) -> Result<(), String> {
    let (before, now) = (version(published), version(today));
    let numbers =
        |version: &str| -> Vec<u64> { version.split('.').map(|part| part.parse().expect("three numbers")).collect() };
    let (before_numbers, now_numbers) = (numbers(before), numbers(now));
    // Below 1.0 the second number is the one that breaks.
    let line = if before_numbers[0] == 0 { 2 } else { 1 };
    if now_numbers[..line] != before_numbers[..line] {
        return Ok(());
    }
    may_stand_for(today, published).map_err(|why| {
        format!(
            "wit/ is quarry:provider@{now}, and hosts that serve {before} would refuse a provider made from it: something was \
             removed or changed ({why}). {}",
            what_to_do(before, &before_numbers, line)
        )
    })?;
    if now_numbers > before_numbers {
        return Ok(());
    }
    may_stand_for(published, today).map_err(|why| {
        format!(
            "wit/ is quarry:provider@{now}, and a host made from it would refuse the providers that were made from the {before} \
             that was published: something was added ({why}). {}",
            what_to_do(before, &before_numbers, line)
        )
    })
}

fn what_to_do(published: &str, numbers: &[u64], line: usize) -> String {
    let breaking = if line == 2 { format!("0.{}.0", numbers[1] + 1) } else { format!("{}.0.0", numbers[0] + 1) };
    let adding = format!("{}.{}.{}", numbers[0], numbers[1], numbers[2] + 1);
    format!(
        "A published version is frozen. Put wit/ back, or give it a new version: {adding} where it only adds functions or \
         interfaces, {breaking} for all else. Then keep serving {published}: its WIT stays in tests/wit-published/{published}, with \
         bindings and an adapter of its own in host/provider/src/contract. When the new version is published, copy wit/ to \
         tests/wit-published and add it to PUBLISHED in tests/tests/contract_published.rs."
    )
}

#[test]
fn the_contract_keeps_to_what_was_published() {
    let today = texts("wit");
    for (version, _) in PUBLISHED {
        check(&published(version), &today).unwrap_or_else(|refusal| panic!("{refusal}"));
    }
}

#[test]
fn what_was_published_is_there_unchanged() {
    let folder = root().join("tests/wit-published");
    let folders = if folder.exists() { fs::read_dir(folder).expect("it is a folder").collect() } else { Vec::new() };
    let mut folders: Vec<String> = folders
        .into_iter()
        .map(|entry| entry.expect("readable").file_name().into_string().expect("a version"))
        .collect();
    folders.sort();
    assert_eq!(folders, PUBLISHED.iter().map(|(version, _)| *version).collect::<Vec<_>>());
    for (number, digest) in PUBLISHED {
        let texts = published(number);
        assert_eq!(version(&texts), *number);
        let all: String = texts.values().map(String::as_str).collect();
        assert_eq!(
            Digest::of(all.as_bytes()).to_string(),
            *digest,
            "tests/wit-published/{number} is not what was published"
        );
    }
}

#[test]
fn this_host_serves_what_was_published_and_what_is_in_wit() {
    let host = Arc::new(Host::new(Limits::default()).expect("an engine"));
    for texts in PUBLISHED.iter().map(|(number, _)| published(number)).chain([texts("wit")]) {
        let number = version(&texts);
        let generation = Generation::load(&host, number, &smallest_provider(&texts), None);
        let generation = generation.unwrap_or_else(|error| panic!("this host does not serve {number}: {error}"));
        assert_eq!(generation.contract(), number);
    }
}

/// A component that has every export of a contract, and does nothing.
fn smallest_provider(texts: &Texts) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let world = parse(&mut resolve, texts).expect("it was published");
    let mut module = dummy_module(&resolve, world, ManglingAndAbi::Standard32);
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).expect("a world can be embedded");
    let encoder = ComponentEncoder::default().validate(true).module(&module);
    encoder.and_then(|mut encoder| encoder.encode()).expect("a component can be made of it")
}

/// The number of `wit/`, and those of its next patch, its next minor version and its next major version.
fn numbers() -> [String; 4] {
    let texts = texts("wit");
    let today = version(&texts);
    let numbers: Vec<u64> = today.split('.').map(|part| part.parse().expect("three numbers")).collect();
    let [major, minor, patch] = numbers[..] else { panic!("{today} is no version") };
    [
        today.to_owned(),
        format!("{major}.{minor}.{}", patch + 1),
        format!("{major}.{}.0", minor + 1),
        format!("{}.0.0", major + 1),
    ]
}

/// `wit/` with one change, under a version.
fn changed(under: &str, file: &str, from: &str, to: &str) -> Texts {
    let mut texts = texts("wit");
    let text = texts.get_mut(file).expect("the file is there");
    assert_eq!(text.matches(from).count(), 1, "{from:?} in {file}");
    *text = text.replace(from, to);
    as_version(texts, under)
}

#[track_caller]
fn refused(today: &Texts, words: &[&str]) {
    let [published, patch, minor, _] = numbers();
    let refusal = check(&texts("wit"), today).expect_err("it has to be refused");
    eprintln!("  {refusal}");
    let what_to_do = [
        format!("{patch} where it only adds"),
        format!("{minor} for all else"),
        format!("tests/wit-published/{published}"),
    ];
    for words in words.iter().copied().chain(what_to_do.iter().map(String::as_str)) {
        assert!(refusal.contains(words), "{words:?} is not in: {refusal}");
    }
}

const IDENTIFY: &str = "    identify: func() -> identity;";
const MEMBER: &str = "        retry-after-ms: option<u64>,";

#[test]
fn what_is_removed_or_changed_is_refused_under_every_patch() {
    let [today, patch, ..] = numbers();
    for under in [&today, &patch] {
        let changes = [
            ("a function removed", "world.wit", IDENTIFY, "", "identify"),
            ("a method renamed", "conversation.wit", "finish: func(", "end: func(", "finish"),
            ("an interface removed", "world.wit", "    export about;\n", "", "about"),
            ("a parameter more", "world.wit", IDENTIFY, &IDENTIFY.replace("()", "(strict: bool)"), "identify"),
            ("a result changed", "world.wit", IDENTIFY, &IDENTIFY.replace("-> identity", "-> string"), "identify"),
            ("a member more", "types.wit", MEMBER, &format!("{MEMBER}\n        attempts: u32,"), "expected"),
            ("a member less", "types.wit", MEMBER, "", "expected"),
            ("a member's type", "types.wit", MEMBER, &MEMBER.replace("u64", "u32"), "expected"),
            ("an arm more", "types.wit", "        throttled,", "        throttled,\n        asleep(u64),", "expected"),
            ("an arm less", "types.wit", "        throttled,", "", "expected"),
            (
                "an import",
                "world.wit",
                "    export types;",
                "    import clock: func() -> u64;\n    export types;",
                "clock",
            ),
        ];
        for (what, file, from, to, word) in changes {
            eprintln!("{under}, {what}:");
            let package = format!("quarry:provider@{under}");
            refused(&changed(under, file, from, to), &[&package, "removed or changed", word]);
        }
    }
}

#[test]
fn what_is_added_needs_a_version_of_its_own() {
    let [today, patch, minor, major] = numbers();
    let added = format!("{IDENTIFY}\n    suggest: func(prompt: string) -> list<string>;");
    refused(&changed(&today, "world.wit", IDENTIFY, &added), &["something was added", "suggest"]);
    let interface = "interface about {\n    record later {\n        word: string,\n    }\n";
    refused(&changed(&today, "world.wit", "interface about {", interface), &["something was added", "later"]);
    for changed in [
        changed(&patch, "world.wit", IDENTIFY, &added),
        changed(&patch, "world.wit", "interface about {", interface),
        // Nothing else is promised to be the same.
        changed(&minor, "world.wit", IDENTIFY, ""),
        changed(&major, "world.wit", IDENTIFY, ""),
    ] {
        assert_eq!(check(&texts("wit"), &changed), Ok(()));
    }
}

#[test]
fn what_no_component_shows_is_free() {
    let [today, ..] = numbers();
    let words = changed(&today, "world.wit", "/// Returns the identity.", "/// Says which provider this is.");
    assert_eq!(check(&texts("wit"), &words), Ok(()));
    let beside = "interface beside {\n    f: func();\n}\n\ninterface about {";
    assert_eq!(check(&texts("wit"), &changed(&today, "world.wit", "interface about {", beside)), Ok(()));
}
