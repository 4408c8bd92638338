//! The part of a request that the service means by a name.

use crate::contract::types::Adjustment;
use crate::repair::part;

/// How far a repair holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// For every request to the model.
    Model,
    /// For what this request holds.
    Request,
}

/// The names by which Bedrock and the models behind it know the parts that Converse names itself.
static NAMES: &[(&[&str], &str)] = &[
    (&["temperature"], part::TEMPERATURE),
    (&["topP", "top_p"], part::TOP_P),
    (&["stopSequences", "stop_sequences", "stop"], part::STOP_SEQUENCES),
    (&["maxTokens", "max_tokens"], part::MAX_TOKENS),
    (&["strict", "toolSpec.strict", "toolConfig.tools.toolSpec.strict"], part::STRICT),
    (&["outputConfig", "outputConfig.textFormat", "output_config.format"], part::FORMAT),
    (&["image", "toolResult.image", "toolResult.content.image"], part::TOOL_IMAGES),
    (&["status", "toolResult.status"], part::TOOL_STATUS),
    (&["cachePoint", "cache_control"], part::CACHE_POINT),
    (&["reasoningContent"], part::REASONING),
    (&["system"], part::SYSTEM),
];

/// Words of a path, at any place in it.
static WORDS: &[(&str, &str)] =
    &[("cachePoint", part::CACHE_POINT), ("reasoningText", part::REASONING_TEXT), ("redactedContent", part::REDACTED)];

/// Parts that are no additional fields, and that nothing can stand in for: without them a request would mean another thing.
static NEVER: &[&str] = &["messages", "tools", "toolConfig", "document", "video", "guardrailConfig", "input_schema"];

/// The adjustments that leave out what a name means: the member of Converse that has it, and the additional field, because the
/// service does not say which of both it refuses. None for what cannot be left out.
pub(super) fn omitted(name: &str) -> Vec<Adjustment> {
    let name = name.strip_prefix("inferenceConfig.").filter(|name| known(name).is_some()).unwrap_or(name);
    let name = name.strip_prefix(part::FIELDS).unwrap_or(name);
    let is_path = (1..=200).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
    let first = name.split('.').next().unwrap_or_default();
    if !is_path || NEVER.contains(&first) {
        return Vec::new();
    }
    let part = known(name).or_else(|| WORDS.iter().find(|(word, _)| name.contains(word)).map(|(_, part)| *part));
    let of_converse = part.map(|part| Adjustment::Omit(part.to_owned()));
    let field = Adjustment::Omit(format!("{}{name}", part::FIELDS));
    match of_converse {
        None => vec![field],
        // Members of Converse that no model has as a field of its own.
        Some(of_converse) if !is_sampling(name) => vec![of_converse],
        Some(of_converse) => vec![of_converse, field],
    }
}

fn known(name: &str) -> Option<&'static str> {
    NAMES.iter().find(|(names, _)| names.contains(&name)).map(|(_, part)| *part)
}

fn is_sampling(name: &str) -> bool {
    known(name).is_some_and(|part| part.starts_with("inferenceConfig."))
}

/// A path of Anthropic's API as one of additional fields: without the names of a union's arms. None for a part of the
/// conversation.
pub(super) fn inner_path(path: &str) -> Option<String> {
    if ["messages.", "tools.", "system."].iter().any(|other| path.starts_with(other)) {
        return None;
    }
    let is_arm = |word: &&str| !matches!(*word, "adaptive" | "enabled" | "disabled");
    Some(path.split('.').filter(is_arm).collect::<Vec<_>>().join("."))
}

/// The text between two others.
pub(super) fn between<'a>(text: &'a str, before: &str, behind: &str) -> Option<&'a str> {
    after(text, before)?.split_once(behind).map(|(found, _)| found)
}

/// The text behind another.
pub(super) fn after<'a>(text: &'a str, before: &str) -> Option<&'a str> {
    text.split_once(before).map(|(_, behind)| behind)
}
