//! Candidates beside the version that serves: one that gets a part of the requests, one that runs on what they are given. The
//! real binary, its commands, and a component with other words in one place of its data: the cases do not see it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use quarry_provider_host::Digest;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::gateway::{Gateway, KEY, hash};
use crate::operating::client::{self, Answer};
use crate::planted::nothing_shows_in;
use quarry_embedded::EMBEDDED;

/// A message of the provider for streams that end too early, which no case quotes.
const WORDS: (&str, &str) = ("usage did not)", "Usage did not)");

const OTHER_KEY: &str = "qk_the-key-of-those-who-try-things-first";

/// A model that answers, and one whose stream ends without its last event.
const GOOD: &str = "us.anthropic.claude-sonnet-4-6";
const BAD: &str = "sim.no-metadata";

/// How long what goes on behind the requests may take.
const PATIENCE: Duration = Duration::from_secs(60);

struct Place {
    gateway: Gateway,
    folder: TempDir,
}

impl Place {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let admin = format!("unix:{}", folder.path().join("admin.sock").display());
        let configuration = configuration("");
        let gateway = Gateway::start_with(&configuration, |command| {
            command.args(["--admin", &admin]);
        });
        std::fs::write(candidate(folder.path()), mutated()).expect("it can be written");
        Place { gateway, folder }
    }

    /// Runs `quarry provider …`; gives what it prints, or what it says of its failure.
    fn provider(&self, arguments: &[&str]) -> Result<String, String> {
        let output = Command::new(env!("CARGO_BIN_EXE_quarry"))
            .arg("provider")
            .args(arguments)
            .args(["--admin", &format!("unix:{}", self.folder.path().join("admin.sock").display())])
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path())
            .env("QUARRY_LOG", "trace")
            .output()
            .expect("the binary starts");
        nothing_shows_in("what a command printed", &[&output.stdout[..], &output.stderr].concat());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }

    #[track_caller]
    fn done(&self, arguments: &[&str]) -> String {
        self.provider(arguments).unwrap_or_else(|error| panic!("{arguments:?}: {error}\n{}", self.gateway.log()))
    }

    #[track_caller]
    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.done(arguments)).expect("it is JSON")
    }

    /// What `list` says.
    fn list(&self) -> Value {
        self.json(&["list", "--json"])
    }

    /// Requests that a version got.
    fn requests(&self, digest: &str) -> u64 {
        let list = self.list();
        let versions = list["versions"].as_array().cloned().unwrap_or_default();
        let found = versions.iter().find(|version| version["digest"] == digest);
        found.and_then(|version| version["service"]["requests"].as_u64()).unwrap_or_default()
    }

    /// Asks a model as often, from four threads, each time in a conversation of its own.
    fn ask(&self, key: &str, model: &str, times: usize) {
        thread::scope(|scope| {
            for part in 0..4 {
                scope.spawn(move || {
                    for number in (part..times).step_by(4) {
                        let answer = self.chat(key, model, &format!("echo my own words {number}"));
                        assert_eq!(answer.status(), 200, "{answer:?}");
                    }
                });
            }
        });
    }

    /// Asks a model once.
    fn chat(&self, key: &str, model: &str, prompt: &str) -> Answer {
        const PATH: &str = "/v1/chat/completions";
        let bearer = format!("Bearer {key}");
        client::ask(&self.gateway, PATH, &[("authorization", &bearer)], &client::body(PATH, model, prompt, true))
    }

    /// Gets a document.
    fn get(&self, path: &str) -> Answer {
        client::get(&self.gateway, path, &[("authorization", &format!("Bearer {KEY}"))])
    }

    /// Waits until something is so.
    #[track_caller]
    fn wait_for(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            let list = self.list();
            if is_so(&list) {
                return list;
            }
            assert!(began.elapsed() < PATIENCE, "{what}: {list}\n{}", self.gateway.log());
            thread::sleep(Duration::from_millis(50));
        }
    }
}

fn configuration(more: &str) -> String {
    format!(
        r#"{{ quarry: {{ retry: {{ attempts: 1 }}, {more}
            keys: [{{ name: "clients", hash: "{}" }}, {{ name: "first", hash: "{}" }}] }} }}"#,
        hash(KEY),
        hash(OTHER_KEY)
    )
}

