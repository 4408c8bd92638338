//! pi's `Context` JSON to the contract's, with the blobs taken out.
//!
//! pi's shapes are read as pi writes them, transcripts with system messages included. Beyond pi, a user's content may hold `{"type":"document","data","mimeType",
//! "name"?,"context"?,"citations"?}`, `{"type":"video","data","mimeType"}`, `{"type":"guardedText","text"}` and
//! `{"type":"cachePoint","ttl"?}`, a text of the assistant may hold `"citations":[…]` as [`super::message`] writes them, a tool
//! may hold `"strict":"require"|"prefer"`, and a message's role may be `system`. Types
//! and roles that are not known go to the provider, which says what it leaves out. Members that are not known are ignored, as
//! pi's session files have many. There is no limit on size here; what reads the text from outside has one.

use serde_json::value::RawValue;

use crate::contract::conversation::{
    AssistantBlock, AssistantMessage, AssistantText, Blob, Context, Document, Message, Thinking, Tool, ToolCall,
    ToolResult, UserBlock,
};
use crate::contract::types::NamedJson;

use super::json::{self, Members};
use crate::blobs::Blobs;

mod transcript;

/// A context that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContextError {
    /// The text is not JSON.
    #[error("the context is not JSON: line {line}, column {column}: {message}")]
    Syntax {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What the parser says.
        message: String,
    },
    /// It is JSON and not a context. All the problems.
    #[error("{}", listed(.0))]
    Invalid(Vec<ContextProblem>),
}

/// Something wrong in a context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContextProblem {
    /// Where, such as `messages[2].content[0].data`; empty for the whole.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub expected: String,
}

impl std::fmt::Display for ContextProblem {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path = if self.path.is_empty() { "the context" } else { &self.path };
        write!(formatter, "{path}: {}; expected {}", self.message, self.expected)
    }
}

