//! The cache of listings on disk, as commands use it: many processes, one after the other and all at once.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::support::{Answer, Quarry, Responder};

/// An endpoint that lists one model.
fn lists(model: &'static str) -> Responder {
    Responder::start(move |path| answer(path, model))
}

fn answer(path: &str, model: &str) -> Answer {
    let model = json!({
        "modelId": model, "modelName": model, "providerName": "Amazon", "inputModalities": ["TEXT"],
        "outputModalities": ["TEXT"], "responseStreamingSupported": true, "modelLifecycle": { "status": "ACTIVE" },
    });
    if path.starts_with("/foundation-models") {
        Answer::json(&json!({ "modelSummaries": [model] }))
    } else {
        Answer::json(&json!({ "inferenceProfileSummaries": [] }))
    }
}

const LIST: [&str; 3] = ["models", "list", "--plain"];
const LIST_ANEW: [&str; 4] = ["models", "list", "--plain", "--refresh"];

/// The files of listings, and what else lies there.
fn files(quarry: &Quarry) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(quarry.cache().join("listings")) else { return Default::default() };
    let paths = entries.map(|entry| entry.expect("an entry can be read").path());
    paths.partition(|path| path.extension().is_some_and(|extension| extension == "listing"))
}

/// Whether a file is a whole listing: the digest behind the first eight bytes is that of the rest.
fn is_whole(bytes: &[u8]) -> bool {
    bytes.len() > 40 && bytes.starts_with(b"QUARRYL1") && Sha256::digest(&bytes[40..])[..] == bytes[8..40]
}

#[test]
fn a_second_list_asks_nobody() {
    let responder = lists("amazon.nova-lite-v1:0");
    let quarry = Quarry::asking(&responder.endpoint);
    let first = quarry.run(&LIST);
    assert_eq!(first.succeeded().stdout, "amazon.nova-lite-v1:0\n");
    assert_eq!(responder.asked().len(), 3);
    assert_eq!(quarry.run(&LIST).succeeded().stdout, first.stdout);
    let told = quarry.run(&["models", "list", "--json"]);
    assert_eq!(told.succeeded().json()["source"], "cache");
    assert_eq!(responder.asked().len(), 3, "nobody was asked again");

    let contents =
        || -> Vec<Vec<u8>> { files(&quarry).0.iter().map(|file| fs::read(file).expect("it can be read")).collect() };
    let before = contents();
    assert_eq!(quarry.run(&LIST_ANEW).succeeded().stdout, first.stdout);
    assert_eq!(responder.asked().len(), 6, "whoever wants a new list gets one");
    let (listings, others) = files(&quarry);
    assert!(contents().iter().all(|new| !before.contains(new)), "and the new one takes the place of the old one");
    assert_eq!((listings.len(), others.len()), (3, 0), "one for each source");
    let secrets = contents().concat();
    let has = |text: &str| secrets.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(has("amazon.nova-lite-v1:0") && !has("AKIDTEST") && !has("not-a-secret"));
}

