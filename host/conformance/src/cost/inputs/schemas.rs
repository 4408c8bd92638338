//! Schemas with much of something: of tools, and of answers.

use super::conversations::{hello, options, request, tool};
use super::{Input, Kind, Request, joined, model, settings};
use crate::contract::RequestKind;
use crate::contract::conversation::{Context, Options, OutputSchema};

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "prepare/schema-properties",
        input: |n| schema(&format!("{{\"type\":\"object\",\"properties\":{{{}}}}}", properties(n))),
    },
    Kind {
        name: "prepare/schema-members",
        input: |n| schema(&format!("{{{}}}", joined(n, |i| format!("\"x-{i:05}\":{i}")))),
    },
    Kind {
        name: "prepare/schema-properties-of-an-alternative",
        input: |n| schema(&format!("{{\"anyOf\":[{{\"properties\":{{{}}}}}]}}", properties(n))),
    },
    Kind {
        name: "prepare/schema-alternatives",
        input: |n| schema(&format!("{{\"oneOf\":[{}]}}", joined(n, alternative))),
    },
    Kind { name: "prepare/schema-required", input: required },
    Kind {
        name: "prepare/schema-parts",
        input: |n| {
            schema(&format!(
                "{{\"allOf\":[{}]}}",
                joined(n, |i| format!("{{\"properties\":{{\"p{i:05}\":{{}}}},\"required\":[\"p{i:05}\"]}}"))
            ))
        },
    },
    Kind { name: "prepare/schema-deep", input: |n| schema(&deep(n)) },
    Kind {
        name: "prepare/strict-schema-properties",
        input: |n| strict(&format!("{{\"type\":\"object\",\"properties\":{{{}}}}}", properties(n))),
    },
    Kind { name: "prepare/strict-schema-deep", input: |n| strict(&deep(n)) },
    Kind {
        name: "prepare/answer-schema-properties",
        input: |n| answer(&format!("{{\"type\":\"object\",\"properties\":{{{}}}}}", properties(n))),
    },
    Kind { name: "prepare/answer-schema-deep", input: |n| answer(&deep(n)) },
];

fn properties(count: usize) -> String {
    joined(count, |index| format!("\"p{index:06}\":{{\"type\":\"object\"}}"))
}

/// An alternative with a property that all have, each with a schema of its own.
fn alternative(index: usize) -> String {
    format!("{{\"properties\":{{\"a\":{{\"const\":{index}}}}},\"required\":[\"a\",\"p{index:05}\"]}}")
}

/// Two alternatives that require much.
fn required(count: usize) -> Input {
    let names = joined(count, |index| format!("\"p{index:06}\""));
    schema(&format!("{{\"anyOf\":[{{\"required\":[{names}]}},{{\"required\":[{names}]}}]}}"))
}

fn deep(levels: usize) -> String {
    let level = "{\"type\":\"object\",\"properties\":{\"a\":";
    format!("{}{{\"type\":\"string\"}}{}", level.repeat(levels), "}}".repeat(levels))
}

fn schema(parameters: &str) -> Input {
    request(Context { tools: vec![tool("look".to_owned(), parameters.to_owned(), None)], ..hello() })
}

fn strict(parameters: &str) -> Input {
    request(Context { tools: vec![tool("look".to_owned(), parameters.to_owned(), Some("prefer"))], ..hello() })
}

fn answer(schema: &str) -> Input {
    let output_schema = Some(OutputSchema { name: "answer".to_owned(), description: None, schema: schema.to_owned() });
    let options = Options { output_schema, ..options() };
    Input::Request(Box::new(Request {
        kind: RequestKind::Answer,
        settings: settings(),
        model: model(),
        context: hello(),
        options,
    }))
}
