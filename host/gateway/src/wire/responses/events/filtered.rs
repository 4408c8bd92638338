//! The end of an answer that the model refused to give, or that a filter stopped.

use super::super::items::{MESSAGE, Part, Progress, refusal_item};
use super::super::response::State;
use super::{Events, end};
use crate::contract::conversation::Outcome;
use crate::pi::events::member;
use crate::wire::openai_outcome::refusal;

/// The name of the index of a message's part.
const PLACE: &str = "content_index";

impl Events {
    /// Ends the answer: closes open items, writes the text of the refusal, then the response.
    pub(super) fn end_filtered(&mut self, outcome: &Outcome, out: &mut Vec<u8>) {
        let open: Vec<_> = self.open.iter().map(|open| open.index).collect();
        for index in open {
            // Each ends a block of its own kind only. A call without its end is not one that anybody may make.
            self.end_text(out, index);
            self.end_thinking(out, index);
        }
        if let Some(words) = refusal(outcome) {
            self.refuse(&words, out);
        }
        self.keep_answer();
        self.response_event(out, "response.incomplete", State::Ended(outcome));
    }

    /// A message of its own with a refusal in it. The service tells it in one piece and at the end, so it stands behind the
    /// blocks, all of which have ended.
    fn refuse(&mut self, words: &str, out: &mut Vec<u8>) {
        let Ok(index) = u32::try_from(self.fold.message().content.len()) else { return };
        self.refusal_item_event(out, "response.output_item.added", index, "", Progress::Begun);
        let nothing = Part::Refusal { refusal: "".into() };
        self.part_event(out, "response.content_part.added", (MESSAGE, PLACE), index, &nothing);
        for (name, what) in [("response.refusal.delta", "delta"), ("response.refusal.done", "refusal")] {
            self.begin_item_event(out, name, MESSAGE, index);
            member(out, PLACE, &0);
            member(out, what, words);
            end(out);
        }
        let part = Part::Refusal { refusal: words.into() };
        self.part_event(out, "response.content_part.done", (MESSAGE, PLACE), index, &part);
        self.refusal_item_event(out, "response.output_item.done", index, words, Progress::Ended);
    }

    fn refusal_item_event(&mut self, out: &mut Vec<u8>, name: &str, index: u32, words: &str, progress: Progress) {
        self.begin_event(out, name);
        member(out, "output_index", &index);
        member(out, "item", &refusal_item(self.of(), index as usize, words.into(), progress));
        end(out);
    }
}
