//! Which blocks a family takes in one turn, and in which order. What may not stand together becomes turns of its own.

use crate::families::{Family, MixedTurns};

use super::blocks::{Block, Role, WireMessage};
use super::report::Report;

/// What the other side says between two turns of one side, which have to alternate (pydantic-ai's recordings of Mistral have
/// such turns).
const OF_THE_ASSISTANT: &str = "I have received the tool results.";
const OF_THE_USER: &str = "Go on.";

/// The messages as the family takes them.
pub(super) fn arranged(messages: Vec<WireMessage>, family: &Family, report: &mut Report) -> Vec<WireMessage> {
    let mut arranged: Vec<WireMessage> = Vec::with_capacity(messages.len());
    for mut message in messages {
        if message.role == Role::Assistant {
            if !family.continues_answers && is_thought_alone(&message) {
                // Taken for a prefill (NousResearch/hermes-agent#105780).
                let why = "an assistant message was left out, because it contains thinking alone";
                report.notice("message-omitted", why);
                continue;
            }
            if !family.text_behind_calls {
                texts_before_calls(&mut message, report);
            }
        }
        for part in split(message, family, report) {
            match arranged.last_mut() {
                // The message between the two was left out.
                Some(last) if last.role == part.role => last.content.extend(part.content),
                _ => arranged.push(part),
            }
        }
    }
    arranged
}

fn is_thought_alone(message: &WireMessage) -> bool {
    let mut blocks = message.content.iter().filter(|block| !block.is_cache_point()).peekable();
    blocks.peek().is_some() && blocks.all(Block::is_reasoning)
}

fn is_call(block: &Block) -> bool {
    matches!(block, Block::ToolUse { .. })
}

fn is_result(block: &Block) -> bool {
    matches!(block, Block::ToolResult { .. })
}

/// Puts what the assistant said behind its calls in front of them.
fn texts_before_calls(message: &mut WireMessage, report: &mut Report) {
    let Some(first) = message.content.iter().position(is_call) else { return };
    let behind = message.content.split_off(first);
    let (texts, others): (Vec<Block>, Vec<Block>) =
        behind.into_iter().partition(|block| matches!(block, Block::Text(_)));
    if !texts.is_empty() {
        let why = "text behind the tool calls of an assistant message was moved in front of them: this model rejects it there";
        report.notice("assistant-text-moved", why);
    }
    message.content.extend(texts);
    message.content.extend(others);
}

/// The turns that a message becomes: itself, where its blocks may stand together.
fn split(mut message: WireMessage, family: &Family, report: &mut Report) -> Vec<WireMessage> {
    let mixed = family.mixed_turns;
    let has = |what: fn(&Block) -> bool| message.content.iter().any(what);
    let is_text = |block: &Block| matches!(block, Block::Text(_) | Block::GuardedText(_));
    let is_file = |block: &Block| matches!(block, Block::Document { .. } | Block::Video { .. });
    let (first, between): (fn(&Block) -> bool, _) = match message.role {
        Role::User if has(is_result) => {
            let splits = match mixed {
                MixedTurns::Any => false,
                MixedTurns::NoDocuments => has(is_file),
                MixedTurns::NoText => has(is_text),
                MixedTurns::ResultsAlone => message.content.iter().any(|b| !is_result(b) && !b.is_cache_point()),
            };
            if !splits {
                return vec![message];
            }
            (is_result, OF_THE_ASSISTANT)
        }
        Role::Assistant if mixed == MixedTurns::NoText && has(is_call) && has(is_text) => {
            (|block| !is_call(block), OF_THE_USER)
        }
        _ => return vec![message],
    };
    report.notice(
        "turn-split",
        "a message was split into two turns with one of the other side between them: this model does not support tool calls or results beside what else it contains",
    );
    let role = message.role;
    let (front, rest): (Vec<Block>, Vec<Block>) = std::mem::take(&mut message.content).into_iter().partition(first);
    let other = if role == Role::User { Role::Assistant } else { Role::User };
    vec![
        WireMessage { role, content: front },
        WireMessage { role: other, content: vec![Block::Text(between.to_owned())] },
        WireMessage { role, content: rest },
    ]
}
