//! Tools that Bedrock ran itself: their blocks, and the counts of their calls in `usage`.

use serde::{Deserialize, Serialize};

use crate::json::raw::Json;

/// The call or the result of a tool that Bedrock ran, as Anthropic's API shows those of its own.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum ServerBlock {
    /// A call.
    Use { r#type: &'static str, id: String, name: String, input: Json },
    /// A result, under the type that Bedrock gives it.
    Result { r#type: String, tool_use_id: String, content: Json },
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ServerToolUse {
    tool_use_id: String,
    name: String,
    input: Json,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ServerToolResult {
    tool_use_id: String,
    r#type: String,
    content: Json,
}

/// Reads an attachment; `None` where it is of another kind.
pub(super) fn read_server_block(kind: &str, json: &str) -> Option<ServerBlock> {
    match kind {
        "server-tool-use" => {
            let ServerToolUse { tool_use_id, name, input } = serde_json::from_str(json).ok()?;
            Some(ServerBlock::Use { r#type: "server_tool_use", id: tool_use_id, name, input })
        }
        "server-tool-result" => {
            let ServerToolResult { tool_use_id, r#type, content } = serde_json::from_str(json).ok()?;
            let r#type = if r#type.is_empty() { "server_tool_result".to_owned() } else { r#type };
            Some(ServerBlock::Result { r#type, tool_use_id, content })
        }
        _ => None,
    }
}

/// `usage.server_tool_use`: requests of the two tools that Anthropic counts. Amazon's `nova_grounding` searches the web (Nova user
/// guide, "Web grounding"), so it counts among the searches; other tools have no count in this API.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct ServerToolUsage {
    web_fetch_requests: u64,
    web_search_requests: u64,
}

/// Bedrock's own count, `usage.serverToolUsage`. It is in no API model, and was empty in every recorded stream, also where a tool ran.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Told {
    web_fetch_requests: Option<u64>,
    web_search_requests: Option<u64>,
}

impl ServerToolUsage {
    /// Counts a block.
    pub(super) fn count(&mut self, block: &ServerBlock) {
        let ServerBlock::Use { name, .. } = block else { return };
        match name.as_str() {
            "web_search" | "nova_grounding" => self.web_search_requests += 1,
            "web_fetch" => self.web_fetch_requests += 1,
            _ => {}
        }
    }

    /// What to tell, from what was counted and what Bedrock told at the end: its count holds where it has one. `None` where
    /// neither tool was used.
    pub(super) fn told(self, told: Option<&str>) -> Option<Self> {
        let told: Told = told.and_then(|told| serde_json::from_str(told).ok()).unwrap_or_default();
        let usage = ServerToolUsage {
            web_fetch_requests: told.web_fetch_requests.unwrap_or(self.web_fetch_requests),
            web_search_requests: told.web_search_requests.unwrap_or(self.web_search_requests),
        };
        (usage != ServerToolUsage::default()).then_some(usage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(name: &str) -> ServerBlock {
        let json = format!(r#"{{"toolUseId":"s","name":"{name}","input":{{}}}}"#);
        read_server_block("server-tool-use", &json).expect("it is a call")
    }

    fn told(counted: ServerToolUsage, json: &str) -> Option<(u64, u64)> {
        counted.told(Some(json)).map(|usage| (usage.web_search_requests, usage.web_fetch_requests))
    }

    #[test]
    fn searches_and_fetches_are_counted_and_the_services_count_holds() {
        let mut counted = ServerToolUsage::default();
        for name in ["web_search", "nova_grounding", "web_fetch", "nova_code_interpreter"] {
            counted.count(&call(name));
        }
        let result = read_server_block("server-tool-result", r#"{"toolUseId":"s","type":"web_search","content":[]}"#);
        counted.count(&result.expect("it is a result"));
        assert_eq!(told(counted, "{}"), Some((2, 1)));
        assert_eq!(told(counted, r#"{"webSearchRequests":5}"#), Some((5, 1)));
        assert_eq!(told(counted, r#"{"webSearchRequests":"many"}"#), Some((2, 1)));
        assert_eq!(told(ServerToolUsage::default(), r#"{"webFetchRequests":3}"#), Some((0, 3)));
        assert_eq!(told(ServerToolUsage::default(), r#"{"other":3}"#), None);
        assert_eq!(ServerToolUsage::default().told(None), None);
    }
}
