//! Specimens as JSON, members of documents in the order in which they came.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::specimen::{Input, Listing, Preparation, SettingsFrom, Stream};
use crate::conformance::frames::OwnedFrame;
use crate::contract::RequestKind;
use crate::contract::config::{Entry, EntryValue, Layer, ValueKind};
use crate::contract::conversation::{
    AssistantBlock, AssistantMessage, AssistantText, Blob, Context, Document, Message, MessageType, Opening, Thinking,
    Tool, ToolCall, ToolResult, UserBlock,
};
use crate::contract::models::{EarlierPages, Pages};
use crate::contract::types::NamedJson;
use crate::json::catalog::source_text;
use crate::json::failure::ApiErrorForm;
use crate::json::model::ModelForm;
use crate::json::options::OptionsForm;
use crate::json::settings::SettingsForm;
use crate::json::turn::EndingForm;
use crate::json::{Json, Members};

/// What stands for the bytes of an attachment, in base64: three of them.
const BYTES: &str = "AAAA";

/// The JSON of anything that has one.
fn json<T: Serialize + ?Sized>(value: &T) -> Json {
    // Strings, numbers, lists, and objects with string keys: an error cannot come.
    Json(serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned()))
}

/// An object of the members that are there.
fn object<const N: usize>(members: [(&str, Option<Json>); N]) -> Json {
    let there = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    json(&Members(there.collect()))
}

fn optional<T: Serialize>(value: Option<&T>) -> Option<Json> {
    value.map(json)
}

fn list(elements: impl Iterator<Item = Json>) -> Json {
    json(&elements.collect::<Vec<_>>())
}

pub(super) fn specimen_json(input: &Input) -> Json {
    match input {
        Input::Settings(layers) => object([("layers", Some(layers_json(layers)))]),
        Input::Asked(asked) => {
            object([("layers", Some(layers_json(&asked.old))), ("candidateLayers", Some(layers_json(&asked.new)))])
        }
        Input::Listing(listing) => listing_json(listing),
        Input::Preparation(preparation) => preparation_json(preparation),
        Input::Stream(stream) => stream_json(stream),
        Input::Failure(error) => object([("error", Some(json(&ApiErrorForm::from((**error).clone()))))]),
    }
}

fn layers_json(layers: &[Layer]) -> Json {
    list(layers.iter().map(|Layer { name, source, entries }| {
        let lines = Some(json(&[json5(entries)]));
        object([("name", Some(json(name))), ("source", Some(json(source))), ("json5", lines)])
    }))
}

/// The document of a layer in one line. A hidden value is one of its kind.
fn json5(entries: &[Entry]) -> String {
    let mut text = String::new();
    let mut open = Vec::new();
    for Entry { depth, name, value, .. } in entries {
        while open.len() > *depth as usize {
            text.extend(open.pop());
        }
        if !text.is_empty() && !text.ends_with(['{', '[']) {
            text.push(',');
        }
        if let Some(name) = name {
            text.push_str(&json(name).0);
            text.push(':');
        }
        match value {
            EntryValue::Object => open.push('}'),
            EntryValue::List => open.push(']'),
            _ => {}
        }
        match value {
            EntryValue::Null | EntryValue::Hidden(ValueKind::Null) => text.push_str("null"),
            EntryValue::Boolean(value) => text.push_str(&value.to_string()),
            EntryValue::NonFinite => text.push_str("NaN"),
            EntryValue::Number(value) => text.push_str(&value.to_string()),
            EntryValue::Text(value) => text.push_str(&json(value).0),
            EntryValue::List => text.push('['),
            EntryValue::Object => text.push('{'),
            EntryValue::Hidden(ValueKind::Boolean) => text.push_str("false"),
            EntryValue::Hidden(ValueKind::Number) => text.push('0'),
            EntryValue::Hidden(ValueKind::Text) => text.push_str("\"hidden\""),
            EntryValue::Hidden(ValueKind::List) => text.push_str("[]"),
            EntryValue::Hidden(ValueKind::Object) => text.push_str("{}"),
        }
    }
    text.extend(open.into_iter().rev());
    text
}

fn settings_json(settings: &SettingsFrom) -> (&'static str, Option<Json>) {
    match settings {
        SettingsFrom::Merged(settings) => ("settings", Some(json(&SettingsForm::from((**settings).clone())))),
        SettingsFrom::Each(each) => ("settings", Some(json(&SettingsForm::from(each.old.clone())))),
        SettingsFrom::Layers(layers) => ("layers", Some(layers_json(layers))),
    }
}

