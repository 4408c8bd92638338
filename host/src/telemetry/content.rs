//! Prompts and answers, where the operator has asked for them.

use crate::contract::conversation::Delta;

/// The most bytes of an answer, and of a prompt, that are kept for logs and spans.
const MOST_BYTES: usize = 256 * 1024;

/// Ends what was longer.
const CUT: &str = "… (cut)";

/// A prompt and what was answered so far.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) prompt: String,
    pub(super) answer: String,
}

impl Content {
    pub(super) fn of(prompt: &str) -> Self {
        let mut kept = String::new();
        append(&mut kept, prompt);
        Content { prompt: kept, answer: String::new() }
    }

    /// Takes the text of deltas: what the model said, thought, and called tools with.
    pub(super) fn collect(&mut self, deltas: &[Delta]) {
        for delta in deltas {
            match delta {
                Delta::TextDelta(piece) | Delta::ThinkingDelta(piece) | Delta::ToolcallDelta(piece) => {
                    append(&mut self.answer, &piece.delta);
                }
                Delta::ToolcallStart(call) => append(&mut self.answer, &call.name),
                _ => {}
            }
        }
    }
}

fn append(kept: &mut String, more: &str) {
    if kept.len() >= MOST_BYTES {
        return;
    }
    let room = MOST_BYTES - kept.len();
    if more.len() <= room {
        kept.push_str(more);
        return;
    }
    kept.push_str(&more[..more.floor_char_boundary(room)]);
    kept.push_str(CUT);
    // A cut within a character must not leave room for what comes later.
    while kept.len() < MOST_BYTES {
        kept.push('…');
    }
}
