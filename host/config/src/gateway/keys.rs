//! `quarry.keys`.

use std::collections::BTreeMap;

use super::super::document::Value;
use super::super::reader::{Item, Reader};
use super::super::schema::names_below;
use super::key_hash::KeyHash;
use super::read::MOST_AT_ONCE;
use super::settings::KeyConfig;

/// What stands for a client where no keys are configured; no key may have this name.
pub const ANONYMOUS: &str = "anonymous";

/// The longest name of a key, in characters.
const LONGEST_NAME: usize = 64;

/// The longest id of a model: Bedrock's own limit, in characters.
const LONGEST_MODEL: usize = 2048;

/// The highest limit of a key that can be set, of requests at once and of requests a minute.
pub const HIGHEST_KEY_LIMIT: u32 = 1_000_000;

/// What is wrong with the name of a key; None when it can be one. It stands in logs, metrics and messages.
#[must_use]
pub fn wrong_key_name(name: &str) -> Option<&'static str> {
    let allowed = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.' | '@');
    if name == ANONYMOUS {
        Some("`anonymous` stands for clients without a key")
    } else if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(allowed) {
        Some("a name has 1 to 64 characters: letters, digits and `-_.@`")
    } else {
        None
    }
}

/// What is wrong with the id of a model that a key may use; None when it can be one.
#[must_use]
pub fn wrong_model_pattern(pattern: &str) -> Option<&'static str> {
    let id = pattern.strip_suffix('*').unwrap_or(pattern);
    if id.contains('*') {
        Some("`*` is allowed only at the end of a model id")
    } else if pattern.is_empty() || pattern.len() > LONGEST_MODEL || pattern.chars().any(char::is_whitespace) {
        Some("a model id has 1 to 2048 characters and no spaces")
    } else {
        None
    }
}

/// Reads the list of keys. Two of the same name, or of the same key, are wrong.
pub(super) fn read(reader: &mut Reader, node: &Item<'_>) -> Vec<KeyConfig> {
    let mut keys: Vec<KeyConfig> = Vec::new();
    let mut names = BTreeMap::new();
    for (index, element) in reader.elements(node).iter().enumerate() {
        let members = reader.settings(element, &names_below("quarry.keys[]"));
        if !matches!(element.node.value, Value::Object(_)) {
            continue;
        }
        let name = members.get("name").and_then(|node| key_name(reader, node));
        if let (Some(name), Some(node)) = (&name, members.get("name"))
            && let Some(earlier) = names.insert(name.clone(), index)
        {
            let message = format!("quarry.keys[{earlier}] has the name `{name}` too");
            reader.wrong(node, message, "a name that no other key has");
        }
        let hash = members.get("hash").and_then(|node| key_hash(reader, node));
        if let (Some(hash), Some(node)) = (&hash, members.get("hash"))
            && let Some(earlier) = keys.iter().find(|key| key.hash == *hash)
        {
            let message = format!("this is the hash of `{}` too", earlier.name);
            reader.wrong(node, message, "a different key for each name");
        }
        for missing in ["name", "hash"].iter().filter(|name| !members.contains_key(*name)) {
            reader.wrong(
                element,
                format!("this key has no `{missing}`"),
                "`name` and `hash`; `quarry keys add NAME` writes both",
            );
        }
        let models = members.get("models").map(|node| models(reader, node)).unwrap_or_default();
        let concurrency = reader.whole(&members, "concurrency", 1..=MOST_AT_ONCE);
        let requests_per_minute = reader.whole(&members, "requestsPerMinute", 1..=HIGHEST_KEY_LIMIT);
        let burst = reader.whole(&members, "burst", 1..=HIGHEST_KEY_LIMIT);
        if let Some(node) = members.get("burst")
            && !members.contains_key("requestsPerMinute")
        {
            reader.wrong(node, "a burst of requests without a limit of requests per minute", "`requestsPerMinute` too");
        }
        if let (Some(name), Some(hash)) = (name, hash) {
            keys.push(KeyConfig { name, hash, models, concurrency, requests_per_minute, burst });
        }
    }
    keys
}

fn key_name(reader: &mut Reader, node: &Item<'_>) -> Option<String> {
    let name = reader.text(node, "a name")?;
    if let Some(wrong) = wrong_key_name(name) {
        reader.wrong(node, wrong, "a name such as `alice` or `build-server`");
        return None;
    }
    Some(name.to_owned())
}

fn key_hash(reader: &mut Reader, node: &Item<'_>) -> Option<KeyHash> {
    let expected = "the line that `quarry keys add NAME` writes";
    // What stands there is not quoted: it may be a key.
    match reader.text(node, expected)?.parse() {
        Ok(hash) => Some(hash),
        Err(error) => {
            reader.wrong(node, format!("this is {error}"), expected);
            None
        }
    }
}

fn models(reader: &mut Reader, node: &Item<'_>) -> Vec<String> {
    let mut models = Vec::new();
    for element in reader.elements(node) {
        let expected = "a model id, such as `anthropic.claude-sonnet-4-6` or `anthropic.*`";
        match reader.text(&element, expected).map(|model| (model, wrong_model_pattern(model))) {
            Some((_, Some(wrong))) => reader.wrong(&element, wrong, expected),
            Some((model, None)) => models.push(model.to_owned()),
            None => {}
        }
    }
    models
}
