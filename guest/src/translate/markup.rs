//! Text that is no text: what some models write into their answers and the service leaves there. Nova puts its thinking between
//! `<thinking>` and `</thinking>` (langchain-ai/langchain-aws#1111), Kimi writes the tokens of its tool calls (vercel/ai#17732).

use super::Turn;
use super::wire::{ReasoningDelta, Text, ToolUseStart};
use crate::contract::conversation::Delta;
use crate::families::Markup;

const THINKING: (&str, &str) = ("<thinking>", "</thinking>");
const CALLS: (&str, &str) = ("<|tool_calls_section_begin|>", "<|tool_calls_section_end|>");
const CALL: (&str, &str) = ("<|tool_call_begin|>", "<|tool_call_end|>");
const ARGUMENTS: &str = "<|tool_call_argument_begin|>";

/// What a piece of text is.
#[derive(Debug, PartialEq)]
pub(super) enum Piece {
    Text(String),
    Thinking(String),
    Call { id: String, name: String, arguments: String },
}

/// Reads the text of one block.
#[derive(Debug)]
pub(super) struct Reader {
    marks: (&'static str, &'static str),
    calls: bool,
    /// Text that may be the beginning of a mark, or is between two marks and not whole.
    held: String,
    inside: bool,
    /// Whether all so far is white space: Nova's thinking comes first, and an answer may speak of the marks later.
    at_front: bool,
    /// Whether the text is thinking.
    of_thinking: bool,
}

impl Reader {
    /// A reader for models with this markup; none where there is nothing to look for.
    pub(super) fn of(markup: Markup, of_thinking: bool) -> Option<Reader> {
        let (marks, calls) = match markup {
            Markup::ThinkingTags if !of_thinking => (THINKING, false),
            Markup::KimiCalls => (CALLS, true),
            Markup::None | Markup::Channels | Markup::ThinkingTags => return None,
        };
        Some(Reader { marks, calls, held: String::new(), inside: false, at_front: true, of_thinking })
    }

    /// Reads more text.
    pub(super) fn read(&mut self, text: &str) -> Vec<Piece> {
        self.held.push_str(text);
        let mut pieces = Vec::new();
        loop {
            let mark = if self.inside { self.marks.1 } else { self.marks.0 };
            let looks = self.calls || self.inside || self.at_front;
            let Some(at) = looks.then(|| self.held.find(mark)).flatten().filter(|at| self.may_begin(*at)) else {
                break;
            };
            let before: String = self.held.drain(..at).collect();
            self.held.drain(..mark.len());
            self.give(before, true, &mut pieces);
            self.inside = !self.inside;
        }
        // What is between the marks of calls is read when it is whole.
        if !(self.inside && self.calls) {
            let mark = if self.inside { self.marks.1 } else { self.marks.0 };
            let keep = if self.calls || self.inside || self.at_front { self.beginning_of(mark) } else { 0 };
            let given: String = self.held.drain(..self.held.len() - keep).collect();
            self.give(given, false, &mut pieces);
        }
        pieces
    }

    /// The rest, when the block ends.
    pub(super) fn rest(&mut self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let held = std::mem::take(&mut self.held);
        self.give(held, true, &mut pieces);
        pieces
    }

    /// Whether a mark at this place of what is held counts.
    fn may_begin(&self, at: usize) -> bool {
        self.calls || self.inside || self.held[..at].trim().is_empty()
    }

    /// How many bytes at the end of what is held may be the beginning of a mark.
    fn beginning_of(&self, mark: &str) -> usize {
        let most = mark.len().min(self.held.len());
        (1..=most).rev().find(|length| self.held.ends_with(&mark[..*length])).unwrap_or(0)
    }

    fn give(&mut self, text: String, whole: bool, pieces: &mut Vec<Piece>) {
        if self.inside && self.calls {
            pieces.extend(calls(&text));
            return;
        }
        if text.is_empty() {
            return;
        }
        if self.inside {
            pieces.push(Piece::Thinking(text));
            return;
        }
        let blank = text.trim().is_empty();
        if self.at_front && !self.calls && blank && !whole {
            // White space in front of a mark goes with it.
            self.held.insert_str(0, &text);
            return;
        }
        if self.at_front && !self.calls && blank {
            return;
        }
        self.at_front = self.at_front && blank;
        pieces.push(Piece::Text(text));
    }
}

/// The calls of a section: `functions.NAME:IDX` and the arguments of each.
fn calls(section: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for call in section.split(CALL.0).skip(1) {
        let call = call.split(CALL.1).next().unwrap_or_default();
        let (id, arguments) = call.split_once(ARGUMENTS).unwrap_or((call, ""));
        let id = id.trim();
        let name = id.strip_prefix("functions.").unwrap_or(id);
        let name = name.rsplit_once(':').map_or(name, |(name, _)| name);
        pieces.push(Piece::Call { id: id.to_owned(), name: name.to_owned(), arguments: arguments.trim().to_owned() });
    }
    pieces
}

