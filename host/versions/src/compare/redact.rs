//! Texts replaced by filler of the same length, so that a specimen can be kept and shown.
//!
//! What is replaced: everything that a person, a tool or a model said, in contexts, options and frames. What stays: structure,
//! punctuation and white space of ASCII, names of tools, ids, model ids, stop reasons, counts, and the service's words in
//! exceptions. A token of a JSON text in pieces (a tool's arguments) keeps its quotes and escapes, so it stays JSON.

use serde_json::Value;

use super::specimen::{Input, Preparation, Specimen};
use crate::conformance::frames::OwnedFrame;
use crate::contract::conversation::{AssistantBlock, Context, Message, MessageType, Options, UserBlock};
use crate::contract::types::NamedJson;

/// Members of frames whose texts are not what somebody said.
const PLAIN: &[&str] = &[
    "role",
    "stopReason",
    "type",
    "toolUseId",
    "name",
    "p",
    "tier",
    "latency",
    "status",
    "action",
    "guardrailId",
    "guardrailVersion",
    "format",
];

/// Members of frames whose texts are base64: filler must be too.
const BASE64: &[&str] = &["signature", "redactedContent", "bytes", "data"];

/// The same specimen without what anybody said.
///
/// Layers of configuration, listings and errors stay as they are: the host has masked the first, and the service wrote the others.
#[must_use]
pub fn redacted(specimen: &Specimen) -> Specimen {
    let mut redacted = specimen.clone();
    match &mut redacted.input {
        Input::Preparation(preparation) => redact_preparation(preparation),
        Input::Stream(stream) => {
            stream.batches.iter_mut().flatten().for_each(redact_frame);
            if let Some(preparation) = &mut stream.preparation {
                redact_preparation(preparation);
            }
        }
        Input::Settings(_) | Input::Asked(_) | Input::Listing(_) | Input::Failure(_) => {}
    }
    redacted
}

/// Filler: letters become `x`, digits `1`, what is not ASCII a letter of as many bytes. The rest of ASCII stays.
fn filler(text: &str) -> String {
    text.chars().map(|character| fill(character, 'x')).collect()
}

fn fill(character: char, letter: char) -> char {
    match character.len_utf8() {
        1 if character.is_ascii_alphabetic() => letter,
        1 if character.is_ascii_digit() => '1',
        1 => character,
        2 => 'é',
        3 => '字',
        _ => '𐍈',
    }
}

fn redact(text: &mut String) {
    *text = filler(text);
}

/// `A` is six zero bits, so what is made of it is base64 whatever the length was.
fn redact_base64(text: &mut String) {
    *text = text.chars().map(|character| if character == '=' { '=' } else { 'A' }).collect();
}

/// Every string of a document, by the rules for the member that it stands under.
fn redact_value(value: &mut Value, under: &str) {
    match value {
        Value::String(text) if BASE64.contains(&under) => redact_base64(text),
        Value::String(text) if under == "input" => *text = json_filler(text),
        Value::String(text) if !PLAIN.contains(&under) => redact(text),
        Value::Array(elements) => elements.iter_mut().for_each(|element| redact_value(element, under)),
        Value::Object(members) => members.iter_mut().for_each(|(name, value)| redact_value(value, name)),
        _ => {}
    }
}

/// A document in the text of a specimen. What is no JSON is a text.
fn redact_document(document: &mut String) {
    match serde_json::from_str::<Value>(document) {
        Ok(mut value) => {
            redact_all(&mut value);
            *document = value.to_string();
        }
        Err(_) => redact(document),
    }
}

/// Every string of a document that is somebody's own, whatever its members are called.
fn redact_all(value: &mut Value) {
    match value {
        Value::String(text) => redact(text),
        Value::Array(elements) => elements.iter_mut().for_each(redact_all),
        Value::Object(members) => members.values_mut().for_each(redact_all),
        _ => {}
    }
}

/// Filler for a piece of JSON text, of which neither the beginning nor the end is known: letters inside words that JSON knows
/// and behind a backslash stay, so what can be read still can be.
fn json_filler(piece: &str) -> String {
    let mut filled = String::with_capacity(piece.len());
    let mut rest = piece;
    while let Some(first) = rest.chars().next() {
        let keyword = ["true", "false", "null"].into_iter().find(|word| rest.starts_with(word));
        let unicode = rest.starts_with("\\u");
        let kept = match keyword {
            Some(word) => word.len(),
            // An escape: the backslash, and what it is for.
            None if first == '\\' => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            None => 0,
        };
        if kept > 0 {
            filled.push_str(&rest[..kept]);
            rest = &rest[kept..];
            if unicode {
                // Four hexadecimal digits become those of `x`.
                let digits = rest.bytes().take(4).take_while(u8::is_ascii_hexdigit).count();
                filled.push_str(&"0078"[..digits]);
                rest = &rest[digits..];
            }
        } else {
            filled.push(fill(first, 'x'));
            rest = &rest[first.len_utf8()..];
        }
    }
    filled
}

