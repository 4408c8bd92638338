//! Requests as the SDKs write them.

use hyper::HeaderMap;

use super::super::thinking_token::ThinkingToken;
use super::super::{Asked, ReadError, Received, Request};
use super::request;
use crate::contract::conversation::{
    AssistantBlock, AssistantMessage, Message, Thinking, ToolCall, ToolChoice, ToolResult, UserBlock,
};
use crate::remote::Fetched;

fn read(body: &str) -> Result<Request, ReadError> {
    request::read(&Received { body: body.as_bytes(), headers: &HeaderMap::new(), fetched: &Fetched::default() })
}

fn asked(body: &str) -> Asked {
    match read(body) {
        Ok(Request { asked, .. }) => asked,
        Err(error) => panic!("{error:?}"),
    }
}

fn refused(body: &str) -> String {
    match read(body) {
        Err(ReadError::Refused(refusal)) => refusal.message,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it was taken: {body}"),
    }
}

fn text(text: &str) -> UserBlock {
    UserBlock::Text(text.to_owned())
}

#[test]
fn the_simplest_request() {
    let asked = asked(r#"{"model":"m","input":"hi","instructions":"Be brief.","stream":true,"store":true}"#);
    assert_eq!((asked.model.as_str(), asked.stream), ("m", true));
    assert_eq!(asked.context.system_prompt.as_deref(), Some("Be brief."));
    assert_eq!(asked.context.messages, [Message::User(vec![text("hi")])]);
}

#[test]
fn every_option_arrives() {
    let asked = asked(
        r#"{"model":"m","input":"hi","max_output_tokens":100,"temperature":0.25,"top_p":0.5,"metadata":{"team":"a"},
        "reasoning":{"effort":"none","summary":"auto"},"service_tier":"fast","prompt_cache_retention":"24h",
        "text":{"format":{"type":"json_schema","name":"city","strict":true,"schema":{"b":1.0,"a":2}},"verbosity":"medium"},
        "include":["reasoning.encrypted_content"],"truncation":"disabled","background":false,"parallel_tool_calls":true,
        "previous_response_id":null,"user":"u","safety_identifier":"s","prompt_cache_key":"k","top_logprobs":0,
        "stream_options":{"include_obfuscation":false}}"#,
    );
    let options = asked.options;
    assert_eq!((options.max_tokens, options.temperature, options.top_p), (Some(100), Some(0.25), Some(0.5)));
    assert_eq!(options.request_metadata, [("team".to_owned(), "a".to_owned())]);
    assert_eq!((options.thinking.as_deref(), options.service_tier.as_deref()), (Some("off"), Some("priority")));
    assert_eq!(options.cache_retention.as_deref(), Some("long"));
    let schema = options.output_schema.expect("there is a schema");
    assert_eq!((schema.name.as_str(), schema.schema.as_str()), ("city", r#"{"b":1.0,"a":2}"#));
    assert!(!asked.stream);
}

#[test]
fn the_items_of_a_tool_loop_become_messages_and_thinking_comes_back() {
    let token = ThinkingToken { model: "answering".to_owned(), signature: Some("sig".to_owned()), redacted: false };
    let body = format!(
        r#"{{"model":"alias","input":[
        {{"role":"developer","content":"Rules."}},{{"role":"user","content":[{{"type":"input_text","text":"look",
        "prompt_cache_breakpoint":{{"mode":"explicit","ttl":"30m"}}}},{{"type":"input_image","detail":"auto",
        "image_url":"data:image/png;base64,AQID"}},{{"type":"input_file","filename":"a.PDF","file_data":"AQID"}}]}},
        {{"type":"reasoning","id":"rs_1","summary":[{{"type":"summary_text","text":"hm"}}],"encrypted_content":"{}","status":null}},
        {{"type":"message","id":"msg_1","role":"assistant","status":"completed","content":[{{"type":"output_text",
        "text":"I look.","annotations":[],"logprobs":[]}},{{"type":"refusal","refusal":"No."}}]}},
        {{"type":"function_call","id":"fc_1","call_id":"c1","name":"look","arguments":"{{\"n\":9007199254740993}}","status":"completed"}},
        {{"type":"function_call_output","call_id":"c1","output":[{{"type":"input_text","text":"seen"}}]}},
        {{"role":"system","content":"Now in French."}},{{"role":"user","content":"go on"}}]}}"#,
        token.write()
    );
    let asked = asked(&body);
    assert_eq!(asked.context.system_prompt.as_deref(), Some("Rules."));
    let messages = asked.context.messages;
    let Message::User(blocks) = &messages[0] else { panic!("{:?}", messages[0]) };
    assert_eq!(blocks[..2], [text("look"), UserBlock::CachePoint(Some("1h".to_owned()))]);
    assert!(matches!(&blocks[2], UserBlock::Image(image) if image.media_type == "image/png" && image.size == 3));
    assert!(matches!(&blocks[3], UserBlock::Document(document) if document.blob.media_type == "application/pdf"));
    assert_eq!(asked.blobs.len(), 2);
    let Message::Assistant(AssistantMessage { content, model, stop_reason, provider, .. }) = &messages[1] else {
        panic!("{:?}", messages[1])
    };
    assert_eq!((model.as_str(), stop_reason.as_str(), provider.as_str()), ("answering", "toolUse", "amazon-bedrock"));
    let thinking = Thinking { text: "hm".to_owned(), signature: Some("sig".to_owned()), redacted: false };
    assert_eq!(content[0], AssistantBlock::Thinking(thinking));
    assert!(matches!(&content[2], AssistantBlock::Text(text) if text.text == "No."));
    let call = ToolCall { id: "c1".into(), name: "look".into(), arguments: r#"{"n":9007199254740993}"#.into() };
    assert_eq!(content[3], AssistantBlock::ToolCall(call));
    let result = ToolResult {
        tool_call_id: "c1".to_owned(),
        tool_name: "look".to_owned(),
        content: vec![text("seen")],
        is_error: false,
    };
    assert_eq!(messages[2], Message::ToolResult(result));
    assert_eq!(messages[3], Message::System("Now in French.".to_owned()));
    assert_eq!(messages.len(), 5);
}

