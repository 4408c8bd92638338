//! What holds for the deltas of every turn, whatever was put in.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;

use crate::contract::conversation::{Attachment, Delta, Fragment, ThinkingEnd, ToolcallEnd, ToolcallStart};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Thinking,
    ToolCall,
}

/// Holds the deltas of a whole turn against the protocol: `start` at most once and before any block; blocks numbered
/// densely in the order in which they begin; pieces and ends for open blocks of their kind only; arguments that are an
/// object; attachments that are JSON; no block open at `done`; exactly one `done` or `error`, last.
///
/// # Errors
/// Says what is broken and where.
pub fn check(deltas: &[Delta]) -> Result<(), String> {
    let mut started = false;
    let mut begun = 0_u32;
    let mut open: BTreeMap<u32, Kind> = BTreeMap::new();
    for (at, delta) in deltas.iter().enumerate() {
        let broken = |what: &str| Err(format!("delta {at} breaks the protocol: {what}: {delta:?}"));
        let terminal = matches!(delta, Delta::Done(_) | Delta::Error(_));
        if terminal != (at + 1 == deltas.len()) {
            return broken("`done` or `error` has to come once, last");
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
                return broken("blocks count from 0 in the order in which they begin");
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
                    return broken("arguments have to be a JSON object");
                }
                (Some((*content_index, Kind::ToolCall)), true)
            }
            _ => (None, false),
        };
        if let Some((index, kind)) = piece {
            if open.get(&index) != Some(&kind) {
                return broken("there is no such block open");
            }
            if ends {
                open.remove(&index);
            }
        }
        match delta {
            Delta::Start if started || begun > 0 => return broken("`start` has to come once, first"),
            Delta::Start => started = true,
            Delta::Attachment(Attachment { content_index, kind: _, value }) => {
                if content_index.is_some_and(|index| index >= begun) {
                    return broken("it belongs to a block that did not begin");
                }
                if serde_json::from_str::<IgnoredAny>(value).is_err() {
                    return broken("an attachment has to be JSON");
                }
            }
            Delta::Done(_) if !open.is_empty() => return broken("a block is open still"),
            _ => {}
        }
    }
    if deltas.is_empty() { Err("the turn gave no delta at all".to_owned()) } else { Ok(()) }
}
