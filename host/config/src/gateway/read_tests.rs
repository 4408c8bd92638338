//! What a file says becomes the settings, and what it cannot mean is reported with its place.

use std::time::Duration;

use secrecy::ExposeSecret as _;

use super::super::super::file::ConfigFile;
use super::super::{GatewayConfig, LogFormat, QuarantineConfig};
use crate::contract::config::{Problem, Severity};

const HASH: &str = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const OTHER_HASH: &str = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ae";
/// The public key of minisign's own documentation.
const SIGNER: &str = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";

fn read(text: &str, source: &str) -> Result<GatewayConfig, Vec<Problem>> {
    GatewayConfig::read(Some(&ConfigFile::with_text(source, text)))
}

fn problems(text: &str) -> Vec<Problem> {
    let problems = read(text, "c.json5").expect_err("something is wrong");
    for Problem { severity, place, expected, .. } in &problems {
        assert_eq!((*severity, place.layer.as_str(), place.source.as_str()), (Severity::Error, "file", "c.json5"));
        assert!(!expected.is_empty());
    }
    problems
}

/// Place, path and message of the problems with what stands under `quarry`.
fn told(section: &str) -> Vec<String> {
    let told = |problem: Problem| {
        let Problem { place, path, message, expected, .. } = problem;
        format!("{}:{} {path}: {message} ({expected})", place.line, place.column)
    };
    problems(&format!("{{quarry: {section}}}")).into_iter().map(told).collect()
}

#[track_caller]
fn tells(section: &str, words: &[&str]) {
    let told = told(section);
    assert!(told.len() == 1 && words.iter().all(|word| told[0].contains(word)), "{section}: {told:?}");
}

#[test]
fn nothing_said_is_all_defaults() {
    for text in ["", "// nothing", "{}", "\u{feff}{models: {}, gateway: {port: 18789}}", "{quarry: {}}"] {
        let config = read(text, "c").expect("valid");
        assert_eq!(format!("{config:?}"), format!("{:?}", GatewayConfig::default()), "{text}");
    }
    assert!(GatewayConfig::read(None).is_ok());
}

#[test]
fn every_setting_is_read() {
    let text = format!(
        r#"{{
  quarry: {{
    listen: "[::]:9000",
    keys: [
      {{ name: "alice", hash: "{HASH}", models: ["anthropic.*", "amazon.nova-pro-v1:0"], concurrency: 2, requestsPerMinute: 30 }},
      {{ name: 'build-server', hash: '{OTHER_HASH}' }},
    ],
    limits: {{
      bodyBytes: 0x100000, headerBytes: 8192, headerSeconds: 1.5, bodySeconds: .5, idleSeconds: 5., turnSeconds: 0,
      stallSeconds: +7, connections: 1e3, concurrency: 8, unreadyPercent: 80,
    }},
    retry: {{ attempts: 1, baseMilliseconds: 10, mostMilliseconds: 10 }},
    fallbacks: false,
    cors: ["https://example.com", "http://localhost:3000"],
    remote: {{ allowed: true, hosts: ["Images.example.com"], bytes: 99, seconds: 3 }},
    provider: {{
      signers: ["{SIGNER}"], drainSeconds: 2.5, probationStreams: 0, quarantine: {{ faults: 1, streams: 50 }},
      accept: ["request/*"],
    }},
    log: {{ format: "json", prompts: true }},
    otlp: {{ endpoint: "http://collector:4318/", headers: {{ "X-Key": "hunter2" }} }},
    drainSeconds: 0,
    keepAliveSeconds: 20,
  }},
}}"#
    );
    let config = read(&text, "c").expect("valid");
    let seconds = Duration::from_secs_f64;
    assert_eq!(config.listen, "[::]:9000".parse().expect("an address"));
    let [alice, server] = config.keys.as_slice() else { panic!("two keys, not {:?}", config.keys) };
    assert_eq!((alice.name.as_str(), alice.hash.to_string().as_str()), ("alice", HASH));
    assert_eq!(alice.models, ["anthropic.*", "amazon.nova-pro-v1:0"]);
    assert_eq!((alice.concurrency, alice.requests_per_minute), (Some(2), Some(30)));
    assert_eq!((server.name.as_str(), server.models.len()), ("build-server", 0));
    assert_eq!((server.concurrency, server.requests_per_minute), (None, None));
    let limits = &config.limits;
    assert_eq!((limits.body, limits.headers, limits.connections), (1 << 20, 8192, 1000));
    assert_eq!((limits.concurrency, limits.unready_percent), (Some(8), 80));
    assert_eq!((limits.header_time, limits.body_time, limits.idle), (seconds(1.5), seconds(0.5), seconds(5.0)));
    assert_eq!((limits.turn, limits.stall), (Duration::ZERO, seconds(7.0)));
    assert_eq!((config.retry.attempts, config.retry.base, config.retry.most), (1, seconds(0.01), seconds(0.01)));
    assert!(!config.fallbacks);
    assert_eq!(config.cors, ["https://example.com", "http://localhost:3000"]);
    let remote = &config.remote;
    assert_eq!((remote.allowed, remote.max_bytes, remote.timeout), (true, 99, seconds(3.0)));
    assert_eq!(remote.hosts, ["images.example.com"]);
    assert_eq!(format!("{:?}", config.provider.signers), "[Signer(E7620F1842B4E81F)]");
    assert_eq!((config.provider.drain, config.provider.probation), (seconds(2.5), 0));
    assert_eq!(config.provider.quarantine, QuarantineConfig { faults: 1, streams: 50 });
    assert_eq!(config.provider.accept, ["request/*"]);
    assert_eq!((config.log.format, config.log.prompts), (LogFormat::Json, true));
    let otlp = config.otlp.as_ref().expect("it is set");
    assert_eq!(otlp.endpoint, "http://collector:4318");
    assert!(
        matches!(otlp.headers.as_slice(), [(name, value)] if name == "X-Key" && value.expose_secret() == "hunter2")
    );
    assert_eq!((config.drain, config.keep_alive), (Duration::ZERO, seconds(20.0)));
    assert!(!format!("{config:?}").contains("hunter2"));
    let defaults = read("{quarry: {otlp: {}}}", "c").expect("valid").otlp.expect("it is set");
    assert_eq!(defaults.endpoint, "http://127.0.0.1:4318");
}

