//! Content blocks: from Bedrock's blocks, found by `contentBlockIndex`, to pi's, numbered in the order in which they began.
//!
//! Text and reasoning blocks have no start event (0 of 154 recorded streams): their first delta opens them. Blocks may
//! interleave, so nothing here remembers a "current" block.

mod own;

use std::collections::BTreeMap;

use super::Turn;
use super::arguments;
use super::options::MalformedArguments;
use super::wire::{Delta as WireDelta, ImageStart, ReasoningDelta, Start, Text, ToolResultStart, ToolUseStart};
use crate::carry::KeyMap;
use crate::contract::conversation::{Delta, Fragment, ThinkingEnd, ToolcallEnd, ToolcallStart};
use crate::families::Markup;
use crate::prepare;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Blocks that are open.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    /// By `contentBlockIndex`.
    open: BTreeMap<u64, Block>,
    /// Content index of the next block.
    next: u32,
    /// How many blocks began.
    begun: u64,
}

#[derive(Debug)]
struct Block {
    /// Which block of the answer it is. Not all of them have a content index.
    number: u64,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Text {
        content_index: u32,
    },
    Thinking {
        content_index: u32,
        signature: String,
        redacted: Option<Vec<u8>>,
    },
    ToolCall {
        content_index: u32,
        input: String,
        seed: Option<String>,
        keys: Option<KeyMap>,
    },
    /// The call of the tool whose arguments are the answer (`prepare` put it there for an output schema): a text.
    Answer {
        content_index: u32,
        input: String,
        seed: Option<String>,
        keys: Option<KeyMap>,
    },
    /// A call of a tool that Bedrock runs itself.
    ServerToolUse {
        id: String,
        name: String,
        kind: String,
        input: String,
    },
    /// The result of such a call: the array elements that came, with commas between them.
    ServerToolResult {
        id: String,
        kind: String,
        status: String,
        content: String,
    },
    /// A picture that the model made. Each delta is an attachment, with the format of the start.
    Image {
        format: Option<String>,
    },
    /// A block of a kind that is not known: what in it is not known either is left out, and that was reported. Text and reasoning
    /// open a block of their own: how a block begins decides nothing (pi).
    Unknown,
}

impl Blocks {
    fn get(&self, wire_index: u64) -> Option<&Kind> {
        self.open.get(&wire_index).map(|block| &block.kind)
    }

    fn get_mut(&mut self, wire_index: u64) -> Option<&mut Kind> {
        self.open.get_mut(&wire_index).map(|block| &mut block.kind)
    }

    /// Opens a block.
    fn open(&mut self, wire_index: u64, kind: Kind) {
        self.open.insert(wire_index, Block { number: self.begun, kind });
        self.begun += 1;
    }

    /// A content index for a block that comes whole.
    pub(super) fn take_index(&mut self) -> u32 {
        let content_index = self.next;
        self.next = self.next.saturating_add(1);
        content_index
    }

    /// Opens a block that takes a content index.
    fn open_numbered(&mut self, wire_index: u64, kind: impl FnOnce(u32) -> Kind) -> u32 {
        let content_index = self.take_index();
        self.open(wire_index, kind(content_index));
        content_index
    }
}

/// Arguments with the keys of the tool's schema in place of those on the wire; what is no object stays as it came.
fn with_keys(input: &str, keys: &KeyMap) -> String {
    let arguments = arguments::parse(input);
    match arguments.problem {
        None => prepare::with_keys(&arguments.json, |key| keys.get(key)),
        Some(_) => input.to_owned(),
    }
}

/// What a redacted thinking block shows in place of its text: pi's words.
const REDACTED: &str = "[Reasoning redacted]";

