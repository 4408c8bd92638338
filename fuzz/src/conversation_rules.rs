//! What Bedrock wants of a request's messages.

use std::collections::BTreeSet;

use serde_json::Value;

/// Roles alternate, the user first (an assistant's message may be last: some models go on with it); every tool use is answered in the next message and nothing else is; no blank text; at
/// most four cache points, none first in a message; ids and inputs of calls in the service's form.
///
/// # Errors
/// Says what is broken.
pub(crate) fn check(body: &Value) -> Result<(), String> {
    let messages = list(&body["messages"]);
    let mut asked: BTreeSet<String> = BTreeSet::new();
    let mut points = cache_points(&body["system"]) + cache_points(&body["toolConfig"]["tools"]);
    for (index, message) in messages.iter().enumerate() {
        let role = if index % 2 == 0 { "user" } else { "assistant" };
        let content = list(&message["content"]);
        if message["role"] != role || content.is_empty() {
            return Err(format!("message {index} is not one of the {role} with content"));
        }
        if content[0].get("cachePoint").is_some() {
            return Err(format!("message {index} begins with a cache point"));
        }
        points += cache_points(&message["content"]);
        let results: Vec<&Value> = content.iter().filter_map(|block| block.get("toolResult")).collect();
        let inside = results.iter().flat_map(|result| list(&result["content"]));
        if content.iter().chain(inside).any(is_blank) {
            return Err(format!("message {index} has blank text"));
        }
        let answered: BTreeSet<String> = results.iter().map(|result| id(result)).collect();
        if answered != asked || answered.len() != results.len() {
            return Err(format!("message {index} answers {answered:?} and not {asked:?}"));
        }
        asked.clear();
        for call in content.iter().filter_map(|block| block.get("toolUse")) {
            let id = id(call);
            let plain = (1..=64).contains(&id.len())
                && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
            if !plain || !call["input"].is_object() || !asked.insert(id) {
                return Err(format!("message {index} has a call that is not right: {call}"));
            }
        }
    }
    if messages.is_empty() || !asked.is_empty() {
        return Err("the conversation is empty, or ends with calls".to_owned());
    }
    if points > 4 {
        return Err(format!("{points} cache points"));
    }
    Ok(())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn cache_points(blocks: &Value) -> usize {
    list(blocks).iter().filter(|block| block.get("cachePoint").is_some()).count()
}

fn is_blank(block: &Value) -> bool {
    block["text"].as_str().is_some_and(|text| text.trim().is_empty())
}

fn id(block: &Value) -> String {
    block["toolUseId"].as_str().unwrap_or_default().to_owned()
}
