//! The facts of models, and what they make of requests.

use std::collections::BTreeMap;

use quarry_conformance::prepare::{self, Given};
use quarry_conformance::provider::{Provider, Providers as _};
use quarry_guest::families::{NAMES, ROWS, Row};
use quarry_tests::native::Native;
use serde_json::{Value, json};

use crate::page::{self, table};

const HEAD: &str = "# Models

What the provider knows of models, and what it sends for them. The tests make this page of the data files in `guest/facts`.
[Adding a model](../guides/adding-a-model.md) explains the rows.
A listing's own facts count more than these, and so does the configuration.

";

/// The rows that models match.
fn rows() -> impl Iterator<Item = &'static Row> {
    ROWS.iter().filter(|row| !row.patterns.is_empty() || row.name == "plain")
}

/// A value as a cell.
fn cell(value: &Value) -> String {
    match value {
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(cell).collect::<Vec<_>>().join(", "),
        Value::Number(number) if number.as_u64() == Some(0) => "–".to_owned(),
        other => other.to_string(),
    }
}

/// A table of some facts of each row.
fn of_facts(facts: &[&str]) -> String {
    let mut text = format!("| Row | {} |\n|---|{}\n", facts.join(" | "), "---|".repeat(facts.len()));
    for row in rows() {
        let values: BTreeMap<&str, Value> = NAMES.iter().copied().zip(row.family.values()).collect();
        let cells: Vec<String> = facts.iter().map(|fact| cell(&values[fact])).collect();
        text.push_str(&format!("| {} | {} |\n", row.name, cells.join(" | ")));
    }
    text
}

/// The source of each fact, by row.
fn sources() -> String {
    let mut cells = Vec::new();
    for row in ROWS {
        let mut by_source: Vec<(String, &str, Vec<&str>)> = Vec::new();
        for (fact, _) in row.own {
            let fact = usize::from(*fact);
            let source = row.source_of(fact).expect("a fact of the row has a source");
            match by_source.iter_mut().find(|(text, ..)| text == source.source) {
                Some((.., facts)) => facts.push(NAMES[fact]),
                None => by_source.push((source.source.to_owned(), source.as_of, vec![NAMES[fact]])),
            }
        }
        for (source, as_of, facts) in by_source {
            cells.push([row.name.to_owned(), facts.join(", "), source.replace('|', "\\|"), as_of.to_owned()]);
        }
    }
    table(["Row", "Facts", "Source", "Read on"], cells)
}

fn tool() -> Value {
    json!({"name": "look", "description": "Looks.", "parameters": {"type": "object", "properties": {"q": {"type": "string"}}}})
}

/// What the provider makes of a conversation: the body, or the first problem.
fn sent(
    provider: &mut dyn Provider,
    id: &str,
    messages: &Value,
    tools: &Value,
    options: &Value,
) -> Result<Value, String> {
    let given = json!({
        "model": {"id": id, "reasoning": true, "input": ["text", "image", "document"]},
        "context": {"messages": messages, "tools": tools},
        "options": options,
    });
    let given: Given = serde_json::from_value(given).expect("it has the form of a case");
    let made: Value = serde_json::from_str(&prepare::run(&given, provider).expect("it runs")).expect("it is JSON");
    match made["problems"][0]["path"].as_str() {
        Some(_) => Err("refused".to_owned()),
        None => Ok(made["body"].clone()),
    }
}

/// A member of a body, as a cell.
fn shown(body: &Result<Value, String>, pointer: &str) -> String {
    match body {
        Err(why) => why.clone(),
        Ok(body) => body.pointer(pointer).map_or_else(|| "–".to_owned(), |value| format!("`{value}`")),
    }
}

