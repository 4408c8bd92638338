//! curl, which shows what really crosses the wire: statuses, headers and events.

use std::io::Write as _;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::debian;
use crate::gateway::{Gateway, KEY};
use crate::planted::nothing_shows_in;

const CLAUDE: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
/// The exit code of `--max-time`.
const TIMED_OUT: i32 = 28;

/// What curl brought.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The head, in lower case.
    head: String,
    pub(crate) body: String,
    exit: Option<i32>,
}

impl Answer {
    /// A header, in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("not JSON ({error}): {self:?}"))
    }

    /// The documents of the `data:` lines.
    pub(crate) fn events(&self) -> Vec<Value> {
        assert!(self.head.contains("content-type: text/event-stream"), "{self:?}");
        let data = self.body.lines().filter_map(|line| line.strip_prefix("data: ")).filter(|data| *data != "[DONE]");
        data.map(|data| serde_json::from_str(data).unwrap_or_else(|error| panic!("not JSON ({error}): {data}")))
            .collect()
    }
}

/// Asks with curl. A body makes it a POST.
pub(crate) fn curl(url: &str, key: &str, more: &[&str], body: Option<&str>) -> Answer {
    let bearer = format!("authorization: Bearer {key}");
    let mut command = debian::installed("curl", "curl");
    command.args(["--silent", "--no-buffer", "--include", "--header", &bearer]).args(more);
    if body.is_some() {
        command.args(["--header", "content-type: application/json", "--header", "expect:", "--data-binary", "@-"]);
    }
    let mut child = command
        .arg(url)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("curl cannot be started: {error}"));
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(body.unwrap_or_default().as_bytes()).expect("curl reads its input");
    drop(stdin);
    let output = child.wait_with_output().expect("curl can be waited for");
    nothing_shows_in("an answer", &output.stdout);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {output:?}"));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    Answer {
        status: status.unwrap_or_else(|| panic!("no status: {head}")),
        head: head.to_ascii_lowercase(),
        body: body.to_owned(),
        exit: output.status.code(),
    }
}

fn post(gateway: &Gateway, path: &str, body: &Value) -> Answer {
    curl(&format!("{}{path}", gateway.base), KEY, &[], Some(&body.to_string()))
}

