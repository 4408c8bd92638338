//! The pages are typed: every block that is marked `sh`, `python` or `js` runs in its page's order, in a home of its own, with the
//! simulator in place of AWS. A block marked `console` needs a program or a machine that tests do not have: its `quarry` commands
//! are parsed. Only ports differ: a free one takes the place of the one on the page, on which this machine may be listening.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use std::{env, thread};

use tempfile::TempDir;

use crate::gateway::compiled_components;
use crate::packages::{node_program, python, text};

/// How long a server may take to say where it listens.
const PATIENCE: Duration = Duration::from_secs(60);

/// Lines that start a server, which the page then uses at this address.
const SERVERS: [(&str, &str); 3] = [
    ("quarry serve --simulate", "http://127.0.0.1:8484"),
    ("quarry serve --simulate --config config.json5", "http://127.0.0.1:8484"),
    ("quarry simulate --listen 127.0.0.1:8490", "http://127.0.0.1:8490"),
];

/// What only the simulated model says.
const PROOF: &str = "simulator";

/// Pages whose `sh` blocks another test types, where it has what they need.
const TYPED_ELSEWHERE: [(&str, &str); 4] = [
    ("docs/getting-started/ec2.md", "host/cli/tests/cli/credentials/instance.rs"),
    ("docs/providers.md", "host/cli/tests/versions/authors.rs"),
    ("examples/own-provider-javascript/README.md", "host/cli/tests/versions/languages.rs"),
    ("examples/own-provider-rust/README.md", "host/cli/tests/versions/authors.rs"),
];

/// Programs that a block marked `console` may use besides `quarry`: those that tests do not have, or may not use.
const ELSEWHERE: [&str; 15] = [
    "aws",
    "caddy",
    "cargo",
    "claude",
    "codex",
    "cp",
    "curl",
    "docker",
    "export",
    "helm",
    "kubectl",
    "nginx",
    "promtool",
    "sudo",
    "systemctl",
];

/// Languages of blocks that are read and not typed.
const READ: [&str; 11] = ["console", "json", "json5", "nginx", "promql", "rust", "text", "toml", "ts", "wit", "yaml"];

/// A fenced block.
#[derive(Debug, PartialEq)]
struct Block {
    language: String,
    text: String,
    /// What a block of text right below it says that it prints.
    printed: Option<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every page, by its path from the root.
fn pages() -> Vec<(String, String)> {
    let mut paths = vec!["README.md".to_owned(), "CONTRIBUTING.md".to_owned(), "deploy/README.md".to_owned()];
    for top in ["docs", "examples"] {
        collect(&root().join(top), top, &mut paths);
    }
    let read = |path: &String| fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let pages: Vec<_> = paths.iter().map(|path| (path.clone(), read(path))).collect();
    assert!(pages.len() > 40, "{paths:?}");
    pages
}

fn collect(folder: &Path, prefix: &str, paths: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let entry = entry.expect("a folder of the tree can be read");
        let path = format!("{prefix}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            collect(&entry.path(), &path, paths);
        } else if entry.path().extension().is_some_and(|ending| ending == "md") {
            paths.push(path);
        }
    }
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut lines = page.lines();
    // Whether only empty lines came since the last block.
    let mut is_below = false;
    while let Some(line) = lines.next() {
        let Some(language) = line.trim_start().strip_prefix("```") else {
            is_below &= line.trim().is_empty();
            continue;
        };
        let language = language.split(' ').next().unwrap_or_default().to_owned();
        let within = lines.by_ref().take_while(|line| line.trim_start() != "```");
        let text: String = within.flat_map(|line| [line, "\n"]).collect();
        match blocks.last_mut() {
            Some(above) if is_below && language == "text" => above.printed = Some(text),
            _ => blocks.push(Block { language, text, printed: None }),
        }
        is_below = true;
    }
    blocks
}

/// Somebody who follows a page. Servers end with it.
struct Reader {
    home: TempDir,
    servers: Vec<(&'static str, String, Child)>,
}

impl Reader {
    fn new() -> Self {
        Reader { home: tempfile::tempdir().expect("a home can be made"), servers: Vec::new() }
    }

