//! Prompts and answers, where the operator has asked for them, in the JSON of the conventions' `gen_ai.input.messages` and
//! `gen_ai.output.messages`.

use serde::Serialize;

use crate::contract::conversation::Delta;

/// The most bytes of an answer, and of a prompt, that are kept for logs and spans.
const MOST_BYTES: usize = 256 * 1024;

/// A prompt and what was answered so far.
#[derive(Debug)]
pub(super) struct Content {
    prompt: String,
    parts: Vec<(u32, Part)>,
    room: usize,
}

#[derive(Debug, Serialize)]
struct Message<'a> {
    role: &'static str,
    parts: Vec<&'a Part>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finish_reason: Option<&'a str>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Part {
    Text {
        content: String,
    },
    Reasoning {
        content: String,
    },
    ToolCall {
        id: String,
        name: String,
        /// As the model wrote them, piece by piece: JSON text, perhaps cut short.
        arguments: String,
    },
}

impl Content {
    pub(super) fn of(prompt: &str) -> Self {
        let kept = &prompt[..prompt.floor_char_boundary(MOST_BYTES)];
        Content { prompt: kept.to_owned(), parts: Vec::new(), room: MOST_BYTES }
    }

    /// Takes what the model said, thought, and called tools with.
    pub(super) fn collect(&mut self, deltas: &[Delta]) {
        for delta in deltas {
            match delta {
                Delta::TextDelta(piece) => {
                    let empty = || Part::Text { content: String::new() };
                    self.append(piece.content_index, &piece.delta, empty);
                }
                Delta::ThinkingDelta(piece) => {
                    let empty = || Part::Reasoning { content: String::new() };
                    self.append(piece.content_index, &piece.delta, empty);
                }
                Delta::ToolcallStart(call) => {
                    let (id, name) = (call.id.clone(), call.name.clone());
                    self.append(call.content_index, "", || Part::ToolCall { id, name, arguments: String::new() });
                }
                Delta::ToolcallDelta(piece) => {
                    let (id, name) = (String::new(), String::new());
                    let empty = || Part::ToolCall { id, name, arguments: String::new() };
                    self.append(piece.content_index, &piece.delta, empty);
                }
                _ => {}
            }
        }
    }

    fn append(&mut self, index: u32, more: &str, empty: impl FnOnce() -> Part) {
        let more = &more[..more.floor_char_boundary(self.room)];
        self.room -= more.len();
        // Blocks may interleave, and there are few of them.
        let at = self.parts.iter().rposition(|(found, _)| *found == index).unwrap_or_else(|| {
            self.parts.push((index, empty()));
            self.parts.len() - 1
        });
        match &mut self.parts[at].1 {
            Part::Text { content } | Part::Reasoning { content } | Part::ToolCall { arguments: content, .. } => {
                content.push_str(more);
            }
        }
    }

    /// `gen_ai.input.messages`: the prompt as it was handed in where it is a list of messages, else as a user's text.
    pub(super) fn input(&self) -> String {
        if self.prompt.trim_start().starts_with('[') {
            return self.prompt.clone();
        }
        json(&Message { role: "user", parts: vec![&Part::Text { content: self.prompt.clone() }], finish_reason: None })
    }

    /// `gen_ai.output.messages`.
    pub(super) fn output(&self, finish_reason: Option<&str>) -> String {
        let parts = self.parts.iter().map(|(_, part)| part).collect();
        json(&Message { role: "assistant", parts, finish_reason })
    }
}

fn json(message: &Message<'_>) -> String {
    serde_json::to_string(&[message]).expect("strings alone can always be written as JSON")
}

#[cfg(test)]
mod tests {
    use super::{Content, MOST_BYTES};
    use crate::contract::conversation::{Delta, Fragment, ToolcallStart};

    fn piece(content_index: u32, delta: &str) -> Fragment {
        Fragment { content_index, delta: delta.to_owned() }
    }

    #[test]
    fn an_answer_is_one_message_with_its_parts() {
        let mut content = Content::of("hello");
        content.collect(&[
            Delta::Start,
            Delta::ThinkingDelta(piece(0, "hm")),
            Delta::TextDelta(piece(1, "so")),
            Delta::ThinkingDelta(piece(0, "m")),
            Delta::ToolcallStart(ToolcallStart { content_index: 2, id: "t1".to_owned(), name: "look".to_owned() }),
            Delta::ToolcallDelta(piece(2, "{\"a\":")),
            Delta::ToolcallDelta(piece(2, "1}")),
        ]);
        let output: serde_json::Value = serde_json::from_str(&content.output(Some("tool_use"))).expect("JSON");
        let wanted = serde_json::json!([{
            "role": "assistant",
            "parts": [
                {"type": "reasoning", "content": "hmm"},
                {"type": "text", "content": "so"},
                {"type": "tool_call", "id": "t1", "name": "look", "arguments": "{\"a\":1}"},
            ],
            "finish_reason": "tool_use",
        }]);
        assert_eq!(output, wanted);
        let input: serde_json::Value = serde_json::from_str(&content.input()).expect("JSON");
        assert_eq!(input, serde_json::json!([{"role": "user", "parts": [{"type": "text", "content": "hello"}]}]));
    }

    #[test]
    fn what_is_kept_is_bounded_and_stays_text() {
        let long = "ä".repeat(MOST_BYTES);
        let mut content = Content::of(&format!(" {long}"));
        (0..3).for_each(|_| content.collect(&[Delta::TextDelta(piece(0, &format!("x{long}")))]));
        assert!(content.output(None).len() < MOST_BYTES + 100);
        assert!(content.input().len() < MOST_BYTES + 100);
    }
}