#[test]
fn all_problems_are_told_at_once_with_their_places() {
    let section = "{\n  lisetn: 1,\n  limits: { bodyBytes: 'x', turnSeconds: -1 },\n  fallbacks: 1, retry: [],\n}";
    assert_eq!(
        told(section),
        [
            "2:3 quarry.lisetn: this setting does not exist (did you mean `listen`?)",
            "3:24 quarry.limits.bodyBytes: bodyBytes is a string (a whole number from 1024 to 1073741824)",
            "3:42 quarry.limits.turnSeconds: turnSeconds is -1 (seconds, from 0 to 86400)",
            "4:14 quarry.fallbacks: fallbacks is a number (true or false)",
            "4:24 quarry.retry: retry is a list (an object)",
        ]
    );
}

#[test]
fn numbers_have_their_ranges() {
    for (member, value) in [
        ("bodyBytes", "1023"),
        ("bodyBytes", "1.5e3.5"),
        ("headerBytes", "8191"),
        ("connections", "0"),
        ("connections", "2.5"),
        ("concurrency", "1e300"),
        ("concurrency", "1e999"),
        ("headerSeconds", "0"),
        ("headerSeconds", "NaN"),
        ("idleSeconds", "Infinity"),
        ("stallSeconds", "86400.5"),
        ("bodySeconds", "null"),
        ("bodySeconds", "'5'"),
    ] {
        let problems = problems(&format!("{{quarry: {{limits: {{{member}: {value}}}}}}}"));
        assert_eq!(problems.len(), 1, "{member}: {value}: {problems:?}");
    }
    tells("{retry: {attempts: 0}}", &["quarry.retry.attempts: attempts is 0", "from 1 to 20"]);
    tells("{retry: {baseMilliseconds: 30000}}", &["the longest wait would be shorter than the first, 30000 ms"]);
    tells("{retry: {mostMilliseconds: 100}}", &["quarry.retry.mostMilliseconds: "]);
    tells("{log: {format: 'jsno'}}", &["quarry.log.format: ", "did you mean `json`?"]);
    tells("{remote: {allowed: 'yes'}}", &["quarry.remote.allowed: allowed is a string (true or false)"]);
}

#[test]
fn settings_that_are_there_twice_are_wrong() {
    tells("{drainSeconds: 1, drainSeconds: 2}", &["1:28 quarry.drainSeconds: drainSeconds is set more than once"]);
    assert_eq!(problems("{quarry: {}, quarry: {}}")[0].place.column, 14);
}

#[test]
fn what_is_no_object_and_no_json5_is_told() {
    assert_eq!(problems("[1]")[0].expected, "an object");
    assert_eq!(problems("{quarry: 5}")[0].path, "quarry");
    let broken = problems("{\n quarry: {");
    assert_eq!((broken.len(), broken[0].place.line), (1, 2), "{broken:?}");
    let deep = "[".repeat(100_000);
    assert_eq!(problems(&deep).len(), 1);
}

