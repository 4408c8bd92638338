//! SDKs talk to the gateway, each as its script in `tests/peers` says: with nothing changed but the base URL and the key.

use crate::gateway::{Gateway, KEY};
use crate::packages::{script, text};

#[test]
#[ignore = "peers: Python"]
fn the_openai_sdk_for_python_has_chat_completions() {
    passes("openai_python_chat.py");
}

#[test]
#[ignore = "peers: Python"]
fn the_openai_sdk_for_python_has_responses() {
    passes("openai_python_responses.py");
}

#[test]
#[ignore = "peers: Node.js"]
fn the_openai_sdk_for_node_has_chat_completions() {
    passes("openai_node_chat.mjs");
}

#[test]
#[ignore = "peers: Node.js"]
fn the_openai_sdk_for_node_has_responses() {
    passes("openai_node_responses.mjs");
}

#[test]
#[ignore = "peers: Python"]
fn the_anthropic_sdk_for_python_has_messages() {
    passes("anthropic_python.py");
}

#[test]
#[ignore = "peers: Node.js"]
fn the_anthropic_sdk_for_node_has_messages() {
    passes("anthropic_node.mjs");
}

#[test]
#[ignore = "peers: Python"]
fn langchain_has_chat_openai() {
    passes("langchain_openai_chat.py");
}

#[test]
#[ignore = "peers: Node.js"]
fn pi_agent_core_streams_by_proxy() {
    passes("pi_agent_core.mjs");
}

/// Runs a script against a gateway of its own, whose count of running requests is then the script's alone.
fn passes(name: &str) {
    let gateway = Gateway::with_a_key();
    let home = tempfile::tempdir().expect("an empty home can be made");
    let mut command = script(name);
    command.args([gateway.base.as_str(), KEY]).env_clear().env("HOME", home.path());
    let output = command.output().unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"));
    let said = text(&output);
    assert!(output.status.success(), "{name} ({}):\n{said}\nthe gateway's log:\n{}", output.status, gateway.log());
    println!("{said}");
    gateway.stop();
}
