//! The events of tool calls.

use super::super::tools::{Kind, custom};
use super::Events;
use crate::contract::conversation::ToolcallEnd;
use crate::pi::message::{Block, ToolCall};

const ARGUMENTS_DELTA: &str = "response.function_call_arguments.delta";

impl Events {
    /// A piece of a call's arguments. The text of a custom tool is told when it is whole: its arguments are JSON around it.
    pub(super) fn continue_call(&mut self, out: &mut Vec<u8>, index: u32, delta: &str) {
        // Not a copy: a call may come in thousands of pieces.
        let is_function =
            matches!(self.block(index), Some(Block::ToolCall(call)) if self.of().kind(call) == Kind::Function);
        if is_function && self.show(index).is_some() {
            self.text_event(out, ARGUMENTS_DELTA, b"", index, ("delta", delta));
        }
    }

    pub(super) fn end_call(&mut self, out: &mut Vec<u8>, end: &ToolcallEnd) {
        let ToolcallEnd { content_index: index, arguments, problem: _ } = end;
        let Some(call) = self.open_call(*index) else { return };
        match self.of().kind(&call) {
            Kind::Function => {
                if self.show(*index) == Some(true) {
                    // Programs that join the deltas must come to JSON.
                    self.text_event(out, ARGUMENTS_DELTA, b"", *index, ("delta", arguments));
                }
                let text = ("arguments", call.arguments_text());
                self.text_event(out, "response.function_call_arguments.done", b"", *index, text);
            }
            Kind::Custom => {
                let input = custom::input(&call);
                self.text_event(out, "response.custom_tool_call_input.delta", b"", *index, ("delta", &input));
                self.text_event(out, "response.custom_tool_call_input.done", b"", *index, ("input", &input));
            }
            // OpenAI tells a search by its item alone.
            Kind::Search => {}
        }
        self.end_item(out, *index);
    }

    fn open_call(&self, index: u32) -> Option<ToolCall> {
        match self.open_block(index) {
            Some(Block::ToolCall(call)) => Some(call),
            _ => None,
        }
    }
}
