//! Reading `params`, of a configured model or of an entry of `agents.defaults.models`.
//!
//! What they mean is for requests to say; members that no one knows are left alone, as OpenClaw has more of them than a
//! provider needs. But a value that can never be right, or a name that is a slip, is told here, where its place is known.

use super::partial::Found;
use super::reader::{Member, Node, Reader, not_among};

/// OpenClaw's members and ours beside them, as far as a slip can be recognised: `top_k` is no slip of `topP`.
const LONG_NAMES: &[&str] = &[
    "cacheRetention",
    "serviceTier",
    "service_tier",
    "thinking",
    "thinkingDisplay",
    "interleavedThinking",
    "maxTokens",
    "temperature",
    "canonicalModelId",
];

/// How long the prompt cache may be asked to keep things (pi's set).
pub(super) const CACHE_RETENTIONS: &[&str] = &["none", "short", "long"];

/// Tiers that `serviceTier` names (Bedrock's API).
const SERVICE_TIERS: &[&str] = &["default", "priority", "flex", "reserved"];

/// Levels of thinking (pi's, and `adaptive`, which is OpenClaw's).
const THINKING_LEVELS: &[&str] = &["off", "minimal", "low", "medium", "high", "xhigh", "max", "adaptive"];

/// The members, each as plain JSON, in their order. None where it is no object, or has a number in it that is no JSON.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<Vec<(String, Found<String>)>> {
    let members = reader.members(node, "an object")?;
    let mut read = Vec::with_capacity(members.len());
    for member in &members {
        check(reader, member);
        if member.node.value.is_hidden() {
            continue;
        }
        let Some(value) = member.node.value.to_json() else {
            reader.error(node, "params contains a number that is not finite".to_owned(), "finite numbers");
            return None;
        };
        read.push((member.name.to_owned(), reader.found(&member.node, value.to_string())));
    }
    Some(read)
}

/// Warns only: OpenClaw ignores what it cannot use here, and requests do so too.
fn check(reader: &mut Reader<'_>, member: &Member<'_>) {
    let allowed = match member.name {
        "cacheRetention" => CACHE_RETENTIONS,
        "serviceTier" | "service_tier" => SERVICE_TIERS,
        "thinking" => THINKING_LEVELS,
        "thinkingDisplay" => &["summarized", "omitted"],
        "latency" => &["standard", "optimized"],
        _ => return reader.warn_of_slip(member, LONG_NAMES),
    };
    let Some(text) = member.node.value.text() else {
        let message = format!("{} is not text and is ignored", member.node.path.name);
        return reader.warning(&member.node, message, allowed.join(", "));
    };
    // Space and case do not matter (OpenClaw).
    let word = text.trim().to_ascii_lowercase();
    if let Some((message, expected)) = not_among(&member.node.path.name, &word, allowed) {
        reader.warning(&member.node, format!("{message} and is ignored"), expected);
    }
}

/// Members as one object of plain JSON.
pub(super) fn object<'a>(members: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let member = |(name, value): (&str, &str)| format!("{}:{value}", serde_json::Value::from(name));
    format!("{{{}}}", members.map(member).collect::<Vec<_>>().join(","))
}
