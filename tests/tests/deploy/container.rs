//! `deploy/Dockerfile`.

use std::collections::BTreeMap;
use std::fs;
use std::process::Output;

use super::gateway::{Deployed, accepts};
use super::tools::{self, program, run};
use super::{changed, read};

/// What an operator mounts.
const CONFIGURATION: &str = r#"{ quarry: { listen: "0.0.0.0:8484", keys: [
    { name: "alice", hash: "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
] } }"#;

const PROGRAM: &str = "/usr/local/bin/quarry";

/// The instructions, each on one line.
fn instructions() -> Vec<(String, String)> {
    let text = read("Dockerfile").replace("\\\n", " ");
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .filter_map(|line| line.split_once(' '))
        .map(|(name, rest)| (name.to_owned(), rest.trim().to_owned()))
        .collect()
}

/// The instructions of the image that is made: those after the last `FROM`.
fn of_the_image() -> Vec<(String, String)> {
    let all = instructions();
    let last = all.iter().rposition(|(name, _)| name == "FROM").expect("there is a FROM");
    all[last + 1..].to_vec()
}

fn the_one(name: &str) -> String {
    let found: Vec<String> = of_the_image().into_iter().filter(|(n, _)| n == name).map(|(_, rest)| rest).collect();
    assert_eq!(found.len(), 1, "{name} in the image");
    found.into_iter().next().unwrap_or_default()
}

/// The words of a command in its JSON form.
fn words(command: &str) -> Vec<String> {
    serde_json::from_str(command).unwrap_or_else(|error| panic!("{command}: {error}"))
}

fn lint(dockerfile: &str) -> Output {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = folder.path().join("Dockerfile");
    fs::write(&file, dockerfile).expect("it can be written");
    run(program("hadolint").arg("--no-color").arg(&file))
}

#[test]
#[ignore = "peers: Python"]
fn hadolint_has_nothing_against_it() {
    let output = lint(&read("Dockerfile"));
    let said = tools::text(&output);
    assert!(output.status.success() && said.trim().is_empty(), "{said}");
    for (right, wrong, told) in [
        ("FROM ${BASE}", "FROM debian:latest", "DL3007"),
        ("CMD [\"serve\"]", "CMD serve", "DL3025"),
        ("WORKDIR /src", "WORKDIR src", "DL3000"),
        ("STOPSIGNAL SIGTERM", "STOPSIGNALS SIGTERM", "missing whitespace"),
    ] {
        let output = lint(&changed(&read("Dockerfile"), right, wrong));
        assert!(!output.status.success() && tools::text(&output).contains(told), "{wrong}: {}", tools::text(&output));
    }
}

#[test]
fn it_builds_with_the_toolchain_of_the_tree() {
    let root = |path: &str| read(&format!("../{path}"));
    let toolchain = root("rust-toolchain.toml");
    let channel = toolchain.lines().find_map(|line| line.strip_prefix("channel = \"")).expect("a channel");
    let channel = channel.trim_end_matches('"');
    let dockerfile = read("Dockerfile");
    assert!(dockerfile.contains(&format!("ARG RUST=rust:{channel}-slim-")), "{channel}");
    assert!(dockerfile.contains(&format!("ENV RUSTUP_TOOLCHAIN={channel}\n")), "{channel}");
    // What the build is not given it cannot compile.
    let given = read("Dockerfile.dockerignore");
    let members = root("Cargo.toml");
    let members = members.lines().find_map(|line| line.strip_prefix("members = [")).expect("the workspace has members");
    let members: Vec<&str> = members.split('"').skip(1).step_by(2).collect();
    assert!(members.len() >= 3, "{members:?}");
    // `host/cli/build.rs` puts these into the project that `quarry provider new` writes.
    let of_a_project = ["LICENSE-APACHE", "LICENSE-MIT", "rustfmt.toml"];
    // A member in a folder of another one is given with it.
    let folders = members.into_iter().filter_map(|member| member.split('/').next());
    for path in folders.chain(["wit", "Cargo.toml", "Cargo.lock", "rust-toolchain.toml"]).chain(of_a_project) {
        assert!(given.lines().any(|line| line == format!("!{path}")), "{path} is not given to the build");
    }
}

#[test]
fn the_image_serves() {
    let (arguments, entry) = (words(&the_one("CMD")), words(&the_one("ENTRYPOINT")));
    assert_eq!(entry, [PROGRAM]);
    assert_eq!(accepts(&arguments), Ok(()));
    let health = the_one("HEALTHCHECK");
    let health = words(health.split_once("CMD ").expect("a command").1);
    assert_eq!(health[0], PROGRAM);
    assert_eq!(accepts(&health[1..]), Ok(()));
    let pairs = the_one("ENV");
    let pairs = pairs.split_whitespace().map(|pair| pair.split_once('=').expect("NAME=VALUE"));
    let environment: BTreeMap<String, String> = pairs.map(|(a, b)| (a.to_owned(), b.to_owned())).collect();
    // The folders that belong to the user of the image.
    let user = the_one("USER");
    let copied = of_the_image().into_iter().filter(|(name, _)| name == "COPY").map(|(_, rest)| rest);
    let owned = copied.filter(|rest| rest.contains(&format!("--chown={user} ")));
    let writable = owned.filter_map(|rest| Some(rest.rsplit_once(' ')?.1.to_owned())).collect();
    let deployed = Deployed { arguments, environment, writable, mode: 0o700, configuration: CONFIGURATION.to_owned() };
    let gateway = deployed.start();
    assert_eq!(gateway.status("/readyz"), 200);
    assert_eq!(gateway.status("/v1/models"), 401, "the configuration was not found");
    let (healthy, said) = gateway.execute(&health[1..]);
    assert!(healthy, "{said}");
    // Where nobody listens, nothing is healthy.
    let elsewhere = [&health[1..], &["--admin".to_owned(), "unix:/nowhere/admin.sock".to_owned()]].concat();
    assert!(!gateway.execute(&elsewhere).0);
    assert_eq!(the_one("STOPSIGNAL"), "SIGTERM");
    gateway.stop();
}
