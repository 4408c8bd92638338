//! Tools as Codex declares them: namespaces, custom tools, a search, and tools of OpenAI's own.

use std::time::SystemTime;

use hyper::HeaderMap;
use serde_json::{Value, json};

use super::super::{Head, ReadError, Received, Request};
use super::answer_tests::{fragment, usage};
use super::request;
use crate::contract::conversation::{
    AssistantBlock, Delta, Message, Outcome, StopReason, ToolCall, ToolChoice, ToolResult, ToolcallEnd, ToolcallStart,
    UserBlock,
};
use crate::contract::no_details;
use crate::pi::message::Fold;
use crate::remote::Fetched;

/// The tools of Codex, in small.
fn tools() -> Value {
    let function = |name: &str| {
        json!({"type": "function", "name": name, "description": "d", "strict": false,
        "defer_loading": true, "parameters": {"type": "object", "properties": {}}})
    };
    json!([
        function("look"),
        {"type": "namespace", "name": "team", "description": "Agents.", "tools": [function("start"), function("look"),
            {"type": "custom", "name": "note", "description": "Takes a note."}]},
        {"type": "custom", "name": "edit", "description": "Edits.",
            "format": {"type": "grammar", "syntax": "lark", "definition": "start: /.+/s"}},
        {"type": "tool_search", "execution": "client", "description": "Find tools.", "parameters": {"type": "object"}},
        {"type": "web_search", "external_web_access": false},
    ])
}

fn read(body: &Value) -> Result<Request, ReadError> {
    let body = body.to_string();
    request::read(&Received { body: body.as_bytes(), headers: &HeaderMap::new(), fetched: &Fetched::default() })
}

fn taken(body: &Value) -> Request {
    read(body).unwrap_or_else(|error| panic!("{error:?}"))
}

fn refused(body: &Value) -> String {
    match read(body) {
        Err(ReadError::Refused(refusal)) => refusal.message,
        _ => panic!("it was taken: {body}"),
    }
}

fn functions(request: &Request) -> Vec<&str> {
    request.asked.context.tools.iter().map(|tool| tool.name.as_str()).collect()
}

#[test]
fn every_tool_that_the_client_runs_is_a_function() {
    let request = taken(&json!({"model": "m", "input": "x", "tools": tools()}));
    assert_eq!(functions(&request), ["look", "team__start", "team__look", "team__note", "edit", "tool_search"]);
    let tools = &request.asked.context.tools;
    assert_eq!((tools[1].description.as_str(), tools[2].description.as_str()), ("team: Agents.\n\nd", "d"));
    let schema: Value = serde_json::from_str(&tools[4].parameters).expect("it is JSON");
    assert_eq!((&schema["required"], &schema["properties"]["input"]["type"]), (&json!(["input"]), &json!("string")));
    assert!(tools[4].description.contains("grammar (lark):\n\nstart: /.+/s"), "{}", tools[4].description);
    assert_eq!(tools[3].description, "Takes a note.");
}

#[test]
fn tools_that_openai_runs_are_left_out_beside_others_and_refused_alone() {
    let kinds = [
        "web_search",
        "web_search_preview",
        "image_generation",
        "local_shell",
        "code_interpreter",
        "file_search",
        "mcp",
        "computer_use_preview",
        "shell",
        "apply_patch",
        "tool_search",
        "of_next_year",
    ];
    for kind in kinds {
        let hosted = json!({"type": kind, "anything": {"a": 1}});
        let function = json!({"type": "function", "name": "look", "parameters": null});
        let beside = taken(&json!({"model": "m", "input": "x", "tools": [hosted, function]}));
        assert_eq!(functions(&beside), ["look"], "{kind}");
        let told = refused(&json!({"model": "m", "input": "x", "tools": [hosted]}));
        assert!(told.contains(&format!("tools[0].type: Bedrock runs no tools of type `{kind}`; remove it")), "{told}");
        let unwanted = taken(&json!({"model": "m", "input": "x", "tools": [hosted], "tool_choice": "none"}));
        assert!(functions(&unwanted).is_empty(), "{kind}");
        let told =
            refused(&json!({"model": "m", "input": "x", "tools": [hosted, function], "tool_choice": {"type": kind}}));
        assert!(told.contains(&format!("tool_choice.type: Bedrock runs no tools of type `{kind}`")), "{told}");
    }
}

