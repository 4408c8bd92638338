//! `quarry keys`: client keys are made, listed and revoked in the configuration file, which stays as a person wrote it.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::thread;

use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::support::{Outcome, Quarry};

const OWN: &str = ".config/quarry/config.json5";
const OPENCLAWS: &str = ".openclaw/openclaw.json";

fn text(quarry: &Quarry, name: &str) -> String {
    fs::read_to_string(quarry.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

/// The key that was printed: one line, and nothing else on standard output.
#[track_caller]
fn key(added: &Outcome) -> String {
    assert_eq!(added.code, Some(0), "{added:?}");
    let key = added.stdout.strip_suffix('\n').expect("a line").to_owned();
    let random = key.strip_prefix("qk_").expect("a key");
    let is_base64url = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    assert!(random.len() == 43 && random.chars().all(is_base64url), "{added:?}");
    assert!(!added.stderr.contains(random), "it is shown once: {added:?}");
    key
}

/// SHA-256 of a key, as `sha256sum` has it.
fn sha256(key: &str) -> String {
    Sha256::digest(key).iter().fold("sha256:".to_owned(), |hash, byte| format!("{hash}{byte:02x}"))
}

fn names(quarry: &Quarry, more: &[&str]) -> Vec<String> {
    let listed = quarry.run(&[["keys", "list", "--json"].as_slice(), more].concat());
    let keys = listed.succeeded().json();
    let name = |key: &serde_json::Value| key["name"].as_str().expect("a name").to_owned();
    keys.as_array().expect("a list").iter().map(name).collect()
}

#[test]
fn a_first_key_makes_the_file_and_is_shown_once() {
    let quarry = Quarry::new();
    let added = quarry.run(&["keys", "add", "alice"]);
    let key = key(&added);
    for words in ["not shown again", "Authorization: Bearer", "x-api-key", "from now on every client needs one", OWN] {
        assert!(added.stderr.contains(words), "{words}: {added:?}");
    }
    let config = text(&quarry, OWN);
    let hash = sha256(&key);
    assert!(config.contains(&hash) && !config.contains(&key), "{config}");
    assert_eq!((mode(&quarry.path(OWN)), mode(&quarry.path(".config/quarry"))), (0o600, 0o700));
    let second = quarry.run(&["keys", "add", "bob"]);
    assert!(second.code == Some(0) && !second.stderr.contains("first key"), "{second:?}");
    assert_ne!(second.stdout.trim(), key);
    assert_eq!(names(&quarry, &[]), ["alice", "bob"]);
    let listed = quarry.run(&["keys", "list"]);
    let lines: Vec<&str> = listed.succeeded().stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{listed:?}");
    assert_eq!(lines[1].split_whitespace().collect::<Vec<_>>(), ["alice", &hash[7..15], "-", "-", "all"]);
    assert!(!listed.stdout.contains(&hash[..20]), "the beginning of a hash is enough: {listed:?}");
}

const CONFIG: &str = r#"// The gateway of the office.
{
  models: { bedrockDiscovery: { region: 'eu-west-1' } }, // ours
  quarry: {
    listen: "127.0.0.1:9000", // behind nginx
    keys: [
      // of the old days
      { name: 'old', hash: "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" }, // keep?
    ],
  },
  /* the end */
}
"#;

#[test]
fn the_file_stays_as_it_was_written() {
    let quarry = Quarry::new().file("c.json5", CONFIG);
    fs::set_permissions(quarry.path("c.json5"), fs::Permissions::from_mode(0o640)).expect("set");
    let limits = [
        "--models",
        "anthropic.*,amazon.nova-pro-v1:0",
        "--concurrency",
        "4",
        "--requests-per-minute",
        "60",
        "--burst",
        "5",
    ];
    let added = quarry.run(&[["keys", "add", "ci@build", "--config", "c.json5"].as_slice(), &limits].concat());
    let hash = sha256(&key(&added));
    let entry = format!(
        r#"      {{
        name: "ci@build",
        hash: "{hash}",
        models: ["anthropic.*", "amazon.nova-pro-v1:0"],
        concurrency: 4,
        requestsPerMinute: 60,
        burst: 5,
      }},
    ],"#
    );
    assert_eq!(text(&quarry, "c.json5"), CONFIG.replace("    ],", &entry));
    assert_eq!(text(&quarry, "c.json5.bak"), CONFIG);
    assert_eq!((mode(&quarry.path("c.json5")), mode(&quarry.path("c.json5.bak"))), (0o640, 0o640));
    let listed = quarry.run(&["keys", "list", "--json", "--config", "c.json5"]);
    let models = ["anthropic.*", "amazon.nova-pro-v1:0"];
    assert_eq!(
        listed.succeeded().json(),
        json!([
            { "name": "old", "hash": "ba7816bf", "models": [], "concurrency": null, "requestsPerMinute": null, "burst": null },
            { "name": "ci@build", "hash": &hash[7..15], "models": models, "concurrency": 4, "requestsPerMinute": 60, "burst": 5 },
        ])
    );
    let revoked = quarry.run(&["keys", "revoke", "ci@build", "--config", "c.json5"]);
    assert_eq!((revoked.code, revoked.stdout.as_str()), (Some(0), ""), "{revoked:?}");
    assert_eq!(text(&quarry, "c.json5"), CONFIG);
    let last = quarry.run(&["keys", "revoke", "old", "--config", "c.json5"]);
    assert!(last.code == Some(0) && last.stderr.contains("after a restart it needs no key"), "{last:?}");
    assert!(text(&quarry, "c.json5").contains("// behind nginx"), "{}", text(&quarry, "c.json5"));
    assert!(names(&quarry, &["--config", "c.json5"]).is_empty());
}