/// A good answer as JSON.
fn asked(gateway: &Gateway, path: &str, body: &Value) -> Value {
    let answer = post(gateway, path, body);
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

fn weather_schema() -> Value {
    json!({
        "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": false,
    })
}

#[test]
#[ignore = "peers: curl"]
fn chat_completions() {
    const PATH: &str = "/v1/chat/completions";
    let gateway = Gateway::with_a_key();
    let tool = |name| json!({"type": "function", "function": {"name": name, "parameters": weather_schema()}});
    let tools = json!([tool("get_weather"), tool("get_time")]);
    let mut messages = vec![json!({"role": "user", "content": "Use get_weather and get_time for Paris"})];
    let body = |messages: &[Value]| {
        json!({
            "model": CLAUDE, "messages": messages, "tools": tools, "reasoning_effort": "low", "max_tokens": 6000,
        })
    };
    let first = asked(&gateway, PATH, &body(&messages));
    let message = &first["choices"][0]["message"];
    assert_eq!(first["choices"][0]["finish_reason"], "tool_calls", "{first:#}");
    assert!(message["reasoning_content"].is_string(), "{first:#}");
    let calls = message["tool_calls"].as_array().expect("it calls tools");
    assert_eq!(calls.len(), 2, "{first:#}");
    messages.push(message.clone());
    messages
        .extend(calls.iter().map(|call| json!({"role": "tool", "tool_call_id": call["id"], "content": "noon, warm"})));
    let second = asked(&gateway, PATH, &body(&messages));
    let text = second["choices"][0]["message"]["content"].as_str().unwrap_or_default();
    assert!(text.contains(r#"get_time answered "noon, warm""#), "{second:#}");

    let image = json!({"type": "image_url", "image_url": {"url": format!("data:image/png;base64,{PNG}")}});
    let format = json!({"type": "json_schema", "json_schema": {"name": "weather", "schema": weather_schema()}});
    let seen = asked(&gateway, PATH, &json!({"model": CLAUDE, "messages": [{"role": "user", "content": [image]}]}));
    assert!(
        seen["choices"][0]["message"]["content"].as_str().is_some_and(|text| text.contains("1 image: png")),
        "{seen:#}"
    );
    let structured = json!({
        "model": CLAUDE, "messages": [{"role": "user", "content": "It rains in Oslo"}], "response_format": format,
    });
    assert_eq!(asked(&gateway, PATH, &structured)["choices"][0]["message"]["content"], r#"{"city":"Oslo"}"#);

    let streamed =
        json!({"model": CLAUDE, "messages": [{"role": "user", "content": "echo a few words"}], "stream": true});
    let answer = post(&gateway, PATH, &streamed);
    assert!(answer.body.ends_with("data: [DONE]\n\n"), "{answer:?}");
    let words = answer
        .events()
        .iter()
        .filter_map(|event| event["choices"][0]["delta"]["content"].as_str().map(str::to_owned))
        .collect::<String>();
    assert_eq!(words, "a few words");
    gateway.stop();
}

#[test]
#[ignore = "peers: curl"]
fn messages() {
    const PATH: &str = "/v1/messages";
    let gateway = Gateway::with_a_key();
    let tool = |name| json!({"name": name, "input_schema": weather_schema()});
    let tools = json!([tool("get_weather"), tool("get_time")]);
    let mut messages = vec![json!({"role": "user", "content": "Use get_weather and get_time for Paris"})];
    let thinking = json!({"type": "enabled", "budget_tokens": 1024});
    let body = |messages: &[Value]| {
        json!({
            "model": CLAUDE, "messages": messages, "tools": tools, "thinking": thinking, "max_tokens": 4000,
        })
    };
    let first = asked(&gateway, PATH, &body(&messages));
    let content = first["content"].as_array().expect("it has content");
    assert_eq!(first["stop_reason"], "tool_use", "{first:#}");
    assert!(content[0]["type"] == "thinking" && content[0]["signature"].is_string(), "{first:#}");
    let calls = content.iter().filter(|block| block["type"] == "tool_use");
    let results: Vec<_> =
        calls.map(|call| json!({"type": "tool_result", "tool_use_id": call["id"], "content": "noon, warm"})).collect();
    assert_eq!(results.len(), 2, "{first:#}");
    messages.extend([json!({"role": "assistant", "content": content}), json!({"role": "user", "content": results})]);
    let second = asked(&gateway, PATH, &body(&messages));
    assert!(second["content"].to_string().contains(r#"get_time answered \"noon, warm\""#), "{second:#}");

    let image = json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}});
    let plain = |content: Value| {
        json!({
            "model": CLAUDE, "max_tokens": 500, "messages": [{"role": "user", "content": content}],
        })
    };
    assert!(asked(&gateway, PATH, &plain(json!([image])))["content"].to_string().contains("1 image: png"));
    let mut structured = plain(json!("It rains in Oslo"));
    structured["output_config"] = json!({"format": {"type": "json_schema", "schema": weather_schema()}});
    assert_eq!(asked(&gateway, PATH, &structured)["content"][0]["text"], r#"{"city":"Oslo"}"#);

    let mut streamed = plain(json!("echo a few words"));
    streamed["stream"] = json!(true);
    let answer = post(&gateway, PATH, &streamed);
    let events = answer.events();
    let named: Vec<_> = answer.body.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
    let types: Vec<_> = events.iter().filter_map(|event| event["type"].as_str()).collect();
    assert_eq!(named, types, "each event has its name beside it");
    assert_eq!((types.first(), types.last()), (Some(&"message_start"), Some(&"message_stop")));
    let words: String = events.iter().filter_map(|event| event["delta"]["text"].as_str()).collect();
    assert_eq!(words, "a few words");
    gateway.stop();
}

#[test]
#[ignore = "peers: curl"]
fn responses() {
    const PATH: &str = "/v1/responses";
    let gateway = Gateway::with_a_key();
    let tool = |name| json!({"type": "function", "name": name, "parameters": weather_schema()});
    let tools = json!([tool("get_weather"), tool("get_time")]);
    let mut input = vec![json!({"role": "user", "content": "Use get_weather and get_time for Paris"})];
    let body = |input: &[Value]| {
        json!({
            "model": CLAUDE, "input": input, "tools": tools, "reasoning": {"effort": "low"}, "store": false,
            "include": ["reasoning.encrypted_content"],
        })
    };
    let first = asked(&gateway, PATH, &body(&input));
    let output = first["output"].as_array().expect("it has output").clone();
    assert_eq!(output[0]["type"], "reasoning", "{first:#}");
    let calls = output.iter().filter(|item| item["type"] == "function_call");
    let results: Vec<_> = calls
        .map(|call| json!({"type": "function_call_output", "call_id": call["call_id"], "output": "noon, warm"}))
        .collect();
    assert_eq!(results.len(), 2, "{first:#}");
    input.extend(output.into_iter().chain(results));
    let second = asked(&gateway, PATH, &body(&input));
    assert!(second["output"].to_string().contains(r#"get_time answered \"noon, warm\""#), "{second:#}");

    let image = json!({"type": "input_image", "image_url": format!("data:image/png;base64,{PNG}")});
    let seen = json!({"model": CLAUDE, "input": [{"role": "user", "content": [image]}], "store": false});
    assert!(asked(&gateway, PATH, &seen)["output"].to_string().contains("1 image: png"));
    let format = json!({"format": {"type": "json_schema", "name": "weather", "schema": weather_schema()}});
    let structured = json!({"model": CLAUDE, "input": "It rains in Oslo", "text": format, "store": false});
    assert_eq!(asked(&gateway, PATH, &structured)["output"][0]["content"][0]["text"], r#"{"city":"Oslo"}"#);

    let streamed = json!({"model": CLAUDE, "input": "echo a few words", "stream": true, "store": false});
    let events = post(&gateway, PATH, &streamed).events();
    assert_eq!(events[0]["type"], "response.created");
    let last = events.last().expect("there are events");
    assert_eq!(last["type"], "response.completed", "{last:#}");
    assert_eq!(last["response"]["output"][0]["content"][0]["text"], "a few words", "{last:#}");
    gateway.stop();
}

/// Each endpoint with a request for a model, and the header with the request's id.
fn endpoints(model: &str, prompt: &str) -> [(&'static str, &'static str, Value); 4] {
    let messages = json!([{"role": "user", "content": prompt}]);
    [
        ("/v1/chat/completions", "x-request-id", json!({"model": model, "messages": messages, "stream": true})),
        (
            "/v1/messages",
            "request-id",
            json!({"model": model, "messages": messages, "max_tokens": 60000, "stream": true}),
        ),
        ("/v1/responses", "x-request-id", json!({"model": model, "input": prompt, "stream": true, "store": false})),
        (
            "/api/stream",
            "x-request-id",
            json!({"model": {"id": model}, "context": {"messages": messages}, "options": {}}),
        ),
    ]
}

/// The error's words: an object's `message`, or, in pi's protocol, a text.
fn words(answer: &Answer) -> String {
    let error = answer.json()["error"].clone();
    error.as_str().or(error["message"].as_str()).unwrap_or_else(|| panic!("no error: {answer:?}")).to_owned()
}

#[test]
#[ignore = "peers: curl"]
fn errors_have_their_status_and_the_id_of_the_request() {
    let gateway = Gateway::with_a_key();
    let expected = [
        ("sim.http.429", 429, "Too many requests"),
        ("no.such-model", 404, "model"),
        ("sim.http.400-too-long", 400, "too long"),
    ];
    for (model, status, said) in expected {
        for (path, id, body) in endpoints(model, "Hello") {
            let answer = post(&gateway, path, &body);
            assert_eq!(answer.status, status, "{path} {model}: {answer:?}");
            assert!(answer.head.contains(&format!("\r\n{id}: ")), "{path} {model}: {answer:?}");
            assert!(answer.head.contains("content-type: application/json"), "{path} {model}: {answer:?}");
            assert!(words(&answer).contains(said), "{path} {model}: {answer:?}");
        }
    }
    for (path, _, body) in endpoints(CLAUDE, "Hello") {
        let url = format!("{}{path}", gateway.base);
        let text = body.to_string();
        for (status, key, sent) in
            [(401, "wrong", text.as_str()), (400, KEY, &text[..text.len() - 1]), (400, KEY, "[]")]
        {
            let answer = curl(&url, key, &[], Some(sent));
            assert_eq!(answer.status, status, "{path} {sent}: {answer:?}");
            assert!(!words(&answer).is_empty());
        }
        assert_eq!(curl(&url, KEY, &[], None).status, 405, "{path} takes POST alone");
    }
    assert_eq!(curl(&format!("{}/v1/nothing", gateway.base), KEY, &[], None).status, 404);
    gateway.stop();
}

#[test]
#[ignore = "peers: curl"]
fn a_client_that_goes_away_leaves_nothing_behind() {
    let gateway = Gateway::with_a_key();
    for model in ["sim.slow.20", "sim.silence.after-3"] {
        for (path, _, body) in endpoints(model, "count to 5000") {
            let url = format!("{}{path}", gateway.base);
            // Long enough for the head to come from a machine that is busy with other tests.
            let answer = curl(&url, KEY, &["--max-time", "1.5"], Some(&body.to_string()));
            assert_eq!((answer.status, answer.exit), (200, Some(TIMED_OUT)), "{path} {model}: {answer:?}");
            let gone = Instant::now();
            while in_flight(&gateway) > 0 {
                assert!(gone.elapsed() < Duration::from_secs(60), "{path} {model} still runs");
                thread::sleep(Duration::from_millis(20));
            }
        }
    }
    let metrics = curl(&format!("{}/metrics", gateway.base), KEY, &[], None).body;
    let aborted = metrics.lines().filter(|line| line.starts_with("quarry_requests_total") && line.contains("abort"));
    let count: u64 = aborted.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum();
    assert_eq!(count, 8, "{metrics}");
    gateway.stop();
}

/// How many requests the gateway is answering, by its own count.
fn in_flight(gateway: &Gateway) -> i64 {
    let metrics = curl(&format!("{}/metrics", gateway.base), KEY, &[], None).body;
    let lines: Vec<_> = metrics.lines().filter(|line| line.starts_with("quarry_requests_in_flight{")).collect();
    assert!(!lines.is_empty(), "{metrics}");
    lines.iter().map(|line| line.rsplit(' ').next().and_then(|value| value.parse::<i64>().ok()).expect("a count")).sum()
}

#[test]
#[ignore = "peers: curl"]
fn errors_name_the_request_and_the_member() {
    let gateway = Gateway::with_a_key();
    let user = json!([{"role": "user", "content": "Hello"}]);
    let header = |answer: &Answer, name: &str| {
        let line = answer.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.unwrap_or_else(|| panic!("no {name}: {answer:?}")).to_owned()
    };
    // What the gateway refuses itself has the gateway's id, in the body as in the header; what AWS refused has AWS's.
    let refused = post(&gateway, "/v1/messages", &json!({"model": CLAUDE, "messages": user, "max_tokens": 0}));
    assert_eq!(refused.status, 400, "{refused:?}");
    let id = refused.json()["request_id"].as_str().expect("there is an id").to_ascii_lowercase();
    assert!(id.starts_with("req_"), "{refused:?}");
    assert_eq!(id, header(&refused, "request-id"));
    let of_aws = post(&gateway, "/v1/messages", &json!({"model": "sim.http.500", "messages": user, "max_tokens": 9}));
    assert_eq!(of_aws.json()["request_id"], header(&of_aws, "x-amzn-requestid"), "{of_aws:?}");

    for (path, conversation) in [("/v1/chat/completions", "messages"), ("/v1/responses", "input")] {
        let unknown = post(&gateway, path, &json!({"model": "no-such-model", conversation: user}));
        let error = &unknown.json()["error"];
        assert_eq!(
            (unknown.status, &error["param"], &error["code"]),
            (404, &json!("model"), &json!("model_not_found"))
        );
        assert!(header(&unknown, "x-request-id").starts_with("req_"), "{unknown:?}");
    }
    gateway.stop();
}