fn candidate(folder: &Path) -> PathBuf {
    folder.join("candidate.wasm")
}

/// The embedded component with other words in one place.
pub(crate) fn mutated() -> Vec<u8> {
    let (from, to) = (WORDS.0.as_bytes(), WORDS.1.as_bytes());
    let places: Vec<usize> = (0..EMBEDDED.len()).filter(|at| EMBEDDED[*at..].starts_with(from)).collect();
    let [at] = places[..] else { panic!("{WORDS:?} stands at {places:?}, and has to stand once") };
    let mut bytes = EMBEDDED.to_vec();
    bytes[at..at + to.len()].copy_from_slice(to);
    bytes
}

fn digest(bytes: &[u8]) -> String {
    Digest::of(bytes).to_string()
}

#[test]
fn a_share_of_the_requests_goes_to_the_candidate_until_it_is_promoted() {
    let place = Place::start();
    let (old, new) = (digest(EMBEDDED), digest(&mutated()));
    let told = place.done(&["canary", "candidate.wasm", "--share", "25"]);
    assert!(told.contains("canary started: 25 % of new requests"), "{told}");

    place.ask(KEY, GOOD, 200);
    let (of_old, of_new) = (place.requests(&old), place.requests(&new));
    assert_eq!(of_old + of_new, 200);
    // Five standard deviations: by chance it is outside once in a million.
    assert!((20..=80).contains(&of_new), "{of_new} of 200");
    let list = place.wait_for("all have ended", |list| {
        let ended = |side: &str| list["canary"][side]["well"].as_u64().unwrap_or_default();
        ended("candidate") == of_new && ended("serving") == of_old
    });
    assert_eq!((&list["canary"]["rule"], &list["serving"]), (&json!({"share": 25}), &json!(old)));
    assert!(place.done(&["status"]).contains("canary of 25 % of new requests"));

    // A new configuration is the candidate's too.
    std::fs::write(&place.gateway.configuration, configuration("limits: { bodyBytes: 1000000 },")).expect("written");
    place.gateway.signal(rustix::process::Signal::HUP);
    place.gateway.wait_for_log("read again and is active", 1);
    place.ask(KEY, GOOD, 40);
    assert!(place.requests(&new) > of_new, "it goes on after the configuration was read again");

    let told = place.done(&["canary", "--promote"]);
    assert!(told.contains("is active"), "{told}");
    let list = place.list();
    assert_eq!((&list["serving"], &list["canary"]), (&json!(new), &Value::Null));
    let before = place.requests(&new);
    place.ask(KEY, GOOD, 20);
    assert_eq!(place.requests(&new), before + 20, "all of them");
    assert!(place.provider(&["canary", "--promote"]).is_err_and(|error| error.contains("no canary is running")));
    assert!(place.provider(&["canary", &new, "--share", "5"]).is_err_and(|error| error.contains("is active already")));
    place.done(&["rollback"]);
    assert_eq!(place.list()["serving"], json!(old));
    place.gateway.stop();
}

#[test]
fn the_requests_of_a_key_go_to_the_candidate_exactly() {
    let place = Place::start();
    let (old, new) = (digest(EMBEDDED), digest(&mutated()));
    let nobody = place.provider(&["canary", "candidate.wasm", "--key", "nobody"]);
    assert!(nobody.as_ref().is_err_and(|error| error.contains("no client key \"nobody\"")), "{nobody:?}");
    assert!(place.provider(&["canary", "candidate.wasm"]).is_err(), "without a part");
    place.done(&["canary", "candidate.wasm", "--key", "first"]);
    place.ask(KEY, GOOD, 30);
    place.ask(OTHER_KEY, GOOD, 10);
    assert_eq!((place.requests(&old), place.requests(&new)), (30, 10));

    place.done(&["canary", "--stop"]);
    place.ask(OTHER_KEY, GOOD, 10);
    assert_eq!(place.requests(&old), 40);
    assert!(place.provider(&["canary", "--stop"]).is_err_and(|error| error.contains("no canary is running")));

    // Promoted by itself, when its requests end as well as the others.
    place.done(&["canary", &new, "--key", "first", "--promote-after", "12"]);
    place.ask(KEY, GOOD, 20);
    place.ask(OTHER_KEY, GOOD, 11);
    assert_eq!(place.list()["serving"], json!(old), "one is missing");
    place.ask(OTHER_KEY, GOOD, 1);
    place.wait_for("it is promoted", |list| list["serving"] == json!(new) && list["canary"].is_null());

    place.gateway.stop();
}

