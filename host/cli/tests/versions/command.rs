//! `quarry provider push` and `quarry provider pull`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use quarry_provider_host::Digest;
use tempfile::TempDir;

use crate::fake::{Fake, manifest_of, ok};
use crate::packages::text;
use crate::registry::{PASSWORD, Registry, USER};
use crate::signing::Keys;
use quarry_embedded::EMBEDDED;

/// A folder where `quarry` runs, which is its home too.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Home(tempfile::tempdir().expect("a folder can be made"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        fs::write(self.path(name), bytes).expect("it can be written");
        self.path(name)
    }

    fn quarry_with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Output {
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("quarry-cache");
        let mut command = Command::new(env!("CARGO_BIN_EXE_quarry"));
        command
            .env_clear()
            .env("HOME", self.0.path())
            .env("QUARRY_CACHE_DIR", cache)
            .env("AWS_EC2_METADATA_DISABLED", "true");
        command.envs(variables.iter().copied()).arg("provider").args(arguments).current_dir(self.0.path());
        command.output().expect("quarry runs")
    }

    /// What it printed.
    #[track_caller]
    fn done(&self, arguments: &[&str]) -> (String, String) {
        let output = self.quarry_with(&[], arguments);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
        let utf8 = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        (utf8(output.stdout), utf8(output.stderr))
    }

    #[track_caller]
    fn refused(&self, arguments: &[&str], words: &str) {
        let output = self.quarry_with(&[], arguments);
        let said = text(&output);
        assert!(output.status.code() == Some(2) && output.stdout.is_empty() && said.contains(words), "{said}");
    }
}

#[test]
#[ignore = "peers: docker-registry, minisign"]
fn a_provider_goes_through_a_registry_with_its_signature() {
    let registry = Registry::start();
    let (home, keys) = (Home::new(), Keys::generate());
    let file = home.write("mine.wasm", EMBEDDED);
    let tag = format!("oci://{}/quarry/provider:v1", registry.host);
    let size = EMBEDDED.len();

    let (unsigned, told) = home.done(&["push", "mine.wasm", &tag]);
    assert_eq!(told, format!("{size} bytes pushed to {tag}; not signed\n"));
    let (comment, _) = home.done(&["inspect", "--trusted-comment", "mine.wasm"]);
    keys.sign(&file, &["-t", comment.trim_end()]);
    let (answer, told) = home.done(&["push", "mine.wasm", &tag]);
    assert!(told.ends_with("; signed; not checked, because `quarry.provider.signers` is empty\n"), "{told}");
    let [pinned, digest] = answer.lines().collect::<Vec<_>>().try_into().expect("two lines");
    assert!(pinned.starts_with(&format!("{tag}@sha256:")), "{answer}");
    assert_eq!(digest, format!("{:?}", Digest::of(EMBEDDED)));
    assert_ne!(unsigned, answer);

    let config =
        format!("{{quarry: {{provider: {{signers: ['{}']}}}}}}", keys.public().lines().last().unwrap_or_default());
    home.write("config.json5", config.as_bytes());
    let configured = |arguments: &[&'static str], reference: &str| {
        let arguments: Vec<&str> = [&["--config", "config.json5"], arguments].concat();
        let arguments: Vec<&str> =
            arguments.into_iter().map(|word| if word == "REFERENCE" { reference } else { word }).collect();
        home.quarry_with(&[], &arguments)
    };
    let pulled = configured(&["pull", "REFERENCE", "theirs.wasm"], &tag);
    assert_eq!(String::from_utf8_lossy(&pulled.stdout), answer, "{}", text(&pulled));
    let signed = format!("{size} bytes written to theirs.wasm; signed by key {}\n", keys.signer().id());
    assert_eq!(String::from_utf8_lossy(&pulled.stderr), signed);
    assert!(fs::read(home.path("theirs.wasm")).expect("it was written") == EMBEDDED);
    let signature = |name: &str| fs::read(home.path(name)).expect("it was written");
    assert_eq!(signature("theirs.wasm.minisig"), signature("mine.wasm.minisig"));
    home.refused(&["pull", pinned, "theirs.wasm"], "theirs.wasm.minisig exists already and was not overwritten");

    // What is not signed is not written, and not pushed.
    let unsigned = unsigned.lines().next().unwrap_or_default();
    let refused = configured(&["pull", "REFERENCE", "unsigned.wasm"], unsigned);
    assert!(
        text(&refused).contains("the provider is not signed") && refused.status.code() == Some(2),
        "{}",
        text(&refused)
    );
    assert!(!home.path("unsigned.wasm").exists());
    home.done(&["pull", unsigned, "unsigned.wasm"]);
    let refused = configured(&["push", "unsigned.wasm", "REFERENCE"], &tag);
    assert!(
        text(&refused).contains("minisign -Sm provider.wasm") && refused.status.code() == Some(2),
        "{}",
        text(&refused)
    );
}

