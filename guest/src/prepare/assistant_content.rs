//! What the assistant said, as content blocks. Tool calls are left to the history, which knows their results.

use std::borrow::Cow;

use crate::contract::conversation::{AssistantBlock, AssistantMessage, Thinking, ToolCall};
use crate::contract::types::Model;
use crate::families::{Family, Replay};
use crate::identity::{API, PROVIDER};

use super::blocks::Block;
use super::raw_json::{self, RawObject};
use super::report::Report;
use super::user_content::is_blank;

/// A signature that some gateways put where they have none; the service refuses it (OpenClaw does drop such a block).
const PLACEHOLDER_SIGNATURE: &str = "reasoning_content";

/// A block of the assistant, or a call that waits for its ids.
#[derive(Debug)]
pub(super) enum Said {
    Block(Block),
    Call(ToolCall),
}

/// Converts a message of the assistant. What is blank or cannot be replayed is left out, so there may be nothing left.
///
/// Citations are not replayed: pi sends the text alone, and the service itself gives blank texts beside citations that it
/// then refuses (botocore #3525).
pub(super) fn convert(
    message: AssistantMessage,
    model: &Model,
    family: &Family,
    path: &str,
    report: &mut Report,
) -> Vec<Said> {
    let same_model = message.provider == PROVIDER && message.api == API && message.model == model.id;
    let mut said = Vec::with_capacity(message.content.len());
    for (index, block) in message.content.into_iter().enumerate() {
        let path = format!("{path}.content[{index}]");
        match block {
            AssistantBlock::Text(text) if is_blank(&text.text) => {}
            AssistantBlock::Text(text) => said.push(Said::Block(Block::Text(text.text))),
            AssistantBlock::Thinking(_) if !same_model => {
                // pi 1.5.2 drops it; OpenClaw made text of it, which shows one model's thoughts to another as its own words.
                report
                    .notice("thinking-omitted", format!("{path}: left out, because another model wrote this thinking"));
            }
            AssistantBlock::Thinking(thinking) => {
                said.extend(replayed(thinking, family, &path, report).map(Said::Block));
            }
            AssistantBlock::ToolCall(call) => said.push(Said::Call(call)),
            // The contract names cache points for users only; the service takes them here too.
            AssistantBlock::Other(other) if other.name == "cachePoint" => {
                // Behind nothing there is nothing to cache, and a message of a cache point alone would be an empty one.
                let point = cache_point(&other.value, &path, report).filter(|_| !said.is_empty());
                said.extend(point.map(Said::Block));
            }
            AssistantBlock::Other(other) => {
                let name = other.name;
                report.notice(
                    "unknown-block",
                    format!("{path}: left out, because this provider does not know the block type `{name}`"),
                );
            }
        }
    }
    said
}

/// The caller's cache point, `{"ttl":"1h"}` or without a time to live.
fn cache_point(json: &str, path: &str, report: &mut Report) -> Option<Block> {
    let object = RawObject::parse(json).ok();
    let ttl = object.as_ref().and_then(|object| object.get("ttl")).filter(|ttl| *ttl != "null");
    match ttl.map(|ttl| raw_json::string_of(ttl).unwrap_or_else(|| ttl.to_owned())) {
        Some(ttl) if !matches!(&*ttl, "5m" | "1h") => {
            report.problem(path, "the time to live of the cache point is unknown", "`5m`, `1h`, or none");
            None
        }
        ttl => Some(Block::CachePoint { ttl }),
    }
}

