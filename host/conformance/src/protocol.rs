//! The protocol of deltas, which holds for every turn.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;

use crate::contract::conversation::{Attachment, Delta, Fragment, ThinkingEnd, ToolcallEnd, ToolcallStart};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Thinking,
    ToolCall,
}

/// A violation of the protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// The rule's stable name.
    pub rule: &'static str,
    /// The violation and its place.
    pub what: String,
}

/// The rules that [`breach`] checks: name and statement.
pub const RULES: [(&str, &str); 8] = [
    (
        "one-end-last",
        "a turn gives `done` or `error` exactly once, as its last delta: nothing follows it from `push` or `finish`",
    ),
    ("start-comes-first", "`start` comes at most once, and before any block"),
    ("blocks-count-from-zero", "content blocks are numbered from 0 in the order of their starts"),
    ("pieces-belong-to-open-blocks", "a piece or an end names a block of its kind that has started and has not ended"),
    ("blocks-end-before-done", "every block has ended before `done`"),
    ("arguments-are-objects", "the arguments of an ended tool call are a JSON object"),
    ("attachments-are-json", "the value of an attachment is JSON"),
    ("attachments-belong-to-blocks", "an attachment names a block that has started, or none"),
];

/// Holds the deltas of a whole turn against the protocol: `start` at most once and before any block; blocks numbered
/// densely in the order in which they begin; pieces and ends for open blocks of their kind only; arguments that are an
/// object; attachments that are JSON; no block open at `done`; exactly one `done` or `error`, last.
///
/// # Errors
/// Says what is broken and where.
pub fn check(deltas: &[Delta]) -> Result<(), String> {
    breach(deltas).map_or(Ok(()), |breach| Err(breach.what))
}

