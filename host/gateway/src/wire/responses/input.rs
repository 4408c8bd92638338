//! The items of a conversation.
//!
//! What the assistant said comes as items of their own (reasoning, messages, function calls); those that stand together are one
//! message. System and developer messages in front go behind the instructions; later ones stay where they are.

use super::super::reader::{Object, Value};
use super::super::thinking_token::ThinkingToken;
use super::parts;
use super::tools::{SEARCH, Tools, custom};
use crate::contract::conversation::{
    AssistantBlock, AssistantMessage, AssistantText, Context, Message, Options, Thinking, ToolCall, ToolResult,
    UserBlock,
};
use crate::pi::{API, PROVIDER};

/// Reads `input` into a conversation that has the instructions, and adds the tools that it brings. `model` is the requested one.
pub(super) fn read(input: &Value<'_, '_>, model: &str, context: &mut Context, tools: &mut Tools) {
    if input.is_string() {
        context.messages.extend(input.string().map(|text| Message::User(vec![UserBlock::Text(text)])));
        return;
    }
    let mut builder = Builder { model, context, tools, said: None };
    for value in input.items("text or an array of items") {
        if let Some(item) = value.require_object("an item, which is an object") {
            builder.item(&value, item);
        }
    }
    builder.flush();
}

/// Why an item by its id is not taken.
const NOT_KEPT: &str =
    "this gateway keeps no items; set `store: false` in the client, so that it sends the item itself instead of its id";

/// Why nothing is compacted.
const NOT_COMPACTED: &str =
    "this gateway compacts no conversation; have the client summarize it with a request of its own";

/// Instructions alone are a request; the service wants something of the user's.
pub(super) fn begin_with_the_user(context: &mut Context, options: &Options) {
    if context.messages.is_empty() && context.system_prompt.is_some() && options.prompt_variables.is_empty() {
        context.messages.push(Message::User(vec![UserBlock::Text("<empty>".to_owned())]));
    }
}

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
            "item_reference" => {
                value.problem(NOT_KEPT);
                return;
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
        // Without a token it is nobody's: the provider then leaves it out and says so.
        let token = token.unwrap_or(ThinkingToken { model: String::new(), signature: None, redacted: false });
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
