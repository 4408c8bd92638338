//! Conversations and options that look random and are the same in every run, for every family in turn. None of them has a
//! problem in it, so each has to become a request; what a history may get wrong, it does.

use fastrand::Rng;
use quarry_guest::families::{Family, ROWS, ThinkingForm};
use serde_json::{Map, Value, json};

const TEXTS: &[&str] = &["", " \n", "hello", "a \"quoted\"\n text", "\u{1f600}", "\u{feff}", "half \u{fffd}"];
const IDS: &[&str] = &[
    "a",
    "b",
    "fn:0",
    "fn_0",
    "",
    "tooluse_012345678901234567890123456789012345678901234567890123456789",
    "abcDEF123",
];
const NAMES: &[&str] = &["look", "get-time", "get_time", "mcp.server/tool", "\u{5831}", ""];
const LEVELS: &[&str] = &["off", "minimal", "low", "medium", "high", "xhigh", "max", "adaptive"];

/// What a case of `prepare` gives.
pub(crate) fn given(seed: u64) -> Value {
    let mut rng = Rng::with_seed(seed);
    let row = &ROWS[usize::try_from(seed).unwrap_or_default() % ROWS.len()];
    let family = &row.family;
    let id = row.example().unwrap_or_else(|| "example".to_owned());
    // A provider's name in front, as the API wants it; it must not be one that another row matches.
    let id = format!("x.{id}");
    let mut tools = Vec::new();
    for name in &NAMES[..4] {
        if rng.bool() {
            tools.push(tool(name, &mut rng));
        }
    }
    let mut messages: Vec<Value> = (0..rng.usize(..9)).map(|_| message(&id, &mut rng)).collect();
    messages.push(json!({"role": "user", "content": content(&mut rng)}));
    let options = options(family, &tools, &mut rng);
    json!({
        "model": {"id": id, "reasoning": rng.bool(), "input": ["text", "image", "document", "video"],
            "maxTokens": rng.choice([0, 800, 4096, 64_000]), "contextWindow": rng.choice([0, 9000, 200_000])},
        "context": {"systemPrompt": pick(TEXTS, &mut rng), "messages": messages, "tools": tools},
        "options": options,
    })
}

fn pick(texts: &[&'static str], rng: &mut Rng) -> &'static str {
    rng.choice(texts).copied().unwrap_or_default()
}

fn tool(name: &str, rng: &mut Rng) -> Value {
    let parameters = rng.choice([
        json!({"type": "object", "properties": {"a": {"type": "string"}}}),
        json!({"anyOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}, "required": ["b"]}]}),
        json!({}),
    ]);
    json!({"name": name, "description": pick(&["", "Does it."], rng), "parameters": parameters,
        "strict": rng.choice(["require", "prefer"])})
}

/// What users and tools say.
fn content(rng: &mut Rng) -> Vec<Value> {
    let data = "AQID";
    let block = |rng: &mut Rng| match rng.u8(..9) {
        0 => json!({"type": "image", "data": rng.choice([data, ""]), "mimeType": "image/png"}),
        1 => json!({"type": "document", "data": data, "mimeType": rng.choice(["application/pdf", "text/plain"]),
            "name": rng.choice(["a_b.pdf", "a  b", "", "\u{5831}"]), "citations": rng.bool()}),
        2 => json!({"type": "video", "data": data, "mimeType": "video/mp4"}),
        3 => json!({"type": "guardedText", "text": pick(TEXTS, rng)}),
        4 => match rng.choice(["5m", "1h", ""]) {
            Some("") | None => json!({"type": "cachePoint"}),
            ttl => json!({"type": "cachePoint", "ttl": ttl}),
        },
        5 => json!({"type": "audio", "data": data}),
        _ => json!({"type": "text", "text": pick(TEXTS, rng)}),
    };
    (0..rng.usize(..5)).map(|_| block(rng)).collect()
}

fn message(id: &str, rng: &mut Rng) -> Value {
    match rng.u8(..7) {
        0 | 1 => json!({"role": "user", "content": content(rng)}),
        2 | 3 => {
            json!({"role": "toolResult", "toolCallId": pick(IDS, rng), "toolName": "look", "content": content(rng),
            "isError": rng.bool()})
        }
        4 if rng.u8(..4) == 0 => json!({"role": "system", "content": pick(TEXTS, rng)}),
        _ => {
            let model = if rng.bool() { id } else { "another" };
            let said: Vec<Value> = (0..rng.usize(..5)).map(|_| said(rng)).collect();
            json!({"role": "assistant", "provider": "amazon-bedrock", "api": "bedrock-converse-stream", "model": model,
                "stopReason": rng.choice(["stop", "toolUse", "error"]), "content": said})
        }
    }
}

/// What the assistant says.
fn said(rng: &mut Rng) -> Value {
    match rng.u8(..5) {
        0 => json!({"type": "text", "text": pick(TEXTS, rng)}),
        1 => json!({"type": "thinking", "thinking": pick(TEXTS, rng), "redacted": rng.u8(..4) == 0,
            "thinkingSignature": rng.choice(["sig", "", "AQID", "reasoning_content"])}),
        2 if rng.bool() => json!({"type": "cachePoint"}),
        _ => {
            let arguments = rng.choice([json!({}), json!({"": 1, "n": 2}), Value::Null, json!([]), json!("{\"a\":1}")]);
            json!({"type": "toolCall", "id": pick(IDS, rng), "name": pick(NAMES, rng), "arguments": arguments})
        }
    }
}

fn options(family: &Family, tools: &[Value], rng: &mut Rng) -> Value {
    let mut options = Map::new();
    let mut maybe = |name: &str, value: Value, rng: &mut Rng| {
        if rng.bool() {
            options.insert(name.to_owned(), value);
        }
    };
    maybe("thinking", json!(pick(LEVELS, rng)), rng);
    maybe("interleavedThinking", json!(rng.bool()), rng);
    maybe("temperature", json!(rng.choice([0.0, 0.5, 1.0])), rng);
    maybe("topP", json!(rng.choice([0.0, 0.5, 0.99])), rng);
    maybe("maxTokens", json!(rng.choice([1, 1500, 20_000, 1_000_000])), rng);
    maybe("cacheRetention", json!(rng.choice(["none", "short", "long"])), rng);
    maybe("serviceTier", json!(rng.choice(["default", "flex"])), rng);
    maybe("guardrail", json!({"identifier": "gr1", "version": "1"}), rng);
    if family.tools {
        let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
        maybe("outputSchema", json!({"name": rng.choice(["", "look", "a b"]), "schema": schema}), rng);
        if let Some(tool) = rng.choice(tools) {
            let choice = rng.choice([json!("auto"), json!("any"), json!("none"), json!({"tool": tool["name"]})]);
            maybe("toolChoice", json!(choice), rng);
        }
    }
    if family.thinking == ThinkingForm::Budget {
        maybe("thinkingBudgets", json!({"low": rng.choice([100, 1024, 30_000])}), rng);
    }
    options.insert("guardLastTurnOnly".to_owned(), json!(rng.bool()));
    if rng.bool() {
        options.insert("adjustments".to_owned(), json!([{"omit": "toolConfig.tools.strict"}]));
    }
    let points: Vec<Value> =
        (0..tools.len()).map(|after| json!({"after": after, "ttl": rng.choice(["5m", "1h"])})).collect();
    options.insert("cachePoints".to_owned(), json!({"tools": points, "system": [{"at": 0}]}));
    Value::Object(options)
}