/// What the candidate gets in place of the other's settings and model, where it does.
fn candidate_json(settings: &SettingsFrom) -> [(&'static str, Option<Json>); 2] {
    let (settings, model) = match settings {
        SettingsFrom::Each(each) => (
            Some(json(&SettingsForm::from(each.new.clone()))),
            each.new_model.clone().map(|model| json(&ModelForm::from(model))),
        ),
        SettingsFrom::Merged(_) | SettingsFrom::Layers(_) => (None, None),
    };
    [("candidateSettings", settings), ("candidateModel", model)]
}

fn listing_json(listing: &Listing) -> Json {
    let pages = list(listing.pages.iter().map(pages_json));
    let [settings, _] = candidate_json(&listing.settings);
    object([
        settings_json(&listing.settings),
        settings,
        ("region", Some(json(&listing.region))),
        ("pages", Some(pages)),
    ])
}

fn pages_json(Pages { source, bodies, failed, cached, earlier }: &Pages) -> Json {
    let failed = failed.clone().map(ApiErrorForm::from);
    let bodies_json = |bodies: &[String]| list(bodies.iter().cloned().map(Json));
    let earlier = earlier
        .as_ref()
        .map(|EarlierPages { bodies, age }| object([("bodies", Some(bodies_json(bodies))), ("age", Some(json(age)))]));
    object([
        ("source", Some(json(&source_text(source)))),
        ("bodies", Some(bodies_json(bodies))),
        ("error", optional(failed.as_ref())),
        ("cached", cached.then(|| json(&true))),
        ("earlier", earlier),
    ])
}

/// What a case of `prepare` has as `given`.
pub(crate) fn preparation_json(preparation: &Preparation) -> Json {
    let Preparation { kind, settings, region, model, context, options } = preparation;
    let [candidate_settings, candidate_model] = candidate_json(settings);
    object([
        settings_json(settings),
        candidate_settings,
        candidate_model,
        ("kind", (*kind != RequestKind::Answer).then(|| json(kind))),
        ("region", Some(json(region))),
        ("model", Some(json(&ModelForm::from(model.clone())))),
        ("context", Some(context_json(context))),
        ("options", Some(json(&OptionsForm::from(options.clone())))),
    ])
}

fn stream_json(stream: &Stream) -> Json {
    let Stream { opening, batches, ending, preparation } = stream;
    let Opening { model, carry, request_id } = opening;
    object([
        ("request", preparation.as_deref().map(preparation_json)),
        ("model", Some(json(&ModelForm::from(model.clone())))),
        ("requestId", optional(request_id.as_ref())),
        ("carry", (!carry.is_empty()).then(|| json(&STANDARD.encode(carry)))),
        ("events", Some(list(batches.iter().flatten().map(event_json)))),
        ("ending", Some(json(&EndingForm::from(ending.clone())))),
    ])
}

/// A frame as cases have it: an event or exception under its name where its payload is JSON, and else with all its parts.
fn event_json(frame: &OwnedFrame) -> Json {
    let OwnedFrame { message_type, name, payload } = frame;
    let text = String::from_utf8_lossy(payload);
    let is_json = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok() && !text.contains(['\n', '\r']);
    let document = || Json(text.clone().into_owned());
    let named = |name: &str| json(&Members(vec![(name.to_owned(), document())]));
    match message_type {
        MessageType::Event if is_json && !["exception", "error", "frame"].contains(&name.as_str()) => named(name),
        MessageType::Exception if is_json => object([("exception", Some(named(name)))]),
        MessageType::Error => {
            object([("error", Some(object([("code", Some(json(name))), ("message", Some(json(&text)))])))])
        }
        other => {
            let message_type = match other {
                MessageType::Event => "event",
                MessageType::Exception => "exception",
                MessageType::Error => "error",
                MessageType::Other(other) => other,
            };
            let parts = [("messageType", json(message_type)), ("name", json(name)), ("payload", json(&text))];
            object([("frame", Some(object(parts.map(|(name, part)| (name, Some(part))))))])
        }
    }
}

/// pi's `Context`.
fn context_json(context: &Context) -> Json {
    let Context { system_prompt, messages, tools } = context;
    let tools = tools.iter().map(|Tool { name, description, parameters, strict }| {
        object([
            ("name", Some(json(name))),
            ("description", Some(json(description))),
            ("parameters", Some(Json(parameters.clone()))),
            ("strict", optional(strict.as_ref())),
        ])
    });
    object([
        ("systemPrompt", optional(system_prompt.as_ref())),
        ("messages", Some(list(messages.iter().map(message_json)))),
        ("tools", (!context.tools.is_empty()).then(|| list(tools))),
    ])
}

fn message_json(message: &Message) -> Json {
    let role = |role: &str| ("role", Some(json(role)));
    let user = |blocks: &[UserBlock]| ("content", Some(list(blocks.iter().map(user_json))));
    match message {
        Message::User(blocks) => object([role("user"), user(blocks)]),
        Message::Assistant(AssistantMessage { content, provider, api, model, stop_reason }) => object([
            role("assistant"),
            ("content", Some(list(content.iter().map(assistant_json)))),
            ("provider", Some(json(provider))),
            ("api", Some(json(api))),
            ("model", Some(json(model))),
            ("stopReason", Some(json(stop_reason))),
        ]),
        Message::ToolResult(ToolResult { tool_call_id, tool_name, content, is_error }) => object([
            role("toolResult"),
            ("toolCallId", Some(json(tool_call_id))),
            ("toolName", Some(json(tool_name))),
            user(content),
            ("isError", Some(json(is_error))),
        ]),
        Message::System(text) => object([role("system"), ("content", Some(json(text)))]),
        // The whole message as it came, its role in it.
        Message::Other(NamedJson { name: _, value }) => Json(value.clone()),
    }
}

fn user_json(block: &UserBlock) -> Json {
    let kind = |kind: &str| ("type", Some(json(kind)));
    let media = |blob: &Blob| ("mimeType", Some(json(&blob.media_type)));
    let data = || ("data", Some(json(BYTES)));
    match block {
        UserBlock::Text(text) => object([kind("text"), ("text", Some(json(text)))]),
        UserBlock::Image(blob) => object([kind("image"), media(blob), data()]),
        UserBlock::Video(blob) => object([kind("video"), media(blob), data()]),
        UserBlock::Document(Document { blob, name, context, citations }) => object([
            kind("document"),
            media(blob),
            data(),
            ("name", optional(name.as_ref())),
            ("context", optional(context.as_ref())),
            ("citations", Some(json(citations))),
        ]),
        UserBlock::GuardedText(text) => object([kind("guardedText"), ("text", Some(json(text)))]),
        UserBlock::CachePoint(ttl) => object([kind("cachePoint"), ("ttl", optional(ttl.as_ref()))]),
        UserBlock::Other(NamedJson { name: _, value }) => Json(value.clone()),
    }
}

fn assistant_json(block: &AssistantBlock) -> Json {
    let kind = |kind: &str| ("type", Some(json(kind)));
    match block {
        AssistantBlock::Text(AssistantText { text, citations }) => object([
            kind("text"),
            ("text", Some(json(text))),
            ("citations", (!citations.is_empty()).then(|| list(citations.iter().cloned().map(Json)))),
        ]),
        AssistantBlock::Thinking(Thinking { text, signature, redacted }) => object([
            kind("thinking"),
            ("thinking", Some(json(text))),
            ("thinkingSignature", optional(signature.as_ref())),
            ("redacted", redacted.then(|| json(&true))),
        ]),
        AssistantBlock::ToolCall(ToolCall { id, name, arguments }) => object([
            kind("toolCall"),
            ("id", Some(json(id))),
            ("name", Some(json(name))),
            ("arguments", Some(Json(arguments.clone()))),
        ]),
        AssistantBlock::Other(NamedJson { name: _, value }) => Json(value.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pi::context::read_context;

    #[test]
    fn a_context_that_was_written_is_read_as_the_same() {
        let text = r#"{"systemPrompt":"P","messages":[
            {"role":"user","content":[{"type":"text","text":"a\n"},{"type":"image","mimeType":"image/png","data":"AAAA"},
             {"type":"document","mimeType":"text/plain","data":"AAAA","name":"n","context":"c","citations":true},
             {"type":"guardedText","text":"g"},{"type":"cachePoint","ttl":"1h"},{"type":"odd","z":1,"a":2}]},
            {"role":"assistant","provider":"p","api":"i","model":"m","stopReason":"toolUse","content":[
             {"type":"text","text":"t","citations":[{"title":"t"}]},
             {"type":"thinking","thinking":"h","thinkingSignature":"s","redacted":true},
             {"type":"toolCall","id":"1","name":"look","arguments":{"z":1.50,"a":9007199254740993}},{"type":"new","x":[]}]},
            {"role":"toolResult","toolCallId":"1","toolName":"look","content":[{"type":"video","mimeType":"video/mp4","data":"AAAA"}],
             "isError":true},
            {"role":"system","content":"later"},{"role":"custom","x":1}],
            "tools":[{"name":"look","description":"d","parameters":{"b":1,"a":2},"strict":"prefer"}]}"#;
        let (context, _) = read_context(text).expect("the test's context is right");
        let written = context_json(&context).0;
        let (again, _) = read_context(&written).unwrap_or_else(|error| panic!("{error}: {written}"));
        assert_eq!(again, context, "{written}");
    }
}
