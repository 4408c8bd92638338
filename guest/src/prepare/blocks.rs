//! The content blocks of Converse, and how each is written.

use super::body::{Body, Members};

/// One message of the request.
#[derive(Debug, PartialEq)]
pub(super) struct WireMessage {
    pub(super) role: Role,
    pub(super) content: Vec<Block>,
}

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    User,
    Assistant,
}

/// A block that is ready to be written: everything in it is valid and accepted.
#[derive(Debug, PartialEq)]
pub(super) enum Block {
    Text(String),
    Image {
        format: &'static str,
        blob: u32,
    },
    Document {
        format: &'static str,
        name: String,
        blob: u32,
        context: Option<String>,
        citations: bool,
    },
    Video {
        format: &'static str,
        blob: u32,
    },
    GuardedText(String),
    GuardedImage {
        format: &'static str,
        blob: u32,
    },
    CachePoint {
        ttl: Option<String>,
    },
    ToolUse {
        id: String,
        name: String,
        input: String,
    },
    ToolResult {
        id: String,
        name: String,
        content: Vec<Block>,
        /// Whether the call failed; none where the model refuses to be told.
        is_error: Option<bool>,
    },
    Reasoning {
        text: String,
        signature: Option<String>,
    },
    /// Redacted reasoning, as base64.
    Redacted(String),
}

impl Block {
    /// Whether a cache point may stand right behind this block: not behind reasoning (rig #1673), another cache point, or a
    /// document (pizza-bot PR 6: refused behind one of text; pydantic-ai keeps away from all).
    pub(super) fn may_precede_cache_point(&self) -> bool {
        !matches!(
            self,
            Block::Reasoning { .. } | Block::Redacted(_) | Block::CachePoint { .. } | Block::Document { .. }
        )
    }

    /// Whether this is thinking.
    pub(super) fn is_reasoning(&self) -> bool {
        matches!(self, Block::Reasoning { .. } | Block::Redacted(_))
    }

    /// Whether this is a cache point.
    pub(super) fn is_cache_point(&self) -> bool {
        matches!(self, Block::CachePoint { .. })
    }
}

impl WireMessage {
    /// Writes the message.
    pub(super) fn write(&self, body: &mut Body) {
        body.object(|o| {
            o.string("role", if self.role == Role::User { "user" } else { "assistant" });
            o.member("content").array(&self.content, write);
        });
    }
}

/// Writes a block.
pub(super) fn write(body: &mut Body, block: &Block) {
    body.object(|o| match block {
        Block::Text(text) => o.string("text", text),
        Block::Image { format, blob } => o.object("image", |o| media(o, format, *blob)),
        Block::Video { format, blob } => o.object("video", |o| media(o, format, *blob)),
        Block::Document { format, name, blob, context, citations } => o.object("document", |o| {
            o.string("name", name);
            media(o, format, *blob);
            if let Some(context) = context {
                o.string("context", context);
            }
            if *citations {
                o.object("citations", |o| o.member("enabled").raw("true"));
            }
        }),
        Block::GuardedText(text) => {
            o.object("guardContent", |o| o.object("text", |o| o.string("text", text)));
        }
        Block::GuardedImage { format, blob } => {
            o.object("guardContent", |o| o.object("image", |o| media(o, format, *blob)));
        }
        Block::CachePoint { ttl } => o.object("cachePoint", |o| {
            o.string("type", "default");
            if let Some(ttl) = ttl {
                o.string("ttl", ttl);
            }
        }),
        Block::ToolUse { id, name, input } => o.object("toolUse", |o| {
            o.string("toolUseId", id);
            o.string("name", name);
            o.member("input").raw(input);
        }),
        Block::ToolResult { id, content, is_error, .. } => o.object("toolResult", |o| {
            o.string("toolUseId", id);
            o.member("content").array(content, write);
            if let Some(is_error) = is_error {
                o.string("status", if *is_error { "error" } else { "success" });
            }
        }),
        Block::Reasoning { text, signature } => o.object("reasoningContent", |o| {
            o.object("reasoningText", |o| {
                o.string("text", text);
                if let Some(signature) = signature {
                    o.string("signature", signature);
                }
            });
        }),
        Block::Redacted(base64) => o.object("reasoningContent", |o| o.string("redactedContent", base64)),
    });
}

/// The members that images, documents and videos share. pi's order: source before format.
fn media(o: &mut Members<'_>, format: &str, blob: u32) {
    o.object("source", |o| o.member("bytes").blob(blob));
    o.string("format", format);
}