#[test]
fn what_was_asked_and_who_asked_makes_the_key_and_a_filter_does_not() {
    let responder = lists("amazon.nova-lite-v1:0");
    let quarry = Quarry::asking(&responder.endpoint);
    let asks = |quarry: &Quarry, arguments: &[&str], variables: &[(&str, &str)]| {
        let before = responder.asked().len();
        quarry.start_with(arguments, variables).finish().succeeded();
        responder.asked().len() - before
    };
    let same = quarry.cache().to_string_lossy().into_owned();
    let region = ["models", "list", "--plain", "--region", "eu-west-1"];
    let filtered = ["models", "list", "--plain", "--provider", "amazon"];
    let other_key = [("AWS_ACCESS_KEY_ID", "AKIDOTHER")];
    let token = [("AWS_BEARER_TOKEN_BEDROCK", "a-token-that-opens-nothing")];
    let other_token = [("AWS_BEARER_TOKEN_BEDROCK", "another-token-that-opens-nothing")];
    let hour_one = [("AWS_ACCESS_KEY_ID", "ASIAQNZGKIQY56JQ7WML"), ("AWS_SESSION_TOKEN", "one")];
    type Case<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)]);
    let cases: [Case<'_>; 6] =
        [(&LIST, &[]), (&region, &[]), (&LIST, &other_key), (&LIST, &token), (&LIST, &other_token), (&LIST, &hour_one)];
    for (arguments, variables) in cases {
        assert_eq!(asks(&quarry, arguments, variables), 3, "{arguments:?} {variables:?}");
        assert_eq!(asks(&quarry, arguments, variables), 0, "{arguments:?} {variables:?}");
    }
    assert_eq!(asks(&quarry, &filtered, &[]), 0, "the pages are the same for every filter");
    let hour_two = [("AWS_ACCESS_KEY_ID", "ASIAQNZGKIQY5AAAAAAA"), ("AWS_SESSION_TOKEN", "two")];
    assert_eq!(asks(&quarry, &LIST, &hour_two), 0, "a role's next key is of the same account");
    let elsewhere = lists("amazon.nova-pro-v1:0");
    let moved = quarry.start_with(&LIST, &[("AWS_ENDPOINT_URL_BEDROCK", &elsewhere.endpoint)]).finish();
    assert_eq!(moved.succeeded().stdout, "amazon.nova-pro-v1:0\n", "another endpoint is another service");

    let off = "{ models: { bedrockDiscovery: { refreshInterval: 0 } } }";
    let off =
        Quarry::asking(&responder.endpoint).set("QUARRY_CACHE_DIR", &same).file(".config/quarry/config.json5", off);
    assert_eq!((asks(&off, &LIST, &[]), asks(&off, &LIST, &[])), (3, 3), "an interval of 0 switches the cache off");
}

#[test]
fn the_simulator_of_the_command_leaves_nothing() {
    let quarry = Quarry::new();
    quarry.run(&["models", "list", "--plain", "--simulate"]).succeeded();
    assert_eq!(files(&quarry), Default::default());
}

#[test]
fn an_error_is_not_cached_and_an_old_list_is_better_than_none() {
    let down = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let is_down = std::sync::Arc::clone(&down);
    let responder = Responder::start(move |path| {
        if is_down.load(std::sync::atomic::Ordering::SeqCst) {
            Answer::error(403, &[("x-amzn-errortype", "AccessDeniedException")], "not now")
        } else {
            answer(path, "amazon.nova-lite-v1:0")
        }
    });
    let config = "{ models: { bedrockDiscovery: { refreshInterval: 1 } } }";
    let quarry = Quarry::asking(&responder.endpoint).file(".config/quarry/config.json5", config);
    quarry.run(&LIST).failed_with(1, &["not now"]);
    assert_eq!(files(&quarry), Default::default());
    down.store(false, std::sync::atomic::Ordering::SeqCst);
    quarry.run(&LIST).succeeded();
    thread::sleep(Duration::from_millis(1100));
    down.store(true, std::sync::atomic::Ordering::SeqCst);
    let stale = quarry.run(&LIST);
    assert_eq!((stale.code, stale.stdout.as_str()), (Some(1), "amazon.nova-lite-v1:0\n"), "{stale:?}");
    assert!(stale.stderr.contains("not now") && stale.stderr.contains("seconds old"), "{stale:?}");
    down.store(false, std::sync::atomic::Ordering::SeqCst);
    quarry.run(&LIST).succeeded();
}

#[test]
fn a_damaged_file_is_told_and_replaced() {
    let responder = lists("amazon.nova-lite-v1:0");
    let quarry = Quarry::asking(&responder.endpoint);
    quarry.run(&LIST).succeeded();
    let (listings, _) = files(&quarry);
    let whole = fs::read(&listings[0]).expect("it is there");
    let mut changed = whole.clone();
    *changed.last_mut().expect("it is not empty") ^= 1;
    for (damage, words) in [(&whole[..100], "damaged"), (&changed, "damaged"), (b"{}", "not written by this version")] {
        fs::write(&listings[0], damage).expect("it can be written");
        let before = responder.asked().len();
        let listed = quarry.run(&LIST);
        assert_eq!((listed.code, listed.stdout.as_str()), (Some(0), "amazon.nova-lite-v1:0\n"), "{listed:?}");
        assert!(listed.stderr.contains(words), "{listed:?}");
        assert_eq!(responder.asked().len(), before + 1);
        quarry.run(&LIST).succeeded();
        assert_eq!(responder.asked().len(), before + 1, "it was replaced");
    }
}

