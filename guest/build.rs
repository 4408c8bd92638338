//! Makes a table of Rust of the data files in `facts/`.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "the rules are the component's, and this runs where it is built"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use serde_json::{Map, Value};

#[path = "src/families/facts.rs"]
#[allow(dead_code, unreachable_pub, reason = "the provider uses the rest of it")]
mod facts;

#[path = "src/families/values.rs"]
#[allow(dead_code, unreachable_pub, reason = "the provider uses the rest of it")]
mod values;

use facts::{Family, NAMES};

/// The row that has all facts. All others go back to it.
const BASE: &str = "plain";

/// A row of the data files.
struct Row {
    file: String,
    name: String,
    like: Option<String>,
    patterns: Vec<String>,
    /// The facts, each with its source and the day it was read.
    facts: Vec<(String, Value, String, String)>,
}

fn main() {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    for path in ["facts", "build.rs", "src/families/facts.rs", "src/families/values.rs"] {
        println!("cargo::rerun-if-changed={}", manifest.join(path).display());
    }
    let rows = rows(&manifest.join("facts"));
    fs::write(out.join("families.rs"), table(&rows)).expect("OUT_DIR can be written to");
}

/// The rows of all files, in the order of the files' names: the first that matches a model counts.
fn rows(folder: &Path) -> Vec<Row> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .expect("guest/facts is a folder")
        .map(|entry| entry.expect("its entries can be read").path())
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .collect();
    files.sort();
    let mut rows = Vec::new();
    for path in files {
        let file = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
        let list: Vec<Map<String, Value>> =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
        rows.extend(list.into_iter().map(|members| row(&file, members)));
    }
    rows
}

fn row(file: &str, mut members: Map<String, Value>) -> Row {
    let name = text(file, "a row", &mut members, "name");
    let wrong = |member: &str, expected: &str| -> ! { panic!("{file}: {name}: {member} has to be {expected}") };
    let source = text(file, &name, &mut members, "source");
    let as_of = text(file, &name, &mut members, "asOf");
    let object = |members: &mut Map<String, Value>, member: &str| match members.remove(member) {
        None => Map::new(),
        Some(Value::Object(object)) => object,
        Some(_) => wrong(member, "an object"),
    };
    let mut sources = object(&mut members, "sources");
    let facts = object(&mut members, "facts").into_iter().map(|(fact, value)| {
        let own = sources.remove(&fact).map(|own| own.as_str().map(str::to_owned));
        let own = own.map(|own| own.unwrap_or_else(|| wrong("sources", "an object of texts")));
        (fact, value, own.unwrap_or_else(|| source.clone()), as_of.clone())
    });
    let facts = facts.collect();
    if let Some(fact) = sources.keys().next() {
        wrong("sources", &format!("of facts of this row, and {fact} is none"));
    }
    let patterns = match members.remove("match").unwrap_or_else(|| Value::Array(Vec::new())) {
        Value::Array(list) => list.into_iter().map(|one| match one {
            Value::String(pattern) if !pattern.trim().is_empty() => pattern,
            _ => wrong("match", "a list of patterns"),
        }),
        _ => wrong("match", "a list of patterns"),
    };
    let patterns = patterns.collect();
    let like = members.contains_key("like").then(|| text(file, &name, &mut members, "like"));
    if let Some(member) = members.keys().next() {
        wrong(member, "left out: the members are name, match, like, source, asOf, facts, sources");
    }
    Row { file: file.to_owned(), like: like.or((name != BASE).then(|| BASE.to_owned())), name, patterns, facts }
}

fn text(file: &str, row: &str, members: &mut Map<String, Value>, member: &str) -> String {
    match members.remove(member) {
        Some(Value::String(text)) if !text.trim().is_empty() => text,
        _ => panic!("{file}: {row}: {member} has to be a text"),
    }
}

/// The table, as Rust.
fn table(rows: &[Row]) -> String {
    let places: BTreeMap<&str, usize> = rows.iter().enumerate().map(|(place, row)| (&*row.name, place)).collect();
    assert_eq!(places.len(), rows.len(), "two rows in facts/ have the same name");
    let mut sources: Vec<(&str, &str)> = Vec::new();
    let mut out = String::from("/// The rows, from the special to the general.\npub static ROWS: &[Row] = &[\n");
    for row in rows {
        let family = resolved(rows, &places, row);
        let like = row.like.as_deref().map(|like| places[like]);
        let patterns: Vec<String> = row.patterns.iter().map(|pattern| compiled(row, pattern)).collect();
        let own: Vec<String> = row
            .facts
            .iter()
            .map(|(fact, _, source, as_of)| {
                let fact = NAMES.iter().position(|name| name == fact).expect("it was set above");
                let source = (source.as_str(), as_of.as_str());
                let place = sources.iter().position(|known| *known == source).unwrap_or_else(|| {
                    sources.push(source);
                    sources.len() - 1
                });
                format!("({fact}, {place})")
            })
            .collect();
        writeln!(
            out,
            "    Row {{ name: {:?}, patterns: &[{}], like: {like:?}, own: &[{}], family: {} }},",
            row.name,
            patterns.join(", "),
            own.join(", "),
            family.literal()
        )
        .expect("a String takes all");
    }
    let base = places.get(BASE).unwrap_or_else(|| panic!("no row in facts/ is called {BASE}"));
    writeln!(out, "];\n\n/// The place of the row that all others go back to.\nconst BASE: usize = {base};\n")
        .expect("a String takes all");
    out.push_str("/// Where facts are from, and when it was read there.\nstatic SOURCES: &[(&str, &str)] = &[\n");
    for source in sources {
        writeln!(out, "    {source:?},").expect("a String takes all");
    }
    out.push_str("];\n");
    out
}

/// All facts of a row: its own over those of the row that it is like.
fn resolved(rows: &[Row], places: &BTreeMap<&str, usize>, row: &Row) -> Family {
    let mut line = vec![row];
    while let Some(like) = line.last().and_then(|row| row.like.as_deref()) {
        let place = *places.get(like).unwrap_or_else(|| panic!("{}: {}: no row is called {like}", row.file, row.name));
        line.push(&rows[place]);
        assert!(line.len() <= rows.len(), "{}: {}: it is like itself", row.file, row.name);
    }
    let base = line.pop().expect("the row itself is in it");
    let facts = base.facts.iter().map(|(name, value, ..)| (name.clone(), value.clone())).collect();
    let mut family = Family::of_all(&facts).unwrap_or_else(|why| panic!("{}: {}: {why}", base.file, base.name));
    for row in line.iter().rev() {
        for (fact, value, ..) in &row.facts {
            let set = family.set(fact, value);
            set.unwrap_or_else(|expected| panic!("{}: {}: {fact} has to be {expected}", row.file, row.name));
        }
    }
    family
}

/// A pattern, as Rust: `words that all occur`, the last perhaps with `>=VERSION` behind it.
fn compiled(row: &Row, pattern: &str) -> String {
    let (words, from) = match pattern.split_once(">=") {
        None => (pattern, None),
        Some((words, version)) => {
            let (major, minor) = version.split_once('.').unwrap_or((version, "0"));
            let number = |digits: &str| {
                digits
                    .parse::<u8>()
                    .unwrap_or_else(|_| panic!("{}: {}: `{pattern}` has no version", row.file, row.name))
            };
            (words, Some((number(major), number(minor))))
        }
    };
    let words: Vec<&str> = words.split(' ').filter(|word| !word.is_empty()).collect();
    format!("Pattern {{ words: &{words:?}, from: {from:?} }}")
}
