//! Reading `models.bedrockDiscovery` and its newer twin in the plugin's configuration.

use std::collections::BTreeSet;

use super::partial::{Partial, Said, over};
use super::reader::{Node, Reader};
use super::tree::LARGEST_EXACT;

/// How long a listing stays valid, in seconds, when nothing is configured (OpenClaw's).
pub(super) const DEFAULT_REFRESH_INTERVAL: u64 = 3600;

/// Context window in tokens of a model whose own is not known (OpenClaw's).
pub(super) const DEFAULT_CONTEXT_WINDOW: u64 = 32_000;

/// Output limit in tokens of a model whose own is not known (OpenClaw's).
pub(super) const DEFAULT_MAX_TOKENS: u64 = 4096;

const KNOWN: &[&str] =
    &["enabled", "region", "providerFilter", "refreshInterval", "defaultContextWindow", "defaultMaxTokens"];

const SECONDS: &str = "a number of seconds, 0 or more (0 switches the cache off)";
const TOKENS: &str = "a number of tokens, 1 or more";

/// Reads the object.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node<'_>, partial: &mut Partial) {
    let Some(members) = reader.members(node, "an object") else { return };
    for member in &members {
        let node = &member.node;
        let discovery = &mut partial.discovery;
        match member.name {
            "enabled" => over(&mut discovery.enabled, reader.boolean(node)),
            // The host's: it decides where requests go.
            "region" => {}
            "providerFilter" => over(&mut discovery.provider_filter, provider_filter(reader, node)),
            "refreshInterval" => over(&mut discovery.refresh_interval, refresh_interval(reader, node)),
            "defaultContextWindow" => {
                over(&mut discovery.default_context_window, limit(reader, node, DEFAULT_CONTEXT_WINDOW));
            }
            "defaultMaxTokens" => over(&mut discovery.default_max_tokens, limit(reader, node, DEFAULT_MAX_TOKENS)),
            _ => reader.unknown(member, KNOWN),
        }
    }
}

/// Warns where one document configures discovery in both places: the newer one wins member by member (OpenClaw's migration
/// fills it from the older one and keeps what it has).
pub(super) fn warn_of_both_places(reader: &mut Reader<'_>, older: &Node<'_>, newer: &Node<'_>) {
    let names = |node: &Node<'_>| -> BTreeSet<String> {
        node.value.members().unwrap_or_default().iter().map(|member| member.name().to_owned()).collect()
    };
    let (older_names, newer_names) = (names(older), names(newer));
    if older_names.is_empty() || newer_names.is_empty() {
        return;
    }
    let both: Vec<&str> = older_names.intersection(&newer_names).map(String::as_str).collect();
    let path = &newer.path.full;
    let message = match both.as_slice() {
        [] => format!(
            "{} is set as well as {path}; each has members that the other lacks, and all of them are used",
            older.path.name
        ),
        both => format!("{} is set as well as {path}, which takes precedence for {}", older.path.name, both.join(", ")),
    };
    reader.warning(older, message, format!("all members at `{path}`"));
}

/// Trimmed, in lower case, without blanks and repetitions, sorted, so that equal filters are the same text
/// whatever their order (OpenClaw does this for its cache key).
fn provider_filter(reader: &mut Reader<'_>, node: &Node<'_>) -> Said<Vec<String>> {
    let expected = "a list of providers, such as [\"anthropic\", \"amazon\"]";
    let mut names = Vec::new();
    let mut whole = true;
    for element in reader.elements(node, expected)? {
        match element.value.text() {
            Some(text) => names.push(text.trim().to_lowercase()),
            None => {
                reader.wrong_kind(&element, "a provider's name, such as \"anthropic\"");
                whole = false;
            }
        }
    }
    names.retain(|name| !name.is_empty());
    names.sort();
    names.dedup();
    whole.then(|| reader.found(node, names))
}

/// `floor(max(0, value))`, as OpenClaw reckons; what that changes is reported, because a negative number means nothing.
fn refresh_interval(reader: &mut Reader<'_>, node: &Node<'_>) -> Said<u64> {
    let number = reader.number(node, SECONDS)?;
    if number.value > LARGEST_EXACT {
        reader.error(node, "refreshInterval is too large".to_owned(), SECONDS);
        return None;
    }
    if number.value < 0.0 {
        reader.warning(node, format!("refreshInterval is {}; 0 is used", number.value), SECONDS);
    }
    Some(number.with(whole(number.value)))
}

/// `floor(value)`, and the default in place of what is 0 or less then, as OpenClaw reckons.
fn limit(reader: &mut Reader<'_>, node: &Node<'_>, default: u64) -> Said<u64> {
    let number = reader.number(node, TOKENS)?;
    if number.value > LARGEST_EXACT {
        reader.error(node, format!("{} is too large", node.path.name), TOKENS);
        return None;
    }
    let value = whole(number.value);
    if value == 0 {
        reader.warning(node, format!("{} is {}; {default} is used", node.path.name, number.value), TOKENS);
        return Some(number.with(default));
    }
    Some(number.with(value))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0 and to 2^53")]
fn whole(value: f64) -> u64 {
    value.floor().clamp(0.0, LARGEST_EXACT) as u64
}
