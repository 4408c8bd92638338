//! What is read of a context, and what is refused.

use super::*;

#[test]
fn every_shape_of_pi_is_read() {
    let text = r#"{"systemPrompt":"Be brief.","messages":[
        {"role":"user","content":"hi","timestamp":1},
        {"role":"user","content":[{"type":"text","text":"see"},{"type":"image","data":"AQID","mimeType":"image/png"}]},
        {"role":"assistant","provider":"amazon-bedrock","api":"bedrock-converse-stream","model":"m","stopReason":"toolUse",
         "usage":{"input":1},"content":[{"type":"thinking","thinking":"hm","thinkingSignature":"s"},
         {"type":"toolCall","id":"c1","name":"look","arguments":{"n":9007199254740993}}]},
        {"role":"toolResult","toolCallId":"c1","toolName":"look","content":null,"isError":true},
        {"role":"custom","x":1}],
        "tools":[{"name":"look","description":"Looks.","parameters":{"b":1,"a":2.50}}]}"#;
    let (context, blobs) = read_context(text).expect("the test's context is right");
    assert_eq!(context.system_prompt.as_deref(), Some("Be brief."));
    assert_eq!(context.messages[0], Message::User(vec![UserBlock::Text("hi".to_owned())]));
    let image = Blob { index: 0, media_type: "image/png".to_owned(), size: 3 };
    assert_eq!(context.messages[1], Message::User(vec![UserBlock::Text("see".to_owned()), UserBlock::Image(image)]));
    assert_eq!(blobs.len(), 1);
    let Message::Assistant(assistant) = &context.messages[2] else { panic!("{:?}", context.messages[2]) };
    let call =
        ToolCall { id: "c1".to_owned(), name: "look".to_owned(), arguments: r#"{"n":9007199254740993}"#.to_owned() };
    assert_eq!(assistant.content[1], AssistantBlock::ToolCall(call));
    let Message::ToolResult(result) = &context.messages[3] else { panic!("{:?}", context.messages[3]) };
    assert_eq!((result.content.len(), result.is_error), (0, true));
    assert!(matches!(&context.messages[4], Message::Other(other) if other.name == "custom"));
    assert_eq!(context.tools[0].parameters, r#"{"b":1,"a":2.50}"#);
}

#[test]
fn system_messages_of_a_transcript_change_the_prompt_and_the_tools() {
    let text = r#"{"messages":[
        {"role":"system","content":"Be brief.","sections":{"z":"Zeal.","a":"Art.","n":"Nothing."},"toolsAdded":[
            {"name":"look","description":"Looks.","parameters":{}},{"name":"hear","description":"Hears.","parameters":{}}]},
        {"role":"user","content":"hi"},
        {"role":"system","content":[{"type":"text","text":"Be kind."}],"sections":{"n":null,"z":"Zest."},"toolsRemoved":[{"name":"look"}],
         "toolsAdded":[{"name":"hear","description":"Listens.","parameters":{},"constrainedSampling":{"type":"json_schema","strict":"require"}}]}]}"#;
    let (context, _) = read_context(text).expect("the test's context is right");
    assert_eq!(context.system_prompt.as_deref(), Some("Be brief.\n\nBe kind.\n\nZest.\n\nArt."));
    let tools: Vec<_> = context.tools.iter().map(|tool| (tool.description.as_str(), tool.strict.as_deref())).collect();
    assert_eq!(tools, [("Listens.", Some("require"))]);
    assert_eq!(context.messages.len(), 3);
    assert_eq!(context.messages[2], Message::System(String::new()));
    let wrong = r#"{"messages":[{"role":"system","content":"","sections":{"a":1},"toolsRemoved":[{}],"toolsAdded":[{"name":2}]}]}"#;
    let Err(ContextError::Invalid(problems)) = read_context(wrong) else { panic!("it has problems") };
    let paths: Vec<_> = problems.iter().map(|problem| problem.path.as_str()).collect();
    let expected = [
        "messages[0].sections.a",
        "messages[0].toolsRemoved[0]",
        "messages[0].toolsRemoved[0].name",
        "messages[0].toolsAdded[0].name",
    ];
    assert_eq!(paths, expected);
}

#[test]
fn all_the_problems_come_with_their_paths() {
    let text = r#"{"systemPrompt":1,"messages":[{"content":"x"},{"role":"user","content":[
        {"type":"image","mimeType":"image/png","data":"!"},{"type":"text"},7]},3,
        {"role":"toolResult","isError":"no","content":{}}],"tools":{}}"#;
    let Err(ContextError::Invalid(problems)) = read_context(text) else { panic!("it has problems") };
    let paths: Vec<_> = problems.iter().map(|problem| problem.path.as_str()).collect();
    let expected = [
        "systemPrompt",
        "messages[0].role",
        "messages[1].content[0].data",
        "messages[1].content[1].text",
        "messages[1].content[2]",
        "messages[2]",
        "messages[3].toolCallId",
        "messages[3].content",
        "messages[3].isError",
        "tools",
    ];
    assert_eq!(paths, expected);
    assert_eq!(
        problems[2].to_string(),
        "messages[1].content[0].data: it is not base64; expected the bytes in base64, without a `data:` prefix"
    );
}

#[test]
fn a_slip_in_the_syntax_has_its_place() {
    let error = read_context("{\n  \"messages\": [,]\n}").err();
    let expected = ContextError::Syntax { line: 2, column: 16, message: "expected value".to_owned() };
    assert_eq!(error, Some(expected));
    assert!(read_context("{}").is_ok());
    assert!(read_context("[]").is_err());
}
