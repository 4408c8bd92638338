//! The items of a conversation.
//!
//! What the assistant said comes as items of their own (reasoning, messages, function calls); those that stand together are one
//! message. System and developer messages in front go behind the instructions; later ones stay where they are.

use std::sync::Arc;

use serde_json::value::RawValue;

use super::super::reader::{Object, Value};
use super::super::thinking_token::ThinkingToken;
use super::kept::{ItemText, LARGEST, Recalled};
use super::parts;
use super::tools::{SEARCH, Tools, custom};
use crate::contract::conversation::{
    AssistantBlock, AssistantMessage, AssistantText, Context, Message, Thinking, ToolCall, ToolResult, UserBlock,
};
use crate::pi::{API, PROVIDER};

/// The items of a request.
#[derive(Debug, Default)]
pub(super) struct Input<'a> {
    /// What was kept of what it names.
    pub(super) recalled: Option<&'a Recalled>,
    /// The items that it names by their ids: where, and the id.
    pub(super) named: Vec<(String, String)>,
    /// The items that it adds to what it continues; none where they are not to be kept.
    pub(super) to_keep: Option<Items>,
}

/// Items to keep, within [`LARGEST`].
#[derive(Debug, Default)]
pub(super) struct Items {
    pub(super) texts: Vec<ItemText>,
    bytes: usize,
}

impl<'a> Input<'a> {
    /// Reads `input` into a conversation that has the instructions, behind what it continues, and adds the tools that it brings.
    /// `model` is the requested one.
    pub(super) fn read(&mut self, input: &Value<'_, 'a>, model: &str, context: &mut Context, tools: &mut Tools) {
        let mut builder = Builder { model, context, tools, said: None };
        for kept in self.recalled.iter().filter_map(|recalled| recalled.conversation.as_ref()).flatten() {
            builder.kept_item(input, kept);
        }
        if input.is_string() {
            builder.flush();
            let text = input.string().map(|text| Message::User(vec![UserBlock::Text(text)]));
            builder.context.messages.extend(text);
            self.keep(|| text_item(input));
            return;
        }
        for value in input.items("text or an array of items") {
            let Some(item) = value.require_object("an item, which is an object") else { continue };
            let Some(id) = reference(&item) else {
                self.keep(|| Arc::from(value.raw.get()));
                builder.item(&value, item);
                continue;
            };
            match self.recalled.and_then(|recalled| recalled.items.get(&id)) {
                Some(kept) => {
                    self.keep(|| Arc::clone(kept));
                    builder.kept_item(&value, kept);
                }
                None => self.named.push((value.path.clone(), id)),
            }
        }
        builder.flush();
    }

    fn keep(&mut self, item: impl FnOnce() -> ItemText) {
        let Some(items) = &mut self.to_keep else { return };
        let item = item();
        items.bytes += item.len();
        items.texts.push(item);
        if items.bytes > LARGEST {
            self.to_keep = None;
        }
    }
}

/// The id that an item is instead of the item itself.
fn reference(item: &Object<'_, '_>) -> Option<String> {
    let is_reference = match item.raw("type") {
        Some(kind) => kind.get() == r#""item_reference""#,
        // OpenAI's type has the id alone too.
        None => item.raw("role").is_none() && item.raw("content").is_none(),
    };
    if is_reference { item.string("id") } else { None }
}