fn listed(problems: &[ContextProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Reads a context.
///
/// # Errors
/// [`ContextError::Syntax`] with its place, or [`ContextError::Invalid`] with all the problems.
pub fn read_context(text: &str) -> Result<(Context, Blobs), ContextError> {
    let value: &RawValue = serde_json::from_str(text).map_err(|error| {
        let message = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        let message = message.strip_suffix(&place).unwrap_or(&message).to_owned();
        ContextError::Syntax { line: error.line(), column: error.column(), message }
    })?;
    let mut reader = Reader::default();
    let context = reader.context(value);
    if reader.problems.is_empty() { Ok((context, reader.blobs)) } else { Err(ContextError::Invalid(reader.problems)) }
}

#[derive(Debug, Default)]
struct Reader {
    blobs: Blobs,
    problems: Vec<ContextProblem>,
    transcript: transcript::Transcript,
}

impl Reader {
    fn context(&mut self, value: &RawValue) -> Context {
        let members = self.object(value, "", "an object with `systemPrompt`, `messages` and `tools`");
        let system_prompt = self.optional_string(&members, "", "systemPrompt");
        let messages = self.items(&members, "", "messages");
        let messages = messages.into_iter().map(|(path, value)| self.message(value, &path)).collect();
        let tools = self.items(&members, "", "tools");
        let tools = tools.into_iter().map(|(path, value)| self.tool(value, &path)).collect();
        let mut context = Context { system_prompt, messages, tools };
        std::mem::take(&mut self.transcript).replay(&mut context);
        context
    }

    fn message(&mut self, value: &RawValue, path: &str) -> Message {
        let members = self.object(value, path, "a message, which is an object with a `role`");
        if members.is_empty() {
            return Message::User(Vec::new());
        }
        match self.string(&members, path, "role").as_str() {
            "user" => Message::User(self.user_content(&members, path)),
            "assistant" => Message::Assistant(AssistantMessage {
                content: self.assistant_content(&members, path),
                provider: self.optional_string(&members, path, "provider").unwrap_or_default(),
                api: self.optional_string(&members, path, "api").unwrap_or_default(),
                model: self.optional_string(&members, path, "model").unwrap_or_default(),
                stop_reason: self.optional_string(&members, path, "stopReason").unwrap_or_else(|| "stop".to_owned()),
            }),
            "toolResult" => Message::ToolResult(ToolResult {
                tool_call_id: self.string(&members, path, "toolCallId"),
                tool_name: self.optional_string(&members, path, "toolName").unwrap_or_default(),
                content: self.user_content(&members, path),
                is_error: self.flag(&members, path, "isError"),
            }),
            "system" => {
                self.system_changes(&members, path);
                let blocks = self.user_content(&members, path);
                let texts = blocks.into_iter().filter_map(|block| match block {
                    UserBlock::Text(text) => Some(text),
                    _ => None,
                });
                Message::System(texts.collect::<Vec<_>>().join("\n"))
            }
            other => Message::Other(NamedJson { name: other.to_owned(), value: value.get().to_owned() }),
        }
    }

    /// Content that may be a string, which is one text block.
    fn user_content(&mut self, members: &Members<'_>, path: &str) -> Vec<UserBlock> {
        if let Some(content) = json::present(members, "content").filter(|content| json::is_string(content)) {
            return json::string(content).map(UserBlock::Text).into_iter().collect();
        }
        let items = self.items(members, path, "content");
        items.into_iter().filter_map(|(path, value)| self.user_block(value, &path)).collect()
    }

    fn user_block(&mut self, value: &RawValue, path: &str) -> Option<UserBlock> {
        let members = self.block(value, path)?;
        Some(match self.string(&members, path, "type").as_str() {
            "text" => UserBlock::Text(self.string(&members, path, "text")),
            "image" => UserBlock::Image(self.blob(&members, path)?),
            "video" => UserBlock::Video(self.blob(&members, path)?),
            "document" => UserBlock::Document(Document {
                name: self.optional_string(&members, path, "name"),
                context: self.optional_string(&members, path, "context"),
                citations: self.flag(&members, path, "citations"),
                blob: self.blob(&members, path)?,
            }),
            "guardedText" => UserBlock::GuardedText(self.string(&members, path, "text")),
            "cachePoint" => UserBlock::CachePoint(self.optional_string(&members, path, "ttl")),
            other => UserBlock::Other(NamedJson { name: other.to_owned(), value: value.get().to_owned() }),
        })
    }

    fn assistant_content(&mut self, members: &Members<'_>, path: &str) -> Vec<AssistantBlock> {
        if let Some(content) = json::present(members, "content").filter(|content| json::is_string(content)) {
            let text = |text| AssistantBlock::Text(AssistantText { text, citations: Vec::new() });
            return json::string(content).map(text).into_iter().collect();
        }
        let items = self.items(members, path, "content");
        items.into_iter().filter_map(|(path, value)| self.assistant_block(value, &path)).collect()
    }

    fn assistant_block(&mut self, value: &RawValue, path: &str) -> Option<AssistantBlock> {
        let members = self.block(value, path)?;
        Some(match self.string(&members, path, "type").as_str() {
            "text" => AssistantBlock::Text(AssistantText {
                text: self.string(&members, path, "text"),
                citations: self.citations(&members, path),
            }),
            "thinking" => AssistantBlock::Thinking(Thinking {
                text: self.optional_string(&members, path, "thinking").unwrap_or_default(),
                signature: self.optional_string(&members, path, "thinkingSignature"),
                redacted: self.flag(&members, path, "redacted"),
            }),
            "toolCall" => AssistantBlock::ToolCall(ToolCall {
                id: self.string(&members, path, "id"),
                name: self.string(&members, path, "name"),
                arguments: json::present(&members, "arguments").map_or("{}", RawValue::get).to_owned(),
            }),
            other => AssistantBlock::Other(NamedJson { name: other.to_owned(), value: value.get().to_owned() }),
        })
    }

    /// Citations of a text, as they stand.
    fn citations(&mut self, members: &Members<'_>, path: &str) -> Vec<String> {
        let items = self.items(members, path, "citations");
        let mut citations = Vec::with_capacity(items.len());
        for (path, value) in items {
            if json::object(value).is_none() {
                self.problem(
                    path,
                    format!("it is {}", json::kind(value)),
                    "a citation, which is an object of Bedrock's",
                );
            }
            citations.push(value.get().to_owned());
        }
        citations
    }

    fn tool(&mut self, value: &RawValue, path: &str) -> Tool {
        let members =
            self.object(value, path, "a tool, which is an object with `name`, `description` and `parameters`");
        if members.is_empty() {
            return Tool { name: String::new(), description: String::new(), parameters: "{}".to_owned(), strict: None };
        }
        Tool {
            name: self.string(&members, path, "name"),
            description: self.optional_string(&members, path, "description").unwrap_or_default(),
            parameters: json::present(&members, "parameters").map_or("{}", RawValue::get).to_owned(),
            strict: self
                .optional_string(&members, path, "strict")
                .or_else(|| self.constrained_sampling(&members, path)),
        }
    }

    /// `data` and `mimeType` of a block.
    fn blob(&mut self, members: &Members<'_>, path: &str) -> Option<Blob> {
        let media_type = self.string(members, path, "mimeType");
        let data = self.string(members, path, "data");
        match self.blobs.add_base64(data) {
            Ok(added) => {
                let media_type = self.blobs.media_type(added.index, &media_type);
                Some(Blob { index: added.index, media_type, size: added.size })
            }
            Err(error) => {
                self.problem(
                    member_path(path, "data"),
                    error.to_string(),
                    "the bytes in base64, without a `data:` prefix",
                );
                None
            }
        }
    }

    /// A block's members; a problem when it is not an object.
    fn block<'a>(&mut self, value: &'a RawValue, path: &str) -> Option<Members<'a>> {
        let members = self.object(value, path, "a block, which is an object with a `type`");
        (!members.is_empty()).then_some(members)
    }

    /// The members of an object; none, with a problem, when it is not one or is empty.
    fn object<'a>(&mut self, value: &'a RawValue, path: &str, expected: &str) -> Members<'a> {
        let members = json::object(value);
        if members.as_ref().is_none_or(Members::is_empty) && !(path.is_empty() && members.is_some()) {
            let message =
                if members.is_some() { "it is empty".to_owned() } else { format!("it is {}", json::kind(value)) };
            self.problem(path.to_owned(), message, expected);
        }
        members.unwrap_or_default()
    }

    /// The items of a member that is an array, each with its path; none when it is absent (pi takes `null` so).
    fn items<'a>(&mut self, members: &Members<'a>, path: &str, name: &str) -> Vec<(String, &'a RawValue)> {
        let Some(value) = json::present(members, name) else { return Vec::new() };
        let path = member_path(path, name);
        match json::array(value) {
            Some(items) => {
                items.into_iter().enumerate().map(|(index, item)| (format!("{path}[{index}]"), item)).collect()
            }
            None => {
                self.problem(path, format!("it is {}", json::kind(value)), "an array");
                Vec::new()
            }
        }
    }

    fn string(&mut self, members: &Members<'_>, path: &str, name: &str) -> String {
        if json::present(members, name).is_none() {
            self.problem(member_path(path, name), "it is missing", "a string");
        }
        self.optional_string(members, path, name).unwrap_or_default()
    }

    fn optional_string(&mut self, members: &Members<'_>, path: &str, name: &str) -> Option<String> {
        let value = json::present(members, name)?;
        let text = json::string(value);
        if text.is_none() {
            self.problem(member_path(path, name), format!("it is {}", json::kind(value)), "a string");
        }
        text
    }

    fn flag(&mut self, members: &Members<'_>, path: &str, name: &str) -> bool {
        match json::present(members, name) {
            None => false,
            Some(value) => serde_json::from_str(value.get()).unwrap_or_else(|_| {
                self.problem(member_path(path, name), format!("it is {}", json::kind(value)), "`true` or `false`");
                false
            }),
        }
    }

    fn problem(&mut self, path: String, message: impl Into<String>, expected: &str) {
        self.problems.push(ContextProblem { path, message: message.into(), expected: expected.to_owned() });
    }
}

