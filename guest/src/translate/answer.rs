//! An answer that has to keep to a schema, where a tool stands for it: its arguments are the answer, and words beside the call are
//! no part of it. Without a call the text has to be JSON. Where Bedrock holds the model to the schema, the text is as it comes.

use serde::de::IgnoredAny;

use super::Turn;
use crate::contract::conversation::{Delta, Fragment};

/// What is known of the answer so far.
#[derive(Debug, Default)]
pub(super) enum Answer {
    /// Nothing is asked of its text.
    #[default]
    Free,
    /// A tool's arguments are the answer. Words that came before its call wait here.
    Awaited(String),
    /// The tool was called: words are no part of the answer.
    Called,
}

impl Turn {
    /// Whether a text is for the client now; what is not is kept, or left out.
    pub(super) fn admits_text(&mut self, text: &str) -> bool {
        match &mut self.answer {
            Answer::Free => true,
            Answer::Awaited(held) => {
                held.push_str(text);
                false
            }
            Answer::Called => false,
        }
    }

    /// The tool that is the answer is called.
    pub(super) fn answer_begins(&mut self, deltas: &mut Vec<Delta>) {
        if let Answer::Awaited(held) = std::mem::replace(&mut self.answer, Answer::Called)
            && !held.trim().is_empty()
        {
            let message = || "words before the structured answer were left out".to_owned();
            self.notice("answer-text-omitted", "", message, deltas);
        }
    }

    /// Another tool is called, or the turn fails: what the model said is what it said.
    pub(super) fn release_words(&mut self, deltas: &mut Vec<Delta>) {
        let Answer::Awaited(held) = &mut self.answer else { return };
        let delta = std::mem::take(held);
        self.answer = Answer::Free;
        if !delta.trim().is_empty() {
            let content_index = self.blocks.take_index();
            deltas.push(Delta::TextStart(content_index));
            deltas.push(Delta::TextDelta(Fragment { content_index, delta }));
            deltas.push(Delta::TextEnd(content_index));
        }
    }

    /// Whether the answer of a turn that ended well without a call of other tools has the form that was asked for.
    pub(super) fn has_its_form(&self) -> bool {
        let is_json = |text: &str| serde_json::from_str::<IgnoredAny>(text).is_ok();
        match &self.answer {
            Answer::Free | Answer::Called => true,
            Answer::Awaited(text) => self.called_tools || is_json(text),
        }
    }
}
