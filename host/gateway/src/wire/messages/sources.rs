//! `source` of images and documents.

use super::super::reader::{Object, Value};
use super::user_content::only_text;
use crate::contract::conversation::{Blob, Document, UserBlock};

/// Reads an image.
pub(super) fn image(block: &Object<'_, '_>) -> Option<UserBlock> {
    block.refuse("transformations", &["{}"], "Bedrock does not scale images; send one of the right size");
    let source = block.require("source", "an object with a `type`")?.require_object("an object with a `type`")?;
    let kind = source.require_string("type");
    let blob = match &*kind {
        "base64" => base64(&source),
        "url" => url(&source),
        other => return refuse(&source, other, "`base64` or `url`"),
    };
    source.finish();
    blob.map(UserBlock::Image)
}

/// Reads a document.
pub(super) fn document(block: &Object<'_, '_>) -> Option<UserBlock> {
    let name = block.string("title");
    let context = block.string("context");
    let citations = citations(block);
    let source = block.require("source", "an object with a `type`")?.require_object("an object with a `type`")?;
    let kind = source.require_string("type");
    let blob = match &*kind {
        "base64" => base64(&source),
        "url" => url(&source),
        "text" => text(&source),
        "content" => content(&source, citations),
        other => return refuse(&source, other, "`base64`, `text`, `content` or `url`"),
    };
    source.finish();
    Some(UserBlock::Document(Document { blob: blob?, name, context, citations }))
}

fn refuse(source: &Object<'_, '_>, kind: &str, expected: &str) -> Option<UserBlock> {
    let why = match kind {
        "file" => "Bedrock has no files API",
        _ => "it is not a known type",
    };
    source.reader().problem(source.path_of("type"), format!("`{kind}` cannot be sent: {why}; expected {expected}"));
    None
}

fn citations(block: &Object<'_, '_>) -> bool {
    let Some(config) = block.take("citations").and_then(|config| config.require_object("an object with `enabled`"))
    else {
        return false;
    };
    let enabled = config.flag("enabled").unwrap_or_default();
    config.finish();
    enabled
}

fn base64(source: &Object<'_, '_>) -> Option<Blob> {
    let media_type = source.require_string("media_type");
    let data = source.require("data", "the bytes in base64")?;
    source.reader().base64(&data.path, &media_type, &data.string()?)
}

fn url(source: &Object<'_, '_>) -> Option<Blob> {
    let url = source.require("url", "an address")?;
    source.reader().url(&url.path, &url.string()?)
}

fn text(source: &Object<'_, '_>) -> Option<Blob> {
    let media_type = source.require_string("media_type");
    let data = source.require("data", "text")?.string()?;
    Some(source.reader().bytes(&media_type, data.as_bytes()))
}

/// Text blocks become one text. What is cited is then said by letters and not by blocks, so that is refused.
fn content(source: &Object<'_, '_>, citations: bool) -> Option<Blob> {
    let content = source.require("content", "a string, or an array of text blocks")?;
    if content.is_string() {
        return Some(source.reader().bytes("text/plain", content.string()?.as_bytes()));
    }
    let items = content.items("a string, or an array of text blocks");
    if citations && items.len() > 1 {
        content
            .problem("citations are supported only for a document of one block; expected one block, or no citations");
    }
    let texts: Vec<String> = items.filter_map(|item| text_block(&item)).collect();
    Some(source.reader().bytes("text/plain", texts.join("\n\n").as_bytes()))
}

fn text_block(item: &Value<'_, '_>) -> Option<String> {
    let block = only_text(item, "a document")?;
    let text = block.require_string("text");
    block.refuse(
        "cache_control",
        &[],
        "a part of a document cannot have its own `cache_control`; put it on the document",
    );
    block.finish();
    Some(text)
}