#[test]
fn the_provider_does_not_mind_the_gateways_settings() {
    let quarry = Quarry::with_keys().file("c.json5", CONFIG);
    let status = quarry.run(&["auth", "status", "--config", "c.json5"]);
    assert!(status.succeeded().stdout.contains("eu-west-1"), "{status:?}");
}

#[test]
fn without_keys_that_is_said() {
    let quarry = Quarry::new();
    let none = quarry.run(&["keys", "list"]);
    assert_eq!((none.code, none.stdout.as_str()), (Some(0), ""), "{none:?}");
    assert!(none.stderr.contains("There are no keys"), "{none:?}");
    assert_eq!(quarry.run(&["keys", "list", "--json"]).succeeded().json(), json!([]));
    quarry
        .run(&["keys", "revoke", "alice"])
        .failed_with(2, &["the key `alice` does not exist", "no configuration file"]);
    let quarry = quarry.file("c.json5", "{}");
    let revoke = quarry.run(&["keys", "revoke", "alice", "--config", "c.json5"]);
    revoke.failed_with(2, &["the key \"alice\" is not in c.json5", "it has no keys"]);
}

#[test]
fn a_name_is_used_once_and_has_to_be_there_to_be_revoked() {
    let quarry = Quarry::new().file("c.json5", CONFIG);
    let twice = quarry.run(&["keys", "add", "old", "--config", "c.json5"]);
    twice.failed_with(2, &["the key `old` exists already", "quarry keys revoke old"]);
    let unknown = quarry.run(&["keys", "revoke", "odl", "--config", "c.json5"]);
    unknown.failed_with(2, &["the key \"odl\" is not in c.json5", "its keys are `old`"]);
    let missing = quarry.run(&["keys", "revoke", "old", "--config", "none.json5"]);
    missing.failed_with(2, &["the configuration file none.json5 does not exist"]);
    assert_eq!(text(&quarry, "c.json5"), CONFIG);
    assert!(!quarry.path("c.json5.bak").exists() && !quarry.path("none.json5").exists());
}

#[test]
fn what_is_mistyped_is_told_and_nothing_is_written() {
    let quarry = Quarry::new();
    for (arguments, words) in [
        (["add"].as_slice(), "<NAME>"),
        (&["add", "two words"], "1 to 64 characters: letters, digits"),
        (&["add", ""], "1 to 64 characters: letters, digits"),
        (&["add", "anonymous"], "clients without a key"),
        (&["add", "a", "--concurrency", "0"], "1..=1000000"),
        (&["add", "a", "--concurrency", "many"], "invalid digit"),
        (&["add", "a", "--requests-per-minute", "1000001"], "1..=1000000"),
        (&["add", "a", "--models", "a*b"], "at the end of a model id"),
        (&["add", "a", "--models", "a,,b"], "a model id has"),
        (&["ad", "a"], "'add'"),
        (&["revoke"], "<NAME>"),
    ] {
        let refused = quarry.run(&[["keys"].as_slice(), arguments].concat());
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""), "{refused:?}");
        assert!(refused.stderr.contains(words), "{words}: {refused:?}");
    }
    assert!(!quarry.path(".config").exists());
}