fn member_path(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::conversation::{Attachment, Delta, Fragment};
    use crate::message::Fold;

    #[test]
    fn every_shape_of_pi_is_read() {
        let text = r#"{"systemPrompt":"Be brief.","messages":[
            {"role":"user","content":"hi","timestamp":1},
            {"role":"user","content":[{"type":"text","text":"see"},{"type":"image","data":"AQID","mimeType":"image/png"}]},
            {"role":"assistant","provider":"amazon-bedrock","api":"bedrock-converse-stream","model":"m","stopReason":"toolUse",
             "usage":{"input":1},"content":[{"type":"thinking","thinking":"hm","thinkingSignature":"s"},
             {"type":"toolCall","id":"c1","name":"look","arguments":{"n":9007199254740993}}]},
            {"role":"toolResult","toolCallId":"c1","toolName":"look","content":null,"isError":true},
            {"role":"custom","x":1}],
            "tools":[{"name":"look","description":"Looks.","parameters":{"b":1,"a":2.50}}]}"#;
        let (context, blobs) = read_context(text).expect("the test's context is right");
        assert_eq!(context.system_prompt.as_deref(), Some("Be brief."));
        assert_eq!(context.messages[0], Message::User(vec![UserBlock::Text("hi".to_owned())]));
        let image = Blob { index: 0, media_type: "image/png".to_owned(), size: 3 };
        assert_eq!(
            context.messages[1],
            Message::User(vec![UserBlock::Text("see".to_owned()), UserBlock::Image(image)])
        );
        assert_eq!(blobs.len(), 1);
        let Message::Assistant(assistant) = &context.messages[2] else { panic!("{:?}", context.messages[2]) };
        let call = ToolCall {
            id: "c1".to_owned(),
            name: "look".to_owned(),
            arguments: r#"{"n":9007199254740993}"#.to_owned(),
        };
        assert_eq!(assistant.content[1], AssistantBlock::ToolCall(call));
        let Message::ToolResult(result) = &context.messages[3] else { panic!("{:?}", context.messages[3]) };
        assert_eq!((result.content.len(), result.is_error), (0, true));
        assert!(matches!(&context.messages[4], Message::Other(other) if other.name == "custom"));
        assert_eq!(context.tools[0].parameters, r#"{"b":1,"a":2.50}"#);
    }

    #[test]
    fn all_the_problems_come_with_their_paths() {
        let text = r#"{"systemPrompt":1,"messages":[{"content":"x"},{"role":"user","content":[
            {"type":"image","mimeType":"image/png","data":"!"},{"type":"text"},7]},3,
            {"role":"toolResult","isError":"no","content":{}},
            {"role":"assistant","content":[{"type":"text","text":"x","citations":[{},"y"]}]}],"tools":{}}"#;
        let Err(ContextError::Invalid(problems)) = read_context(text) else { panic!("it has problems") };
        let paths: Vec<_> = problems.iter().map(|problem| problem.path.as_str()).collect();
        let expected = [
            "systemPrompt",
            "messages[0].role",
            "messages[1].content[0].data",
            "messages[1].content[1].text",
            "messages[1].content[2]",
            "messages[2]",
            "messages[3].toolCallId",
            "messages[3].content",
            "messages[3].isError",
            "messages[4].content[0].citations[1]",
            "tools",
        ];
        assert_eq!(paths, expected);
        assert_eq!(
            problems[2].to_string(),
            "messages[1].content[0].data: it is not base64; expected the bytes in base64, without a `data:` prefix"
        );
    }

    #[test]
    fn citations_survive_being_written_and_read() {
        let citations = [r#"{"title":"t","location":{"web":{"url":"https://a.example/?n=9007199254740993"}}}"#, "{}"];
        let mut fold = Fold::new("bedrock-converse-stream", "amazon-bedrock", "m", None);
        fold.apply(&Delta::TextStart(0));
        fold.apply(&Delta::TextDelta(Fragment { content_index: 0, delta: "cited".to_owned() }));
        for citation in citations {
            let (kind, value) = ("citation".to_owned(), citation.to_owned());
            fold.apply(&Delta::Attachment(Attachment { content_index: Some(0), kind, value }));
        }
        let written = serde_json::to_string(fold.message()).expect("a message is JSON");
        let (context, _) = read_context(&format!(r#"{{"messages":[{written}]}}"#)).expect("what was written is read");
        let Message::Assistant(read) = &context.messages[0] else { panic!("{:?}", context.messages[0]) };
        let expected = AssistantText { text: "cited".to_owned(), citations: citations.map(str::to_owned).to_vec() };
        assert_eq!(read.content, [AssistantBlock::Text(expected)]);
    }

    #[test]
    fn a_slip_in_the_syntax_has_its_place() {
        let error = read_context("{\n  \"messages\": [,]\n}").err();
        let expected = ContextError::Syntax { line: 2, column: 16, message: "expected value".to_owned() };
        assert_eq!(error, Some(expected));
        assert!(read_context("{}").is_ok());
        assert!(read_context("[]").is_err());
    }
}
