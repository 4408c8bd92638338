//! What users and tools said.

use std::collections::BTreeMap;

use super::super::reader::{Object, Value};
use super::caching::{CachePoints, TimeToLive};
use super::sources;
use crate::contract::conversation::{Message, ToolResult, UserBlock};

/// The state of the conversation that blocks of users depend on.
#[derive(Debug)]
pub(super) struct UserContent<'c> {
    /// The cache points of the request.
    pub(super) points: &'c CachePoints,
    /// The names of the tools that were called, by the call's id.
    pub(super) calls: &'c BTreeMap<String, String>,
}

impl UserContent<'_> {
    /// Reads a user's message: results of tools are messages of their own in the contract.
    pub(super) fn read(&self, content: &Value<'_, '_>, messages: &mut Vec<Message>) {
        if content.is_string() {
            messages.extend(content.string().map(|text| Message::User(vec![UserBlock::Text(text)])));
            return;
        }
        let items = content.items("a string, or an array of blocks");
        let mut said = Vec::with_capacity(items.len());
        let mut answered = false;
        for item in items {
            let Some(block) = item.require_object("a block, which is an object with a `type`") else { continue };
            let kind = block.require_string("type");
            if kind == "tool_result" {
                if !said.is_empty() {
                    messages.push(Message::User(std::mem::take(&mut said)));
                }
                let (result, ttl) = self.tool_result(block);
                messages.push(Message::ToolResult(result));
                said.extend(ttl.map(UserBlock::CachePoint));
                answered = true;
            } else {
                let (read, ttl) = self.block(block, &kind);
                said.extend(read);
                said.extend(ttl.map(UserBlock::CachePoint));
            }
        }
        if !said.is_empty() || !answered {
            messages.push(Message::User(said));
        }
    }

    fn tool_result(&self, block: Object<'_, '_>) -> (ToolResult, Option<TimeToLive>) {
        let tool_call_id = block.require_string("tool_use_id");
        let tool_name = self.calls.get(&tool_call_id).cloned();
        if tool_name.is_none() {
            let message = format!("no earlier `tool_use` has the id `{tool_call_id}`");
            block.reader().problem(block.path_of("tool_use_id"), message);
        }
        let is_error = block.flag("is_error").unwrap_or_default();
        refuse_toolset(&block);
        let mut ttl = self.points.take(&block);
        let mut content = Vec::new();
        if let Some(value) = block.take("content") {
            if value.is_string() {
                content.extend(value.string().map(UserBlock::Text));
            } else {
                for item in value.items("a string, or an array of blocks") {
                    let Some(inner) = item.require_object("a block, which is an object with a `type`") else {
                        continue;
                    };
                    let kind = inner.require_string("type");
                    let (read, inner_ttl) = self.block(inner, &kind);
                    content.extend(read);
                    // Bedrock has no cache points within a result: the end of the result is the nearest place.
                    ttl = ttl.or(inner_ttl);
                }
            }
        }
        block.finish();
        (ToolResult { tool_call_id, tool_name: tool_name.unwrap_or_default(), content, is_error }, ttl)
    }

    /// Reads a block that users and tools have in common.
    fn block(&self, block: Object<'_, '_>, kind: &str) -> (Option<UserBlock>, Option<TimeToLive>) {
        let read = match kind {
            "text" => {
                refuse_citations(&block);
                Some(UserBlock::Text(block.require_string("text")))
            }
            // A tool that the client's search found; all tools are loaded already.
            "tool_reference" => {
                Some(UserBlock::Text(format!("The tool `{}` is available.", block.require_string("tool_name"))))
            }
            "image" => sources::image(&block),
            "document" => sources::document(&block),
            other => {
                let message = format!(
                    "`{other}` blocks cannot be sent to Bedrock; expected `text`, `image`, `document` or `tool_result`"
                );
                block.reader().problem(block.path_of("type"), message);
                return (None, None);
            }
        };
        let ttl = self.points.take(&block);
        block.finish();
        (read, ttl)
    }
}

/// A text block where nothing else can stand, with a problem where something else does. `place` says where that is.
pub(super) fn only_text<'r, 'a>(item: &Value<'r, 'a>, place: &str) -> Option<Object<'r, 'a>> {
    let block = item.require_object("a text block")?;
    let kind = block.require_string("type");
    if kind != "text" {
        let message = format!("`{kind}` is not allowed in {place}; expected `text`");
        block.reader().problem(block.path_of("type"), message);
        return None;
    }
    refuse_citations(&block);
    Some(block)
}

/// Only a model cites.
fn refuse_citations(block: &Object<'_, '_>) {
    block.refuse("citations", &["[]"], "only assistant content can have citations");
}

/// Sets of tools are Anthropic's own; a call of one of them cannot be replayed.
pub(super) fn refuse_toolset(block: &Object<'_, '_>) {
    block.refuse("toolset_name", &[], "Bedrock does not support Anthropic's toolsets");
}
