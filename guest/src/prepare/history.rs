//! The conversation so far, as messages whose roles alternate.
//!
//! What stands between two messages of the assistant becomes one message of the user: first the results of the tool calls
//! before it, exactly one each, then everything else. Bedrock, and strict families above all, refuse anything less.

use std::collections::{BTreeMap, VecDeque};

use crate::contract::conversation::{AssistantMessage, Message, ToolCall, ToolResult, UserBlock};
use crate::contract::types::Model;
use crate::families::Family;

use super::assistant_content::{self, Said};
use super::blocks::{Block, Role, WireMessage};
use super::labels::{ToolCallIdAllocator, ToolNames};
use super::property_keys::KeyMaps;
use super::raw_json;
use super::report::Report;
use super::turns;
use super::user_content::{Answered, EMPTY, UserContent, is_blank};

/// What is said for a call that has no result (pi does).
const NO_RESULT: &str = "No result provided";

/// How tool calls and results go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ToolHistory {
    /// As `toolUse` and `toolResult`.
    Blocks,
    /// As text: without `toolConfig` Bedrock refuses the blocks (OpenClaw does so).
    Text,
}

/// What things are called on the wire.
#[derive(Clone, Copy, Debug)]
pub(super) struct Labels<'a> {
    pub(super) names: &'a ToolNames,
    pub(super) keys: &'a KeyMaps,
}

/// The messages, and what went elsewhere.
#[derive(Debug)]
pub(super) struct History {
    pub(super) messages: Vec<WireMessage>,
    /// System messages that stood between the others. Converse has one place for them, at the front (pi 1.5.2 does so).
    pub(super) system: Vec<String>,
}

/// Converts the messages.
pub(super) fn history(
    messages: Vec<Message>,
    model: &Model,
    family: &Family,
    labels: Labels<'_>,
    tools: ToolHistory,
    report: &mut Report,
) -> History {
    let ids = calls(&messages).map(|call| call.id.as_str()).collect::<Vec<_>>();
    let mut builder = Builder {
        family,
        ids: ToolCallIdAllocator::new(family, ids.into_iter()),
        content: UserContent::new(model, family),
        labels,
        tools,
        messages: Vec::new(),
        pending: PendingCalls::default(),
        between: Between::default(),
        system: Vec::new(),
    };
    for (index, message) in messages.into_iter().enumerate() {
        let path = format!("messages[{index}]");
        match message {
            Message::User(blocks) => {
                let blocks = builder.content.user(blocks, &path, report);
                builder.between.said.extend(blocks);
                builder.between.any = true;
            }
            Message::Assistant(message) if is_failed(&message) => {
                let reason = message.stop_reason;
                report.notice(
                    "message-omitted",
                    format!("{path}: left out, because this assistant message ended with the stop reason `{reason}`"),
                );
            }
            Message::Assistant(message) => {
                let said = assistant_content::convert(message, model, family, &path, report);
                builder.assistant(said, &path, report);
            }
            Message::ToolResult(result) => builder.tool_result(result, &path, report),
            Message::System(text) => {
                if !is_blank(&text) {
                    builder.system.push(text);
                    report.notice(
                        "system-message-moved",
                        format!("{path}: the system message was moved into the system prompt"),
                    );
                }
            }
            Message::Other(other) => {
                let name = other.name;
                report.notice(
                    "unknown-message",
                    format!("{path}: left out, because this provider does not know the role `{name}`"),
                );
            }
        }
    }
    builder.finish(report)
}

/// Messages of the assistant that failed are not replayed (pi does so).
fn is_failed(message: &AssistantMessage) -> bool {
    matches!(message.stop_reason.as_str(), "error" | "aborted")
}

/// The tool calls of the messages that are replayed.
pub(super) fn calls(messages: &[Message]) -> impl Iterator<Item = &ToolCall> + Clone {
    use crate::contract::conversation::AssistantBlock;
    let replayed = messages.iter().filter_map(|message| match message {
        Message::Assistant(message) if !is_failed(message) => Some(&message.content),
        _ => None,
    });
    replayed.flatten().filter_map(|block| match block {
        AssistantBlock::ToolCall(call) => Some(call),
        _ => None,
    })
}

/// What came since the assistant last spoke.
#[derive(Debug, Default)]
struct Between {
    results: Vec<Block>,
    behind_results: Vec<Block>,
    said: Vec<Block>,
    /// Whether a user spoke, if only to say nothing.
    any: bool,
}

/// A call of the turn before, whose result may come.
#[derive(Debug)]
struct Pending {
    original_id: String,
    id: String,
    name: String,
}

/// Calls whose results have not come, in their order.
#[derive(Debug, Default)]
struct PendingCalls {
    calls: Vec<Option<Pending>>,
    /// Places of the calls by their original ids. Some models give several calls of a turn the same id.
    by_id: BTreeMap<String, VecDeque<usize>>,
}

impl PendingCalls {
    fn push(&mut self, call: Pending) {
        self.by_id.entry(call.original_id.clone()).or_default().push_back(self.calls.len());
        self.calls.push(Some(call));
    }

    /// Takes the first call of this id.
    fn take(&mut self, original_id: &str) -> Option<Pending> {
        let place = self.by_id.get_mut(original_id)?.pop_front()?;
        self.calls.get_mut(place)?.take()
    }