fn what_is_sent() -> String {
    let mut provider = Native.fresh().expect("the native provider can be had");
    let user = |content: Value| json!([{"role": "user", "content": content}]);
    let (hi, none) = (user("hi".into()), json!([]));
    let quiet = |more: Value| {
        let mut options = json!({"cacheRetention": "none"});
        options.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        options
    };
    let image = json!({"type": "image", "data": "AQID", "mimeType": "image/png"});
    let document = json!({"type": "document", "data": "AQID", "mimeType": "application/pdf", "name": "a.pdf"});
    let schema = json!({"name": "out", "schema": {"type": "object", "properties": {"a": {"type": "string"}}}});
    let fields = "/additionalModelRequestFields";
    let (mut thinking, mut parameters, mut content) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows() {
        let id = row.example().unwrap_or_else(|| "example.model".to_owned());
        let mut ask = |messages: &Value, tools: &Value, options: Value| {
            sent(provider.as_mut(), &id, messages, tools, &quiet(options))
        };
        let level = |body: Result<Value, String>| {
            let mut fields = body.map(|body| body.pointer(fields).cloned().unwrap_or(Value::Null));
            if let Ok(Value::Object(members)) = &mut fields {
                members.remove("anthropic_beta");
                if let Some(thinking) = members.get_mut("thinking").and_then(Value::as_object_mut) {
                    thinking.remove("display");
                    thinking.remove("block_binding");
                }
            }
            match fields {
                Ok(Value::Null) => "–".to_owned(),
                Ok(fields) => format!("`{fields}`"),
                Err(why) => why,
            }
        };
        thinking.push([
            row.name.to_owned(),
            level(ask(&hi, &none, json!({"thinking": "off"}))),
            level(ask(&hi, &none, json!({"thinking": "low"}))),
            level(ask(&hi, &none, json!({"thinking": "high"}))),
            level(ask(&hi, &none, json!({"thinking": "max"}))),
        ]);

        let tools = json!([tool()]);
        let plain = ask(&hi, &tools, json!({"maxTokens": 500, "temperature": 0.5, "stopSequences": ["x"]}));
        let forced = ask(&hi, &tools, json!({"toolChoice": {"tool": "look"}}));
        let has_tools = if shown(&plain, "/toolConfig") == "–" { "–" } else { "sent" };
        let format = ask(&hi, &none, json!({"outputSchema": schema}));
        let held = match (&format, shown(&format, "/outputConfig") != "–") {
            (Err(why), _) => why.clone(),
            (_, true) => "`outputConfig`".to_owned(),
            _ => format!("tool, {}", shown(&format, "/toolConfig/toolChoice")),
        };
        parameters.push([
            row.name.to_owned(),
            shown(&plain, "/inferenceConfig"),
            level(ask(&hi, &none, json!({"additionalRequestFields": {"top_k": 5}}))),
            has_tools.to_owned(),
            shown(&forced, "/toolConfig/toolChoice"),
            held,
        ]);

        let assistant = |model: &str, content: Value| {
            json!({"role": "assistant", "provider": "amazon-bedrock", "api": "bedrock-converse-stream", "model": model,
                "stopReason": "toolUse", "content": content})
        };
        let call = json!({"type": "toolCall", "id": "functions.look:0", "name": "look", "arguments": {}});
        let result =
            json!({"role": "toolResult", "toolCallId": "functions.look:0", "toolName": "look", "content": [image]});
        let asked = json!({"role": "user", "content": "hi"});
        let in_result = ask(&json!([asked, assistant(&id, json!([call])), result]), &tools, json!({}));
        let words = in_result.as_ref().map(Value::to_string).unwrap_or_default();
        let place = match (
            words.contains("\"image\""),
            shown(&in_result, "/messages/2/content/0/toolResult/content/0/image"),
        ) {
            (false, _) => "–",
            (true, inside) if inside != "–" => "inside",
            (true, _)
                if in_result
                    .as_ref()
                    .is_ok_and(|body| body["messages"].as_array().is_some_and(|all| all.len() > 3)) =>
            {
                "a turn of its own"
            }
            _ => "beside",
        };
        let thought = json!({"type": "thinking", "thinking": "Hm.", "thinkingSignature": "sig"});
        let text = json!({"type": "text", "text": "Yes."});
        let own = ask(&json!([asked, assistant(&id, json!([thought, text])), asked]), &none, json!({}));
        let others = ask(&json!([asked, assistant("another", json!([thought, text])), asked]), &none, json!({}));
        let history = |body: &Result<Value, String>| match body {
            Err(why) => why.clone(),
            Ok(body) => {
                let first = &body["messages"][1]["content"][0];
                let signed = first.pointer("/reasoningContent/reasoningText/signature").is_some();
                match (first.get("reasoningContent").is_some(), first["text"] == "Hm.") {
                    (true, _) if signed => "with its signature",
                    (true, _) => "as thinking",
                    (_, true) => "as text",
                    _ => "left out",
                }
                .to_owned()
            }
        };
        let cached = sent(provider.as_mut(), &id, &hi, &none, &json!({"cacheRetention": "long"}));
        let cached = cached.as_ref().ok().and_then(|body| body.pointer("/messages/0/content/1/cachePoint").cloned());
        let cached = match cached {
            None => "–",
            Some(point) if point.get("ttl").is_some() => "1 hour",
            Some(_) => "5 minutes",
        };
        let mut ask = |messages: &Value| sent(provider.as_mut(), &id, messages, &none, &quiet(json!({})));
        let has = |body: Result<Value, String>, what: &str| match body {
            Err(why) => why,
            Ok(body) if body.to_string().contains(what) => "sent".to_owned(),
            Ok(_) => "–".to_owned(),
        };
        content.push([
            row.name.to_owned(),
            has(ask(&user(json!([image]))), "\"image\""),
            place.to_owned(),
            has(ask(&user(json!([document]))), "\"document\""),
            cached.to_owned(),
            history(&own),
            history(&others),
        ]);
    }
    [
        "## Thinking\n\n`additionalModelRequestFields` for the levels, without display, binding and betas.\n\n".to_owned(),
        table(["Row", "off", "low", "high", "max"], thinking),
        "\n## Parameters\n\nAsked for were 500 tokens, temperature 0.5, a stop sequence, `top_k` 5, a forced tool, a schema.\n\n"
            .to_owned(),
        table(["Row", "`inferenceConfig`", "`top_k`", "Tools", "Forced tool", "Schema"], parameters),
        "\n## Content\n\n".to_owned(),
        table(
            ["Row", "Image", "Image of a result", "Document", "Cache point", "Own thinking", "Thinking of another model"],
            content,
        ),
    ]
    .concat()
}

#[test]
fn the_page_of_models_is_what_the_provider_knows_and_sends() {
    let limits = ["contextWindow", "maxTokens", "minTokens", "thinks", "images", "documents", "converse"];
    let takes = [
        "sampling",
        "topK",
        "stopSequences",
        "forcedTool",
        "forcedWhileThinking",
        "caching",
        "outputFormat",
        "serviceTiers",
    ];
    let rules =
        ["toolCallIds", "toolImages", "mixedTurns", "textBehindCalls", "replay", "redactedReplay", "propertyKeys"];
    let page = [
        HEAD,
        "## Limits and media\n\n",
        &of_facts(&limits),
        "\n## What is supported\n\n",
        &of_facts(&takes),
        "\n## Rules of conversations\n\n",
        &of_facts(&rules),
        "\n",
        &what_is_sent(),
        "\n## Sources\n\n",
        &sources(),
    ]
    .concat();
    page::is("docs/reference/models.md", &page);
}
