//! Messages.

use std::collections::BTreeMap;

use crate::contract::conversation::{
    AssistantBlock, AssistantMessage, AssistantText, Context, Message, Options, Thinking, ToolCall, ToolResult,
    UserBlock,
};
use crate::wire::openai_files;
use crate::wire::reader::{Object, Value};

/// Members of an answer that clients give back in its messages, parts and calls. Without a signature thinking is not taken back by the
/// models that sign it; `thinking_blocks` has both.
const ECHOES: &[&str] = &[
    "annotations",
    "cache_control",
    "citations",
    "extra_content",
    "id",
    "images",
    "name",
    "phase",
    "provider_specific_fields",
    "reasoning",
    "reasoning_content",
    "reasoning_details",
    "refusal",
    "role",
    "thinking_blocks",
    "tool_calls",
];

/// Reads `messages`.
pub(super) fn read(body: &Object<'_, '_>, options: &mut Options) -> Context {
    let mut context = Context { system_prompt: None, messages: Vec::new(), tools: Vec::new() };
    // Names of the tools that were called, by the call's id: a result names the call alone.
    let mut calls = BTreeMap::new();
    let Some(messages) = body.require("messages", "an array of messages") else { return context };
    // A prompt's ARN wants none; for a model the provider says that there is nothing to send.
    for item in messages.items("an array of messages") {
        let Some(message) = item.require_object("a message, which is an object with a `role`") else { continue };
        read_message(&message, &mut context, &mut calls, options);
        message.finish();
    }
    context
}

fn read_message(
    message: &Object<'_, '_>,
    context: &mut Context,
    calls: &mut BTreeMap<String, String>,
    options: &mut Options,
) {
    match message.require_string("role").as_str() {
        "system" | "developer" => {
            let text = texts(message, options);
            if let Some(ttl) = cache_control(message) {
                options.cache_retention = Some(retention(ttl.as_deref()));
            }
            message.ignore(&["name"]);
            // All system messages before the conversation are one system prompt.
            if context.messages.is_empty() {
                let before = context.system_prompt.take();
                context.system_prompt =
                    Some(before.map_or_else(|| text.clone(), |before| format!("{before}\n\n{text}")));
            } else {
                context.messages.push(Message::System(text));
            }
        }
        "user" => {
            let content = user_content(message);
            message.ignore(&["name"]);
            context.messages.push(Message::User(content));
        }
        "assistant" => {
            context.messages.push(Message::Assistant(assistant(message, calls)));
            // What clients give back of an answer asks for nothing.
            message.ignore(ECHOES);
        }
        "tool" => {
            let id = message.require_string("tool_call_id");
            if !id.is_empty() && !calls.contains_key(&id) {
                // The provider leaves out a result that answers no call.
                message.reader().ignored(message.path_of("tool_call_id"));
            }
            let tool_name = calls.get(&id).cloned().or_else(|| message.string("name")).unwrap_or_default();
            message.ignore(&["name"]);
            let content = user_content(message);
            context.messages.push(Message::ToolResult(ToolResult {
                tool_call_id: id,
                tool_name,
                content,
                is_error: message.flag("is_error").unwrap_or(false),
            }));
        }
        "function" => {
            let path = message.path_of("role");
            message.reader().problem(path, "the role \"function\" is the old form; use \"tool\" with `tool_call_id`");
            message.ignore_rest();
        }
        "" => message.ignore_rest(),
        other => {
            let expected = "\"system\", \"developer\", \"user\", \"assistant\" or \"tool\"";
            message.reader().problem(message.path_of("role"), format!("it is {other:?}; expected {expected}"));
            message.ignore_rest();
        }
    }
}

