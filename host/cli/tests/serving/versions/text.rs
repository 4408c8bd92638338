//! Text of a component, of a client and of a configuration in what people read: it begins no line of its own, and drives nothing.

use std::fs;

use super::guests::Guest;
use super::place::Place;
use crate::gateway::Gateway;
use crate::operating::client::Client;

/// Where the component says [`hostile`] text.
const CONFIGURATION: &str = "{ agents: { defaults: { model: { primary: 'amazon-bedrock/unruly-speak' } } } }";

/// Text that would forge lines, drive a terminal and hide what stands behind it.
const HOSTILE: &str = "x'; touch forged; '\nFORGED: all is well\r\u{1b}[2J\u{1b}]0;t\u{7}\u{9b}31m\u{7f}\u{202e}\u{2066}\u{2028}\u{200b}\ty";

#[track_caller]
fn assert_harmless(what: &str, text: &str) {
    let hidden = "\u{ad}\u{61c}\u{200b}\u{200e}\u{200f}\u{2028}\u{2029}\u{feff}";
    let is_harmful = |c: char| {
        c != '\n' && c.is_control()
            || hidden.contains(c)
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert!(!text.contains(is_harmful), "{what}: {text:?}");
    assert!(text.lines().all(|line| !line.trim_start().starts_with("FORGED")), "{what}: {text}");
}

#[test]
fn a_component_that_says_anything_says_it_within_its_line() {
    let place = Place::new();
    let guest = Guest::unruly(place.folder());
    let file = guest.file.to_str().expect("a plain path");
    fs::write(place.folder().join("config.json5"), CONFIGURATION).expect("it can be written");
    let global = ["--config", "config.json5", "--provider-component", file];
    let commands: [&[&str]; 5] = [
        &["config", "validate"],
        &["config", "explain"],
        &["models", "list", "--simulate"],
        &["models", "show", "default", "--simulate"],
        &["chat", "--simulate", "--model", "sim.stop.end_turn", "hello"],
    ];
    for command in commands {
        let ran = place.run(&[&global[..], command].concat(), &[("AWS_EC2_METADATA_DISABLED", "true")]);
        let told = format!("{}{}", ran.stdout, ran.stderr);
        assert!(told.contains(r"\nFORGED: all is well\r\u001b[2J"), "{command:?} does not say it: {told}");
        assert_harmless(&format!("{command:?}"), &told);
    }

    let gateway = Gateway::start_with(CONFIGURATION, |command| {
        place.tell(command);
        command.args(["--provider-component", file]);
    });
    gateway.wait_for_log("Try it: curl", 1);
    gateway.wait_for_log("    -d '", 1);
    let log = gateway.log();
    assert_harmless("the start", &log);
    // The line that people paste into a shell is one word of it, and that word is JSON with the model's name.
    let pasted = log.lines().find_map(|line| line.trim_start().strip_prefix("-d ")).expect("there is a line to try");
    let shell = std::process::Command::new("/bin/sh")
        .args(["-c", &format!("printf %s {pasted}")])
        .current_dir(place.folder())
        .output();
    let body: serde_json::Value = serde_json::from_slice(&shell.expect("there is a shell").stdout)
        .unwrap_or_else(|error| panic!("{error}: {pasted}"));
    assert!(body["model"].as_str().is_some_and(|model| model.starts_with("x'; touch forged; '\nFORGED")), "{body}");
    assert!(!place.folder().join("forged").exists(), "{pasted}");
    gateway.stop();
}

#[test]
fn a_client_that_names_anything_writes_no_line_of_the_log() {
    let place = Place::new();
    let gateway = place.start();
    let tool = |name: &str| serde_json::json!({"type": "function", "function": {"name": name, "parameters": {"type": "object"}}});
    let user = serde_json::json!({"role": "user", "content": "hello"});
    let bodies = [
        serde_json::json!({"model": "sim.stop.end_turn", "messages": [user], "tools": [tool(HOSTILE), tool("b")]}),
        serde_json::json!({"model": HOSTILE, "messages": [user]}),
        serde_json::json!({"model": "sim.stop.end_turn", "messages": [user], (HOSTILE): 1, "user": HOSTILE}),
    ];
    for body in bodies {
        let mut client = Client::open(&gateway);
        client.post("/v1/chat/completions", &[], &body);
        client.head();
    }
    gateway.wait_for_log("status=", 3);
    gateway.wait_for_log("the request was changed", 1);
    let log = gateway.log();
    assert!(log.contains(r"\nFORGED"), "{log}");
    assert_harmless("the log", &log);
    gateway.stop();
}