#[test]
#[ignore = "peers: docker-registry"]
fn what_is_no_provider_is_not_pushed_and_what_is_no_reference_not_taken() {
    let registry = Registry::start();
    let home = Home::new();
    home.write("text.wasm", b"hello");
    home.write("empty.wasm", b"\0asm\x0d\0\x01\0");
    let tag = format!("oci://{}/a:v1", registry.host);
    home.refused(&["push", "text.wasm", &tag], "text.wasm is not a WebAssembly component");
    home.refused(&["push", "empty.wasm", &tag], "empty.wasm is a component but not a provider");
    home.refused(&["push", "missing.wasm", &tag], "cannot read missing.wasm: No such file");
    home.refused(&["pull", &tag, "a.wasm"], "/a:v1 does not exist");
    home.refused(&["pull", "a.wasm", "b.wasm"], "expected `oci://registry/name:tag`");
    home.refused(&["pull", "oci://registry/Name:v1", "b.wasm"], "at character 16: `Name` is not a part of a name");
    assert!(!home.path("a.wasm").exists());
}

#[test]
fn a_pull_writes_a_whole_file_or_none() {
    let broken = Fake::with_manifest(manifest_of(b"a component"), |_| ok(b"a comp"));
    let home = Home::new();
    home.refused(&["pull", &broken.source().to_string(), "a.wasm"], "the component should be sha256:");
    home.refused(&["pull", &broken.source().to_string(), "a.wasm"], "the component should be sha256:");
    let left: Vec<_> = fs::read_dir(home.0.path()).expect("it is there").collect();
    assert!(left.is_empty(), "{left:?}");
    let good = Fake::with_manifest(manifest_of(b"a component"), |_| ok(b"a component"));
    home.done(&["pull", &good.source().to_string(), "a.wasm"]);
    assert_eq!(fs::read(home.path("a.wasm")).expect("it was written"), b"a component");
    home.refused(&["pull", &good.source().to_string(), "a.wasm"], "a.wasm exists already and was not overwritten");
    home.refused(&["pull", &good.source().to_string(), "nowhere/a.wasm"], "cannot write nowhere/a.wasm: No such file");
}

#[test]
#[ignore = "peers: docker-registry"]
fn credentials_come_from_variables_and_are_not_shown() {
    let registry = Registry::with_login();
    let home = Home::new();
    home.write("mine.wasm", EMBEDDED);
    let tag = format!("oci://{}/a:v1", registry.host);
    home.refused(&["push", "mine.wasm", &tag], "no credentials were found: run `docker login`");
    let logged_in = [
        ("QUARRY_REGISTRY", registry.host.as_str()),
        ("QUARRY_REGISTRY_USER", USER),
        ("QUARRY_REGISTRY_PASSWORD", PASSWORD),
        ("QUARRY_LOG", "trace"),
    ];
    let pushed = home.quarry_with(&logged_in, &["push", "mine.wasm", &tag]);
    assert_eq!(pushed.status.code(), Some(0), "{}", text(&pushed));
    let said = text(&home.quarry_with(&logged_in, &["pull", &tag, "theirs.wasm"]));
    // base64 of both is what travels.
    assert!(!said.contains(PASSWORD) && !said.contains("YWxpY2U6"), "{said}");
    assert!(home.path("theirs.wasm").exists(), "{said}");
    let half = home.quarry_with(&logged_in[..2], &["pull", &tag, "b.wasm"]);
    assert!(text(&half).contains("QUARRY_REGISTRY_PASSWORD is not set"), "{}", text(&half));
    let unbound = home.quarry_with(&logged_in[1..], &["pull", &tag, "b.wasm"]);
    assert!(text(&unbound).contains("QUARRY_REGISTRY is not set"), "{}", text(&unbound));
}