/// Content that may be text only.
fn texts(message: &Object<'_, '_>, options: &mut Options) -> String {
    let Some(content) = message.require("content", "a string, or an array of text parts") else { return String::new() };
    if content.is_string() {
        return content.string().unwrap_or_default();
    }
    let mut texts = Vec::new();
    for part in content.items("a string, or an array of text parts") {
        let Some(part) = part.require_object("a text part") else { continue };
        match part.require_string("type").as_str() {
            "text" => texts.push(part.require_string("text")),
            other => {
                let message = format!("it is {other:?}; expected \"text\"");
                part.reader().problem(part.path_of("type"), message);
                continue;
            }
        }
        // The provider places the cache point of a system prompt. The client chooses its time to live.
        if let Some(ttl) = cache_control(&part) {
            options.cache_retention = Some(retention(ttl.as_deref()));
        }
        part.finish();
    }
    texts.join("\n")
}

/// The time to live of a prompt's cache, in the provider's terms.
fn retention(ttl: Option<&str>) -> String {
    if ttl == Some("1h") { "long" } else { "short" }.to_owned()
}

/// Content of a user or a tool, with the cache point of its message behind it.
fn user_content(message: &Object<'_, '_>) -> Vec<UserBlock> {
    let mut blocks = user_parts(message);
    blocks.extend(cache_control(message).map(UserBlock::CachePoint));
    blocks
}

fn user_parts(message: &Object<'_, '_>) -> Vec<UserBlock> {
    let expected = "a string, or an array of parts";
    let Some(content) = message.require("content", expected) else { return Vec::new() };
    if content.is_string() {
        return content.string().map(UserBlock::Text).into_iter().collect();
    }
    let mut blocks = Vec::new();
    for part in content.items(expected) {
        let Some(part) = part.require_object("a part, which is an object with a `type`") else { continue };
        blocks.extend(user_part(&part));
        if let Some(ttl) = cache_control(&part) {
            blocks.push(UserBlock::CachePoint(ttl));
        }
        part.finish();
    }
    blocks
}

fn user_part(part: &Object<'_, '_>) -> Option<UserBlock> {
    match part.require_string("type").as_str() {
        "text" => Some(UserBlock::Text(part.require_string("text"))),
        "image_url" => {
            let image = part.require("image_url", "an object with a `url`")?;
            let url = if image.is_string() {
                image
            } else {
                let object = image.require_object("an object with a `url`")?;
                // How closely to look is the model's own business here.
                object.ignore(&["detail", "format"]);
                let url = object.require("url", "a `data:` URL")?;
                object.finish();
                url
            };
            part.reader().url(&url.path, &url.string()?).map(UserBlock::Image)
        }
        "video_url" => {
            let video =
                part.require("video_url", "an object with a `url`")?.require_object("an object with a `url`")?;
            let url = video.require("url", "a `data:` URL")?;
            video.finish();
            part.reader().url(&url.path, &url.string()?).map(UserBlock::Video)
        }
        "file" => file(part),
        other => {
            let expected = "\"text\", \"image_url\", \"file\" or \"video_url\"";
            part.reader().problem(part.path_of("type"), format!("it is {other:?}; Bedrock accepts {expected}"));
            part.ignore_rest();
            None
        }
    }
}

fn file(part: &Object<'_, '_>) -> Option<UserBlock> {
    let expected = "an object with `file_data`, a `data:` URL, and `filename`";
    let file = part.require("file", expected)?.require_object(expected)?;
    file.refuse("file_id", &[], "this gateway stores no files; send `file_data`");
    let name = file.string("filename");
    let data = file.require("file_data", "a `data:` URL, or base64");
    file.ignore(&["format"]);
    file.finish();
    let data = data?;
    let text = data.string()?;
    let blob = if text.starts_with("data:") || text.starts_with("http") {
        part.reader().url(&data.path, &text)?
    } else {
        // OpenAI accepts bare base64 too. It is a PDF unless the name says otherwise.
        let media_type = name.as_deref().and_then(openai_files::media_type).unwrap_or("application/pdf");
        part.reader().base64(&data.path, media_type, &text)?
    };
    Some(openai_files::block(blob, name))
}

