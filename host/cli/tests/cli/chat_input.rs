//! `quarry chat`: conversations that come from files and from standard input.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::{Quarry, SONNET, check_events, simulator};

fn asking() -> Quarry {
    Quarry::asking(simulator())
}

fn weather_tool() -> Value {
    json!({
        "name": "get_weather",
        "description": "The weather of a city",
        "parameters": { "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] },
    })
}

fn question() -> Value {
    json!({ "role": "user", "content": "What does get_weather say of \"Oslo\"?", "timestamp": 1 })
}

#[test]
fn a_tool_is_called_and_its_result_is_read() {
    let context = json!({ "systemPrompt": "Use tools.", "messages": [question()], "tools": [weather_tool()] });
    let quarry = asking().file("context.json", context.to_string());
    let shown = quarry.run(&["chat", "--model", SONNET, "--context", "context.json"]);
    let (text, call) = shown.succeeded().stdout.trim_end().rsplit_once('\n').expect("two lines");
    assert_eq!(text, "I will call get_weather.");
    let arguments = call.strip_prefix("[tool call] get_weather ").expect("the call has a line of its own");
    let arguments: Value = serde_json::from_str(arguments).expect("they are JSON");
    assert!(arguments["city"].is_string(), "{arguments}");

    let called = quarry.run(&["chat", "--json", "--model", SONNET, "--context", "context.json"]);
    let events = called.succeeded().json_lines();
    let message = check_events(&events);
    assert_eq!((&message["stopReason"], &message["rawStopReason"]), (&json!("toolUse"), &json!("tool_use")));
    let call = &message["content"][1];
    assert_eq!((&call["type"], &call["name"]), (&json!("toolCall"), &json!("get_weather")));

    // pi's loop: the message of `done` goes back as it is, with the result behind it.
    let result = json!({
        "role": "toolResult", "toolCallId": call["id"], "toolName": "get_weather",
        "content": [{ "type": "text", "text": "snow" }], "isError": false, "timestamp": 3,
    });
    let context = json!({ "messages": [question(), message, result], "tools": [weather_tool()] });
    let answered = asking().stdin(context.to_string()).run(&["chat", "--model", SONNET, "--context", "-"]);
    assert!(answered.succeeded().stdout.contains("The tool get_weather answered \"snow\"."), "{answered:?}");
}

#[test]
fn an_image_reaches_the_service_byte_by_byte() {
    let image: Vec<u8> = (0..=255).cycle().take(70_001).collect();
    let content = json!([
        { "type": "text", "text": "hello" },
        { "type": "image", "data": STANDARD.encode(&image), "mimeType": "image/png" },
        { "type": "image", "data": STANDARD.encode(b"small"), "mimeType": "image/jpeg" },
    ]);
    let context = json!({ "messages": [{ "role": "user", "content": content, "timestamp": 1 }] }).to_string();
    let quarry = asking().file("context.json", context);
    let answer = quarry.run(&["chat", "--model", SONNET, "--context", "context.json"]);
    let seen = "I see 2 images: png, 70001 bytes, jpeg, 5 bytes.";
    assert!(answer.succeeded().stdout.contains(seen), "{answer:?}");
    let dry = quarry.run(&["chat", "--dry-run", "--model", SONNET, "--context", "context.json"]).json();
    let sent = &dry["messages"][0]["content"][1]["image"]["source"]["bytes"];
    assert_eq!(STANDARD.decode(sent.as_str().unwrap_or_default()).as_deref(), Ok(image.as_slice()));
}

#[test]
fn a_prompt_goes_behind_the_context() {
    let context = json!({ "messages": [
        { "role": "user", "content": "first", "timestamp": 1 },
        { "role": "assistant", "content": [{ "type": "text", "text": "second" }], "api": "x", "provider": "y", "model": "z",
          "usage": {}, "stopReason": "stop", "timestamp": 2 },
    ] });
    let quarry = asking().file("context.json", context.to_string());
    let answer = quarry.run(&["chat", "--model", SONNET, "--context", "context.json", "third"]);
    let text = &answer.succeeded().stdout;
    assert!(text.contains("You wrote: \"third\".") && text.contains("3 messages so far"), "{text}");
}

#[test]
fn the_prompt_may_come_from_standard_input() {
    let answer = asking().stdin("echo from a pipe\n").run(&["chat", "--model", SONNET]);
    assert_eq!(answer.succeeded().stdout, "from a pipe\n");
    let given = asking().stdin("echo not this").run(&["chat", "--model", SONNET, "echo but this"]);
    assert_eq!(given.succeeded().stdout, "but this\n");
}

#[test]
fn a_context_that_cannot_be_read_is_refused_with_its_place() {
    let chat = |quarry: Quarry, file: &str| quarry.run(&["chat", "--model", SONNET, "--context", file]);
    chat(asking(), "none.json").failed_with(2, &["cannot read none.json: No such file"]);
    chat(asking(), ".").failed_with(2, &["cannot read .: Is a directory"]);
    chat(asking().file("c.json", [b'"', 0xff, b'"']), "c.json").failed_with(2, &["cannot read c.json", "UTF-8"]);
    let broken = "{\n  \"messages\": [\n    {\"role\": \"user\",}\n  ]\n}";
    chat(asking().file("c.json", broken), "c.json").failed_with(2, &["error: c.json:3:21: the context is not JSON"]);
    chat(asking().stdin("{"), "-").failed_with(2, &["error: standard input:1:1: the context is not JSON"]);
    let empty = chat(asking().file("c.json", "{\"messages\": []}"), "c.json");
    empty.failed_with(2, &["messages"]);
}

#[test]
fn three_mistakes_in_a_context_are_three_problems() {
    let context = json!({
        "systemPrompt": 3,
        "messages": [{ "role": "user", "content": [{ "type": "image", "data": "!!", "mimeType": "image/png" }] }],
        "tools": {},
    });
    let refused = asking().file("c.json", context.to_string()).run(&["chat", "--model", SONNET, "--context", "c.json"]);
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""), "{refused:?}");
    let expected = "error: c.json: systemPrompt: it is a number\n  expected: a string\n\
                    error: c.json: messages[0].content[0].data: it is not base64\n  \
                    expected: the bytes in base64, without a `data:` prefix\n\
                    error: c.json: tools: it is an object\n  expected: an array\n";
    assert_eq!(refused.stderr, expected);
}