impl Turn {
    /// Takes text of a block, or of its thinking, through the reader of that block.
    pub(super) fn read_marked(&mut self, wire_index: u64, text: &str, of_thinking: bool, deltas: &mut Vec<Delta>) {
        // While the pieces are fed the block may end and another begin; this reader goes on.
        let reader = self.readers.remove(&wire_index).or_else(|| Reader::of(self.markup, of_thinking));
        let Some(mut reader) = reader else { return };
        let pieces = reader.read(text);
        self.feed_pieces(wire_index, pieces, of_thinking, deltas);
        self.readers.insert(wire_index, reader);
    }

    /// Gives what the reader of a block still holds.
    pub(super) fn end_marked(&mut self, wire_index: u64, deltas: &mut Vec<Delta>) {
        let Some(mut reader) = self.readers.remove(&wire_index) else { return };
        let pieces = reader.rest();
        self.feed_pieces(wire_index, pieces, reader.of_thinking, deltas);
    }

    fn feed_pieces(&mut self, wire_index: u64, pieces: Vec<Piece>, of_thinking: bool, deltas: &mut Vec<Delta>) {
        for piece in pieces {
            match piece {
                Piece::Text(text) if !of_thinking => self.feed_plain_text(wire_index, text, deltas),
                Piece::Text(text) | Piece::Thinking(text) => self.feed_plain_thinking(wire_index, text, deltas),
                Piece::Call { id, name, arguments } => {
                    let message = || format!("the model wrote a call of the tool {name:?} as text; it was made a call");
                    self.notice("call-in-text", &name, message, deltas);
                    self.close_block(wire_index, deltas);
                    let text = |text: &str| Some(Text(text.to_owned().into()));
                    let start = ToolUseStart { id: text(&id), name: text(&name), ..ToolUseStart::default() };
                    self.open_tool_use(wire_index, start, deltas);
                    self.feed_tool(wire_index, &arguments, deltas);
                    self.close_block(wire_index, deltas);
                }
            }
        }
    }

    fn feed_plain_thinking(&mut self, wire_index: u64, text: String, deltas: &mut Vec<Delta>) {
        let delta = ReasoningDelta { text: Some(Text(text.into())), ..ReasoningDelta::default() };
        self.feed_plain_reasoning(wire_index, delta, deltas);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(markup: Markup, texts: &[&str]) -> (String, String, Vec<(String, String)>) {
        let mut reader = Reader::of(markup, false).expect("it has marks");
        let mut pieces: Vec<Piece> = texts.iter().flat_map(|text| reader.read(text)).collect();
        pieces.extend(reader.rest());
        let (mut text, mut thinking, mut calls) = (String::new(), String::new(), Vec::new());
        for piece in pieces {
            match piece {
                Piece::Text(piece) => text.push_str(&piece),
                Piece::Thinking(piece) => thinking.push_str(&piece),
                Piece::Call { id, arguments, .. } => calls.push((id, arguments)),
            }
        }
        (text, thinking, calls)
    }

    #[test]
    fn marks_are_found_however_they_are_cut() {
        let answer = "<thinking> a < b </thinking>\nIt is <thinking> of words.";
        let expected = ("\nIt is <thinking> of words.".to_owned(), " a < b ".to_owned(), Vec::new());
        for size in 1..answer.len() {
            let texts: Vec<&str> =
                (0..answer.len()).step_by(size).map(|at| &answer[at..(at + size).min(answer.len())]).collect();
            assert_eq!(read(Markup::ThinkingTags, &texts), expected, "{size}");
        }
        assert_eq!(read(Markup::ThinkingTags, &[" <thinking>open"]).1, "open");
        assert_eq!(read(Markup::ThinkingTags, &["a <thinking>b</thinking>"]).0, "a <thinking>b</thinking>");

        let answer = "Sure. <|tool_calls_section_begin|><|tool_call_begin|>functions.look:0<|tool_call_argument_begin|>{\"q\":\"1\"}<|tool_call_end|><|tool_call_begin|>functions.look:1<|tool_call_argument_begin|>{}<|tool_call_end|><|tool_calls_section_end|>";
        let calls = vec![
            ("functions.look:0".to_owned(), "{\"q\":\"1\"}".to_owned()),
            ("functions.look:1".to_owned(), "{}".to_owned()),
        ];
        for size in 1..answer.len() {
            let texts: Vec<&str> =
                (0..answer.len()).step_by(size).map(|at| &answer[at..(at + size).min(answer.len())]).collect();
            assert_eq!(read(Markup::KimiCalls, &texts), ("Sure. ".to_owned(), String::new(), calls.clone()), "{size}");
        }
    }
}
