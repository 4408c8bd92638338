//! What `docs/providers.md` tells a provider's author to type, typed: line by line, in order, from an empty folder.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use std::{env, thread};

use tempfile::TempDir;

use crate::debian;
use crate::packages::text;
use crate::registry::Registry;

/// How long a gateway may take to start, on a machine that is busy: it may compile the embedded provider first.
const PATIENCE: Duration = Duration::from_secs(300);

/// What stands for a registry in the guide.
const EXAMPLE: &str = "registry.example";

/// The guide.
pub(crate) fn guide() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/providers.md");
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The lines of a page's blocks of shell.
pub(crate) fn lines(page: &str) -> Vec<String> {
    let blocks = page.split("```sh\n").skip(1).filter_map(|rest| rest.split_once("```"));
    blocks.flat_map(|(block, _)| block.lines().map(str::to_owned)).collect()
}

/// A shell as an author has it: this `quarry` and Rust in `PATH`, nothing of AWS, a home that is empty.
pub(crate) fn shell(line: &str, folder: &Path, home: &Path) -> Command {
    let binary = Path::new(env!("CARGO_BIN_EXE_quarry")).parent().expect("a file has a folder");
    let path = env::var_os("PATH").unwrap_or_default();
    let path = env::join_paths([binary.to_owned()].into_iter().chain(env::split_paths(&path))).expect("plain paths");
    let tmp = Path::new(env!("CARGO_TARGET_TMPDIR"));
    // One for each page: projects of one name would take each other's component for theirs.
    let page = folder.strip_prefix(tmp).ok().and_then(|below| below.iter().next()).unwrap_or("authors".as_ref());
    let builds = tmp.join("authors-target").join(page);
    let mut command = Command::new("/bin/sh");
    command
        .args(["-eu", "-c", line])
        .current_dir(folder)
        .env_clear()
        .env("PATH", path)
        .env("HOME", home)
        .env("XDG_RUNTIME_DIR", home)
        .env("QUARRY_CACHE_DIR", tmp.join("quarry-cache"))
        .env("QUARRY_STATE_DIR", home.join("state"))
        .env("AWS_EC2_METADATA_DISABLED", "true")
        // Everything that the project needs, this workspace needed before.
        .env("CARGO_NET_OFFLINE", "true")
        .env("CARGO_TARGET_DIR", builds)
        .stdin(Stdio::null());
    // Where cargo and the toolchains are is told by the home otherwise, which is an empty one here.
    let users = PathBuf::from(env::var_os("HOME").unwrap_or_default());
    for (variable, below) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
        command.env(variable, env::var_os(variable).map_or_else(|| users.join(below), PathBuf::from));
    }
    if let Some(toolchain) = env::var_os("RUSTUP_TOOLCHAIN") {
        command.env("RUSTUP_TOOLCHAIN", toolchain);
    }
    command
}

/// The address of a gateway on the pages.
const GATEWAY: &str = "127.0.0.1:8484";

/// Somebody who follows a page.
pub(crate) struct Author {
    home: TempDir,
    pub(crate) folder: PathBuf,
    registry: Registry,
    gateway: Option<Child>,
    /// Where the gateway listens.
    address: String,
}

impl Author {
    /// With an empty folder of this name.
    pub(crate) fn new(folder: &str) -> Self {
        // The same place each time: cargo keeps what it built by where the project is.
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
        if folder.exists() {
            fs::remove_dir_all(&folder).expect("the folder of the run before can be removed");
        }
        fs::create_dir_all(&folder).expect("a folder can be made");
        let home = tempfile::tempdir().expect("a home can be made");
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let address = free.expect("a port is free").to_string();
        Author { home, folder, registry: Registry::start(), gateway: None, address }
    }

