//! Files, as chat completions and responses name them.

use crate::contract::conversation::{Blob, Document, UserBlock};

/// The kind of a file in base64 without a `data:` prefix, by the extension of its name.
const MEDIA_TYPES: &[(&str, &str)] = &[
    ("pdf", "application/pdf"),
    ("csv", "text/csv"),
    ("doc", "application/msword"),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("xls", "application/vnd.ms-excel"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("html", "text/html"),
    ("htm", "text/html"),
    ("txt", "text/plain"),
    ("md", "text/markdown"),
];

/// The media type by the extension of a file's name.
pub(crate) fn media_type(name: &str) -> Option<&'static str> {
    let (_, extension) = name.rsplit_once('.')?;
    let known = MEDIA_TYPES.iter().find(|(known, _)| extension.eq_ignore_ascii_case(known));
    known.map(|(_, media_type)| *media_type)
}

/// The block of a file: Bedrock has three kinds of attachments, OpenAI one.
pub(crate) fn block(blob: Blob, name: Option<String>) -> UserBlock {
    match blob.media_type.split('/').next() {
        Some("image") => UserBlock::Image(blob),
        Some("video") => UserBlock::Video(blob),
        _ => UserBlock::Document(Document { blob, name, context: None, citations: false }),
    }
}
