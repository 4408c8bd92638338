//! Counting: four characters are a token, an image is 1,500.

use serde_json::{Map, Value, json};

use super::prompt_cache::CacheCounts;
use super::reply::Reply;
use super::request::ConverseRequest;

/// Tokens of an image or a document, whatever its size.
const ATTACHMENT_TOKENS: u64 = 1500;

/// Members of a Converse request that are input.
pub(crate) const CONVERSE_INPUT: &[&str] = &["messages", "system", "toolConfig"];

/// The tokens of a text: a quarter of its characters, rounded up.
pub(crate) fn tokens_of(text: &str) -> u64 {
    u64::try_from(text.chars().count().div_ceil(4)).unwrap_or(u64::MAX)
}

/// The tokens of a block of a request, its base64 not counted by its length.
pub(crate) fn tokens_of_json(value: &Value) -> u64 {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 1,
        Value::String(text) => tokens_of(text),
        Value::Array(list) => list.iter().map(tokens_of_json).sum(),
        Value::Object(members) if is_attachment(members) => ATTACHMENT_TOKENS,
        Value::Object(members) => members.iter().map(|(name, value)| tokens_of(name) + tokens_of_json(value)).sum(),
    }
}

/// Whether an object is the source of an attachment: Converse's, or that of Anthropic's Messages.
fn is_attachment(members: &Map<String, Value>) -> bool {
    members.contains_key("bytes") || (members.contains_key("media_type") && members.contains_key("data"))
}

/// The tokens of those members of a body that are input.
pub(crate) fn tokens_of_members(body: &Value, names: &[&str]) -> u64 {
    names.iter().filter_map(|name| body.get(name)).map(tokens_of_json).sum()
}

/// The tokens of a whole request, as the checks count them before the exact body is at hand.
pub(crate) fn input_tokens(request: &ConverseRequest) -> u64 {
    let system = request.system.iter().filter_map(|block| block.text.as_deref()).map(tokens_of).sum::<u64>();
    let blocks = request.messages.iter().flat_map(|message| &message.content);
    let messages = blocks.map(|block| {
        let text = block.text.as_deref().map_or(0, tokens_of);
        let results = block
            .tool_result
            .iter()
            .flat_map(|result| &result.content)
            .filter_map(|content| content.text.as_deref())
            .map(tokens_of);
        text + results.sum::<u64>()
            + if block.image.is_some() || block.document.is_some() { ATTACHMENT_TOKENS } else { 0 }
    });
    system + messages.sum::<u64>()
}

/// The `usage` record of an answer. Input excludes what was read from or written to the cache, as the service's does, and the total is the sum of all.
pub(crate) fn usage(body: &Value, reply: &Reply, cache: Option<CacheCounts>) -> Value {
    let all = tokens_of_members(body, CONVERSE_INPUT);
    let output = reply.tokens();
    let mut usage = json!({"serverToolUsage": {}, "outputTokens": output});
    let Some(cache) = cache else {
        usage["inputTokens"] = json!(all);
        usage["totalTokens"] = json!(all + output);
        return usage;
    };
    let input = all.saturating_sub(cache.read + cache.write).max(1);
    usage["inputTokens"] = json!(input);
    usage["totalTokens"] = json!(input + cache.read + cache.write + output);
    // The service gives both counts twice, under the name of the API model and under an older one.
    for (name, count) in [("cacheReadInputToken", cache.read), ("cacheWriteInputToken", cache.write)] {
        usage[format!("{name}s")] = json!(count);
        usage[format!("{name}Count")] = json!(count);
    }
    if cache.write > 0 {
        let ttl = if cache.for_an_hour { "1h" } else { "5m" };
        usage["cacheDetails"] = json!([{"inputTokens": cache.write, "ttl": ttl}]);
    }
    usage
}