impl Turn {
    /// `contentBlockStart`.
    pub(super) fn open_block(&mut self, wire_index: u64, start: Start<'_>, deltas: &mut Vec<Delta>) {
        let Start { tool_use, tool_result, image, unknown } = start;
        if self.blocks.get(wire_index).is_some() {
            // The block before it was never stopped: it ends here, or its end would be lost.
            self.close_block(wire_index, deltas);
        }
        if let Some(tool_use) = tool_use {
            self.open_tool_use(wire_index, tool_use, deltas);
        } else if let Some(ToolResultStart { id, kind, status, unknown }) = tool_result {
            self.unknown_members("contentBlockStart.start.toolResult", &unknown, deltas);
            let kind = Kind::ServerToolResult {
                id: owned(id),
                kind: owned(kind),
                status: owned(status),
                content: String::new(),
            };
            self.blocks.open(wire_index, kind);
        } else if let Some(ImageStart { format, unknown }) = image {
            self.unknown_members("contentBlockStart.start.image", &unknown, deltas);
            let format = format.map(|format| format.0.into_owned());
            self.blocks.open(wire_index, Kind::Image { format });
        } else if let Some(name) = unknown.first() {
            let message =
                || format!("Bedrock started a block of the unknown kind {name:?}; its unknown content was left out");
            self.notice("unknown-start", name, message, deltas);
            self.blocks.open(wire_index, Kind::Unknown);
        }
    }

    pub(super) fn open_tool_use(&mut self, wire_index: u64, start: ToolUseStart<'_>, deltas: &mut Vec<Delta>) {
        let ToolUseStart { id, name, kind, input, unknown } = start;
        self.unknown_members("contentBlockStart.start.toolUse", &unknown, deltas);
        let (id, name, kind) = (owned(id), owned(name), owned(kind));
        if kind == "server_tool_use" {
            let input = input.map_or_else(String::new, |input| input.get().to_owned());
            self.blocks.open(wire_index, Kind::ServerToolUse { id, name, kind, input });
            return;
        }
        let name = self.without_channel(name);
        let seed = input.map(|input| input.get().to_owned());
        let keys = self.keys.get(&name).cloned();
        if self.answer_tool.as_ref() == Some(&name) {
            // A second answer is no answer: it is left a call, which the caller can see to be one too many.
            self.answer_tool = None;
            self.answer_begins(deltas);
            let content_index = self.blocks.open_numbered(wire_index, |content_index| Kind::Answer {
                content_index,
                input: String::new(),
                seed,
                keys,
            });
            deltas.push(Delta::TextStart(content_index));
            return;
        }
        let name = self.tool_names.get(&name).cloned().unwrap_or(name);
        self.called_tools = true;
        self.release_words(deltas);
        let content_index = self.blocks.open_numbered(wire_index, |content_index| Kind::ToolCall {
            content_index,
            input: String::new(),
            seed,
            keys,
        });
        deltas.push(Delta::ToolcallStart(ToolcallStart { content_index, id, name }));
    }

    /// A tool's name without the channel that gpt-oss writes behind it, where a tool of the request is left.
    fn without_channel(&self, name: String) -> String {
        match name.split_once("<|") {
            Some((tool, _)) if self.known.iter().any(|known| known == tool) => tool.to_owned(),
            _ => name,
        }
    }

    /// `contentBlockDelta`.
    pub(super) fn feed_block(&mut self, wire_index: u64, delta: WireDelta<'_>, deltas: &mut Vec<Delta>) {
        let WireDelta { text, tool_use, reasoning, citation, tool_result, image, unknown } = delta;
        if let Some(Text(text)) = text {
            match self.markup {
                Markup::None | Markup::Channels => self.feed_plain_text(wire_index, text.into_owned(), deltas),
                Markup::KimiCalls | Markup::ThinkingTags => self.read_marked(wire_index, &text, false, deltas),
            }
        } else if let Some(tool_use) = tool_use {
            self.unknown_members("contentBlockDelta.delta.toolUse", &tool_use.unknown, deltas);
            self.feed_tool(wire_index, &owned(tool_use.input), deltas);
        } else if let Some(reasoning) = reasoning {
            self.feed_reasoning(wire_index, *reasoning, deltas);
        } else if let Some(citation) = citation {
            if let Some(content_index) = self.text_block(wire_index, deltas) {
                deltas.push(own::attachment(Some(content_index), "citation", citation.get().to_owned()));
            }
        } else if let Some(result) = tool_result {
            self.feed_server_result(wire_index, result, deltas);
        } else if let Some(image) = image {
            self.feed_image(wire_index, image, deltas);
        } else if let Some(name) = unknown.first()
            && !self.is_unknown(wire_index)
        {
            let message = || format!("Bedrock sent a delta of the unknown kind {name:?}; it was left out");
            self.notice("unknown-delta", name, message, deltas);
        }
    }