    /// A command of the reader's: `quarry` is in `PATH`, nothing else is set.
    fn prepare<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        let binary = Path::new(env!("CARGO_BIN_EXE_quarry")).parent().expect("a file has a folder");
        let path = env::var_os("PATH").unwrap_or_default();
        let path =
            env::join_paths([binary.to_owned()].into_iter().chain(env::split_paths(&path))).expect("plain paths");
        let cache = compiled_components();
        command
            .current_dir(self.home.path())
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.home.path())
            .env("XDG_RUNTIME_DIR", self.home.path())
            .env("QUARRY_CACHE_DIR", cache.parent().expect("it lies in the cache"))
            .env("QUARRY_SIMULATE_PACE", "instant")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .stdin(Stdio::null())
    }

    /// Copies what lies beside a page.
    fn has_the_files_of(&self, page: &str) {
        let folder = root().join(page).parent().expect("a page lies in a folder").to_owned();
        for entry in fs::read_dir(folder).expect("a folder of the tree can be read") {
            let file = entry.expect("a folder of the tree can be read").path();
            if file.is_file() {
                let name = file.file_name().expect("a file has a name");
                fs::copy(&file, self.home.path().join(name)).expect("the home can be written");
            }
        }
    }

    fn shell(&self, line: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        self.prepare(command.args(["-eu", "-c", line]));
        command
    }

    /// Starts a server and waits until it says where it listens.
    fn serve(&mut self, line: &'static str, address: &'static str) {
        let line = line.split(" --listen ").next().unwrap_or(line);
        let mut command = self.shell(&format!("exec {line} --listen 127.0.0.1:0"));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("there is a shell");
        let (tell, told) = mpsc::channel();
        let streams: [Box<dyn std::io::Read + Send>; 2] =
            [Box::new(child.stdout.take().expect("piped")), Box::new(child.stderr.take().expect("piped"))];
        for stream in streams {
            let tell = tell.clone();
            thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    if let Some((_, rest)) = line.split_once("http://127.0.0.1:") {
                        let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
                        // Nobody waits for a second one.
                        let _ = tell.send(format!("http://127.0.0.1:{port}"));
                    }
                }
            });
        }
        let base = told.recv_timeout(PATIENCE).unwrap_or_else(|error| panic!("{line} does not start: {error}"));
        self.servers.push((address, base, child));
    }

    /// A block with the addresses of this reader's servers in it. A page that names an address starts its server, or another page
    /// told its reader to.
    fn here(&mut self, text: &str) -> String {
        let mut here = text.to_owned();
        for (line, address) in SERVERS {
            if !here.contains(address) {
                continue;
            }
            if !self.servers.iter().any(|(served, ..)| *served == address) {
                self.serve(line, address);
            }
            let (_, base, _) = self.servers.iter().find(|(served, ..)| *served == address).expect("it was started");
            here = here.replace(address, base);
        }
        here
    }

    /// What is wrong with what a block did, if anything is.
    fn type_in(&mut self, page: &str, number: usize, block: &Block) -> Result<(), String> {
        if let Some((line, address)) = SERVERS.into_iter().find(|(line, _)| block.text.trim() == *line) {
            self.serve(line, address);
            return Ok(());
        }
        // The README builds what the other pages call `quarry`.
        let text = self.here(&block.text).replace("cargo run -- ", "quarry ");
        let output = match block.language.as_str() {
            "sh" => self.shell(&text).output(),
            "python" => python().args(["-c", &text]).env_clear().output(),
            _ => node_program(&format!("page-{}-{number}.mjs", page.replace('/', "-")), &text).env_clear().output(),
        };
        let output = output.unwrap_or_else(|error| panic!("{page}: {block:?}: {error}"));
        check(page, block, text != block.text, &output)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        for (.., server) in &mut self.servers {
            // It is gone already where the test ended it.
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

/// Holds what a block did against what the page says: it succeeds, prints what the page shows, and what used a server was answered
/// by the simulated model.
fn check(page: &str, block: &Block, used_a_server: bool, output: &Output) -> Result<(), String> {
    let said = text(output);
    let wrong = |what: &str| Err(format!("{page}:\n{}{what}:\n{said}", block.text));
    if !output.status.success() {
        return wrong(&format!("ended with {}", output.status));
    }
    let printed = block.printed.iter().flat_map(|printed| printed.lines().flat_map(|line| line.split('…')));
    for expected in printed.map(str::trim).filter(|expected| !expected.is_empty()) {
        if !said.contains(expected) {
            return wrong(&format!("does not print {expected:?}"));
        }
    }
    if used_a_server && block.printed.is_none() && !said.contains(PROOF) {
        return wrong("says nothing of the simulated model");
    }
    Ok(())
}

#[test]
#[ignore = "peers: curl, Node.js, Python"]
fn every_page_can_be_followed() {
    let (mut typed, mut wrong) = (0, Vec::new());
    for (page, text) in pages() {
        if TYPED_ELSEWHERE.iter().any(|(elsewhere, _)| *elsewhere == page) {
            continue;
        }
        let mut reader = Reader::new();
        if page.starts_with("examples/") {
            reader.has_the_files_of(&page);
        }
        for (number, block) in blocks(&text).iter().enumerate() {
            match block.language.as_str() {
                "sh" if block
                    .text
                    .lines()
                    .all(|line| line.starts_with("cargo ") && !line.starts_with("cargo run ")) =>
                {
                    is_of_ci(&page, &block.text);
                }
                "sh" | "python" | "js" => {
                    wrong.extend(reader.type_in(&page, number, block).err());
                    typed += 1;
                }
                language => assert!(READ.contains(&language), "{page}: a block in {language:?}, which no test reads"),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(typed >= 40, "{typed} blocks");
}

/// Lines that build or test the tree itself are those that `.ci/run` types.
fn is_of_ci(page: &str, lines: &str) {
    let script = fs::read_to_string(root().join(".ci/run")).expect("the script of CI is there");
    for line in lines.lines() {
        assert!(script.contains(line), "{page}: {line}: .ci/run does not do it");
    }
}

#[test]
fn pages_that_are_typed_elsewhere_are() {
    for (page, test) in TYPED_ELSEWHERE {
        let test = fs::read_to_string(root().join(test)).unwrap_or_else(|error| panic!("{test}: {error}"));
        // The page's name, or its folder's.
        let name = page.trim_end_matches("/README.md").rsplit('/').next().unwrap_or(page);
        assert!(test.contains(name), "the test of {page} does not read it");
    }
}

#[test]
fn configurations_on_the_pages_can_be_used() {
    let reader = Reader::new();
    let mut checked = 0;
    for (page, text) in pages() {
        for block in blocks(&text) {
            match block.language.as_str() {
                "json5" => {
                    let file = reader.home.path().join("page.json5");
                    fs::write(&file, &block.text).expect("the home can be written");
                    let output = reader.shell("quarry config validate --config page.json5").output().expect("a shell");
                    let said = crate::packages::text(&output);
                    assert!(output.status.success() && !said.contains("warning"), "{page}: {}\n{said}", block.text);
                    checked += 1;
                }
                "json" => {
                    let parsed: Result<serde_json::Value, _> = serde_json::from_str(&block.text);
                    assert!(parsed.is_ok(), "{page}: {}\n{parsed:?}", block.text);
                    checked += 1;
                }
                _ => {}
            }
        }
    }
    assert!(checked >= 4, "{checked} configurations");
}

/// The `quarry` command in a line that runs it elsewhere: by itself, with other rights, or in a container.
fn command(line: &str) -> Option<&str> {
    let line = line.split(" #").next().unwrap_or_default();
    let after = |before: &str| line.split_once(before).map(|(_, rest)| rest);
    let rest = line.strip_prefix("quarry ").or_else(|| line.strip_prefix("sudo quarry "));
    let rest = rest.or_else(|| after(" -- quarry ")).or_else(|| after(" /usr/local/bin/quarry "));
    rest.map(|rest| rest.split(" && ").next().unwrap_or(rest))
}

#[test]
fn commands_for_other_machines_exist() {
    let reader = Reader::new();
    let mut checked = 0;
    for (page, text) in pages() {
        for block in blocks(&text).iter().filter(|block| block.language == "console") {
            for line in block.text.replace("\\\n", " ").lines() {
                let program = line.split(' ').next().unwrap_or_default();
                assert!(program == "quarry" || ELSEWHERE.contains(&program), "{page}: {line}: a test could type this");
                if let Some(command) = command(line) {
                    // `--help` after them is printed only when all before it were understood.
                    let output = reader.shell(&format!("quarry {command} --help")).output().expect("a shell");
                    let said = crate::packages::text(&output);
                    assert!(output.status.success(), "{page}: {line}\n{said}");
                    checked += 1;
                }
            }
        }
    }
    assert!(checked >= 20, "{checked} commands");
}

#[test]
fn blocks_are_read_with_what_they_print() {
    let page = "a\n```sh\nb\n```\n\n```text\nc\n```\nd\n```text\ne\n```\n";
    let block = |language: &str, text: &str, printed: Option<&str>| Block {
        language: language.to_owned(),
        text: text.to_owned(),
        printed: printed.map(str::to_owned),
    };
    assert_eq!(blocks(page), [block("sh", "b\n", Some("c\n")), block("text", "e\n", None)]);
}