/// A client whose requests fail with either version, and one that mistypes a model, end no trial.
#[test]
fn what_fails_with_either_version_ends_no_canary() {
    let place = Place::start();
    let new = digest(&mutated());
    place.done(&["canary", "candidate.wasm", "--key", "first"]);
    place.ask(KEY, GOOD, 20);
    place.ask(OTHER_KEY, BAD, 8);
    for number in 0..8 {
        let answer = place.chat(OTHER_KEY, "us.anthropic.claude-sonet-4-6", &format!("hello {number}"));
        assert!((400..500).contains(&answer.status()), "{answer:?}");
    }
    assert_eq!(place.requests(&new), 16);
    let list = place.wait_for("all have ended", |list| list["canary"]["candidate"]["badly"] == json!(8));
    assert_eq!(list["canary"]["candidate"]["well"], json!(0), "mistakes of clients count for nobody: {list}");

    place.done(&["canary", "candidate.wasm", "--share", "50"]);
    place.ask(KEY, BAD, 40);
    let count = |list: &Value, side: &str| list["canary"][side]["badly"].as_u64().unwrap_or_default();
    let list = place.wait_for("all have ended", |list| count(list, "candidate") + count(list, "serving") == 40);
    assert_eq!(list["canary"]["digest"], json!(new), "{list}");
    place.gateway.stop();
}

#[test]
fn a_shadow_finds_one_difference_that_the_cases_miss_and_none_in_the_same_component() {
    let place = Place::start();
    let same = |place: &Place| place.json(&["shadow", "--report", "--json"]);
    assert!(place.provider(&["shadow", "--report"]).is_err_and(|error| error.contains("yet")));
    place.done(&["shadow", "embedded", "--share", "100"]);
    let mixed = |place: &Place| {
        place.ask(KEY, GOOD, 36);
        place.ask(KEY, BAD, 4);
        let listed = place.get("/v1/models");
        assert_eq!(listed.status(), 200, "{listed:?}");
        place.wait_for("all are compared", |list| {
            let count = |name: &str| list["shadow"][name].as_u64().unwrap_or_default();
            count("compared") + count("dropped") >= 41
        })
    };
    mixed(&place);
    let report = same(&place);
    assert_eq!((&report["differing"], &report["dropped"], &report["kinds"]), (&json!(0), &json!(0), &json!([])));

    // It takes the place of the other, and the requests get nothing of it.
    place.done(&["shadow", "candidate.wasm", "--share", "100"]);
    mixed(&place);
    let report = same(&place);
    assert_eq!(report["differing"], json!(4), "{report}");
    let kinds = report["kinds"].as_array().cloned().unwrap_or_default();
    let [kind] = &kinds[..] else { panic!("{report}") };
    assert_eq!((&kind["count"], &kind["specimen"]["verb"]), (&json!(4), &json!("translate")), "{kind}");
    assert!(kind["old"].as_str().is_some_and(|old| old.contains(WORDS.0)), "{kind}");
    assert!(kind["new"].as_str().is_some_and(|new| new.contains(WORDS.1)), "{kind}");
    assert!(!report.to_string().contains("my own words"), "what was said is not kept: {report}");
    assert_eq!(place.requests(&digest(&mutated())), 0);
    let metrics = place.get("/metrics");
    assert!(metrics.body.contains("quarry_shadowed_inputs_total{outcome=\"different\"} 4"), "{metrics:?}");

    place.done(&["shadow", "--stop"]);
    place.ask(KEY, BAD, 4);
    let report = same(&place);
    assert_eq!((&report["running"], &report["differing"]), (&json!(false), &json!(4)), "{report}");
    let text = place.done(&["shadow", "--report"]);
    assert!(text.contains(WORDS.1) && text.contains("shadow of 100 % of the requests (ended)"), "{text}");
    assert!(place.provider(&["shadow", "--stop"]).is_err());
    place.gateway.stop();
}
