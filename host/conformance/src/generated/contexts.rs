//! Conversations with every kind of content.

use crate::contract::conversation::{
    AssistantBlock, AssistantMessage, AssistantText, Blob, Context, Document, Message, Thinking, Tool, ToolCall,
    ToolResult, UserBlock,
};
use crate::contract::types::{Model, NamedJson};

/// A conversation with a model.
#[derive(Clone, Copy)]
pub(super) struct Conversation {
    pub(super) name: &'static str,
    pub(super) with: fn(&Model) -> Context,
}

const fn conversation(name: &'static str, with: fn(&Model) -> Context) -> Conversation {
    Conversation { name, with }
}

/// One question.
pub(super) const HELLO: Conversation = conversation("hello", |_| says(vec![text("Hello")]));

/// Tools on offer, and nothing called yet.
pub(super) const TOOLS: Conversation = conversation("tools", |_| Context {
    system_prompt: Some("Be brief. Use tools.".to_owned()),
    tools: tools(),
    ..says(vec![text("What is the weather?")])
});

/// Calls with results of every kind, from ids and names that Bedrock does not take.
pub(super) const CALLED: Conversation = conversation("called", |model| {
    let calls = vec![
        said("I look."),
        call("toolu_1", "get-weather", r#"{"city":"Rome","":"","deep":{"a":[1.50,null]}}"#),
        call("call|with.odd/characters-and-more-than-sixty-four-of-them-0123456789", "files.read all", "{}"),
    ];
    let found = vec![text("sunny"), image(0), document(1, Some("notes (1).txt"), false), text("")];
    let failed = vec![image(2), text("no such file")];
    let messages = vec![
        Message::User(vec![text("Weather and files?")]),
        by(&model.id, calls),
        result("toolu_1", "get-weather", found, false),
        result("call|with.odd/characters-and-more-than-sixty-four-of-them-0123456789", "files.read all", failed, true),
        Message::User(vec![text("And now?")]),
    ];
    Context { system_prompt: Some("Be brief.".to_owned()), messages, tools: tools() }
});

/// Thinking of this model in every form, and of another one.
pub(super) const THOUGHT: Conversation = conversation("thought", |model| {
    let thoughts = || {
        vec![
            thought("Hm.", Some("c2lnbmF0dXJl"), false),
            thought("[redacted]", Some("cmVkYWN0ZWQ="), true),
            thought("Unsigned.", None, false),
            thought(" ", Some("c2lnbmF0dXJl"), false),
            said("Yes."),
        ]
    };
    let messages = vec![
        Message::User(vec![text("Think.")]),
        by(&model.id, thoughts()),
        Message::User(vec![text("Again.")]),
        by("vendor.another-model-v1:0", thoughts()),
        Message::User(vec![text("And?")]),
    ];
    Context { system_prompt: None, messages, tools: Vec::new() }
});

/// Thinking before a tool call whose result is sent back.
const THOUGHT_AND_CALLED: Conversation = conversation("thought-and-called", |model| {
    let content =
        vec![thought("Hm.", Some("c2lnbmF0dXJl"), false), call("toolu_1", "get-weather", r#"{"city":"Rome"}"#)];
    let messages = vec![
        Message::User(vec![text("Weather?")]),
        by(&model.id, content),
        result("toolu_1", "get-weather", vec![text("sunny")], false),
    ];
    Context { system_prompt: None, messages, tools: tools() }
});

/// Attachments of every kind, the answer begun.
pub(super) const MEDIA: Conversation = conversation("media", |model| {
    let blocks = vec![
        text("Look at these."),
        image(0),
        document(1, Some("Report 2026/Q3: final.pdf"), true),
        document(2, Some("Report 2026/Q3: final.pdf"), false),
        document(3, None, false),
        UserBlock::Video(blob(4, "video/mp4")),
        UserBlock::GuardedText("Only this is checked.".to_owned()),
    ];
    let messages = vec![Message::User(blocks), by(&model.id, vec![said("The report says ")])];
    Context { system_prompt: None, messages, tools: Vec::new() }
});

/// System messages in the middle, two messages of one role, blank texts and nothing at all.
pub(super) const UNEVEN: Conversation = conversation("uneven", |model| {
    let messages = vec![
        by(&model.id, vec![said("I begin.")]),
        Message::User(vec![text("")]),
        Message::System("From now on in French.".to_owned()),
        Message::User(vec![text(" \n"), text("Bonjour")]),
        by(&model.id, Vec::new()),
        Message::User(Vec::new()),
        by(&model.id, vec![said(""), call("toolu_9", "get-weather", "{}")]),
        Message::User(vec![text("Never mind.")]),
    ];
    Context { system_prompt: Some(String::new()), messages, tools: Vec::new() }
});

/// Every conversation.
pub(super) const ALL: &[Conversation] = &[
    HELLO,
    TOOLS,
    CALLED,
    THOUGHT,
    THOUGHT_AND_CALLED,
    MEDIA,
    UNEVEN,
    conversation("cited", |model| {
        let citation = r#"{"title":"Rome","location":{"web":{"url":"https://rome.example/"}}}"#.to_owned();
        let text_of = AssistantText { text: "Rome is old.".to_owned(), citations: vec![citation] };
        after(by(&model.id, vec![AssistantBlock::Text(text_of)]))
    }),
    conversation("cache-points", |_| {
        let point = |ttl: Option<&str>| UserBlock::CachePoint(ttl.map(str::to_owned));
        says(vec![
            text("a"),
            point(None),
            text("b"),
            point(Some("1h")),
            text("c"),
            point(Some("5m")),
            point(Some("2d")),
        ])
    }),
    conversation("unknown-content", |model| {
        let named = |name: &str| NamedJson { name: name.to_owned(), value: r#"{"type":"new","a":1}"#.to_owned() };
        let messages = vec![
            Message::User(vec![text("Hello"), UserBlock::Other(named("hologram"))]),
            by(&model.id, vec![AssistantBlock::Other(named("gesture")), said("Hello")]),
            Message::Other(named("observer")),
            Message::User(vec![text("Go on")]),
        ];
        Context { system_prompt: None, messages, tools: Vec::new() }
    }),
    conversation("unicode", |model| Context {
        system_prompt: Some("Réponds en 日本語 — \u{1f468}\u{200d}\u{1f469}".to_owned()),
        tools: vec![tool(
            "wetter_übersicht",
            r#"{"type":"object","properties":{"stadt\u0000":{"type":"string"}}}"#,
            None,
        )],
        ..after(by(&model.id, vec![said("\u{202e}abc\u{0301} \u{fdd0} \u{1}\"\\")]))
    }),
    conversation("long", |model| after(by(&model.id, vec![said(&"word ".repeat(2000))]))),
    conversation("only-system", |_| Context {
        system_prompt: Some("Be brief.".to_owned()),
        messages: Vec::new(),
        tools: Vec::new(),
    }),
    conversation("from-another-provider", |_| {
        let content = vec![thought("Hm.", Some("sig"), false), call("call_1|fc_1", "get-weather", "{}")];
        let message = AssistantMessage {
            content,
            provider: "openai".to_owned(),
            api: "openai-responses".to_owned(),
            model: "gpt-5.6".to_owned(),
            stop_reason: "toolUse".to_owned(),
        };
        let found = result("call_1|fc_1", "get-weather", vec![text("sunny")], false);
        let messages = vec![Message::User(vec![text("Hi")]), Message::Assistant(message), found];
        Context { system_prompt: None, messages, tools: tools() }
    }),
    conversation("failed-turns", |model| {
        let of = |reason: &str| match by(&model.id, vec![said("So f"), call("toolu_1", "get-weather", "{}")]) {
            Message::Assistant(message) => {
                Message::Assistant(AssistantMessage { stop_reason: reason.to_owned(), ..message })
            }
            other => other,
        };
        let question = || Message::User(vec![text("Go on")]);
        let messages = vec![question(), of("error"), question(), of("aborted"), question(), of("length"), question()];
        Context { system_prompt: None, messages, tools: tools() }
    }),
    conversation("schemas", |_| {
        let schemas = [
            r#"{"type":"object","anyOf":[{"properties":{"a":{"type":"string"}},"required":["a"]},{"properties":{"b":{"const":1}}}]}"#,
            r#"{"type":"string"}"#,
            "{}",
            r##"{"type":"object","properties":{"n":{"$ref":"#/$defs/node"}},"$defs":{"node":{"type":"object","properties":{"next":{"$ref":"#/$defs/node"}}}},"additionalProperties":{"type":"string"}}"##,
            r#"{"type":"object","properties":{"a":{"type":["string","null"],"minLength":2,"format":"uuid"}}}"#,
        ];
        let tools =
            schemas.iter().enumerate().map(|(n, schema)| tool(&format!("t{n}"), schema, Some("require"))).collect();
        Context { tools, ..says(vec![text("Hello")]) }
    }),
    conversation("named-tools", |_| {
        let long = "n".repeat(80);
        let names = ["", "a b", "a_b", "a-b", "a.b", "überall", "1", &long, "a_b"];
        let tools =
            names.iter().map(|name| Tool { description: String::new(), ..tool(name, "{}", Some("prefer")) }).collect();
        Context { tools, ..says(vec![text("Hello")]) }
    }),
];

fn says(blocks: Vec<UserBlock>) -> Context {
    Context { system_prompt: None, messages: vec![Message::User(blocks)], tools: Vec::new() }
}

/// A question, this, and another question.
fn after(message: Message) -> Context {
    let messages = vec![Message::User(vec![text("Hello")]), message, Message::User(vec![text("Go on")])];
    Context { system_prompt: None, messages, tools: Vec::new() }
}

fn text(text: &str) -> UserBlock {
    UserBlock::Text(text.to_owned())
}

fn blob(index: u32, media_type: &str) -> Blob {
    Blob { index, media_type: media_type.to_owned(), size: 3 }
}

fn image(index: u32) -> UserBlock {
    UserBlock::Image(blob(index, "image/png"))
}

fn document(index: u32, name: Option<&str>, is_cited: bool) -> UserBlock {
    let context = is_cited.then(|| "From the board.".to_owned());
    let (blob, name) = (blob(index, "application/pdf"), name.map(str::to_owned));
    UserBlock::Document(Document { blob, name, context, citations: is_cited })
}

fn said(text: &str) -> AssistantBlock {
    AssistantBlock::Text(AssistantText { text: text.to_owned(), citations: Vec::new() })
}

fn thought(text: &str, signature: Option<&str>, redacted: bool) -> AssistantBlock {
    AssistantBlock::Thinking(Thinking { text: text.to_owned(), signature: signature.map(str::to_owned), redacted })
}

fn call(id: &str, name: &str, arguments: &str) -> AssistantBlock {
    AssistantBlock::ToolCall(ToolCall { id: id.to_owned(), name: name.to_owned(), arguments: arguments.to_owned() })
}

fn by(model: &str, content: Vec<AssistantBlock>) -> Message {
    Message::Assistant(AssistantMessage {
        content,
        provider: "amazon-bedrock".to_owned(),
        api: "bedrock-converse-stream".to_owned(),
        model: model.to_owned(),
        stop_reason: "stop".to_owned(),
    })
}

fn result(id: &str, name: &str, content: Vec<UserBlock>, is_error: bool) -> Message {
    Message::ToolResult(ToolResult { tool_call_id: id.to_owned(), tool_name: name.to_owned(), content, is_error })
}

fn tool(name: &str, parameters: &str, strict: Option<&str>) -> Tool {
    Tool {
        name: name.to_owned(),
        description: "Does something.".to_owned(),
        parameters: parameters.to_owned(),
        strict: strict.map(str::to_owned),
    }
}

fn tools() -> Vec<Tool> {
    let city = r#"{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}"#;
    vec![tool("get-weather", city, Some("prefer")), tool("files.read all", r#"{"type":"object"}"#, None)]
}