/// The first violation in the deltas of a whole turn.
#[must_use]
pub fn breach(deltas: &[Delta]) -> Option<Breach> {
    let mut started = false;
    let mut begun = 0_u32;
    let mut open: BTreeMap<u32, Kind> = BTreeMap::new();
    for (at, delta) in deltas.iter().enumerate() {
        let broken = |rule: &'static str, what: &str| {
            Some(Breach { rule, what: format!("delta {at} breaks the protocol: {what}: {delta:?}") })
        };
        let terminal = matches!(delta, Delta::Done(_) | Delta::Error(_));
        if terminal != (at + 1 == deltas.len()) {
            return broken("one-end-last", "`done` or `error` must come once, as the last delta");
        }
        let begins = match delta {
            Delta::TextStart(index) => Some((*index, Kind::Text)),
            Delta::ThinkingStart(index) => Some((*index, Kind::Thinking)),
            Delta::ToolcallStart(ToolcallStart { content_index, id: _, name: _ }) => {
                Some((*content_index, Kind::ToolCall))
            }
            _ => None,
        };
        if let Some((index, kind)) = begins {
            if index != begun {
                return broken("blocks-count-from-zero", "blocks are numbered from 0 in the order of their starts");
            }
            begun += 1;
            open.insert(index, kind);
        }
        let (piece, ends) = match delta {
            Delta::TextDelta(Fragment { content_index, delta: _ }) => (Some((*content_index, Kind::Text)), false),
            Delta::ThinkingDelta(Fragment { content_index, delta: _ }) => {
                (Some((*content_index, Kind::Thinking)), false)
            }
            Delta::ToolcallDelta(Fragment { content_index, delta: _ }) => {
                (Some((*content_index, Kind::ToolCall)), false)
            }
            Delta::TextEnd(index) => (Some((*index, Kind::Text)), true),
            Delta::ThinkingEnd(ThinkingEnd { content_index, signature: _, redacted: _ }) => {
                (Some((*content_index, Kind::Thinking)), true)
            }
            Delta::ToolcallEnd(ToolcallEnd { content_index, arguments, problem: _ }) => {
                if !arguments.starts_with('{') || serde_json::from_str::<IgnoredAny>(arguments).is_err() {
                    return broken("arguments-are-objects", "arguments must be a JSON object");
                }
                (Some((*content_index, Kind::ToolCall)), true)
            }
            _ => (None, false),
        };
        if let Some((index, kind)) = piece {
            if open.get(&index) != Some(&kind) {
                return broken("pieces-belong-to-open-blocks", "no such block is open");
            }
            if ends {
                open.remove(&index);
            }
        }
        match delta {
            Delta::Start if started || begun > 0 => {
                return broken("start-comes-first", "`start` must come once, as the first delta");
            }
            Delta::Start => started = true,
            Delta::Attachment(Attachment { content_index, kind: _, value }) => {
                if content_index.is_some_and(|index| index >= begun) {
                    return broken("attachments-belong-to-blocks", "it belongs to a block that has not started");
                }
                if serde_json::from_str::<IgnoredAny>(value).is_err() {
                    return broken("attachments-are-json", "an attachment must be JSON");
                }
            }
            Delta::Done(_) if !open.is_empty() => return broken("blocks-end-before-done", "a block is still open"),
            _ => {}
        }
    }
    let nothing = || Breach { rule: "one-end-last", what: "the turn returned no delta".to_owned() };
    deltas.is_empty().then(nothing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::conversation::{Outcome, StopReason};
    use crate::contract::no_details;
    use crate::contract::types::{Usage, UsageCost};

    fn done() -> Delta {
        let cost = UsageCost { input: 0.0, output: 0.0, cache_read: 0.0, cache_write: 0.0, total: 0.0 };
        let usage = Usage { input: 0, output: 0, cache_read: 0, cache_write: 0, cache_write_long: 0, total: 0, cost };
        Delta::Done(Outcome {
            reason: StopReason::Stop,
            raw_stop_reason: "end_turn".into(),
            usage,
            details: no_details(),
        })
    }

    fn piece(content_index: u32) -> Delta {
        Delta::TextDelta(Fragment { content_index, delta: "x".into() })
    }

    fn tool_end(arguments: &str) -> Delta {
        Delta::ToolcallEnd(ToolcallEnd { content_index: 0, arguments: arguments.into(), problem: None })
    }

    #[test]
    fn a_good_turn_passes_and_each_way_to_break_it_is_found() {
        let tool = || Delta::ToolcallStart(ToolcallStart { content_index: 0, id: "i".into(), name: "n".into() });
        let citation = |value: &str| {
            Delta::Attachment(Attachment { content_index: Some(0), kind: "citation".into(), value: value.into() })
        };
        let (start, open, end) = (|| Delta::Start, || Delta::TextStart(0), || Delta::TextEnd(0));
        assert_eq!(check(&[start(), open(), piece(0), citation("{}"), end(), done()]), Ok(()));
        assert_eq!(check(&[tool(), tool_end("{}"), done()]), Ok(()));
        let broken: [(&str, Vec<Delta>); 12] = [
            ("no delta", vec![]),
            ("once, as the last", vec![start()]),
            ("once, as the last", vec![done(), done()]),
            ("once, as the last", vec![done(), start()]),
            ("once, as the first", vec![start(), start(), done()]),
            ("once, as the first", vec![open(), end(), start(), done()]),
            ("in the order of their starts", vec![Delta::TextStart(1), done()]),
            ("no such block is open", vec![open(), end(), piece(0), done()]),
            ("no such block is open", vec![tool(), piece(0), done()]),
            ("a block is still open", vec![open(), done()]),
            ("must be a JSON object", vec![tool(), tool_end("[]"), done()]),
            ("must be JSON", vec![open(), citation("{"), end(), done()]),
        ];
        for (what, deltas) in broken {
            let said = check(&deltas).err().unwrap_or_default();
            assert!(said.contains(what), "{deltas:?} should break `{what}`, and gave {said:?}");
        }
    }
}
