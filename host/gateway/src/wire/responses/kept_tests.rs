//! Requests that name earlier answers by their ids.

use std::sync::Arc;
use std::time::SystemTime;

use hyper::HeaderMap;
use serde_json::{Value, json};

use super::super::{Head, ReadError, Received, Request};
use super::answer_tests::{fragment, usage};
use super::kept::{Keeper, KeptResponses};
use super::request;
use crate::config::gateway::ResponsesConfig;
use crate::contract::conversation::{
    Delta, Message, Outcome, StopReason, ThinkingEnd, ToolcallEnd, ToolcallStart, UserBlock,
};
use crate::contract::no_details;
use crate::pi::message::Fold;
use crate::remote::Fetched;

/// Reads a request as the server does; a refusal is its message.
fn read(body: &Value, keeper: &Keeper) -> Result<Request, String> {
    let (body, headers) = (body.to_string(), HeaderMap::new());
    let read = |fetched: &Fetched| request::read(&Received { body: body.as_bytes(), headers: &headers, fetched });
    let request = match read(&Fetched::default()) {
        Err(ReadError::Recalls(named)) => {
            let recalled = keeper.recall(&named).map_err(|refusal| refusal.message)?;
            read(&Fetched::default().with(Some(recalled)))
        }
        other => other,
    };
    match request {
        Ok(mut request) => {
            request.writer.keep(keeper.clone());
            Ok(request)
        }
        Err(ReadError::Refused(refusal)) => Err(refusal.message),
        Err(other) => panic!("{other:?}"),
    }
}

/// Answers with thinking and a call, as a stream or whole.
fn answer(mut request: Request, id: &str, streams: bool) -> Value {
    let (reason, raw) = (StopReason::ToolUse, "tool_use".to_owned());
    let outcome = Outcome { reason, raw_stop_reason: raw, usage: usage(), details: no_details() };
    let start = ToolcallStart { content_index: 1, id: "c1".to_owned(), name: "look".to_owned() };
    let deltas = [
        Delta::Start,
        Delta::ThinkingStart(0),
        Delta::ThinkingDelta(fragment(0, "hm")),
        Delta::ThinkingEnd(ThinkingEnd { content_index: 0, signature: Some("sig".to_owned()), redacted: false }),
        Delta::ToolcallStart(start),
        Delta::ToolcallEnd(ToolcallEnd { content_index: 1, arguments: "{}".to_owned(), problem: None }),
        Delta::Done(outcome.clone()),
    ];
    request.writer.begin(&Head { id: id.to_owned(), model: "m".to_owned(), created: SystemTime::UNIX_EPOCH });
    let mut out = Vec::new();
    if streams {
        request.writer.events(&deltas, &mut out);
        let text = String::from_utf8(out).expect("events are text");
        let last = text.lines().rfind(|line| line.starts_with("data: ")).expect("there are events");
        let mut event: Value = serde_json::from_str(&last["data: ".len()..]).expect("it is JSON");
        return event["response"].take();
    }
    let mut fold = Fold::new("", "", "", None);
    deltas.iter().for_each(|delta| fold.apply(delta));
    request.writer.whole(fold.message(), &outcome, &mut out);
    serde_json::from_slice(&out).expect("it is JSON")
}

fn keeper() -> Keeper {
    Keeper::new(&Arc::<KeptResponses>::default(), "a", ResponsesConfig::default())
}

#[test]
fn a_request_continues_an_answer_by_its_id() {
    for streams in [true, false] {
        let keeper = keeper();
        let first = read(&json!({"model": "m", "input": "hi"}), &keeper).expect("it is right");
        let whole = answer(first, "one", streams);
        assert_eq!((&whole["store"], &whole["previous_response_id"]), (&json!(true), &Value::Null));
        let output = json!({"type": "function_call_output", "call_id": "c1", "output": "seen"});
        let next = json!({"model": "m", "previous_response_id": "resp_one", "input": [output]});
        let second = read(&next, &keeper).expect("it is kept");
        let messages = second.asked.context.messages.clone();
        assert_eq!(messages[0], Message::User(vec![UserBlock::Text("hi".to_owned())]));
        assert!(matches!(&messages[1], Message::Assistant(said) if said.content.len() == 2), "{messages:?}");
        assert!(matches!(&messages[2], Message::ToolResult(result) if result.tool_name == "look"), "{messages:?}");
        assert_eq!(messages.len(), 3);
        let whole = answer(second, "two", streams);
        assert_eq!(whole["previous_response_id"], "resp_one");
        let third = json!({"model": "m", "previous_response_id": "resp_two", "input": "go on"});
        let messages = read(&third, &keeper).expect("it is kept").asked.context.messages;
        assert_eq!(messages.len(), 5);
        assert_eq!(messages[4], Message::User(vec![UserBlock::Text("go on".to_owned())]));
    }
}

#[test]
fn items_are_named_by_their_ids() {
    let keeper = keeper();
    let first = read(&json!({"model": "m", "input": "hi"}), &keeper).expect("it is right");
    let _ = answer(first, "one", true);
    let input = json!([{"role": "user", "content": "hi"}, {"type": "item_reference", "id": "rs_one_0"}, {"id": "fc_one_1"},
        {"type": "function_call_output", "call_id": "c1", "output": "seen"}]);
    let second = read(&json!({"model": "m", "input": input}), &keeper).expect("it is kept");
    let messages = &second.asked.context.messages;
    assert!(matches!(&messages[1], Message::Assistant(said) if said.content.len() == 2), "{messages:?}");
    // What a request named is kept with it.
    let _ = answer(second, "two", true);
    let third = json!({"model": "m", "previous_response_id": "resp_two", "input": "go on"});
    assert_eq!(read(&third, &keeper).expect("it is kept").asked.context.messages.len(), 5);
}

#[test]
fn what_is_not_kept_is_refused_with_the_remedy() {
    let memory = Arc::default();
    let of = |key: &str, limits| Keeper::new(&memory, key, limits);
    let limits = ResponsesConfig::default();
    let whole = |body: Value, keeper: &Keeper, id: &str| answer(read(&body, keeper).expect("it is right"), id, false);
    let kept = whole(json!({"model": "m", "input": "hi"}), &of("a", limits), "one");
    let unwanted = whole(json!({"model": "m", "input": "hi", "store": false}), &of("a", limits), "two");
    let off = ResponsesConfig { keep: std::time::Duration::ZERO, ..limits };
    let switched_off = whole(json!({"model": "m", "input": "hi"}), &of("a", off), "three");
    assert_eq!([&kept["store"], &unwanted["store"], &switched_off["store"]], [true, false, false]);
    for (key, response, item) in
        [("b", "resp_one", "fc_one_1"), ("a", "resp_two", "fc_two_1"), ("a", "resp_three", "x")]
    {
        let refused = |body: Value| read(&body, &of(key, limits)).err().expect("it is not kept");
        let told = refused(json!({"model": "m", "previous_response_id": response, "input": "x"}));
        assert!(told.starts_with("previous_response_id:") && told.contains("`store: false`"), "{told}");
        let told = refused(json!({"model": "m", "input": [{"type": "item_reference", "id": item}]}));
        assert!(told.starts_with("input[0]:") && told.contains("`store: false`"), "{told}");
    }
}
