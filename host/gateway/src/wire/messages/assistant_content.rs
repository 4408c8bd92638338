//! The assistant's messages.

use std::collections::BTreeMap;

use super::super::reader::{Object, Value};
use super::caching::{CachePoints, TimeToLive};
use super::user_content::refuse_toolset;
use crate::contract::conversation::{AssistantBlock, AssistantText, Thinking, ToolCall};
use crate::contract::types::NamedJson;

/// Reads the content of a message of the assistant, and records the calls in it.
pub(super) fn read(
    content: &Value<'_, '_>,
    points: &CachePoints,
    calls: &mut BTreeMap<String, String>,
) -> Vec<AssistantBlock> {
    if content.is_string() {
        return content.string().map(text).into_iter().collect();
    }
    let items = content.items("a string, or an array of blocks");
    let mut blocks = Vec::with_capacity(items.len());
    for item in items {
        let Some(object) = item.require_object("a block, which is an object with a `type`") else { continue };
        let Some(block) = block(&object) else { continue };
        if let AssistantBlock::ToolCall(call) = &block {
            calls.insert(call.id.clone(), call.name.clone());
        }
        blocks.push(block);
        blocks.extend(points.take(&object).map(cache_point));
        object.finish();
    }
    blocks
}

/// A cache point after a message of the assistant, in the contract's form.
pub(super) fn cache_point(ttl: TimeToLive) -> AssistantBlock {
    let value = ttl.map_or_else(|| "{}".to_owned(), |ttl| format!("{{\"ttl\":{}}}", serde_json::Value::from(ttl)));
    AssistantBlock::Other(NamedJson { name: "cachePoint".to_owned(), value })
}

fn text(text: String) -> AssistantBlock {
    AssistantBlock::Text(AssistantText { text, citations: Vec::new() })
}

/// One block. Nothing, with a problem, where it cannot be replayed.
fn block(block: &Object<'_, '_>) -> Option<AssistantBlock> {
    let kind = block.require_string("type");
    Some(match &*kind {
        "text" => {
            block.ignore(&["citations"]);
            text(block.require_string("text"))
        }
        "thinking" => AssistantBlock::Thinking(Thinking {
            text: block.require_string("thinking"),
            signature: block.string("signature").filter(|signature| !signature.is_empty()),
            redacted: false,
        }),
        "redacted_thinking" => AssistantBlock::Thinking(Thinking {
            text: String::new(),
            signature: Some(block.require_string("data")),
            redacted: true,
        }),
        "tool_use" => {
            refuse_toolset(block);
            if let Some(caller) = block.take("caller")
                && caller.object().and_then(|caller| caller.string("type")).as_deref() != Some("direct")
            {
                caller.problem("Bedrock runs no code that could call tools; expected the type `direct`");
            }
            let input = block.require("input", "an object")?;
            if input.object().is_none() {
                input.expected("an object");
            }
            AssistantBlock::ToolCall(ToolCall {
                id: block.require_string("id"),
                name: block.require_string("name"),
                arguments: input.raw.get().to_owned(),
            })
        }
        other => {
            let message = format!(
                "`{other}` blocks cannot be sent to Bedrock; expected `text`, `thinking`, `redacted_thinking` or `tool_use`"
            );
            block.reader().problem(block.path_of("type"), message);
            return None;
        }
    })
}