/// Thinking, in the form in which this family takes its own back.
fn replayed(thinking: Thinking, family: &Family, path: &str, report: &mut Report) -> Option<Block> {
    let Thinking { text, signature, redacted } = thinking;
    if if redacted { !family.redacted_replay } else { family.replay == Replay::Omitted } {
        report.notice(
            "thinking-omitted",
            format!("{path}: left out, because this model family rejects thinking from earlier turns"),
        );
        return None;
    }
    if redacted {
        // Opaque bytes that go back as they came. Models other than Claude redact too (pi #8314).
        let base64 = signature.filter(|signature| is_base64(signature));
        if base64.is_none() {
            report
                .notice("thinking-omitted", format!("{path}: left out, because the redacted thinking lacks its bytes"));
        }
        return base64.map(Block::Redacted);
    }
    let signature = signature.filter(|signature| !is_blank(signature));
    if signature.as_deref().is_some_and(|signature| signature.trim() == PLACEHOLDER_SIGNATURE) {
        report.notice(
            "thinking-omitted",
            format!("{path}: left out, because the signature of the thinking is a placeholder"),
        );
        return None;
    }
    match (family.replay, signature) {
        // Byte for byte, and kept even when there is no text: adaptive thinking gives blocks of a signature alone, and the
        // next turn fails without them (OpenClaw does; pi loses them).
        (Replay::Signed, Some(signature)) => Some(Block::Reasoning { text, signature: Some(signature) }),
        _ if is_blank(&text) => None,
        (Replay::Unsigned, _) => Some(Block::Reasoning { text, signature: None }),
        (Replay::Signed | Replay::AsText | Replay::Omitted, _) => Some(Block::Text(text)),
    }
}

/// The arguments of a call as `toolUse.input`, which has to be an object (zed PR 33369). Some write the object into a
/// string; what is no object at all becomes `{}`. Lone surrogates go, as in every text: no UTF-8 can hold them.
pub(super) fn arguments(json: String, path: &str, report: &mut Report) -> String {
    match object(&json) {
        // As they nearly always are: a long text is not there twice.
        Some(Cow::Borrowed(_)) => return json,
        Some(Cow::Owned(object)) => return object,
        None => {}
    }
    let text = raw_json::string_of(&raw_json::without_lone_surrogates(&json));
    if let Some(object) = text.as_deref().and_then(object) {
        return object.into_owned();
    }
    if !matches!(json.trim(), "" | "null" | "\"\"") {
        report.notice(
            "arguments-omitted",
            format!("{path}: the arguments are not a JSON object; `{{}}` was sent instead"),
        );
    }
    "{}".to_owned()
}

/// The object that a text is, as the service takes it.
fn object(text: &str) -> Option<Cow<'_, str>> {
    match raw_json::without_lone_surrogates(text) {
        Cow::Borrowed(text) => raw_json::is_object(text).then(|| raw_json::without_empty_names(text)),
        Cow::Owned(text) => {
            raw_json::is_object(&text).then(|| raw_json::without_empty_names(&text).into_owned().into())
        }
    }
}

/// Whether a text is standard base64 with padding, of at least one byte.
fn is_base64(text: &str) -> bool {
    let digits = text.trim_end_matches('=');
    let padding = text.len() - digits.len();
    !digits.is_empty()
        && padding <= 2
        && text.len().is_multiple_of(4)
        && digits.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_always_an_object_and_numbers_survive() {
        let mut report = Report::default();
        let mut input = |json: &str| arguments(json.to_owned(), "p", &mut report);
        assert_eq!(input(r#"{"id":9007199254740993,"b":1.0,"a":2}"#), r#"{"id":9007199254740993,"b":1.0,"a":2}"#);
        assert_eq!(input(r#""{\"a\":1}""#), r#"{"a":1}"#);
        assert_eq!(input("null"), "{}");
        assert_eq!(input(r#""{\"path\":""#), "{}");
        assert_eq!(input(r#"{"a\ud83d":"x\ude00 \ud83d\ude00"}"#), r#"{"a":"x \ud83d\ude00"}"#);
        assert_eq!(input(r#""{\"a\":\"\\ud83d\"}""#), r#"{"a":""}"#);
        assert_eq!(report.notices.len(), 1);
    }

    #[test]
    fn base64_is_checked() {
        assert!(is_base64("3q2+7w==") && is_base64("AQID"));
        assert!(!is_base64("") && !is_base64("====") && !is_base64("!!!not-base64!!!") && !is_base64("AQI"));
    }
}