#[test]
fn two_processes_at_once_and_fifty_list_once_each_at_most_and_leave_a_whole_file() {
    // Two often enough that one comes before, in and behind what the other does.
    for processes in [2, 2, 2, 2, 2, 50] {
        at_once(processes);
    }
}

/// Starts so many with an empty cache.
fn at_once(processes: usize) {
    let responder = lists("amazon.nova-lite-v1:0");
    let quarry = Quarry::asking(&responder.endpoint);
    let names: Vec<String> = (0..processes).map(|number| format!("process-{number}")).collect();
    let running: Vec<_> = names.iter().map(|name| quarry.start_with(&LIST, &[("AWS_SDK_UA_APP_ID", name)])).collect();
    for process in running {
        assert_eq!(process.finish().succeeded().stdout, "amazon.nova-lite-v1:0\n");
    }
    let mut by_process: BTreeMap<String, usize> = BTreeMap::new();
    for asked in responder.asked() {
        let agent = asked.headers.get("user-agent").expect("the SDK says who it is").clone();
        let name = agent.split("app/").nth(1).expect("and which process").split(' ').next().unwrap_or_default();
        *by_process.entry(name.to_owned()).or_default() += 1;
    }
    assert!(!by_process.is_empty() && by_process.values().all(|requests| *requests <= 3), "{by_process:?}");
    assert!(by_process.keys().all(|name| names.contains(name)), "{by_process:?}");
    let (listings, others) = files(&quarry);
    assert_eq!((listings.len(), others), (3, Vec::new()));
    assert!(listings.iter().all(|listing| is_whole(&fs::read(listing).expect("it is there"))));
    let before = responder.asked().len();
    assert_eq!(quarry.run(&LIST).succeeded().stdout, "amazon.nova-lite-v1:0\n");
    assert_eq!(responder.asked().len(), before, "what they left is what the next one uses");
}

#[test]
fn a_hundred_kills_never_lead_to_a_broken_read() {
    let responder = lists("amazon.nova-lite-v1:0");
    let quarry = Quarry::asking(&responder.endpoint);
    let began = Instant::now();
    quarry.run(&LIST).succeeded();
    let whole_run = began.elapsed().max(Duration::from_millis(50));
    let mut killed_with_a_listing = 0;
    for round in 0..100u32 {
        let before = responder.asked().len();
        let process = quarry.start(&LIST_ANEW);
        if round % 2 == 0 {
            // At any moment of its life.
            thread::sleep(whole_run.mul_f64(fastrand::f64() * 1.1));
        } else {
            // Where it matters: around the moment at which it writes.
            let patience = Instant::now();
            while responder.asked().len() < before + 3 && patience.elapsed() < Duration::from_secs(30) {
                thread::yield_now();
            }
            thread::sleep(Duration::from_micros(fastrand::u64(..15_000)));
        }
        process.signal("KILL");
        drop(process);
        killed_with_a_listing += usize::from(responder.asked().len() >= before + 3);
        let (listings, _) = files(&quarry);
        assert_eq!(listings.len(), 3, "round {round}");
        let whole = |listing: &PathBuf| is_whole(&fs::read(listing).expect("it is there"));
        assert!(listings.iter().all(whole), "round {round}");
        if round % 5 == 0 {
            assert_eq!(quarry.run(&LIST).succeeded().stdout, "amazon.nova-lite-v1:0\n", "round {round}");
        }
    }
    assert!(killed_with_a_listing > 30, "{killed_with_a_listing} of 100 were killed late enough to have written");
    let before = responder.asked().len();
    quarry.run(&LIST).succeeded();
    assert_eq!(responder.asked().len(), before);
}