#[test]
fn reasoning_of_two_models_is_two_messages_and_that_of_strangers_is_nobodys() {
    let token = |model: &str| ThinkingToken { model: model.into(), signature: None, redacted: true }.write();
    let body = format!(
        r#"{{"model":"m","input":[{{"type":"reasoning","summary":[],"encrypted_content":"{}"}},{{"type":"reasoning","summary":[],
        "encrypted_content":"{}"}},{{"type":"reasoning","summary":[],"encrypted_content":"gAAAAABopaque"}},
        {{"role":"user","content":"go"}},{{"role":"assistant","content":"plain"}}]}}"#,
        token("a"),
        token("b")
    );
    let models: Vec<_> = asked(&body)
        .context
        .messages
        .into_iter()
        .filter_map(|message| match message {
            Message::Assistant(message) => Some(message.model),
            _ => None,
        })
        .collect();
    assert_eq!(models, ["a", "b", "m"]);
}

#[test]
fn tools_and_the_choice_among_them() {
    let tools = r#""tools":[{"type":"function","name":"a","description":"A","parameters":{"type":"object","z":1},"strict":true},
        {"type":"function","name":"b","parameters":null,"strict":null}]"#;
    let with = |choice: &str| asked(&format!(r#"{{"model":"m","input":"x",{tools},"tool_choice":{choice}}}"#));
    let read = with("\"required\"");
    assert!(matches!(read.options.tool_choice, Some(ToolChoice::Any)));
    let tools: Vec<_> = read.context.tools.iter().map(|tool| (tool.name.as_str(), tool.strict.as_deref())).collect();
    assert_eq!(tools, [("a", Some("prefer")), ("b", None)]);
    assert_eq!(read.context.tools[0].parameters, r#"{"type":"object","z":1}"#);
    assert_eq!(read.context.tools[1].parameters, r#"{"type":"object","properties":{}}"#);
    let named = with(r#"{"type":"function","name":"b"}"#).options.tool_choice;
    assert!(matches!(named, Some(ToolChoice::Tool(name)) if name == "b"));
    let allowed = with(r#"{"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":"b"}]}"#);
    assert!(matches!(allowed.options.tool_choice, Some(ToolChoice::Auto)));
    assert_eq!(allowed.context.tools.len(), 1);
}

#[test]
fn what_cannot_be_had_is_refused_by_name_and_all_at_once() {
    let told = refused(
        r#"{"model":"m","input":[{"type":"item_reference"},{"type":"compaction_trigger"},{"role":"user","content":[
        {"type":"input_audio"},{"type":"input_image","file_id":"f"}]}],"conversation":"c",
        "background":true,"prompt":{"id":"p"},"include":["message.output_text.logprobs"],
        "max_tool_calls":3,"reasoning":{"effort":"huge"},"service_tier":"scale","top_logprobs":2,"magic":true}"#,
    );
    for place in [
        "input[0].id: it is missing",
        "input[1]: this gateway compacts no conversation",
        "input[2].content[0]: parts of type `input_audio`",
        "input[2].content[1].file_id",
        "conversation",
        "background",
        "prompt",
        "include[0]: Bedrock returns no log probabilities",
        "max_tool_calls",
        "reasoning.effort: `huge`",
        "service_tier: `scale`",
        "top_logprobs",
    ] {
        assert!(told.contains(place), "{place} is not in {told}");
    }
    assert_eq!(asked(r#"{"model":"m","input":"x","magic":true}"#).notices.places(), ["magic"]);
    assert!(refused(r#"{"input":[]}"#).contains("model: it is missing"));
    // Which models can be kept to one call is for the provider to say.
    let parallel = |parallel| {
        asked(&format!(r#"{{"model":"m","input":"x","parallel_tool_calls":{parallel}}}"#)).options.parallel_tool_calls
    };
    assert_eq!(parallel(false), Some(false));
    assert_eq!(parallel(true), None);
}

#[test]
fn instructions_alone_are_a_request() {
    for body in [
        r#"{"model":"m","instructions":"Greet.","input":[]}"#,
        r#"{"model":"m","input":[{"role":"developer","content":"Greet."}]}"#,
        r#"{"model":"m","input":[{"role":"system","content":[{"type":"input_text","text":"Greet."}]}]}"#,
    ] {
        let asked = asked(body);
        assert_eq!(asked.context.system_prompt.as_deref(), Some("Greet."), "{body}");
        assert_eq!(asked.context.messages, [Message::User(vec![text("<empty>")])], "{body}");
    }
}

#[test]
fn json_without_a_schema_is_an_instruction() {
    let asked =
        asked(r#"{"model":"m","instructions":"Be brief.","input":"x","text":{"format":{"type":"json_object"}}}"#);
    let prompt = asked.context.system_prompt.expect("there is one");
    assert!(prompt.starts_with("Be brief.\n\n") && prompt.contains("one JSON object"), "{prompt}");
    assert_eq!(asked.options.output_schema.map(|schema| schema.schema), None);
}

#[test]
fn metadata_of_any_letters_is_sent_as_far_as_bedrock_takes_it() {
    let long = "ü".repeat(300);
    let many: Vec<_> = (0..20).map(|number| format!(r#""k{number:02}":"v""#)).collect();
    let of = |metadata: &str| {
        asked(&format!(r#"{{"model":"m","input":"x","metadata":{metadata}}}"#)).options.request_metadata
    };
    assert_eq!(of("{}"), []);
    assert_eq!(of(r#"{"größe":"1 m²","":"x"}"#), [("gr__e".to_owned(), "1 m_".to_owned())]);
    assert_eq!(of(&format!(r#"{{"a":"{long}"}}"#))[0].1, "_".repeat(256));
    assert_eq!(of(&format!("{{{}}}", many.join(","))).len(), 16);
    // Two names that become one are one.
    assert_eq!(of(r#"{"a ü":"1","a ö":"2"}"#).len(), 1);
}

#[test]
fn hints_and_telemetry_ask_for_nothing() {
    let plain = asked(r#"{"model":"m","input":"x"}"#);
    let asked = asked(
        r#"{"model":"m","input":"x","client_metadata":{"turn_id":"t"},"access_programs":["a"],"prompt_cache_key":"k",
        "truncation":"auto","text":{"verbosity":"low"},"include":["web_search_call.action.sources","new.thing"]}"#,
    );
    assert_eq!((asked.options, asked.context), (plain.options, plain.context));
}

#[test]
fn an_image_by_address_is_wanted() {
    let body = r#"{"model":"m","input":[{"role":"user","content":[{"type":"input_image","image_url":"https://a.example/b.png"}]}]}"#;
    let Err(ReadError::Wants(wanted)) = read(body) else { panic!("it is not here") };
    assert_eq!(
        (wanted[0].path.as_str(), wanted[0].url.as_str()),
        ("input[0].content[0].image_url", "https://a.example/b.png")
    );
}
