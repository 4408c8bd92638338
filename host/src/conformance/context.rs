//! pi's `Context` for cases of `prepare`: text of the user and the system prompt. Stands in for `crate::pi::context`.

use serde_json::Value;

use crate::contract::conversation::{Context, Message, UserBlock};
use crate::contract::types::NamedJson;

/// Reads a context, and the blobs in it.
///
/// # Errors
/// When it is not one.
pub fn parse(context: &Value) -> Result<(Context, Vec<Vec<u8>>), String> {
    let system_prompt = context.get("systemPrompt").and_then(Value::as_str).map(str::to_owned);
    let messages = context.get("messages").and_then(Value::as_array).ok_or("the context has no messages")?;
    let messages = messages
        .iter()
        .map(|message| match (message.get("role").and_then(Value::as_str), message.get("content")) {
            (Some("user"), Some(Value::String(text))) => Message::User(vec![UserBlock::Text(text.clone())]),
            (role, _) => {
                Message::Other(NamedJson { name: role.unwrap_or_default().to_owned(), value: message.to_string() })
            }
        })
        .collect();
    Ok((Context { system_prompt, messages, tools: Vec::new() }, Vec::new()))
}
