//! Commands and exit codes.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use crate::page;
use crate::source::{read, variants};

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

/// The help of every command, as the page has it.
pub(crate) fn all_help() -> String {
    let mut page = String::new();
    write_command(&mut page, &[]);
    page
}

#[test]
fn commands_are_those_of_the_program() {
    let help = all_help();
    for command in ["quarry serve", "quarry config set", "quarry provider canary"] {
        assert!(help.contains(&format!("\n## {command}\n")), "{command}");
    }
    let head = "# Commands\n\nThis page is what `quarry COMMAND --help` prints. [Exit codes](exit-codes.md) are on their own page.\n";
    page::is("docs/reference/commands.md", &format!("{head}{help}"));
}

#[test]
fn exit_codes_are_those_of_the_program() {
    const FILE: &str = "host/cli/src/exit.rs";
    let source = read(FILE);
    let rows = variants(FILE, "Exit").into_iter().map(|(name, meaning)| {
        let (_, rest) = source.split_once(&format!("Exit::{name} => ")).unwrap_or_else(|| panic!("Exit::{name}"));
        let code: u8 = rest.split(',').next().and_then(|code| code.parse().ok()).expect("a code is a number");
        [code.to_string(), meaning.trim_end_matches('.').to_owned()]
    });
    page::has_table("docs/reference/exit-codes.md", "# Exit codes", &page::table(["Code", "Meaning"], rows));
}
