//! What holds for every request, and what the case files in `guest/cases/prepare` cannot show.

use serde_json::Value;

use super::prepare;
use crate::contract::conversation::{
    AssistantBlock, AssistantMessage, AssistantText, Blob, BodyPart, Context, Message, Thinking, Tool, ToolCall,
    ToolResult, UserBlock,
};
use crate::contract::types::{Cost, Model};
use crate::families::ROWS;
use crate::test_values::{options, request_settings};

fn model(id: &str) -> Model {
    Model {
        id: id.to_owned(),
        name: String::new(),
        reasoning: true,
        input: vec!["text".to_owned(), "image".to_owned()],
        cost: Cost { input: 0.0, output: 0.0, cache_read: 0.0, cache_write: 0.0, tiers: Vec::new() },
        context_window: 200_000,
        max_tokens: 64_000,
        params: None,
        extras: Vec::new(),
    }
}

fn text(parts: &[BodyPart]) -> String {
    let pieces = parts.iter().map(|part| match part {
        BodyPart::Json(json) => String::from_utf8_lossy(json).into_owned(),
        BodyPart::Blob(index) => format!("blob {index}"),
    });
    pieces.collect()
}

fn tool(name: &str) -> Tool {
    Tool {
        name: name.to_owned(),
        description: "d".to_owned(),
        parameters: "{\"type\":\"object\"}".to_owned(),
        strict: None,
    }
}

fn assistant(model: &str, content: Vec<AssistantBlock>) -> Message {
    Message::Assistant(AssistantMessage {
        content,
        provider: "amazon-bedrock".to_owned(),
        api: "bedrock-converse-stream".to_owned(),
        model: model.to_owned(),
        stop_reason: "stop".to_owned(),
    })
}

#[test]
fn a_conversation_without_a_message_says_what_was_left_out() {
    let result = ToolResult {
        tool_call_id: "x".to_owned(),
        tool_name: String::new(),
        content: vec![UserBlock::Text("hi".to_owned())],
        is_error: false,
    };
    let context = Context { system_prompt: None, messages: vec![Message::ToolResult(result)], tools: Vec::new() };
    let problems =
        prepare(&request_settings(), "us-east-1", &model("a.b"), context, options()).expect_err("nothing is left");
    assert_eq!(
        problems[0].message,
        "the conversation has no message to send (messages[0]: left out, because no tool call of the previous turn has the id `x`)"
    );
}