/// A text as the item that it stands for.
fn text_item(input: &Value<'_, '_>) -> ItemText {
    Arc::from(format!(r#"{{"type":"message","role":"user","content":{}}}"#, input.raw.get()))
}

/// Why nothing is compacted.
const NOT_COMPACTED: &str =
    "this gateway compacts no conversation; have the client summarize it with a request of its own";

struct Builder<'c> {
    model: &'c str,
    context: &'c mut Context,
    tools: &'c mut Tools,
    said: Option<Said>,
}

/// Consecutive items of the assistant.
struct Said {
    content: Vec<AssistantBlock>,
    /// The model that its thinking is from, if it has any.
    model: Option<String>,
}

impl Builder<'_> {
    /// An item that was kept. `by` is what names it.
    fn kept_item<'r>(&mut self, by: &Value<'r, '_>, kept: &'r str) {
        let Ok(raw) = serde_json::from_str::<&RawValue>(kept) else { return };
        let mut value = by.clone();
        value.raw = raw;
        if let Some(item) = value.object() {
            self.item(&value, item);
        }
    }

    fn item(&mut self, value: &Value<'_, '_>, item: Object<'_, '_>) {
        // A message may come without its type.
        let kind = item.string("type").unwrap_or_else(|| "message".to_owned());
        item.ignore(&["id", "status"]);
        match kind.as_str() {
            "message" => self.message(&item),
            "reasoning" => self.reasoning(&item),
            "function_call" | "custom_tool_call" => self.call(&item, kind == "custom_tool_call"),
            "function_call_output" | "custom_tool_call_output" => self.tool_result(&item),
            "tool_search_call" if item.raw("call_id").is_some() => self.search(&item),
            "tool_search_output" if item.raw("call_id").is_some() => self.found_tools(&item),
            "additional_tools" => {
                item.ignore(&["role"]);
                let _ = self.tools.add(&item);
            }
            // One with an id does not come here.
            "item_reference" => {
                let _ = item.require_string("id");
            }
            "compaction_trigger" => {
                value.problem(NOT_COMPACTED);
                return;
            }
            // What OpenAI's own tools did, and what only OpenAI can read, asks for nothing.
            _ => return,
        }
        item.finish();
    }

    fn message(&mut self, item: &Object<'_, '_>) {
        let role = item.require_string("role");
        let content = item.require("content", "text or an array of parts");
        item.ignore(&["phase"]);
        let Some(content) = content else { return };
        match role.as_str() {
            "user" => {
                self.flush();
                self.context.messages.push(Message::User(parts::blocks(&content)));
            }
            "assistant" => {
                for text in parts::texts(&content) {
                    self.say(AssistantBlock::Text(AssistantText { text, citations: Vec::new() }));
                }
            }
            "system" | "developer" => {
                self.flush();
                self.system(parts::texts(&content).join("\n"));
            }
            other => {
                let expected = "expected `user`, `assistant`, `system` or `developer`";
                item.reader().problem(item.path_of("role"), format!("`{other}` is unknown; {expected}"));
            }
        }
    }

    fn system(&mut self, text: String) {
        if !self.context.messages.is_empty() {
            self.context.messages.push(Message::System(text));
            return;
        }
        match &mut self.context.system_prompt {
            Some(prompt) => {
                prompt.push_str("\n\n");
                prompt.push_str(&text);
            }
            None => self.context.system_prompt = Some(text),
        }
    }

    fn reasoning(&mut self, item: &Object<'_, '_>) {
        let text_of = |name: &str, kind: &str| {
            let items = item.items(name, "an array of texts");
            items.filter_map(|item| parts::text_of(&item, &[kind])).collect::<Vec<_>>().join("\n\n")
        };
        let (summary, content) = (text_of("summary", "summary_text"), text_of("content", "reasoning_text"));
        let token = item.string("encrypted_content").as_deref().and_then(ThinkingToken::read);
        // Without a token it is another service's, and would pass for words of this model.
        let Some(token) = token else { return };
        if self.said.as_ref().and_then(|said| said.model.as_ref()).is_some_and(|model| *model != token.model) {
            self.flush();
        }
        let thinking = Thinking {
            text: if content.is_empty() { summary } else { content },
            signature: token.signature,
            redacted: token.redacted,
        };
        self.say(AssistantBlock::Thinking(thinking));
        if let Some(said) = &mut self.said {
            said.model = Some(token.model);
        }
    }

    fn call(&mut self, item: &Object<'_, '_>, is_custom: bool) {
        item.refuse("caller", &[r#"{"type":"direct"}"#], "only the model can call tools");
        let (name, namespace) = (item.require_string("name"), item.string("namespace"));
        let call = ToolCall {
            id: item.require_string("call_id"),
            name: self.tools.names.of_call(namespace.as_deref(), &name),
            arguments: if is_custom {
                custom::arguments(&item.require_string("input"))
            } else {
                item.require_string("arguments")
            },
        };
        self.say(AssistantBlock::ToolCall(call));
    }

    /// A search for tools that the client ran.
    fn search(&mut self, item: &Object<'_, '_>) {
        item.ignore(&["execution"]);
        let arguments = item.require("arguments", "an object");
        let call = ToolCall {
            id: item.require_string("call_id"),
            name: self.tools.names.of_call(None, SEARCH),
            arguments: arguments.map_or("{}", |arguments| arguments.raw.get()).to_owned(),
        };
        self.say(AssistantBlock::ToolCall(call));
    }

    /// The tools that a search found: they are there from now on.
    fn found_tools(&mut self, item: &Object<'_, '_>) {
        item.ignore(&["execution"]);
        let names = self.tools.add(item);
        let found =
            if names.is_empty() { "No tools were found.".to_owned() } else { format!("Loaded: {}", names.join(", ")) };
        self.result(item.require_string("call_id"), vec![UserBlock::Text(found)]);
    }

    fn tool_result(&mut self, item: &Object<'_, '_>) {
        item.refuse("caller", &[r#"{"type":"direct"}"#], "only the model can call tools");
        item.ignore(&["name", "namespace"]);
        let tool_call_id = item.require_string("call_id");
        let output = item.require("output", "text or an array of parts");
        self.result(tool_call_id, output.map_or_else(Vec::new, |output| parts::blocks(&output)));
    }

    fn result(&mut self, tool_call_id: String, content: Vec<UserBlock>) {
        self.flush();
        let tool_name = self.name_of(&tool_call_id).unwrap_or_default();
        let result = ToolResult { tool_call_id, tool_name, content, is_error: false };
        self.context.messages.push(Message::ToolResult(result));
    }

    /// The name of the tool of a call: the item of its output need not have it.
    fn name_of(&self, id: &str) -> Option<String> {
        self.context.messages.iter().rev().find_map(|message| match message {
            Message::Assistant(message) => message.content.iter().find_map(|block| match block {
                AssistantBlock::ToolCall(call) if call.id == id => Some(call.name.clone()),
                _ => None,
            }),
            _ => None,
        })
    }

    fn say(&mut self, block: AssistantBlock) {
        self.said.get_or_insert_with(|| Said { content: Vec::new(), model: None }).content.push(block);
    }

    /// Ends the assistant's message.
    fn flush(&mut self) {
        let Some(Said { content, model }) = self.said.take() else { return };
        let calls = content.iter().any(|block| matches!(block, AssistantBlock::ToolCall(_)));
        self.context.messages.push(Message::Assistant(AssistantMessage {
            content,
            provider: PROVIDER.to_owned(),
            api: API.to_owned(),
            model: model.unwrap_or_else(|| self.model.to_owned()),
            stop_reason: if calls { "toolUse" } else { "stop" }.to_owned(),
        }));
    }
}
