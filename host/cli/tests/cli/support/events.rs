//! pi's protocol, as a reader of `--json` relies on it.

use std::collections::BTreeMap;

use serde_json::Value;

/// Checks that events follow pi's protocol from the first to the last, and gives the message of the last one.
///
/// `start` comes first, if anything but a terminal event does. Blocks begin in the order of their index, and their deltas and
/// end have it; at the end of a block stands what its deltas came to. Exactly one terminal event comes, last.
#[track_caller]
pub(crate) fn check_events(events: &[Value]) -> &Value {
    let (last, before) = events.split_last().expect("there is an event");
    if let Some((first, rest)) = before.split_first() {
        assert_eq!(kind(first), "start", "{events:#?}");
        check_blocks(rest, kind(last) == "done");
    }
    let (reasons, holder) = match kind(last) {
        "done" => (["stop", "length", "toolUse"].as_slice(), "message"),
        "error" => (["error", "aborted"].as_slice(), "error"),
        other => panic!("{other} is no end: {last:#}"),
    };
    let reason = last["reason"].as_str().unwrap_or_default();
    assert!(reasons.contains(&reason), "{last:#}");
    let message = &last[holder];
    assert_eq!(message["role"], "assistant", "{last:#}");
    assert_eq!(message["api"], "bedrock-converse-stream", "{last:#}");
    assert_eq!(message["provider"], "amazon-bedrock", "{last:#}");
    assert_eq!(message["stopReason"], reason, "{last:#}");
    assert!(message["content"].is_array() && message["model"].is_string(), "{last:#}");
    assert!(message["timestamp"].as_u64().is_some_and(|time| time > 1_700_000_000_000), "{last:#}");
    for count in ["input", "output", "cacheRead", "cacheWrite", "totalTokens"] {
        assert!(message["usage"][count].is_u64(), "usage.{count}: {last:#}");
    }
    for cost in ["input", "output", "cacheRead", "cacheWrite", "total"] {
        assert!(message["usage"]["cost"][cost].is_number(), "usage.cost.{cost}: {last:#}");
    }
    assert_eq!(message["errorMessage"].is_string(), holder == "error", "{last:#}");
    if holder == "message" {
        assert!(message["rawStopReason"].is_string(), "{last:#}");
    }
    message
}

#[track_caller]
fn check_blocks(events: &[Value], all_end: bool) {
    let mut open: BTreeMap<u64, (&str, String)> = BTreeMap::new();
    let mut begun = 0;
    for event in events {
        let Some((block, phase)) = kind(event).rsplit_once('_') else {
            assert!(matches!(kind(event), "attachment" | "notice"), "{event:#}");
            continue;
        };
        assert!(matches!(block, "text" | "thinking" | "toolcall"), "{event:#}");
        let index = event["contentIndex"].as_u64().expect("a block has an index");
        match phase {
            "start" => {
                assert_eq!(index, begun, "{event:#}");
                begun += 1;
                open.insert(index, (block, String::new()));
            }
            "delta" => {
                let (kind, text) = open.get_mut(&index).unwrap_or_else(|| panic!("no block is open for {event:#}"));
                assert_eq!(*kind, block, "{event:#}");
                text.push_str(event["delta"].as_str().expect("a delta has its text"));
            }
            "end" => {
                let (kind, text) = open.remove(&index).unwrap_or_else(|| panic!("no block is open for {event:#}"));
                assert_eq!(kind, block, "{event:#}");
                match block {
                    "toolcall" => {
                        assert_eq!(event["toolCall"]["type"], "toolCall", "{event:#}");
                        let arguments: Option<Value> = serde_json::from_str(&text).ok();
                        assert_eq!(event["toolCall"]["arguments"], arguments.unwrap_or_else(|| serde_json::json!({})));
                    }
                    _ => assert_eq!(event["content"], text, "{event:#}"),
                }
            }
            other => panic!("{other} is no phase of a block: {event:#}"),
        }
    }
    assert!(open.is_empty() || !all_end, "blocks did not end: {open:?}");
}

fn kind(event: &Value) -> &str {
    event["type"].as_str().unwrap_or_default()
}

/// The deltas of a kind, such as `text_delta`, together.
pub(crate) fn deltas_of(events: &[Value], wanted: &str) -> String {
    events.iter().filter(|event| kind(event) == wanted).filter_map(|event| event["delta"].as_str()).collect()
}
