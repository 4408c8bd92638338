//! A reply as the events of a ConverseStream, in the order and with the members of the recorded ones.

use std::ops::RangeInclusive;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::dice::Dice;
use super::frames::Event;
use super::models::Style;
use super::reply::{Block, Reply, ToolCall};

/// Letters of a text delta: a few letters to a few words.
const PIECE_OF_TEXT: RangeInclusive<u64> = 3..=24;
/// Letters of a delta of arguments: smaller, so that even short arguments come in several.
const PIECE_OF_ARGUMENTS: RangeInclusive<u64> = 1..=8;

/// The events of a reply up to `messageStop`; the metadata event follows it, see [`metadata`].
pub(crate) fn events(reply: &Reply, style: Style, dice: &mut Dice) -> Vec<Event> {
    let mut events = vec![Event::new("messageStart", json!({"role": "assistant"}))];
    for (index, block) in reply.blocks.iter().enumerate() {
        // Only blocks of tools have a start event.
        match block {
            Block::Text(text) => events.extend(
                pieces(text, PIECE_OF_TEXT, dice).into_iter().map(|piece| delta(index, &json!({"text": piece}))),
            ),
            Block::Cited { text, citations } => {
                events.extend(
                    pieces(text, PIECE_OF_TEXT, dice).into_iter().map(|piece| delta(index, &json!({"text": piece}))),
                );
                events.extend(citations.iter().map(|citation| delta(index, &json!({"citation": citation}))));
            }
            Block::Reasoning { text, signature } => {
                let reasoning = |member: &str, value: &str| delta(index, &json!({"reasoningContent": {member: value}}));
                events.extend(pieces(text, PIECE_OF_TEXT, dice).iter().map(|piece| reasoning("text", piece)));
                events.extend(signature.iter().map(|signature| reasoning("signature", signature)));
            }
            Block::Redacted(bytes) => {
                let (first, second) = bytes.split_at(bytes.len() / 2);
                events.extend([first, second].map(|half| {
                    delta(index, &json!({"reasoningContent": {"redactedContent": STANDARD.encode(half)}}))
                }));
            }
            Block::ToolUse(call) => events.extend(tool_use(index, call, style, dice)),
            Block::ToolResult { tool_use_id, kind, content } => {
                let start = json!({"status": "success", "toolUseId": tool_use_id, "type": kind});
                events.push(Event::new(
                    "contentBlockStart",
                    json!({"contentBlockIndex": index, "start": {"toolResult": start}}),
                ));
                events.push(delta(index, &json!({"toolResult": [content]})));
            }
        }
        events.push(Event::new("contentBlockStop", json!({"contentBlockIndex": index})));
    }
    let mut stop = json!({"stopReason": reply.stop_reason});
    if let Some(fields) = &reply.additional_fields {
        stop["additionalModelResponseFields"] = fields.clone();
    }
    events.push(Event::new("messageStop", stop));
    events
}

/// The last event of every complete stream.
pub(crate) fn metadata(reply: &Reply, usage: &Value, latency_ms: u64) -> Event {
    let mut payload = json!({"metrics": {"latencyMs": latency_ms}, "usage": usage});
    if let Some(trace) = &reply.trace {
        payload["trace"] = trace.clone();
    }
    Event::new("metadata", payload)
}

fn delta(index: usize, delta: &Value) -> Event {
    Event::new("contentBlockDelta", json!({"contentBlockIndex": index, "delta": delta}))
}

fn tool_use(index: usize, call: &ToolCall, style: Style, dice: &mut Dice) -> Vec<Event> {
    let mut start = json!({"name": call.name, "toolUseId": call.id});
    if call.by_the_service {
        start["type"] = json!("server_tool_use");
    }
    let mut events =
        vec![Event::new("contentBlockStart", json!({"contentBlockIndex": index, "start": {"toolUse": start}}))];
    let inputs = match style {
        Style::Nova => vec![call.arguments.as_str()],
        // Claude sends no delta at all for a call without arguments, and an empty one first for any other.
        Style::Claude if call.arguments == "{}" => vec![],
        Style::Claude => std::iter::once("").chain(pieces(&call.arguments, PIECE_OF_ARGUMENTS, dice)).collect(),
        Style::Plain => pieces(&call.arguments, PIECE_OF_ARGUMENTS, dice),
    };
    events.extend(inputs.into_iter().map(|input| delta(index, &json!({"toolUse": {"input": input}}))));
    events
}

/// Cuts a text where a model's deltas would, so some pieces end in the middle of a word.
fn pieces<'a>(text: &'a str, letters: RangeInclusive<u64>, dice: &mut Dice) -> Vec<&'a str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let letters = usize::try_from(dice.between(*letters.start(), *letters.end())).unwrap_or(1);
        let end = rest.char_indices().nth(letters).map_or(rest.len(), |(at, _)| at);
        let (piece, after) = rest.split_at(end);
        pieces.push(piece);
        rest = after;
    }
    pieces
}
