//! Blocks that are Bedrock's own and that pi has no block for: tools that the service runs itself, and images. They go to the client
//! as attachments, in Bedrock's JSON.

use serde_json::value::RawValue;

use super::super::{Turn, arguments};
use super::Kind;
use crate::contract::conversation::{Attachment, Delta};

impl Turn {
    /// A piece of the result of a server tool.
    pub(super) fn feed_server_result(&mut self, wire_index: u64, result: &RawValue, deltas: &mut Vec<Delta>) {
        let block = self.blocks.position(wire_index).map(|position| &mut self.blocks.open[position].kind);
        let Some(Kind::ServerToolResult { content, .. }) = block else {
            return self.unexpected("toolResult", wire_index, deltas);
        };
        // An array on the wire; one element where a later service sends it bare.
        match serde_json::from_str::<Vec<&RawValue>>(result.get()) {
            Ok(elements) => content.extend(elements.iter().map(|element| element.get().to_owned())),
            Err(_) => content.push(result.get().to_owned()),
        }
    }

    /// A piece of an image, as an `ImageBlock`: the start has the format, the delta the source.
    pub(super) fn feed_image(&mut self, wire_index: u64, image: &RawValue, deltas: &mut Vec<Delta>) {
        let block = self.blocks.position(wire_index).map(|position| &self.blocks.open[position].kind);
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

/// A server tool's result: the elements that came, in order.
pub(super) fn server_tool_result(id: &str, kind: &str, status: &str, content: &[String]) -> Delta {
    let (id, kind, status, content) = (quoted(id), quoted(kind), quoted(status), content.join(","));
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
