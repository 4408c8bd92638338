//! Pages of `docs/reference` that are made from the program: what is committed is what it says now. `QUARRY_BLESS=1` writes them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use quarry::config::schema::{Kind, Setting, settings};
use serde_json::Value;

/// `quarry`: cargo puts it in the folder above the tests.
fn binary() -> PathBuf {
    let test = env::current_exe().expect("a test has a file");
    test.ancestors().nth(2).expect("a test lies in `deps`").join("quarry")
}

/// What `quarry COMMAND --help` prints, whatever the environment and the terminal of whoever runs the test.
fn help(command: &[&str]) -> String {
    let output = Command::new(binary()).args(command).arg("--help").env_clear().output();
    let output = output.unwrap_or_else(|error| panic!("{}: {error}", binary().display()));
    assert!(output.status.success(), "quarry {command:?} --help: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().flat_map(|line| [line.trim_end(), "\n"]).collect()
}

/// The commands that a help text lists.
fn commands(help: &str) -> Vec<String> {
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // A line that goes on with the one above is indented further.
    let names = listed.filter_map(|line| line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')));
    names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").map(str::to_owned).collect()
}

fn write_command(page: &mut String, command: &[&str]) {
    let help = help(command);
    let name = [&["quarry"], command].concat().join(" ");
    page.push_str(&format!("\n## {name}\n\n```text\n{help}```\n"));
    for below in commands(&help) {
        write_command(page, &[command, &[below.as_str()]].concat());
    }
}

/// Holds a page of `docs/reference` against what it should be, or writes it.
#[track_caller]
fn holds(name: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reference").join(name);
    if env::var_os("QUARRY_BLESS").is_some() {
        fs::write(&path, expected).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
    let committed = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let differs = committed.lines().zip(expected.lines()).find(|(committed, expected)| committed != expected);
    assert!(
        committed == expected,
        "docs/reference/{name} is not what the program says (QUARRY_BLESS=1 writes it): {differs:?}"
    );
}

#[test]
fn commands_are_those_of_the_program() {
    let mut page = "# Commands\n\nThis page is what `quarry COMMAND --help` prints. [Exit codes](exit-codes.md) are on their own page.\n".to_owned();
    write_command(&mut page, &[]);
    for command in ["quarry serve", "quarry config set", "quarry provider canary"] {
        assert!(page.contains(&format!("\n## {command}\n")), "{command}");
    }
    holds("commands.md", &page);
}

/// The string literals of a Rust source that stand in no list, comments left out: lists hold what is looked for in AWS's messages.
fn literals(source: &str) -> Vec<String> {
    let source = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let code: String =
        source.lines().filter(|line| !line.trim_start().starts_with("//")).flat_map(|l| [l, "\n"]).collect();
    let (mut found, mut open, mut characters) = (Vec::new(), Vec::new(), code.chars().peekable());
    while let Some(character) = characters.next() {
        match character {
            '(' | '[' | '{' => open.push(character),
            ')' | ']' | '}' => drop(open.pop()),
            '"' => {
                let mut literal = String::new();
                while let Some(character) = characters.next().filter(|character| *character != '"') {
                    match (character, characters.peek()) {
                        // A line that goes on: the next one's indentation is none of the text.
                        ('\\', Some('\n')) => while characters.next_if(|next| next.is_whitespace()).is_some() {},
                        ('\\', _) => literal.extend(characters.next()),
                        _ => literal.push(character),
                    }
                }
                if open.last() != Some(&'[') {
                    found.push(literal);
                }
            }
            _ => {}
        }
    }
    found
}

/// The parts of a message that stand in it whatever its values are.
fn fixed_parts(message: &str) -> Vec<&str> {
    let parts = message.split(['{', '}']).step_by(2).map(|part| part.trim_matches([' ', ':', ';', ',', '(', ')']));
    parts.filter(|part| part.split_whitespace().count() >= 3).collect()
}

#[test]
fn every_hint_has_its_entry_in_troubleshooting() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let read = |path: &str| fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let page = read("docs/troubleshooting.md").replace('`', "");
    let (mut checked, mut missing) = (0, Vec::new());
    for (folder, names) in [
        ("guest/src/explain", &["messages.rs", "mod.rs", "profiles.rs", "table.rs"][..]),
        ("host/src/cli/doctor", &["mod.rs", "permissions.rs", "surroundings.rs"]),
    ] {
        for name in names {
            for literal in literals(&read(&format!("{folder}/{name}"))) {
                for part in fixed_parts(&literal) {
                    checked += 1;
                    if !page.contains(&part.replace('`', "")) {
                        missing.push(part.to_owned());
                    }
                }
            }
        }
    }
    assert!(missing.is_empty(), "docs/troubleshooting.md has no entry for {missing:#?}");
    assert!(checked >= 50, "{checked} hints");
}

#[test]
fn literals_are_told_from_lists_and_comments() {
    let source =
        "// \"a b c\"\nconst X: &[&str] = &[\"in a list\"];\nlet x = f(\"one \\\n     two {three} \\\"four\\\"\");";
    assert_eq!(literals(source), ["one two {three} \"four\""]);
    assert_eq!(fixed_parts("one two three {four} five (six seven)"), ["one two three", "five (six seven"]);
}

/// Headings of the page about configuration, each the part of the file that its table is about.
const PARTS: [&str; 5] = [
    "models.providers.amazon-bedrock",
    "models.bedrockDiscovery",
    "plugins.entries.amazon-bedrock.config.guardrail",
    "agents.defaults",
    "quarry",
];

/// A default, as a person reads it.
fn shown(setting: &Setting) -> String {
    match setting.default() {
        None => String::new(),
        Some(Value::Number(bytes)) if setting.path.to_lowercase().ends_with("bytes") => {
            let bytes = bytes.as_u64().expect("a number of bytes is whole");
            let (size, unit) = if bytes >> 20 > 0 { (bytes >> 20, "MiB") } else { (bytes >> 10, "KiB") };
            format!("{size} {unit}")
        }
        Some(value) => format!("`{value}`"),
    }
}

fn values(kind: Kind) -> String {
    let listed = |words: &[&str]| words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    match kind {
        Kind::OneOf(words) if words.len() > 1 => format!(" ({})", listed(words)),
        Kind::Texts(words) if !words.is_empty() => format!(" ({})", listed(words)),
        _ => String::new(),
    }
}

#[test]
fn the_tables_of_settings_are_those_of_the_schema() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reference/configuration.md");
    let mut page = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut rows = 0;
    for part in PARTS {
        let below = settings()
            .iter()
            .filter_map(|setting| Some((setting, setting.path.strip_prefix(part)?.strip_prefix('.')?)));
        let lines = below.map(|(setting, name)| {
            rows += 1;
            let restart = if setting.restarts { "**restart** " } else { "" };
            format!("| `{name}` | {} | {restart}{}{} |\n", shown(setting), setting.about, values(setting.kind))
        });
        let table: String =
            ["| Member | Default | Meaning |\n|---|---|---|\n".to_owned()].into_iter().chain(lines).collect();
        if env::var_os("QUARRY_BLESS").is_some() {
            let begin = page.find(&format!("\n## {part}\n")).unwrap_or_else(|| panic!("no heading {part}"));
            let from = begin + page[begin..].find("\n| ").expect("it has a table") + 1;
            let to = page[from..].find("\n\n").map_or(page.len(), |end| from + end + 1);
            page.replace_range(from..to, &table);
            fs::write(&path, &page).expect("the page can be written");
        }
        let (_, section) = page.split_once(&format!("\n## {part}\n")).unwrap_or_else(|| panic!("no heading {part}"));
        let section = section.split("\n## ").next().unwrap_or(section);
        assert!(section.contains(&table), "{part}: QUARRY_BLESS=1 writes the table:\n{table}");
    }
    assert_eq!(rows, settings().len(), "a setting stands below no heading");
}