#[test]
fn a_configuration_that_is_wrong_is_not_edited() {
    let broken = Quarry::new().file("c.json5", "{\n  quarry: {,\n}");
    let refused = broken.run(&["keys", "add", "alice", "--config", "c.json5"]);
    refused.failed_with(2, &["c.json5:2:12: the file is not valid JSON5"]);
    let wrong = "{\n  quarry: { kyes: [], listen: 5 }\n}";
    let quarry = Quarry::new().file("c.json5", wrong);
    for command in [["add", "alice"].as_slice(), &["revoke", "alice"], &["list"]] {
        let refused = quarry.run(&[["keys"].as_slice(), command, &["--config", "c.json5"]].concat());
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""), "{refused:?}");
        let expected = "error: c.json5:2:13: quarry.kyes: this setting does not exist\n  expected: did you mean `keys`?\n\
                        error: c.json5:2:31: quarry.listen: listen is a number\n  \
                        expected: an IP address and a port, such as `127.0.0.1:8484` or `[::]:8484`\n\
                        2 problems in the configuration; nothing was executed\n";
        assert_eq!(refused.stderr, expected);
    }
    assert_eq!(text(&quarry, "c.json5"), wrong);
}

#[test]
fn openclaws_file_gets_no_member_that_openclaw_does_not_know() {
    let quarry = Quarry::new().file(OPENCLAWS, "{ models: {} }");
    let refused = quarry.run(&["keys", "add", "alice"]);
    refused.failed_with(2, &["openclaw.json is OpenClaw's", "~/.config/quarry/config.json5", "--config"]);
    assert_eq!(text(&quarry, OPENCLAWS), "{ models: {} }");
    // Who names it means it.
    key(&quarry.run(&["keys", "add", "alice", "--config", OPENCLAWS]));
    key(&quarry.run(&["keys", "add", "bob"]));
    assert_eq!(names(&quarry, &[]), ["alice", "bob"]);
}

#[test]
fn a_file_that_cannot_be_written_is_told_and_no_key_is_shown() {
    let quarry = Quarry::new().file("plain", "").file("c.json5", CONFIG);
    for (place, words) in [
        ("plain/c.json5", "cannot write plain"),
        // Nobody may make a file there, not even root.
        ("/proc/quarry.json5", "cannot write /proc/quarry.json5"),
        ("/proc/quarry/c.json5", "cannot write /proc/quarry"),
        (".", "is not a file"),
    ] {
        let refused = quarry.run(&["keys", "add", "alice", "--config", place]);
        refused.failed_with(2, &[words]);
        assert_eq!(refused.stdout, "");
    }
    symlink("nowhere.json5", quarry.path("link.json5")).expect("linked");
    quarry.run(&["keys", "add", "alice", "--config", "link.json5"]).failed_with(2, &["link.json5"]);
    assert!(!quarry.path("nowhere.json5").exists());
    let bare = Quarry::new().set("HOME", "");
    bare.run(&["keys", "add", "alice"]).failed_with(2, &["no configuration file can be located", "--config"]);
}

#[test]
fn of_keys_that_are_added_at_once_none_is_lost() {
    let quarry = Quarry::new();
    let wanted: Vec<String> = (0..6).map(|number| format!("client-{number}")).collect();
    thread::scope(|scope| {
        for name in &wanted {
            let quarry = &quarry;
            scope.spawn(move || key(&quarry.run(&["keys", "add", name])));
        }
    });
    let mut found = names(&quarry, &[]);
    found.sort();
    assert_eq!(found, wanted);
}

#[test]
fn a_key_that_nobody_could_read_is_told() {
    let quarry = Quarry::new();
    let mut running = quarry.start(&["keys", "add", "alice"]);
    running.stop_reading();
    let outcome = running.finish();
    assert_eq!((outcome.code, names(&quarry, &[]).len()), (Some(1), 1), "{outcome:?}");
    assert!(outcome.stderr.contains("quarry keys revoke alice"), "{outcome:?}");
}
