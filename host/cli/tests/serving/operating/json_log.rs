//! With `quarry.log.format: json` whatever the gateway writes to its log is JSON, a line an object with time and level.

use std::fs;

use rustix::process::Signal;
use serde_json::Value;

use super::client::{ask, body, get};
use crate::gateway::{Gateway, fails_to_start};

const CHAT: &str = "/v1/chat/completions";

/// The lines of a log. All are objects with a time, a level and a message.
fn lines(log: &str) -> Vec<Value> {
    let object = |line: &str| {
        let object: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let time = object["timestamp"].as_str().unwrap_or_else(|| panic!("no time: {line}"));
        assert!(time.len() >= 20 && time.ends_with('Z') && time.as_bytes()[10] == b'T', "{line}");
        let level = object["level"].as_str().unwrap_or_default();
        assert!(["TRACE", "DEBUG", "INFO", "WARN", "ERROR"].contains(&level), "{line}");
        assert!(object["message"].is_string(), "{line}");
        object
    };
    log.lines().map(object).collect()
}

fn level<'l>(lines: &'l [Value], message: &str) -> &'l str {
    let line = lines.iter().find(|line| line["message"].as_str().is_some_and(|told| told.contains(message)));
    line.unwrap_or_else(|| panic!("{message:?} is not told: {lines:#?}"))["level"].as_str().expect("a level")
}

#[test]
fn every_line_of_a_gateway_is_json() {
    // A warning of the configuration is among the first lines.
    let warned = "{ models: { providers: { 'amazon-bedrock': { baseUrl: 'http://127.0.0.1:1', models: [{ id: 'a', baseUrl: 'http://b' }] } } }, quarry: { log: { format: 'json' } } }";
    let gateway = Gateway::start(warned);
    assert_eq!(ask(&gateway, CHAT, &[], &body(CHAT, "sim.stop.end_turn", "hello", false)).status(), 200);
    assert_eq!(get(&gateway, "/nope%0aforged", &[("x-request-id", "a%1bb")]).status(), 404);
    fs::write(&gateway.configuration, "{ quarry: { log: { format: 'json' }, limits: { bodyBytes: 'x\\ny' } } }")
        .expect("it can be written");
    gateway.wait_for_log("the previous one stays active", 1);
    gateway.signal(Signal::TERM);
    gateway.wait_for_log("stopping when the requests under way have ended", 1);
    let lines = lines(&gateway.log());
    assert_eq!(level(&lines, "Quarry serves Amazon Bedrock"), "INFO");
    assert_eq!(level(&lines, "the previous one stays active"), "ERROR");
    assert_eq!(level(&lines, "quarry.limits.bodyBytes"), "ERROR");
    assert_eq!(level(&lines, "baseUrl"), "WARN");
    assert!(lines.iter().any(|line| line["status"] == 404 && line["path"] == "/nope%0aforged"), "{lines:#?}");
    gateway.ends();
}

#[test]
fn a_gateway_that_does_not_start_says_why_in_json() {
    for (configuration, why) in [
        ("{ quarry: { log: { format: 'json' }, retry: { attempts: 0 } } }", "quarry.retry.attempts"),
        ("{ quarry: { log: { format: 'json' }, listen: '0.0.0.0:0' } }", "without client keys"),
    ] {
        let output = fails_to_start(configuration, &[]);
        let lines = lines(&String::from_utf8_lossy(&output.stderr));
        assert_eq!(level(&lines, why), "ERROR", "{lines:#?}");
    }
}
