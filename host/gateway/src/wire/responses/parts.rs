//! Parts of a message's content.

use super::super::openai_files;
use super::super::reader::{Object, Value};
use crate::contract::conversation::{Blob, UserBlock};

/// Kinds of parts that are text, of any role.
const TEXT: &[&str] = &["input_text", "output_text", "text"];

/// Content of the user or of a tool: text, or parts.
pub(super) fn blocks(content: &Value<'_, '_>) -> Vec<UserBlock> {
    if content.is_string() {
        return content.string().map(UserBlock::Text).into_iter().collect();
    }
    let mut blocks = Vec::new();
    for value in content.items("text or an array of parts") {
        let Some(part) = value.require_object("a part, which is an object with a `type`") else { continue };
        let kind = part.require_string("type");
        let block = match kind.as_str() {
            kind if TEXT.contains(&kind) => {
                part.ignore(&["annotations", "logprobs"]);
                Some(UserBlock::Text(part.require_string("text")))
            }
            "input_image" => image(&part),
            "input_file" => file(&part),
            other => {
                value.problem(format!("parts of type `{other}` cannot be sent to Bedrock"));
                continue;
            }
        };
        blocks.extend(block);
        blocks.extend(cache_point(&part));
        part.finish();
    }
    blocks
}

/// Content that can only be text.
pub(super) fn texts(content: &Value<'_, '_>) -> Vec<String> {
    if content.is_string() {
        return content.string().into_iter().collect();
    }
    let items = content.items("text or an array of parts");
    items.filter_map(|part| text_of(&part, &["input_text", "output_text", "text", "refusal"])).collect()
}

/// The text of a part of one of these kinds. A refusal is text that the assistant said.
pub(super) fn text_of(value: &Value<'_, '_>, kinds: &[&str]) -> Option<String> {
    let part = value.require_object("a part, which is an object with a `type`")?;
    let kind = part.require_string("type");
    if !kinds.contains(&kind.as_str()) {
        value.problem(format!("parts of type `{kind}` are not allowed here; expected one of `{}`", kinds.join("`, `")));
        return None;
    }
    part.ignore(&["annotations", "logprobs"]);
    part.refuse("prompt_cache_breakpoint", &[], "a cache point is allowed only in content of the user or of a tool");
    let text = part.require_string(if kind == "refusal" { "refusal" } else { "text" });
    part.finish();
    Some(text)
}

fn image(part: &Object<'_, '_>) -> Option<UserBlock> {
    refuse_file_id(part);
    part.ignore(&["detail"]);
    let url = part.require_string("image_url");
    part.reader().url(&part.path_of("image_url"), &url).map(UserBlock::Image)
}

fn file(part: &Object<'_, '_>) -> Option<UserBlock> {
    refuse_file_id(part);
    part.ignore(&["detail"]);
    let name = part.string("filename");
    let blob = match (part.string("file_data"), part.string("file_url")) {
        (Some(data), None) => file_data(part, name.as_deref(), &data)?,
        (None, Some(url)) => part.reader().url(&part.path_of("file_url"), &url)?,
        _ => {
            part.reader().problem(part.path.clone(), "expected either `file_data` or `file_url`");
            return None;
        }
    };
    Some(openai_files::block(blob, name))
}

fn file_data(part: &Object<'_, '_>, name: Option<&str>, data: &str) -> Option<Blob> {
    let path = part.path_of("file_data");
    if data.starts_with("data:") {
        return part.reader().url(&path, data);
    }
    let Some(media_type) = name.and_then(openai_files::media_type) else {
        part.reader().problem(
            path,
            "its media type is unknown; expected `data:MEDIA-TYPE;base64,…`, or a `filename` with an extension",
        );
        return None;
    };
    part.reader().base64(&path, media_type, data)
}

fn refuse_file_id(part: &Object<'_, '_>) {
    part.refuse("file_id", &[], "this gateway stores no files; send the file itself");
}

/// `prompt_cache_breakpoint`. Its `ttl` is the least that is asked for, and an hour the most that Bedrock has.
fn cache_point(part: &Object<'_, '_>) -> Option<UserBlock> {
    let point = part.take("prompt_cache_breakpoint")?.require_object("an object with a `mode`")?;
    let _ = point.require_string("mode");
    let ttl = point.string("ttl");
    let path = point.path_of("ttl");
    point.finish();
    match ttl.as_deref() {
        None => Some(UserBlock::CachePoint(None)),
        Some("30m") => Some(UserBlock::CachePoint(Some("1h".to_owned()))),
        Some(other) => {
            part.reader()
                .problem(path, format!("Bedrock does not support `{other}`; expected `30m`, which becomes 1 hour"));
            None
        }
    }
}
