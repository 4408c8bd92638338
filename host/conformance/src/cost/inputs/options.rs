//! Options and settings with much of something.

use super::conversations::{hello, options};
use super::{Input, Kind, Request, joined, model, settings};
use crate::contract::RequestKind;
use crate::contract::config::{Origin, Place, Settings};
use crate::contract::conversation::{CachePoints, Context, Options, SystemCachePoint};
use crate::contract::types::Model;

pub(super) const KINDS: &[Kind] = &[
    Kind { name: "prepare/stop-sequences", input: |n| asked(Options { stop_sequences: texts(n), ..options() }) },
    Kind { name: "prepare/request-metadata", input: |n| asked(Options { request_metadata: pairs(n), ..options() }) },
    Kind { name: "prepare/prompt-variables", input: |n| asked(Options { prompt_variables: pairs(n), ..options() }) },
    Kind {
        name: "prepare/thinking-budgets",
        input: |n| {
            asked(Options {
                thinking: Some("low".to_owned()),
                thinking_budgets: (0..n).map(|i| (format!("level-{i:05}"), 2048)).collect(),
                ..options()
            })
        },
    },
    Kind {
        name: "prepare/response-fields",
        input: |n| {
            asked(Options {
                additional_response_field_paths: (0..n).map(|i| format!("/field-{i:05}")).collect(),
                ..options()
            })
        },
    },
    Kind {
        name: "prepare/request-fields",
        input: |n| fields(format!("{{{}}}", joined(n, |i| format!("\"f{i:05}\":{i}")))),
    },
    Kind {
        name: "prepare/request-fields-of-one-name",
        input: |n| fields(format!("{{{}}}", joined(n, |i| format!("\"thinking\":{{\"f{i:05}\":{i}}}")))),
    },
    Kind {
        name: "prepare/request-fields-deep",
        input: |n| fields(format!("{}1{}", "{\"thinking\":".repeat(n), "}".repeat(n))),
    },
    Kind {
        name: "prepare/betas",
        input: |n| fields(format!("{{\"anthropic_beta\":[{}]}}", joined(n, |i| format!("\"beta-{i:05}\"")))),
    },
    Kind {
        name: "prepare/system-tools",
        input: |n| asked(Options { system_tools: (0..n).map(|i| format!("tool_{i:05}")).collect(), ..options() }),
    },
    Kind { name: "prepare/cache-points-of-the-system-prompt", input: cache_points },
    Kind { name: "prepare/cache-points-in-a-blank-prompt", input: blank },
    Kind { name: "prepare/model-parameters", input: model_parameters },
    Kind { name: "prepare/configured-models", input: configured_models },
];

fn asked(options: Options) -> Input {
    Input::Request(Box::new(Request {
        kind: RequestKind::Answer,
        settings: settings(),
        model: model(),
        context: hello(),
        options,
    }))
}

fn fields(fields: String) -> Input {
    let thinking = Some("low".to_owned());
    asked(Options { thinking, additional_request_fields: Some(fields), ..options() })
}

fn texts(count: usize) -> Vec<String> {
    (0..count).map(|index| format!("stop {index:05}")).collect()
}

fn pairs(count: usize) -> Vec<(String, String)> {
    (0..count).map(|index| (format!("name-{index:05}"), format!("value {index:05}"))).collect()
}

/// Points behind each word of the system prompt and behind each tool that is not there.
fn cache_points(count: usize) -> Input {
    points(count, "word")
}

fn blank(count: usize) -> Input {
    points(count, "    ")
}

fn points(count: usize, word: &str) -> Input {
    let system = (0..count).map(|index| SystemCachePoint { at: (index * word.len()) as u64, ttl: None }).collect();
    let options = Options { cache_points: CachePoints { system, tools: Vec::new() }, ..options() };
    let context = Context { system_prompt: Some(word.repeat(count) + "."), ..hello() };
    Input::Request(Box::new(Request {
        kind: RequestKind::Answer,
        settings: settings(),
        model: model(),
        context,
        options,
    }))
}

fn model_parameters(count: usize) -> Input {
    let params = Some(format!("{{{}}}", joined(count, |index| format!("\"p{index:05}\":{index}"))));
    let model = Model { params, ..model() };
    Input::Request(Box::new(Request {
        kind: RequestKind::Answer,
        settings: settings(),
        model,
        context: hello(),
        options: options(),
    }))
}

fn configured_models(count: usize) -> Input {
    let place = || Place { layer: "file".to_owned(), source: "quarry.json5".to_owned(), line: 1, column: 1 };
    let settings = Settings {
        models: (0..count).map(|index| Model { id: format!("vendor.model-{index:05}"), ..model() }).collect(),
        origins: (0..count).map(|index| Origin { path: format!("models[{index:05}]"), place: place() }).collect(),
        ..settings()
    };
    Input::Request(Box::new(Request {
        kind: RequestKind::Answer,
        settings,
        model: model(),
        context: hello(),
        options: options(),
    }))
}
