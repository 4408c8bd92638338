//! A reply as the body of `Converse`, all at once.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::reply::{Block, Reply};

/// The body. Arguments that are not JSON come as a string, since the service has no other place for them.
pub(crate) fn body(reply: &Reply, usage: &Value, latency_ms: u64) -> Value {
    let content: Vec<Value> = reply.blocks.iter().map(block).collect();
    let mut body = json!({
        "metrics": {"latencyMs": latency_ms},
        "output": {"message": {"content": content, "role": "assistant"}},
        "stopReason": reply.stop_reason,
        "usage": usage,
    });
    for (name, value) in [("additionalModelResponseFields", &reply.additional_fields), ("trace", &reply.trace)] {
        if let Some(value) = value {
            body[name] = value.clone();
        }
    }
    body
}

fn block(block: &Block) -> Value {
    match block {
        Block::Text(text) => json!({"text": text}),
        Block::Cited { text, citations } => {
            json!({"citationsContent": {"citations": citations, "content": [{"text": text}]}})
        }
        Block::Reasoning { text, signature } => {
            let mut thought = json!({"text": text});
            if let Some(signature) = signature {
                thought["signature"] = json!(signature);
            }
            json!({"reasoningContent": {"reasoningText": thought}})
        }
        Block::Redacted(bytes) => json!({"reasoningContent": {"redactedContent": STANDARD.encode(bytes)}}),
        Block::ToolUse(call) => {
            let input = serde_json::from_str(&call.arguments).unwrap_or_else(|_| json!(call.arguments));
            let mut tool_use = json!({"input": input, "name": call.name, "toolUseId": call.id});
            if call.by_the_service {
                tool_use["type"] = json!("server_tool_use");
            }
            json!({"toolUse": tool_use})
        }
        Block::ToolResult { tool_use_id, kind, content } => {
            json!({"toolResult": {"content": [content], "status": "success", "toolUseId": tool_use_id, "type": kind}})
        }
    }
}
