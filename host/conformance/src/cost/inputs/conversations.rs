//! Conversations with much of something.

use super::{Input, Kind, Request, foreign_name, joined, model, settings};
use crate::contract::RequestKind;
use crate::contract::conversation::{
    AssistantBlock, AssistantMessage, AssistantText, Blob, CachePoints, Context, Document, Message, Options, Thinking,
    Tool, ToolCall, ToolResult, UserBlock,
};
use crate::contract::types::NamedJson;

pub(super) const KINDS: &[Kind] = &[
    Kind { name: "prepare/text", input: |n| users(vec![text(&"word \"quoted\"\n".repeat(16 * n))]) },
    Kind { name: "prepare/control-characters", input: |n| users(vec![text(&"\u{1}\u{2}".repeat(64 * n))]) },
    Kind {
        name: "prepare/system-prompt",
        input: |n| request(Context { system_prompt: Some("be brief ".repeat(16 * n)), ..hello() }),
    },
    Kind { name: "prepare/texts", input: |n| users((0..n).map(|i| text(&i.to_string())).collect()) },
    Kind {
        name: "prepare/guarded-texts",
        input: |n| users((0..n).map(|i| UserBlock::GuardedText(i.to_string())).collect()),
    },
    Kind { name: "prepare/images", input: |n| users((0..n).map(|i| UserBlock::Image(blob(i, "image/png"))).collect()) },
    Kind {
        name: "prepare/documents-of-one-name",
        input: |n| users((0..n).map(|i| document(i, "report.pdf")).collect()),
    },
    Kind {
        name: "prepare/documents-of-one-long-name",
        input: |n| users((0..n).map(|i| document(i, &format!("{}{i:05}", "x".repeat(250)))).collect()),
    },
    Kind { name: "prepare/documents-and-cache-points", input: documents_and_cache_points },
    Kind {
        name: "prepare/cache-points",
        input: |n| users((0..n).flat_map(|i| [text(&i.to_string()), UserBlock::CachePoint(None)]).collect()),
    },
    Kind {
        name: "prepare/unknown-blocks",
        input: |n| users((0..n).map(|i| UserBlock::Other(named(&format!("kind-{i:05}")))).collect()),
    },
    Kind { name: "prepare/messages", input: messages },
    Kind {
        name: "prepare/system-messages",
        input: |n| conversation((0..n).map(|i| Message::System(format!("rule {i:05}"))).collect()),
    },
    Kind {
        name: "prepare/unknown-messages",
        input: |n| conversation((0..n).map(|i| Message::Other(named(&format!("role-{i:05}")))).collect()),
    },
    Kind { name: "prepare/thinking", input: |n| conversation(vec![assistant((0..n).map(thinking).collect())]) },
    Kind { name: "prepare/citations", input: citations },
    Kind { name: "prepare/calls", input: |n| calls(n, |i| format!("call-{i:05}"), |_| "look".to_owned()) },
    Kind { name: "prepare/calls-of-one-id", input: |n| calls(n, |_| "fn:0".to_owned(), |_| "look".to_owned()) },
    Kind {
        name: "prepare/calls-of-one-long-id",
        input: |n| calls(n, |i| format!("{}{i:05}", "x".repeat(100)), |_| "look".to_owned()),
    },
    Kind { name: "prepare/calls-of-foreign-names", input: |n| calls(n, |i| format!("call-{i:05}"), foreign_name) },
    Kind {
        name: "prepare/calls-without-results",
        input: |n| conversation(vec![assistant((0..n).map(|i| call(&format!("call-{i:05}"), "look", "{}")).collect())]),
    },
    Kind {
        name: "prepare/results-without-calls",
        input: |n| conversation((0..n).map(|i| result(&format!("call-{i:05}"))).collect()),
    },
    Kind { name: "prepare/turns-of-one-id", input: turns_of_one_id },
    Kind {
        name: "prepare/arguments",
        input: |n| arguments(&format!("{{{}}}", joined(n, |i| format!("\"a{i:05}\":{i},\"\":\"\"")))),
    },
    Kind {
        name: "prepare/arguments-deep",
        input: |n| arguments(&format!("{}\"\"{}", "{\"\":0,\"a\":[".repeat(n), "]}".repeat(n))),
    },
    Kind { name: "prepare/tools", input: |n| tools(n, |i| format!("tool_{i:05}")) },
    Kind { name: "prepare/tools-of-one-name", input: |n| tools(n, |_| "look".to_owned()) },
    Kind { name: "prepare/tools-of-foreign-names", input: |n| tools(n, foreign_name) },
    Kind {
        name: "prepare/tools-of-long-names",
        input: |n| tools(n, |i| format!("{}{i:05}{}", "n".repeat(60), "x".repeat(40))),
    },
];

pub(super) fn request(context: Context) -> Input {
    Input::Request(Box::new(Request {
        kind: RequestKind::Answer,
        settings: settings(),
        model: model(),
        context,
        options: options(),
    }))
}

/// A conversation that says hello.
pub(super) fn hello() -> Context {
    Context { system_prompt: None, messages: vec![Message::User(vec![text("hello")])], tools: Vec::new() }
}

pub(super) fn tool(name: String, parameters: String, strict: Option<&str>) -> Tool {
    Tool { name, description: "Looks.".to_owned(), parameters, strict: strict.map(str::to_owned) }
}