    /// Types a line, and gives what came of it.
    pub(crate) fn types(&mut self, line: &str) -> Output {
        let line = line.replace(EXAMPLE, &self.registry.host).replace(GATEWAY, &self.address);
        if let Some(arguments) = line.strip_prefix("minisign ") {
            let (arguments, comment) = arguments.split_once(" -t ").unwrap_or((arguments, ""));
            let mut command = debian::program("minisign", &["minisign", "libsodium23"]);
            command.args(arguments.split(' ')).current_dir(&self.folder);
            if !comment.is_empty() {
                let comment = shell(&format!("printf %s {comment}"), &self.folder, self.home.path()).output();
                command.arg("-t").arg(text(&comment.expect("there is a shell")));
            }
            return command.output().expect("minisign runs");
        }
        shell(&line, &self.folder, self.home.path()).output().expect("there is a shell")
    }

    /// Types a line that starts a gateway, and waits until it can be asked.
    pub(crate) fn serves(&mut self, line: &str) {
        let free = format!("exec {line} --listen {}", self.address);
        let mut command = shell(&free, &self.folder, self.home.path());
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("there is a shell");
        self.gateway = Some(child);
        let began = Instant::now();
        while !self.types("quarry provider status").status.success() {
            assert!(began.elapsed() < PATIENCE, "{line}: it does not start");
            thread::sleep(Duration::from_millis(100));
        }
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The version that serves, by the first digits of its digest.
    fn serving(&mut self) -> String {
        let listed = text(&self.types("quarry provider list"));
        let line = listed.lines().find(|line| line.contains("  active ")).unwrap_or_else(|| panic!("{listed}"));
        line.split(' ').next().unwrap_or_default().to_owned()
    }
}

impl Drop for Author {
    fn drop(&mut self) {
        if let Some(gateway) = &mut self.gateway {
            // It is gone already where the test ended it.
            let _ = gateway.kill();
            let _ = gateway.wait();
        }
    }
}

#[test]
#[ignore = "peers: docker-registry, minisign"]
fn the_guide_can_be_followed() {
    let guide = guide();
    let (begin, _) = guide.split_once("\n## Other languages\n").expect("the guide has a part about other languages");
    let mut author = Author::new("authors");
    let (mut builds, mut lock) = (Vec::new(), String::new());
    let mut typed = Vec::new();
    for line in lines(begin) {
        match line.as_str() {
            "cd mine" => {
                author.folder.push("mine");
                lock = author.read("Cargo.lock");
            }
            "quarry serve --simulate" => author.serves(&line),
            _ => {
                let output = author.types(&line);
                let said = text(&output);
                check(&line, builds.len(), output.status.code(), &said);
                if line == "quarry provider build" {
                    builds.push(said.split_once("sha256:").map(|(_, rest)| rest[..12].to_owned()).expect("a digest"));
                }
            }
        }
        match line.as_str() {
            "quarry provider canary --promote" => assert_eq!(Some(&author.serving()), builds.last()),
            "quarry provider rollback" => assert_ne!(Some(&author.serving()), builds.last()),
            "quarry provider activate oci://registry.example/mine:v1" => {
                assert_eq!(Some(&author.serving()), builds.last());
            }
            _ => {}
        }
        typed.push(line);
    }
    assert!(builds.len() == 3 && builds[0] != builds[1] && builds[1] != builds[2], "{builds:?}");
    assert_eq!(author.read("Cargo.lock"), lock, "the project's lock was not the one that cargo makes");
    assert!(author.read("Cargo.lock").contains("name = \"mine\"") && !lock.contains("tokio"), "{lock}");
    assert!(author.gateway.is_some() && typed.len() >= 25, "{typed:?}");
}

/// Holds what came of a line against what the guide says of it. Every line is done, but for those that show a failure.
#[track_caller]
fn check(line: &str, builds: usize, code: Option<i32>, said: &str) {
    let shows = |words: &str| assert!(said.contains(words), "{line}: {words:?} is not in it:\n{said}");
    let expected = match line {
        "quarry provider diff embedded mine.wasm" if builds == 1 => {
            shows("\n0 of ");
            0
        }
        "quarry provider diff embedded mine.wasm" if builds == 3 => {
            shows("request/inferenceConfig");
            1
        }
        "quarry provider activate mine.wasm" => {
            shows("request/inferenceConfig");
            shows("quarry provider activate mine.wasm --accept request/");
            1
        }
        "quarry provider diff embedded mine.wasm" => {
            shows("hint");
            shows("ask the platform team for a higher quota");
            1
        }
        _ if line.starts_with("quarry chat ") => {
            shows("ask the platform team for a higher quota");
            1
        }
        _ => 0,
    };
    assert_eq!(code, Some(expected), "{line}:\n{said}");
    match line {
        "quarry provider new mine" => shows("quarry provider build"),
        "quarry provider history" => shows("differences from"),
        "quarry conformance mine.wasm" => shows(" passed, 0 failed"),
        "quarry conformance mine.wasm --cases cases" => shows("translate (component): 2 of 2"),
        "quarry conformance mine.wasm --cases cases --only translate/ --bless" => shows("0 cases blessed"),
        "quarry conformance mine.wasm --recordings recordings --only recordings/" => shows("2 passed, 0 failed"),
        "quarry provider inspect mine.wasm" => shows("imports      none"),
        "cargo test" => shows("test result: ok."),
        _ => {}
    }
}

#[test]
#[ignore = "peers: docker-registry, minisign"]
fn the_example_in_rust_can_be_followed() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/own-provider-rust/README.md");
    let page = fs::read_to_string(page).expect("the example has a page");
    let mut author = Author::new("own-provider-rust");
    let mut advice = Vec::new();
    for line in lines(&page) {
        match line.as_str() {
            "cd mine" => author.folder.push("mine"),
            "quarry serve --simulate" => author.serves(&line),
            _ => {
                let output = author.types(&line);
                let (said, code) = (text(&output), output.status.code());
                assert_eq!(code, Some(i32::from(line.starts_with("quarry provider diff "))), "{line}:\n{said}");
                if line.starts_with("curl ") {
                    advice.push(said.contains("ask the platform team for a higher quota"));
                } else if code == Some(1) {
                    let kinds: Vec<&str> = said.lines().filter(|line| line.contains(" inputs, first in ")).collect();
                    let are_wording = kinds.iter().all(|kind| kind.starts_with("wording/"));
                    assert!(!kinds.is_empty() && are_wording, "{line}:\n{said}");
                }
            }
        }
    }
    assert_eq!(advice, [true, false], "the active version gives its own advice, and the previous one does not");
}

#[test]
fn what_the_guide_names_of_a_project_is_there() {
    let home = tempfile::tempdir().expect("a home can be made");
    let made = shell("quarry provider new mine", home.path(), home.path()).output().expect("there is a shell");
    assert!(made.status.success(), "{}", text(&made));
    let readme = fs::read_to_string(home.path().join("mine/README.md")).expect("a project has one");
    for (page, least) in [(guide(), 3), (readme.clone(), 5)] {
        let quoted = page.split('`').skip(1).step_by(2);
        let paths =
            quoted.filter(|text| ["src/", "wit/", "cases/", "LICENSE-"].iter().any(|top| text.starts_with(top)));
        let paths: Vec<&str> = paths.collect();
        assert!(paths.len() >= least, "{paths:?}");
        for path in paths {
            assert!(home.path().join("mine").join(path).exists(), "{path}");
        }
    }
    // The three commands are those of the guide.
    let of_the_guide = lines(&guide());
    for line in lines(&readme) {
        let verb =
            line.rsplit_once(' ').map_or(line.as_str(), |(verb, file)| if file == "mine.wasm" { verb } else { &line });
        assert!(of_the_guide.iter().any(|known| known.starts_with(verb)), "{line}");
    }
}
