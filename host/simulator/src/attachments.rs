//! The parts of a message besides text, as the simulated model describes them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::request::{Attachment, Message};

/// A sentence about each kind of attachment in a message and in its tool results; empty without any.
pub(crate) fn seen(message: &Message) -> Vec<String> {
    let results = || message.tool_results().flat_map(|result| &result.content);
    let images = message
        .content
        .iter()
        .filter_map(|block| block.image.as_ref())
        .chain(results().filter_map(|content| content.image.as_ref()));
    let documents = message
        .content
        .iter()
        .filter_map(|block| block.document.as_ref())
        .chain(results().filter_map(|content| content.document.as_ref()));
    let videos = message
        .content
        .iter()
        .filter_map(|block| block.video.as_ref())
        .chain(results().filter_map(|content| content.video.as_ref()));
    let sounds = message.content.iter().filter_map(|block| block.audio.as_ref());
    [sentence("image", images), sentence("document", documents), sentence("video", videos), sentence("sound", sounds)]
        .into_iter()
        .flatten()
        .collect()
}

fn sentence<'a>(kind: &str, attachments: impl Iterator<Item = &'a Attachment>) -> Option<String> {
    let list: Vec<String> = attachments.map(describe).collect();
    let plural = if list.len() == 1 { "" } else { "s" };
    (!list.is_empty()).then(|| format!("I see {} {kind}{plural}: {}.", list.len(), list.join(", ")))
}

fn describe(attachment: &Attachment) -> String {
    let format = attachment.format.as_deref().unwrap_or("txt");
    let name = attachment.name.as_deref().map(|name| format!("\"{name}\" ")).unwrap_or_default();
    let source = &attachment.source;
    let size = match (&source.bytes, &source.text) {
        (Some(base64), _) => STANDARD
            .decode(base64)
            .map_or_else(|_| "bytes that are not base64".to_owned(), |bytes| format!("{} bytes", bytes.len())),
        (None, Some(text)) => format!("{} bytes", text.len()),
        (None, None) if source.s3_location.is_some() => "in S3".to_owned(),
        (None, None) => "in parts".to_owned(),
    };
    format!("{name}{format}, {size}")
}
