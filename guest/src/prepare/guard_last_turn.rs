//! `options.guard-last-turn-only`: a guardrail looks at what the user said last, and not at all of the conversation again.
//!
//! As soon as a request has a `guardContent` the service looks at nothing else; where it has none, it looks at everything (AWS's
//! page on guardrails with Converse). So a turn that only brings tool results, which cannot hold one, needs one of its own:
//! else a sentence that was let pass long ago can stop the agent now (langchain-aws #900).

use super::blocks::{Block, Role, WireMessage};
use super::report::Report;

/// What stands in a turn in which there is nothing to look at. It is not blank, which the service refuses, and no sentence,
/// which models would answer instead of looking at the results (langchain-aws #996, PR 1003: tried with several).
const NOTHING_TO_GUARD: &str = "[tool_result]";

/// Makes `guardContent` of the last message's texts and images, and plain text of what was guarded before.
pub(super) fn guard(messages: &mut [WireMessage], has_guardrail: bool, report: &mut Report) {
    if !has_guardrail {
        report.notice("guard-ignored", "guardLastTurnOnly was ignored: no guardrail is configured");
        return;
    }
    let last = messages.iter().rposition(|message| message.role == Role::User);
    for (index, message) in messages.iter_mut().enumerate() {
        for block in &mut message.content {
            match block {
                Block::Text(text) if Some(index) == last => *block = Block::GuardedText(std::mem::take(text)),
                // Guardrails take these two formats of the four.
                Block::Image { format: format @ ("png" | "jpeg"), blob } if Some(index) == last => {
                    *block = Block::GuardedImage { format, blob: *blob };
                }
                Block::GuardedText(text) if Some(index) != last => *block = Block::Text(std::mem::take(text)),
                _ => {}
            }
        }
    }
    let Some(last) = last.and_then(|last| messages.get_mut(last)) else { return };
    if !last.content.iter().any(|block| matches!(block, Block::GuardedText(_) | Block::GuardedImage { .. })) {
        last.content.push(Block::GuardedText(NOTHING_TO_GUARD.to_owned()));
    }
}