/// `cache_control` of a part; the inner value is the requested time to live.
fn cache_control(part: &Object<'_, '_>) -> Option<Option<String>> {
    let control = part.take("cache_control")?.require_object("an object with a `type`")?;
    let kind = control.require_string("type");
    if kind != "ephemeral" {
        part.reader().problem(control.path_of("type"), format!("it is {kind:?}; expected \"ephemeral\""));
    }
    let ttl = control.string("ttl");
    control.finish();
    Some(ttl)
}

fn assistant(message: &Object<'_, '_>, calls: &mut BTreeMap<String, String>) -> AssistantMessage {
    let mut content = Vec::new();
    for block in message.items("thinking_blocks", "an array of thinking blocks") {
        content.extend(thinking_block(&block).map(AssistantBlock::Thinking));
    }
    // Without a signature thinking is not taken back by the models that sign it; `thinking_blocks` has both.
    let text = |text| AssistantBlock::Text(AssistantText { text, citations: Vec::new() });
    if let Some(said) = message.take("content") {
        if said.is_string() {
            content.extend(said.string().map(text));
        } else {
            for part in said.items("a string, or an array of parts") {
                let Some(part) = part.require_object("a part") else { continue };
                match part.require_string("type").as_str() {
                    "text" => content.push(text(part.require_string("text"))),
                    "refusal" => content.push(text(part.require_string("refusal"))),
                    other => {
                        let message = format!("it is {other:?}; expected \"text\" or \"refusal\"");
                        part.reader().problem(part.path_of("type"), message);
                        part.ignore_rest();
                    }
                }
                part.ignore(ECHOES);
                part.finish();
            }
        }
    }
    content.extend(message.string("refusal").map(text));
    for call in message.items("tool_calls", "an array of tool calls") {
        if let Some(call) = tool_call(&call) {
            calls.insert(call.id.clone(), call.name.clone());
            content.push(AssistantBlock::ToolCall(call));
        }
    }
    message.refuse("function_call", &[], "it is the old form of `tool_calls`; use `tool_calls`");
    message.refuse("audio", &[], "Bedrock's Converse does not accept audio");
    AssistantMessage {
        content,
        // The format does not name the model of a message, so the exchange assumes the requested one.
        provider: String::new(),
        api: String::new(),
        model: String::new(),
        stop_reason: "stop".to_owned(),
    }
}

fn thinking_block(block: &Value<'_, '_>) -> Option<Thinking> {
    let block = block.require_object("a thinking block")?;
    let read = match block.require_string("type").as_str() {
        "thinking" => Some(Thinking {
            text: block.string("thinking").unwrap_or_default(),
            signature: block.string("signature"),
            redacted: false,
        }),
        "redacted_thinking" => {
            Some(Thinking { text: String::new(), signature: Some(block.require_string("data")), redacted: true })
        }
        other => {
            let message = format!("it is {other:?}; expected \"thinking\" or \"redacted_thinking\"");
            block.reader().problem(block.path_of("type"), message);
            block.ignore_rest();
            None
        }
    };
    block.ignore(ECHOES);
    block.finish();
    read
}

fn tool_call(call: &Value<'_, '_>) -> Option<ToolCall> {
    let call = call.require_object("a tool call")?;
    let kind = call.string("type").unwrap_or_else(|| "function".to_owned());
    if kind != "function" {
        call.reader().problem(call.path_of("type"), format!("it is {kind:?}; Bedrock accepts \"function\" only"));
        return None;
    }
    let id = call.require_string("id");
    let function = call.require("function", "an object with `name` and `arguments`")?;
    call.ignore(&["index"]);
    call.ignore(ECHOES);
    call.finish();
    let function = function.require_object("an object with `name` and `arguments`")?;
    let read = ToolCall {
        id,
        name: function.require_string("name"),
        // Text that holds JSON. The provider makes an object of it, whatever it is.
        arguments: function.string("arguments").unwrap_or_else(|| "{}".to_owned()),
    };
    function.ignore(ECHOES);
    function.finish();
    Some(read)
}
