//! `system` and `messages`.

use std::collections::BTreeMap;

use super::super::reader::{Object, Value};
use super::assistant_content;
use super::caching::{CachePoints, TimeToLive};
use super::user_content::{UserContent, only_text};
use crate::contract::conversation::{AssistantBlock, AssistantMessage, Message, UserBlock};
use crate::pi::{API, PROVIDER};

/// What stands between the text blocks of the system prompt, which is one text in the contract.
const BETWEEN: &str = "\n\n";

/// Reads `system`.
pub(super) fn system(body: &Object<'_, '_>, points: &CachePoints) -> Option<String> {
    let system = body.take("system")?;
    if system.is_string() {
        return system.string();
    }
    let mut prompt = String::new();
    for item in system.items("a string, or an array of text blocks") {
        let Some(block) = only_text(&item, "a system prompt") else { continue };
        let text = block.require_string("text");
        if !prompt.is_empty() && !text.is_empty() {
            prompt.push_str(BETWEEN);
        }
        prompt.push_str(&text);
        if let Some(ttl) = points.take(&block) {
            points.in_system(prompt.len(), ttl);
        }
        block.finish();
    }
    Some(prompt)
}

/// Reads `messages`.
pub(super) fn messages(body: &Object<'_, '_>, model: &str, points: &CachePoints) -> Vec<Message> {
    let Some(value) = body.require("messages", "an array of messages") else { return Vec::new() };
    let mut messages = Vec::new();
    let mut calls = BTreeMap::new();
    for item in value.items("an array of messages") {
        let Some(message) = item.require_object("a message, which is an object with `role` and `content`") else {
            continue;
        };
        let role = message.require_string("role");
        let Some(content) = message.require("content", "a string, or an array of blocks") else { continue };
        match &*role {
            "user" => UserContent { points, calls: &calls }.read(&content, &mut messages),
            "assistant" => {
                let content = assistant_content::read(&content, points, &mut calls);
                messages.push(Message::Assistant(said(content, model)));
            }
            "system" => {
                let (text, ttl) = system_message(&content, points);
                messages.push(Message::System(text));
                if let Some(ttl) = ttl.or_else(|| points.take(&message)) {
                    cache_so_far(ttl, &mut messages);
                }
            }
            other => {
                let message = format!("`{other}` is unknown; expected `user`, `assistant` or `system`");
                item.reader().problem(format!("{}.role", item.path), message);
            }
        }
        message.finish();
    }
    messages
}

fn said(content: Vec<AssistantBlock>, model: &str) -> AssistantMessage {
    let calls = content.iter().any(|block| matches!(block, AssistantBlock::ToolCall(_)));
    AssistantMessage {
        content,
        provider: PROVIDER.to_owned(),
        api: API.to_owned(),
        model: model.to_owned(),
        stop_reason: if calls { "toolUse" } else { "stop" }.to_owned(),
    }
}

fn system_message(content: &Value<'_, '_>, points: &CachePoints) -> (String, Option<TimeToLive>) {
    if content.is_string() {
        return (content.string().unwrap_or_default(), None);
    }
    let (mut texts, mut ttl) = (Vec::new(), None);
    for item in content.items("a string, or an array of text blocks") {
        let Some(block) = only_text(&item, "a system prompt") else { continue };
        texts.push(block.require_string("text"));
        ttl = points.take(&block).or(ttl);
        block.finish();
    }
    (texts.join(BETWEEN), ttl)
}

/// `cache_control` of the whole request: a cache point at the end of the conversation.
pub(super) fn cache_all(body: &Object<'_, '_>, points: &CachePoints, messages: &mut Vec<Message>) {
    if let Some(ttl) = points.take(body) {
        cache_so_far(ttl, messages);
    }
}

/// A cache point behind the messages so far. System messages move to the system prompt, so the point stands behind the last
/// other message.
fn cache_so_far(ttl: TimeToLive, messages: &mut Vec<Message>) {
    let Some(at) = messages.iter().rposition(|message| !matches!(message, Message::System(_))) else { return };
    match &mut messages[at] {
        Message::User(blocks) => {
            if !matches!(blocks.last(), Some(UserBlock::CachePoint(_))) {
                blocks.push(UserBlock::CachePoint(ttl));
            }
        }
        Message::Assistant(message) => message.content.push(assistant_content::cache_point(ttl)),
        Message::ToolResult(_) => messages.insert(at + 1, Message::User(vec![UserBlock::CachePoint(ttl)])),
        // There is nothing to put it behind.
        Message::System(_) | Message::Other(_) => {}
    }
}
