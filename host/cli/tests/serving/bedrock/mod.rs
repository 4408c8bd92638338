//! Bedrock's own API on the gateway: what passes is the same bytes, and keys, models and limits hold for it.

mod limits;
mod passing;
mod recorder;

use serde_json::{Value, json};

use crate::operating::client::Client;

const CLAUDE: &str = "us.anthropic.claude-sonnet-4-6";
const NOVA: &str = "amazon.nova-lite-v1:0";

/// A body of `Converse`.
fn conversation(prompt: &str) -> Value {
    json!({ "messages": [{ "role": "user", "content": [{ "text": prompt }] }] })
}

/// The path of a call, with the model's id as AWS's SDKs encode it.
fn path(model: &str, call: &str) -> String {
    format!("/model/{}/{call}", model.replace(':', "%3A").replace('/', "%2F"))
}

/// The bytes of a stream, and whether it came to its end as HTTP has it.
fn stream(client: &mut Client) -> (Vec<u8>, bool) {
    let mut all = Vec::new();
    loop {
        match client.bytes() {
            Ok(Some(bytes)) => all.extend(bytes),
            Ok(None) => return (all, true),
            Err(_) => return (all, false),
        }
    }
}

/// Whether an event of this name is in a stream.
fn has(stream: &[u8], name: &str) -> bool {
    stream.windows(name.len()).any(|window| window == name.as_bytes())
}