#[test]
fn a_choice_names_a_tool_as_the_client_knows_it() {
    let with = |choice: Value| taken(&json!({"model": "m", "input": "x", "tools": tools(), "tool_choice": choice}));
    for (choice, expected) in [
        (json!({"type": "function", "name": "look"}), "look"),
        (json!({"type": "function", "name": "look", "namespace": "team"}), "team__look"),
        (json!({"type": "function", "name": "start"}), "team__start"),
        (json!({"type": "custom", "name": "edit"}), "edit"),
    ] {
        let chosen = with(choice).asked.options.tool_choice;
        assert!(matches!(&chosen, Some(ToolChoice::Tool(name)) if name == expected), "{chosen:?}");
    }
    let allowed = with(json!({"type": "allowed_tools", "mode": "required", "tools": [
        {"type": "namespace", "name": "team"}, {"type": "custom", "name": "edit"}, {"type": "web_search"}]}));
    assert_eq!(functions(&allowed), ["team__start", "team__look", "team__note", "edit"]);
    let nothing = json!({"type": "allowed_tools", "mode": "auto", "tools": [{"type": "web_search"}]});
    let told = refused(&json!({"model": "m", "input": "x", "tools": tools(), "tool_choice": nothing}));
    assert!(told.contains("tools[4].type"), "{told}");
}