#[test]
fn numbers_beyond_every_type_survive_and_blobs_stay_places() {
    let arguments = r#"{"b":123456789012345678901234567890,"a":1.10e+400}"#;
    let mut look = tool("look");
    look.parameters =
        r#"{"type":"object","properties":{"n":{"maximum":123456789012345678901234567890.50}}}"#.to_owned();
    let call = ToolCall { id: "c".to_owned(), name: "look".to_owned(), arguments: arguments.to_owned() };
    let image = Blob { index: 3, media_type: "image/png".to_owned(), size: 9 };
    let context = Context {
        system_prompt: None,
        messages: vec![
            Message::User(vec![UserBlock::Image(image)]),
            assistant("x", vec![AssistantBlock::ToolCall(call)]),
        ],
        tools: vec![look],
    };
    let prepared = prepare(&request_settings(), "us-east-1", &model("ai21.jamba"), context, options())
        .expect("the request is right");
    assert!(prepared.body.contains(&BodyPart::Blob(3)));
    let body = text(&prepared.body);
    assert!(body.contains(arguments), "{body}");
    assert!(body.contains(r#"{"maximum":123456789012345678901234567890.50}"#), "{body}");
    assert!(prepared.carry.is_empty());
}

#[test]
fn mapped_tool_names_are_carried() {
    let context = Context {
        system_prompt: None,
        messages: vec![Message::User(vec![UserBlock::Text("hi".to_owned())])],
        tools: vec![tool("get-time")],
    };
    let prepared = prepare(&request_settings(), "us-east-1", &model("amazon.nova-pro-v1:0"), context, options())
        .expect("the request is right");
    assert_eq!(prepared.carry, br#"{"tools":{"get_time":"get-time"}}"#);
}

/// Numbers that look random and are the same in every run (Knuth's MMIX).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn pick(&mut self, texts: &[&str]) -> String {
        texts[usize::try_from(self.below(texts.len() as u64)).unwrap_or_default()].to_owned()
    }

    fn text(&mut self) -> String {
        self.pick(&["", " ", "hello", "a \"quoted\"\n text", "\u{1f600}"])
    }

    fn id(&mut self) -> String {
        self.pick(&[
            "a",
            "b",
            "fn:0",
            "fn_0",
            "",
            "tooluse_0123456789012345678901234567890123456789012345678901234567890123",
        ])
    }

    fn user_blocks(&mut self) -> Vec<UserBlock> {
        let block = |numbers: &mut Self| match numbers.below(6) {
            0 => UserBlock::Image(Blob { index: 0, media_type: "image/png".to_owned(), size: numbers.below(2) }),
            1 => UserBlock::CachePoint(None),
            _ => UserBlock::Text(numbers.text()),
        };
        (0..self.below(4)).map(|_| block(self)).collect()
    }

    fn message(&mut self, model: &str) -> Message {
        match self.below(5) {
            0 | 1 => Message::User(self.user_blocks()),
            2 => Message::ToolResult(ToolResult {
                tool_call_id: self.id(),
                tool_name: "look".to_owned(),
                content: self.user_blocks(),
                is_error: self.below(2) == 0,
            }),
            _ => {
                let block = |numbers: &mut Self| match numbers.below(4) {
                    0 => AssistantBlock::Text(AssistantText { text: numbers.text(), citations: Vec::new() }),
                    1 => AssistantBlock::Thinking(Thinking {
                        text: numbers.text(),
                        signature: (numbers.below(2) == 0).then(|| numbers.pick(&["sig", "", "AQID"])),
                        redacted: numbers.below(4) == 0,
                    }),
                    _ => AssistantBlock::ToolCall(ToolCall {
                        id: numbers.id(),
                        name: numbers.pick(&["look", "get-time", "a.b", ""]),
                        arguments: numbers.pick(&["{}", "{\"\":1,\"n\":2}", "null", "[", "\"{}\""]),
                    }),
                };
                let model = if self.below(2) == 0 { model } else { "another" };
                assistant(model, (0..self.below(4)).map(|_| block(self)).collect())
            }
        }
    }
}

/// Whatever the history: the service's rules for the sequence of messages hold.
#[test]
fn every_history_becomes_a_conversation_that_the_service_takes() {
    let mut numbers = Numbers(1);
    for round in 0..4000_usize {
        let row = &ROWS[round % ROWS.len()];
        let family = &row.family;
        let id = row.example().unwrap_or_else(|| "example.model".to_owned());
        let with_tools = family.tools && numbers.below(3) > 0;
        let mut messages: Vec<Message> = (0..numbers.below(9)).map(|_| numbers.message(&id)).collect();
        messages.push(Message::User(numbers.user_blocks()));
        let tools = if with_tools { vec![tool("look"), tool("get-time")] } else { Vec::new() };
        let context = Context { system_prompt: Some(numbers.text()), messages, tools };
        let mut options = options();
        options.thinking = Some(numbers.pick(&["off", "low", "high", "max", "adaptive"]));
        let told = format!("{context:?}");
        let prepared = prepare(&request_settings(), "us-east-1", &model(&id), context, options)
            .expect("no part of it is a problem");
        let body: Value = serde_json::from_str(&text(&prepared.body)).expect("the body is JSON");
        check(&body, with_tools).unwrap_or_else(|broken| panic!("{broken}\n{body}\n{told}"));
    }
}

fn check(body: &Value, with_tools: bool) -> Result<(), String> {
    let empty = Vec::new();
    let items = |value: &Value| value.as_array().unwrap_or(&empty).clone();
    let messages = items(&body["messages"]);
    let mut open: Vec<String> = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for (index, message) in messages.iter().enumerate() {
        let role = if index % 2 == 0 { "user" } else { "assistant" };
        if message["role"] != role {
            return Err(format!("message {index} is not of the {role}"));
        }
        let content = items(&message["content"]);
        if content.is_empty() || content[0].get("cachePoint").is_some() {
            return Err(format!("message {index} is empty or begins with a cache point"));
        }
        let mut answered = Vec::new();
        for block in content.iter().flat_map(|block| {
            let inside = items(&block["toolResult"]["content"]);
            std::iter::once(block.clone()).chain(inside)
        }) {
            if block["text"].as_str().is_some_and(|text| text.trim().is_empty()) {
                return Err(format!("message {index} has a blank text"));
            }
            if let Some(id) = block["toolResult"]["toolUseId"].as_str() {
                answered.push(id.to_owned());
            }
        }
        answered.sort();
        open.sort();
        if answered != open {
            return Err(format!("message {index} answers {answered:?} and not {open:?}"));
        }
        open.clear();
        for call in content.iter().filter_map(|block| block.get("toolUse")) {
            let id = call["toolUseId"].as_str().unwrap_or_default().to_owned();
            let plain =
                (1..=64).contains(&id.len()) && id.chars().all(|c| c.is_ascii_alphanumeric() || "_-.:".contains(c));
            if !plain || !call["input"].is_object() || !seen.insert(id.clone()) {
                return Err(format!("message {index} has a call that is not right: {call}"));
            }
            open.push(id);
        }
        if !with_tools
            && content.iter().any(|block| block.get("toolUse").is_some() || block.get("toolResult").is_some())
        {
            return Err("there are tool blocks without tools".to_owned());
        }
    }
    if messages.len().is_multiple_of(2) || !open.is_empty() {
        return Err("the conversation does not end with the user".to_owned());
    }
    Ok(())
}