#[test]
fn a_wish_for_strict_tools_is_given_up_where_the_service_refuses_it() {
    let context = |strict: &str, tools: usize| {
        let tool = |number: usize| {
            let mut tool = weather_tool();
            if number > 0 {
                tool["name"] = json!(format!("tool_{number}"));
            }
            tool["strict"] = json!(strict);
            tool["parameters"]["additionalProperties"] = json!(false);
            tool
        };
        json!({ "messages": [question()], "tools": (0..tools).map(tool).collect::<Vec<_>>() }).to_string()
    };
    // The service takes 20, and the simulator with it.
    for (strict, tools) in [("prefer", 21), ("prefer", 20), ("require", 20)] {
        let shown = asking().stdin(context(strict, tools)).run(&["chat", "--model", SONNET, "--context", "-"]);
        assert!(shown.code == Some(0) && shown.stdout.contains("\n[tool call] get_weather {"), "{shown:?}");
        let is_repaired = shown.stderr.contains("the request was refused and is sent again");
        assert_eq!(is_repaired, tools > 20, "{strict} {tools}: {shown:?}");
    }
    let refused = asking().stdin(context("require", 21)).run(&["chat", "--model", SONNET, "--context", "-"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.contains("Too many strict tools (21)"), "{refused:?}");

    // What is recorded is the answer that came in the end.
    let quarry = asking().file("context.json", context("prefer", 21));
    let recorded = quarry.run(&["record", "--out", "mine", "--model", SONNET, "--context", "context.json"]);
    assert!(recorded.code == Some(0) && recorded.stderr.ends_with("recorded in mine\n"), "{recorded:?}");
    assert!(recorded.stdout.contains("[tool call] get_weather {"), "{recorded:?}");
    assert_eq!(quarry.run(&["conformance", "--recordings", "mine", "--only", "recordings"]).code, Some(0));
}

#[test]
fn a_model_that_cannot_stream_calls_says_what_would_do() {
    let context = json!({ "messages": [question()], "tools": [weather_tool()] }).to_string();
    let llama = "us.meta.llama4-maverick-17b-instruct-v1:0";
    let refused = asking().stdin(context).run(&["chat", "--model", llama, "--context", "-"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    for words in ["Validation error: This model doesn't support tool use in streaming mode.", "send no tools"] {
        assert!(refused.stderr.contains(words), "{refused:?}");
    }
}