/// The answer that calls every kind of tool: as events, and as the response at their end.
fn answer() -> (Vec<Value>, Value) {
    let calls = [
        ("look", r#"{"a":1}"#),
        ("team__start", "{}"),
        ("edit", r#"{"input":"*** Begin\nü"}"#),
        ("team__note", r#"{"input":""}"#),
        ("tool_search", r#"{"query":"docs"}"#),
    ];
    let mut deltas = vec![Delta::Start];
    for (index, (name, arguments)) in (0..).zip(calls) {
        let (id, name) = (format!("c{index}"), name.to_owned());
        deltas.push(Delta::ToolcallStart(ToolcallStart { content_index: index, id, name }));
        let (begin, rest) = arguments.split_at(1);
        deltas.extend([begin, rest].map(|part| Delta::ToolcallDelta(fragment(index, part))));
        let arguments = arguments.to_owned();
        deltas.push(Delta::ToolcallEnd(ToolcallEnd { content_index: index, arguments, problem: None }));
    }
    let (reason, raw) = (StopReason::ToolUse, "tool_use".to_owned());
    let outcome = Outcome { reason, raw_stop_reason: raw, usage: usage(), details: no_details() };
    deltas.push(Delta::Done(outcome.clone()));

    let request = json!({"model": "m", "input": "x", "tools": tools()});
    let head = Head { id: "abc".to_owned(), model: "m".to_owned(), created: SystemTime::UNIX_EPOCH };
    let (mut streamed, mut fold) = (Vec::new(), Fold::new("", "", "", None));
    let mut writer = taken(&request).writer;
    writer.begin(&head);
    for delta in &deltas {
        writer.events(std::slice::from_ref(delta), &mut streamed);
        fold.apply(delta);
    }
    let text = String::from_utf8(streamed).expect("events are text");
    let events: Vec<Value> = text
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|data| serde_json::from_str(data).expect("it is JSON"))
        .collect();
    let mut whole = Vec::new();
    let mut writer = taken(&request).writer;
    writer.begin(&head);
    writer.whole(fold.message(), &outcome, &mut whole);
    (events, serde_json::from_slice(&whole).expect("it is JSON"))
}

#[test]
fn a_call_comes_back_as_the_client_declared_its_tool() {
    let (events, whole) = answer();
    let done = "completed";
    let output = json!([
        {"type": "function_call", "id": "fc_abc_0", "status": done, "call_id": "c0", "name": "look", "arguments": "{\"a\":1}"},
        {"type": "function_call", "id": "fc_abc_1", "status": done, "call_id": "c1", "namespace": "team", "name": "start",
            "arguments": "{}"},
        {"type": "custom_tool_call", "id": "ctc_abc_2", "status": done, "call_id": "c2", "name": "edit",
            "input": "*** Begin\nü"},
        {"type": "custom_tool_call", "id": "ctc_abc_3", "status": done, "call_id": "c3", "namespace": "team",
            "name": "note", "input": ""},
        {"type": "tool_search_call", "id": "tsc_abc_4", "status": done, "call_id": "c4", "execution": "client",
            "arguments": {"query": "docs"}},
    ]);
    assert_eq!(whole["output"], output);
    let last = events.last().expect("there are events");
    assert_eq!((&last["type"], &last["response"]["output"]), (&json!("response.completed"), &output));
    let of = |index: usize| {
        let events = events.iter().filter(move |event| event["output_index"] == index);
        events
            .map(|event| event["type"].as_str().unwrap_or_default().trim_start_matches("response."))
            .collect::<Vec<_>>()
    };
    let call = |member: &str| {
        ["output_item.added", &format!("{member}.delta"), &format!("{member}.done"), "output_item.done"]
            .map(str::to_owned)
    };
    let arguments = "function_call_arguments";
    assert_eq!(
        of(1),
        [
            "output_item.added",
            &format!("{arguments}.delta"),
            &format!("{arguments}.delta"),
            &format!("{arguments}.done"),
            "output_item.done"
        ]
    );
    assert_eq!(of(2), call("custom_tool_call_input"));
    assert_eq!(of(4), ["output_item.added", "output_item.done"]);
    let input =
        events.iter().find(|event| event["type"] == "response.custom_tool_call_input.done").expect("it is there");
    assert_eq!((&input["item_id"], &input["input"]), (&json!("ctc_abc_2"), &json!("*** Begin\nü")));
    let added = events.iter().find(|event| event["output_index"] == 2).expect("it is there");
    assert_eq!((&added["item"]["input"], &added["item"]["status"]), (&json!(""), &json!("in_progress")));
    for (index, item) in output.as_array().expect("a list").iter().enumerate() {
        let ended = events.iter().rfind(|event| event["output_index"] == index).expect("it ends");
        assert_eq!(&ended["item"], item);
    }
}

#[test]
fn what_came_back_is_read_as_history() {
    let (_, whole) = answer();
    let mut input = vec![json!({"role": "user", "content": "go"})];
    input.extend(whole["output"].as_array().expect("a list").iter().cloned());
    input.extend([
        json!({"type": "function_call_output", "call_id": "c0", "output": "seen"}),
        json!({"type": "function_call_output", "call_id": "c1", "namespace": "team", "name": "start", "output": "ok"}),
        json!({"type": "custom_tool_call_output", "call_id": "c2", "output": [{"type": "input_text", "text": "done"}]}),
        json!({"type": "custom_tool_call_output", "call_id": "c3", "output": "noted"}),
        json!({"type": "tool_search_output", "call_id": "c4", "execution": "client", "status": "completed", "tools": [
            {"type": "namespace", "name": "docs", "description": "d", "tools": [
                {"type": "function", "name": "read", "defer_loading": true, "parameters": {"type": "object"}}]},
            {"type": "function", "name": "look", "parameters": {"type": "object"}}]}),
    ]);
    let request = taken(&json!({"model": "m", "input": input, "tools": tools()}));
    assert_eq!(functions(&request).last(), Some(&"docs__read"));
    assert_eq!(functions(&request).iter().filter(|name| **name == "look").count(), 1);
    let messages = &request.asked.context.messages;
    let Message::Assistant(said) = &messages[1] else { panic!("{messages:?}") };
    let calls: Vec<_> = said
        .content
        .iter()
        .map(|block| match block {
            AssistantBlock::ToolCall(ToolCall { name, arguments, .. }) => (name.as_str(), arguments.as_str()),
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = [
        ("look", r#"{"a":1}"#),
        ("team__start", "{}"),
        ("edit", r#"{"input":"*** Begin\nü"}"#),
        ("team__note", r#"{"input":""}"#),
        ("tool_search", r#"{"query":"docs"}"#),
    ];
    assert_eq!(calls, expected);
    let results: Vec<_> = messages[2..]
        .iter()
        .map(|message| match message {
            Message::ToolResult(ToolResult { tool_name, content, .. }) => match &content[..] {
                [UserBlock::Text(text)] => (tool_name.as_str(), text.as_str()),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = [
        ("look", "seen"),
        ("team__start", "ok"),
        ("edit", "done"),
        ("team__note", "noted"),
        ("tool_search", "Loaded: docs__read, look"),
    ];
    assert_eq!(results, expected);
}

#[test]
fn items_that_ask_for_nothing_are_left_out() {
    let kinds = [
        "web_search_call",
        "file_search_call",
        "image_generation_call",
        "code_interpreter_call",
        "computer_call",
        "computer_call_output",
        "local_shell_call",
        "local_shell_call_output",
        "shell_call",
        "apply_patch_call",
        "mcp_list_tools",
        "mcp_call",
        "compaction",
        "tool_search_call",
        "tool_search_output",
        "of_next_year",
    ];
    for kind in kinds {
        let item =
            json!({"type": kind, "id": "x_1", "status": "completed", "encrypted_content": "e", "action": {"a": 1}});
        let request = taken(&json!({"model": "m", "input": [item, {"role": "user", "content": "hi"}]}));
        assert_eq!(request.asked.context.messages.len(), 1, "{kind}");
    }
}

#[test]
fn additional_tools_are_tools_like_any() {
    let item = json!({"type": "additional_tools", "role": "developer", "tools": tools()});
    let user = json!({"role": "user", "content": "hi"});
    let request = taken(&json!({"model": "m", "input": [item, item, user], "tools": []}));
    assert_eq!(functions(&request), ["look", "team__start", "team__look", "team__note", "edit", "tool_search"]);
    assert_eq!(request.asked.context.messages.len(), 1);
    let empty = json!({"type": "additional_tools", "role": "developer", "tools": []});
    assert!(functions(&taken(&json!({"model": "m", "input": [empty, user]}))).is_empty());
    let hosted = json!({"type": "additional_tools", "role": "developer", "tools": [{"type": "web_search"}]});
    let told = refused(&json!({"model": "m", "input": [hosted, user]}));
    assert!(told.contains("input[0].tools[0].type: Bedrock runs no tools of type `web_search`"), "{told}");
}