pub(super) fn options() -> Options {
    Options {
        max_tokens: None,
        temperature: None,
        top_p: None,
        stop_sequences: Vec::new(),
        tool_choice: None,
        thinking: None,
        thinking_budgets: Vec::new(),
        interleaved_thinking: None,
        thinking_display: None,
        cache_retention: None,
        service_tier: None,
        latency: None,
        guardrail: None,
        output_schema: None,
        request_metadata: Vec::new(),
        prompt_variables: Vec::new(),
        additional_request_fields: None,
        additional_response_field_paths: Vec::new(),
        parallel_tool_calls: None,
        system_tools: Vec::new(),
        guard_last_turn_only: false,
        cache_points: CachePoints { system: Vec::new(), tools: Vec::new() },
        adjustments: Vec::new(),
    }
}

fn conversation(messages: Vec<Message>) -> Input {
    let messages = hello().messages.into_iter().chain(messages).chain(hello().messages).collect();
    request(Context { messages, ..hello() })
}

fn users(blocks: Vec<UserBlock>) -> Input {
    conversation(vec![Message::User(blocks)])
}

fn text(text: &str) -> UserBlock {
    UserBlock::Text(text.to_owned())
}

fn named(name: &str) -> NamedJson {
    NamedJson { name: name.to_owned(), value: "{}".to_owned() }
}

fn blob(index: usize, media_type: &str) -> Blob {
    Blob { index: u32::try_from(index).unwrap_or(u32::MAX), media_type: media_type.to_owned(), size: 1 }
}

fn document(index: usize, name: &str) -> UserBlock {
    let (blob, name) = (blob(index, "application/pdf"), Some(name.to_owned()));
    UserBlock::Document(Document { blob, name, context: None, citations: false })
}

fn documents_and_cache_points(count: usize) -> Input {
    let documents = (0..count).map(|index| document(index, &format!("report {index:05}.pdf")));
    let points = std::iter::repeat_n(UserBlock::CachePoint(None), count);
    users([text("read this")].into_iter().chain(documents).chain(points).collect())
}

fn assistant(content: Vec<AssistantBlock>) -> Message {
    Message::Assistant(AssistantMessage {
        content,
        provider: "amazon-bedrock".to_owned(),
        api: "bedrock-converse-stream".to_owned(),
        model: model().id,
        stop_reason: "stop".to_owned(),
    })
}

fn messages(count: usize) -> Input {
    let said = |index: usize| {
        let text = AssistantText { text: format!("answer {index:05}"), citations: Vec::new() };
        [Message::User(vec![text_of(index)]), assistant(vec![AssistantBlock::Text(text)])]
    };
    conversation((0..count).flat_map(said).collect())
}

fn text_of(index: usize) -> UserBlock {
    text(&format!("question {index:05}"))
}

fn thinking(index: usize) -> AssistantBlock {
    let signature = Some("c2lnbmF0dXJl".to_owned());
    AssistantBlock::Thinking(Thinking { text: format!("thought {index:05}"), signature, redacted: index % 2 == 1 })
}

fn citations(count: usize) -> Input {
    let citations = (0..count).map(|index| format!("{{\"title\":\"page {index:05}\"}}")).collect();
    conversation(vec![assistant(vec![AssistantBlock::Text(AssistantText { text: "cited".to_owned(), citations })])])
}

fn call(id: &str, name: &str, arguments: &str) -> AssistantBlock {
    let (id, name, arguments) = (id.to_owned(), name.to_owned(), arguments.to_owned());
    AssistantBlock::ToolCall(ToolCall { id, name, arguments })
}

fn result(id: &str) -> Message {
    let content = vec![text("found")];
    let (tool_call_id, tool_name) = (id.to_owned(), "look".to_owned());
    Message::ToolResult(ToolResult { tool_call_id, tool_name, content, is_error: false })
}

/// Calls of one turn, answered from the last to the first.
fn calls(count: usize, id: impl Fn(usize) -> String, name: impl Fn(usize) -> String) -> Input {
    let calls = (0..count).map(|index| call(&id(index), &name(index), "{\"a\":1}")).collect();
    let results = (0..count).rev().map(|index| result(&id(index)));
    let messages: Vec<Message> = [assistant(calls)].into_iter().chain(results).collect();
    with_a_tool(messages)
}

/// Turns whose calls all have the same id.
fn turns_of_one_id(count: usize) -> Input {
    let turn = |_| [assistant(vec![call("call-0", "look", "{}")]), result("call-0")];
    with_a_tool((0..count).flat_map(turn).collect())
}

fn arguments(arguments: &str) -> Input {
    with_a_tool(vec![assistant(vec![call("call-0", "look", arguments)]), result("call-0")])
}

fn with_a_tool(messages: Vec<Message>) -> Input {
    let messages = hello().messages.into_iter().chain(messages).collect();
    let tools = vec![tool("look".to_owned(), "{\"type\":\"object\"}".to_owned(), None)];
    request(Context { messages, tools, ..hello() })
}

fn tools(count: usize, name: impl Fn(usize) -> String) -> Input {
    let schema = "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}}}";
    let tools = (0..count).map(|index| tool(name(index), schema.to_owned(), None)).collect();
    request(Context { tools, ..hello() })
}
