//! Blocks that are Bedrock's own and that pi has no block for: tools that the service runs itself, and images. They go to the client
//! as attachments, in Bedrock's JSON.

use serde_json::value::RawValue;

use super::super::{Turn, arguments};
use super::Kind;
use crate::contract::conversation::{Attachment, Delta};

impl Turn {
    /// A piece of the result of a server tool.
    pub(super) fn feed_server_result(&mut self, wire_index: u64, result: &RawValue, deltas: &mut Vec<Delta>) {
        let block = self.blocks.get_mut(wire_index);
        let Some(Kind::ServerToolResult { content, .. }) = block else {
            return self.unexpected("toolResult", wire_index, deltas);
        };
        // An array on the wire; one element where a later service sends it bare.
        let result = result.get();
        let elements = result.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(result).trim();
        if !content.is_empty() && !elements.is_empty() {
            content.push(',');
        }
        content.push_str(elements);
    }

    /// A piece of an image, as an `ImageBlock`: the start has the format, the delta the source.
    pub(super) fn feed_image(&mut self, wire_index: u64, image: &RawValue, deltas: &mut Vec<Delta>) {
        let block = self.blocks.get(wire_index);
        let format = match block {
            Some(Kind::Image { format }) => format.as_deref(),
            Some(_) => return self.unexpected("image", wire_index, deltas),
            None => None,
        };
        let value = match (format, image.get().strip_prefix('{')) {
            (Some(format), Some(rest)) if !rest.trim_start().starts_with('}') => {
                format!(r#"{{"format":{},{rest}"#, quoted(format))
            }
            _ => image.get().to_owned(),
        };
        deltas.push(attachment(None, "image", value));
    }
}

/// A server tool's call. Input that is no object becomes an empty one: nobody here runs it.
pub(super) fn server_tool_use(id: &str, name: &str, kind: &str, input: &str) -> Delta {
    let input = arguments::parse(input).json;
    let (id, name, kind) = (quoted(id), quoted(name), quoted(kind));
    let value = format!(r#"{{"toolUseId":{id},"name":{name},"type":{kind},"input":{input}}}"#);
    attachment(None, "server-tool-use", value)
}

/// A server tool's result. `content` is the elements that came, with commas between them.
pub(super) fn server_tool_result(id: &str, kind: &str, status: &str, content: &str) -> Delta {
    let (id, kind, status) = (quoted(id), quoted(kind), quoted(status));
    let value = format!(r#"{{"toolUseId":{id},"type":{kind},"status":{status},"content":[{content}]}}"#);
    attachment(None, "server-tool-result", value)
}

/// An attachment, of a block or of the message.
pub(super) fn attachment(content_index: Option<u32>, kind: &str, value: String) -> Delta {
    Delta::Attachment(Attachment { content_index, kind: kind.to_owned(), value })
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