    /// The content index of the text block, which is opened where nothing is open. None where another kind of block is.
    fn text_block(&mut self, wire_index: u64, deltas: &mut Vec<Delta>) -> Option<u32> {
        match self.blocks.get(wire_index) {
            Some(Kind::Text { content_index }) => return Some(*content_index),
            Some(Kind::Thinking { .. } | Kind::Unknown) => self.close_block(wire_index, deltas),
            Some(_) => {
                self.unexpected("text", wire_index, deltas);
                return None;
            }
            None => {}
        }
        let content_index = self.blocks.open_numbered(wire_index, |content_index| Kind::Text { content_index });
        deltas.push(Delta::TextStart(content_index));
        Some(content_index)
    }

    /// Text that is text.
    pub(super) fn feed_plain_text(&mut self, wire_index: u64, delta: String, deltas: &mut Vec<Delta>) {
        if self.admits_text(&delta)
            && let Some(content_index) = self.text_block(wire_index, deltas)
        {
            deltas.push(Delta::TextDelta(Fragment { content_index, delta }));
        }
    }

    pub(super) fn feed_tool(&mut self, wire_index: u64, piece: &str, deltas: &mut Vec<Delta>) {
        let block = self.blocks.get_mut(wire_index);
        match block {
            // What has other keys on the wire waits until it is whole.
            Some(Kind::ToolCall { input, keys: Some(_), .. } | Kind::Answer { input, keys: Some(_), .. }) => {
                input.push_str(piece);
            }
            Some(Kind::ToolCall { content_index, input, .. }) => {
                input.push_str(piece);
                deltas.push(Delta::ToolcallDelta(Fragment { content_index: *content_index, delta: piece.to_owned() }));
            }
            Some(Kind::Answer { content_index, input, .. }) => {
                input.push_str(piece);
                deltas.push(Delta::TextDelta(Fragment { content_index: *content_index, delta: piece.to_owned() }));
            }
            Some(Kind::ServerToolUse { input, .. }) => input.push_str(piece),
            _ => self.unexpected("toolUse", wire_index, deltas),
        }
    }

    fn feed_reasoning(&mut self, wire_index: u64, mut delta: ReasoningDelta<'_>, deltas: &mut Vec<Delta>) {
        if self.markup == Markup::KimiCalls
            && let Some(Text(text)) = delta.text.take()
        {
            self.read_marked(wire_index, &text, true, deltas);
            if delta.signature.is_none() && delta.redacted.is_none() && delta.unknown.is_empty() {
                return;
            }
        }
        self.feed_plain_reasoning(wire_index, delta, deltas);
    }

    /// Reasoning that is reasoning.
    pub(super) fn feed_plain_reasoning(&mut self, wire_index: u64, delta: ReasoningDelta<'_>, deltas: &mut Vec<Delta>) {
        let ReasoningDelta { text, signature: more_signature, redacted: more_redacted, unknown } = delta;
        self.unknown_members("contentBlockDelta.delta.reasoningContent", &unknown, deltas);
        match self.blocks.get(wire_index) {
            Some(Kind::Thinking { .. }) => {}
            Some(Kind::Text { .. } | Kind::Unknown) => self.close_block(wire_index, deltas),
            Some(_) => return self.unexpected("reasoningContent", wire_index, deltas),
            None => {}
        }
        if self.blocks.get(wire_index).is_none() {
            let content_index = self.blocks.open_numbered(wire_index, |content_index| Kind::Thinking {
                content_index,
                signature: String::new(),
                redacted: None,
            });
            deltas.push(Delta::ThinkingStart(content_index));
        }
        let Some(Kind::Thinking { content_index, signature, redacted }) = self.blocks.get_mut(wire_index) else {
            return;
        };
        let content_index = *content_index;
        if let Some(Text(text)) = text
            && !text.is_empty()
        {
            deltas.push(Delta::ThinkingDelta(Fragment { content_index, delta: text.into_owned() }));
        }
        if let Some(Text(more)) = more_signature {
            signature.push_str(&more);
        }
        let Some(Text(more)) = more_redacted.filter(|more| !more.0.is_empty()) else { return };
        let Some(bytes) = STANDARD.decode(&*more).ok() else {
            return self.fail_damaged("the redacted reasoning is not base64", deltas);
        };
        if redacted.is_none() {
            deltas.push(Delta::ThinkingDelta(Fragment { content_index, delta: REDACTED.to_owned() }));
        }
        redacted.get_or_insert_default().extend(bytes);
    }