/// Takes out what the model said.
fn redact_frame(frame: &mut OwnedFrame) {
    // The words of exceptions and errors are the service's, and decide what a failure is.
    if frame.message_type != MessageType::Event {
        return;
    }
    if let Ok(mut value) = serde_json::from_slice::<Value>(&frame.payload) {
        redact_value(&mut value, "");
        frame.payload = value.to_string().into_bytes();
    } else {
        frame.payload = filler(&String::from_utf8_lossy(&frame.payload)).into_bytes();
    }
}

fn redact_preparation(preparation: &mut Preparation) {
    let Context { system_prompt, messages, tools } = &mut preparation.context;
    system_prompt.iter_mut().for_each(redact);
    messages.iter_mut().for_each(redact_message);
    tools.iter_mut().for_each(|tool| redact(&mut tool.description));
    let Options { stop_sequences, output_schema, request_metadata, prompt_variables, .. } = &mut preparation.options;
    stop_sequences.iter_mut().for_each(redact);
    if let Some(schema) = output_schema {
        schema.description.iter_mut().for_each(redact);
    }
    request_metadata.iter_mut().chain(prompt_variables).for_each(|(_, value)| redact(value));
}

fn redact_message(message: &mut Message) {
    match message {
        Message::User(blocks) => blocks.iter_mut().for_each(redact_user),
        Message::ToolResult(result) => result.content.iter_mut().for_each(redact_user),
        Message::System(text) => redact(text),
        Message::Assistant(message) => message.content.iter_mut().for_each(redact_assistant),
        Message::Other(other) => redact_other(other),
    }
}

fn redact_user(block: &mut UserBlock) {
    match block {
        UserBlock::Text(text) | UserBlock::GuardedText(text) => redact(text),
        UserBlock::Document(document) => document.name.iter_mut().chain(&mut document.context).for_each(redact),
        UserBlock::Other(other) => redact_other(other),
        UserBlock::Image(_) | UserBlock::Video(_) | UserBlock::CachePoint(_) => {}
    }
}

fn redact_assistant(block: &mut AssistantBlock) {
    match block {
        AssistantBlock::Text(text) => {
            redact(&mut text.text);
            text.citations.iter_mut().for_each(redact_document);
        }
        AssistantBlock::Thinking(thinking) => {
            redact(&mut thinking.text);
            thinking.signature.iter_mut().for_each(redact_base64);
        }
        AssistantBlock::ToolCall(call) => redact_document(&mut call.arguments),
        AssistantBlock::Other(other) => redact_other(other),
    }
}

/// A block or message that no arm names keeps its `type` and `role`: that is what it is.
fn redact_other(NamedJson { name: _, value }: &mut NamedJson) {
    match serde_json::from_str::<Value>(value) {
        Ok(Value::Object(mut members)) => {
            let said = members.iter_mut().filter(|(name, _)| !["type", "role"].contains(&name.as_str()));
            said.for_each(|(_, value)| redact_all(value));
            *value = Value::Object(members).to_string();
        }
        _ => redact(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filler_is_as_long_as_the_text_and_says_nothing() {
        let text = "Call +49 30 1234, Jürgen 日本 🎉!\n";
        let filled = filler(text);
        assert_eq!(filled.len(), text.len());
        assert_eq!(filled, "xxxx +11 11 1111, xéxxxx 字字 𐍈!\n");
    }

    #[test]
    fn pieces_of_json_stay_json_together() {
        let whole = r#"{"city": "K\u00f6ln \"x\" \\", "days": [10, -2.5], "ok": true, "none": null}"#;
        for cut in 1..whole.len() {
            let joined = json_filler(&whole[..cut]) + &json_filler(&whole[cut..]);
            assert_eq!(joined.len(), whole.len());
            // A cut inside an escape or a word of JSON may break it: the specimen is then kept without its texts.
            if !whole[..cut].ends_with('\\') && whole.as_bytes()[cut - 1].is_ascii_punctuation() {
                assert!(serde_json::from_str::<Value>(&joined).is_ok(), "cut at {cut}: {joined}");
            }
            assert!(!joined.contains("city") && !joined.contains("ln"), "{joined}");
        }
    }

    /// A frame without what the model said.
    fn redacted_frame(frame: &OwnedFrame) -> OwnedFrame {
        let mut frame = frame.clone();
        redact_frame(&mut frame);
        frame
    }

    #[test]
    fn a_frame_keeps_what_it_is() {
        let payload = br#"{"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"private","signature":"EoQB+x/z=="}},"p":"abc","stopReason":"end_turn"}"#;
        let frame = OwnedFrame {
            message_type: MessageType::Event,
            name: "contentBlockDelta".to_owned(),
            payload: payload.to_vec(),
        };
        let redacted = redacted_frame(&frame);
        let value: Value = serde_json::from_slice(&redacted.payload).expect("it is JSON still");
        assert_eq!(value["delta"]["reasoningContent"]["text"], "xxxxxxx");
        assert_eq!(value["delta"]["reasoningContent"]["signature"], "AAAAAAAA==");
        assert_eq!((&value["p"], &value["stopReason"]), (&"abc".into(), &"end_turn".into()));
        assert_eq!(redacted.payload.len(), payload.len());
        let exception = OwnedFrame { message_type: MessageType::Exception, ..frame };
        assert_eq!(redacted_frame(&exception), exception);
    }
}
