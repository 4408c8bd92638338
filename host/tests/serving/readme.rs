//! The README's examples of serving are run as they stand there, but for the port: a free one takes the place of the default,
//! on which this machine's own gateway may be listening.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::gateway::Gateway;
use crate::packages::{node_program, python, text};

/// Where the README's gateway listens.
const DEFAULT: &str = "http://127.0.0.1:8484";

/// The heading of the section.
const HEADING: &str = "## Serve it";

/// What only a gateway with the simulator behind it says.
const PROOF: &str = "simulator";

#[test]
fn the_examples_of_curl_work() {
    let gateway = Gateway::open();
    let commands = examples("sh").into_iter().filter(|block| block.contains("curl"));
    let commands: Vec<String> = commands.collect();
    assert!(!commands.is_empty(), "the README has no example with curl");
    for command in commands {
        let here = command.replace(DEFAULT, &gateway.base);
        assert_ne!(here, command, "an example that asks something else than the gateway: {command}");
        let mut shell = Command::new("/bin/sh");
        shell.args(["-eu", "-c", &here]);
        proves(&mut shell, &command);
    }
    gateway.stop();
}

#[test]
fn the_examples_of_python_work() {
    let gateway = Gateway::open();
    for program in some_examples("python") {
        proves(python().args(["-c", &program.replace(DEFAULT, &gateway.base)]).env_clear(), &program);
    }
    gateway.stop();
}

#[test]
fn the_examples_of_javascript_work() {
    let gateway = Gateway::open();
    for (number, program) in some_examples("js").into_iter().enumerate() {
        let here = program.replace(DEFAULT, &gateway.base);
        proves(node_program(&format!("readme-{number}.mjs"), &here).env_clear(), &program);
    }
    gateway.stop();
}

/// Runs an example, which has to end well and show what the simulated model said.
fn proves(command: &mut Command, example: &str) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"));
    let said = text(&output);
    assert!(output.status.success(), "{example}\nended with {}:\n{said}", output.status);
    assert!(said.contains(PROOF), "{example}\nsays nothing of the simulated model:\n{said}");
}

fn some_examples(language: &str) -> Vec<String> {
    let examples = examples(language);
    assert!(!examples.is_empty(), "the README has no example in {language}");
    for example in &examples {
        assert!(example.contains(DEFAULT), "an example that asks something else than the gateway: {example}");
    }
    examples
}

/// The fenced blocks of a language in the section about serving.
fn examples(language: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{} cannot be read: {error}", path.display()));
    let section = section(&readme).unwrap_or_else(|| panic!("the README has no section {HEADING:?}"));
    let fence = format!("```{language}\n");
    section.split(&fence).skip(1).filter_map(|rest| rest.split_once("```")).map(|(block, _)| block.to_owned()).collect()
}

/// What stands between the heading and the next one of its rank.
fn section(readme: &str) -> Option<&str> {
    let (_, after) = readme.split_once(&format!("\n{HEADING}\n"))?;
    Some(after.split("\n## ").next().unwrap_or(after))
}

#[test]
fn a_section_ends_where_the_next_begins() {
    let readme = "# x\n\n## Serve it\n\n```sh\na\n```\n### Within\n```sh\nb\n```\n## Next\n```sh\nc\n```\n";
    assert_eq!(section(readme), Some("\n```sh\na\n```\n### Within\n```sh\nb\n```"));
    assert_eq!(section("# x\n"), None);
}