#[test]
fn keys_have_a_name_and_a_hash_of_their_own() {
    let key = |name: &str, hash: &str| format!("{{name: '{name}', hash: '{hash}'}}");
    let keys = |keys: &[String]| format!("{{keys: [{}]}}", keys.join(", "));
    let (alice, bob) = (key("alice", HASH), key("bob", OTHER_HASH));
    assert!(read(&format!("{{quarry: {}}}", keys(&[alice.clone(), bob])), "c").is_ok());
    tells(
        &keys(&[alice.clone(), key("alice", OTHER_HASH)]),
        &["quarry.keys[1].name: quarry.keys[0] has the name `alice` too"],
    );
    tells(&keys(&[alice.clone(), key("bob", HASH)]), &["quarry.keys[1].hash: this is the hash of `alice` too"]);
    for name in ["", "a b", "anonymous", "é", "a\\n", &"a".repeat(65)] {
        tells(&keys(&[key(name, HASH)]), &["quarry.keys[0].name: "]);
    }
    tells("{keys: [{name: 'a'}]}", &["quarry.keys[0]: this key has no `hash`", "quarry keys add"]);
    tells(&format!("{{keys: [{{hash: '{HASH}'}}]}}"), &["quarry.keys[0]: this key has no `name`"]);
    tells("{keys: ['a']}", &["quarry.keys[0]: keys[0] is a string (an object)"]);
    tells("{keys: {}}", &["quarry.keys: keys is an object (a list)"]);
    let with = |more: &str| format!("{{keys: [{{name: 'a', hash: '{HASH}', {more}}}]}}");
    tells(&with("concurrency: 0"), &["quarry.keys[0].concurrency: concurrency is 0"]);
    tells(&with("requestsPerMinut: 1"), &["did you mean `requestsPerMinute`?"]);
    tells(&with("models: ['a*b']"), &["quarry.keys[0].models[0]: `*` is allowed only at the end"]);
    tells(&with("models: ['']"), &["quarry.keys[0].models[0]: "]);
}

#[test]
fn a_key_in_place_of_its_hash_is_not_quoted() {
    for section in ["{keys: [{name: 'a', hash: 'qk_hunter2'}]}", "{otlp: {headers: {k: 'hunter2\\n'}}}"] {
        let told = told(section);
        assert!(told.len() == 1 && !told[0].contains("hunter2"), "{told:?}");
    }
    tells("{otlp: {endpoint: 'http://me:hunter2@host'}}", &["quarry.otlp.endpoint: this is not the address"]);
}

#[test]
fn addresses_are_those_that_can_be_used() {
    for listen in ["localhost:8484", "127.0.0.1", ":8484", "127.0.0.1:99999", ""] {
        tells(&format!("{{listen: '{listen}'}}"), &["quarry.listen: this is not an address to listen on"]);
    }
    for origin in [
        "example.com",
        "https://example.com/",
        "https://Example.com",
        "https://example.com:443",
        "http://example.com:80",
        "ftp://example.com",
        "null",
        "https://",
        "https://a@b",
    ] {
        tells(&format!("{{cors: ['{origin}']}}"), &["quarry.cors[0]: no browser sends"]);
    }
    tells("{cors: ['https://a.example', '*']}", &["quarry.cors[1]: `*` allows every origin"]);
    assert_eq!(read("{quarry: {cors: ['*']}}", "c").expect("valid").cors, ["*"]);
    for host in ["https://a.example", "a.example:80", "", "*.example", ".example"] {
        tells(&format!("{{remote: {{hosts: ['{host}']}}}}"), &["quarry.remote.hosts[0]: "]);
    }
    for endpoint in ["collector:4318", "grpc://c:4317", "http://c/?k=v", ""] {
        tells(&format!("{{otlp: {{endpoint: '{endpoint}'}}}}"), &["quarry.otlp.endpoint: "]);
    }
    tells("{otlp: {headers: {'a b': 'v'}}}", &["headers do not allow this name"]);
    tells("{otlp: {headers: {'a': 'v', A: 'w'}}}", &["this header is set a second time"]);
    tells("{otlp: {headers: {'a': 5}}}", &["quarry.otlp.headers.a: a is a number"]);
}

#[test]
fn a_signer_is_a_public_key_and_there_once() {
    let place = "quarry.provider.signers[0]: ";
    tells("{provider: {signers: ['minisign.pub']}}", &[place, "this is not a minisign public key", "minisign.pub"]);
    let secret = format!("RWRTY0Iy{}", "A".repeat(204));
    let told = told(&format!("{{provider: {{signers: ['{secret}']}}}}"));
    assert!(told[0].contains("secret key") && !told[0].contains("RWRTY"), "{told:?}");
    let twice = format!("{{provider: {{signers: ['{SIGNER}', '{SIGNER}']}}}}");
    tells(&twice, &["quarry.provider.signers[1]: key E7620F1842B4E81F is in the list already"]);
    tells("{provider: {signers: {}}}", &["signers is an object", "a list"]);
    tells("{provider: {signer: []}}", &["did you mean `signers`?"]);
}

#[test]
fn when_a_version_goes_is_told_in_numbers_that_make_sense() {
    tells(
        "{provider: {accept: ['wording', ' ']}}",
        &["quarry.provider.accept[1]: this is blank", "a kind of difference"],
    );
    tells("{provider: {accept: 'wording'}}", &["accept is a string", "a list"]);
    let place = "quarry.provider.quarantine.";
    tells("{provider: {quarantine: {faults: 0}}}", &[place, "faults is 0", "from 1 to 1000"]);
    tells("{provider: {quarantine: {streams: 1001}}}", &[place, "streams: streams is 1001", "from 1 to 1000"]);
    tells("{provider: {probationStreams: -1}}", &["probationStreams is -1", "a whole number from 0"]);
    tells("{provider: {drainSeconds: 86401}}", &["drainSeconds is 86401", "seconds, from 0 to 86400"]);
}