    /// The calls that are left.
    fn into_rest(self) -> impl Iterator<Item = Pending> {
        self.calls.into_iter().flatten()
    }
}

#[derive(Debug)]
struct Builder<'a> {
    family: &'a Family,
    ids: ToolCallIdAllocator,
    content: UserContent<'a>,
    labels: Labels<'a>,
    tools: ToolHistory,
    messages: Vec<WireMessage>,
    pending: PendingCalls,
    between: Between,
    system: Vec<String>,
}

impl Builder<'_> {
    fn assistant(&mut self, said: Vec<Said>, path: &str, report: &mut Report) {
        if said.is_empty() {
            return;
        }
        self.close_user_side(report);
        let mut content = Vec::with_capacity(said.len());
        for said in said {
            content.push(match said {
                Said::Block(block) => block,
                Said::Call(call) => self.call(call, path, report),
            });
        }
        match self.messages.last_mut() {
            Some(last) if last.role == Role::Assistant => last.content.append(&mut content),
            _ => self.messages.push(WireMessage { role: Role::Assistant, content }),
        }
    }

    fn call(&mut self, call: ToolCall, path: &str, report: &mut Report) -> Block {
        let input = assistant_content::arguments(call.arguments, path, report);
        let id = self.ids.allocate(&call.id);
        let wire_name = self.labels.names.wire(&call.name).to_owned();
        let input = self.labels.keys.wire_arguments(&wire_name, input);
        let name = if self.tools == ToolHistory::Blocks { wire_name } else { call.name };
        self.pending.push(Pending { original_id: call.id, id: id.clone(), name: name.clone() });
        match self.tools {
            ToolHistory::Blocks => Block::ToolUse { id, name, input },
            ToolHistory::Text => Block::Text(format!("[Assistant tool call]: {name}({})", raw_json::compacted(&input))),
        }
    }

    fn tool_result(&mut self, result: ToolResult, path: &str, report: &mut Report) {
        let Some(call) = self.pending.take(&result.tool_call_id) else {
            // An extra result makes the whole request fail (strands #1435).
            let id = result.tool_call_id;
            report.notice(
                "tool-result-dropped",
                format!("{path}: left out, because no tool call of the previous turn has the id `{id}`"),
            );
            return;
        };
        self.answer(&call, result.content, result.is_error, path, report);
    }

    fn answer(&mut self, call: &Pending, content: Vec<UserBlock>, is_error: bool, path: &str, report: &mut Report) {
        let as_text = self.tools == ToolHistory::Text;
        let answered = Answered { id: &call.id, name: &call.name, is_error, as_text };
        let mut content = self.content.tool_result(content, answered, path, report);
        let between = &mut self.between;
        if as_text {
            let error = if is_error { " (error)" } else { "" };
            between.results.push(Block::Text(format!("[Tool result: {}{error}]:", call.name)));
            between.results.append(&mut content.inside);
        } else {
            let (id, name) = (call.id.clone(), call.name.clone());
            let is_error = self.family.tool_status.then_some(is_error);
            between.results.push(Block::ToolResult { id, name, content: content.inside, is_error });
            between.behind_results.append(&mut content.behind);
        }
    }

    /// Makes one message of all that came since the assistant last spoke.
    fn close_user_side(&mut self, report: &mut Report) {
        for call in std::mem::take(&mut self.pending).into_rest() {
            let id = &call.original_id;
            report.notice(
                "tool-result-added",
                format!("the tool call `{id}` has no result; an error result was sent instead"),
            );
            let content = vec![UserBlock::Text(NO_RESULT.to_owned())];
            self.answer(&call, content, true, "", report);
        }
        let Between { mut results, mut behind_results, mut said, any } = std::mem::take(&mut self.between);
        results.append(&mut behind_results);
        results.append(&mut said);
        let mut content = results;
        if content.iter().all(Block::is_cache_point) {
            if !any {
                return;
            }
            content.insert(0, Block::Text(EMPTY.to_owned()));
        }
        // A document needs a text beside it (API doc of DocumentBlock).
        let has_document = content.iter().any(|block| matches!(block, Block::Document { .. }));
        if has_document && !content.iter().any(|block| matches!(block, Block::Text(_) | Block::GuardedText(_))) {
            content.push(Block::Text(EMPTY.to_owned()));
        }
        self.messages.push(WireMessage { role: Role::User, content });
    }

    fn finish(mut self, report: &mut Report) -> History {
        self.close_user_side(report);
        let mut messages = turns::arranged(self.messages, self.family, report);
        if messages.first().is_some_and(|first| first.role == Role::Assistant) {
            report.notice(
                "user-message-added",
                "the user message `<empty>` was added: a conversation must start with a user message",
            );
            messages.insert(0, WireMessage { role: Role::User, content: vec![Block::Text(EMPTY.to_owned())] });
        }
        if let Some(WireMessage { role: Role::Assistant, content }) = messages.last_mut() {
            if !self.family.continues_answers {
                report.problem(
                    "messages",
                    "the conversation ends with an assistant message, and this model cannot continue one",
                    "a user message or a tool result at the end",
                );
            }
            report.notice(
                "ends-with-assistant",
                "the conversation ends with an assistant message, which some models reject",
            );
            // Anthropic refuses white space at the end of a message to be continued.
            if let Some(Block::Text(text)) = content.last_mut() {
                text.truncate(text.trim_end().len());
            }
        }
        History { messages, system: self.system }
    }
}