    /// `contentBlockStop`. A stop of a block that is not open says nothing.
    pub(super) fn close_block(&mut self, wire_index: u64, deltas: &mut Vec<Delta>) {
        self.end_marked(wire_index, deltas);
        let Some(block) = self.blocks.open.remove(&wire_index) else { return };
        match block.kind {
            Kind::Text { content_index } => deltas.push(Delta::TextEnd(content_index)),
            Kind::Thinking { content_index, signature, redacted } => {
                let is_redacted = redacted.is_some();
                // A redacted block's bytes are what has to be sent back; a signature beside them is of no use.
                let signature = redacted.map_or(signature, |bytes| STANDARD.encode(&bytes));
                let signature = (!signature.is_empty()).then_some(signature);
                deltas.push(Delta::ThinkingEnd(ThinkingEnd { content_index, signature, redacted: is_redacted }));
            }
            Kind::ToolCall { content_index, mut input, seed, keys } => {
                if let Some(keys) = keys.filter(|_| !input.trim().is_empty()) {
                    input = with_keys(&input, &keys);
                    deltas.push(Delta::ToolcallDelta(Fragment { content_index, delta: input.clone() }));
                }
                if let Some(seed) = seed.filter(|_| input.trim().is_empty()) {
                    // The pieces have to join to the whole, for clients that build the arguments from them.
                    deltas.push(Delta::ToolcallDelta(Fragment { content_index, delta: seed.clone() }));
                    input = seed;
                }
                let arguments::Arguments { json, problem } = arguments::parse(&input);
                if problem.is_some() && self.options.malformed_arguments == MalformedArguments::Fail {
                    // The call gets no end, so that nobody runs it.
                    self.malformed_call = true;
                    return;
                }
                deltas.push(Delta::ToolcallEnd(ToolcallEnd { content_index, arguments: json, problem }));
            }
            Kind::Answer { content_index, input, seed, keys } => {
                if let Some(keys) = keys.filter(|_| !input.trim().is_empty()) {
                    let delta = with_keys(&input, &keys);
                    deltas.push(Delta::TextDelta(Fragment { content_index, delta }));
                }
                if input.trim().is_empty() {
                    // A call without arguments is one with an empty object.
                    let delta = seed.unwrap_or_else(|| "{}".to_owned());
                    deltas.push(Delta::TextDelta(Fragment { content_index, delta }));
                }
                deltas.push(Delta::TextEnd(content_index));
            }
            Kind::ServerToolUse { id, name, kind, input } => {
                deltas.push(own::server_tool_use(&id, &name, &kind, &input));
            }
            Kind::ServerToolResult { id, kind, status, content } => {
                deltas.push(own::server_tool_result(&id, &kind, &status, &content));
            }
            Kind::Image { .. } | Kind::Unknown => {}
        }
    }

    /// Ends what is still open when the turn ended well. A tool call that was never stopped may be cut off, so that is a
    /// failure, which is given; everything else gets its end. Where a limit cut the answer off, that is what is told of the
    /// call too: its end says why it has no arguments.
    pub(super) fn end_open_blocks(&mut self, cut_off: bool, deltas: &mut Vec<Delta>) -> Result<(), ()> {
        if !cut_off && self.blocks.open.values().any(|block| matches!(block.kind, Kind::ToolCall { .. })) {
            self.fail_incomplete_tool_call(deltas);
            return Err(());
        }
        let mut open: Vec<(u64, u64)> = self.blocks.open.iter().map(|(index, block)| (block.number, *index)).collect();
        open.sort_unstable();
        for (_, wire_index) in open {
            self.close_block(wire_index, deltas);
        }
        Ok(())
    }

    fn is_unknown(&self, wire_index: u64) -> bool {
        matches!(self.blocks.get(wire_index), Some(Kind::Unknown))
    }

    fn unexpected(&mut self, what: &str, wire_index: u64, deltas: &mut Vec<Delta>) {
        if !self.is_unknown(wire_index) {
            let message = || format!("Bedrock sent a {what} delta for a block of another kind; it was left out");
            self.notice("unexpected-delta", what, message, deltas);
        }
    }
}

fn owned(text: Option<Text<'_>>) -> String {
    text.map_or_else(String::new, |text| text.0.into_owned())
}
