//! Custom tools: the model calls them with a text. Bedrock's functions have objects, so the text is the member `input` of one.

use serde_json::{Map, Value};

use super::super::super::reader::Object;
use crate::contract::conversation::Tool;
use crate::pi::message::ToolCall;

/// The function that stands for a custom tool. Bedrock cannot hold a text to a grammar, so the model is told it.
pub(super) fn function(tool: &Object<'_, '_>) -> Tool {
    let name = tool.require_string("name");
    let description = tool.string("description").unwrap_or_default();
    let grammar = tool.take("format").and_then(|format| {
        let format = format.require_object("an object with a `type`")?;
        let kind = format.require_string("type");
        let read = (kind == "grammar").then(|| (format.require_string("syntax"), format.require_string("definition")));
        format.finish();
        read
    });
    let description = match grammar {
        Some((syntax, grammar)) => {
            format!("{description}\n\n`input` must match this grammar ({syntax}):\n\n{grammar}").trim_start().to_owned()
        }
        None => description,
    };
    let parameters = r#"{"type":"object","properties":{"input":{"type":"string","description":"The whole input of the tool, as plain text"}},"required":["input"],"additionalProperties":false}"#;
    Tool { name, description, parameters: parameters.to_owned(), strict: None }
}

/// The arguments of a call with this text.
pub(in super::super) fn arguments(input: &str) -> String {
    serde_json::json!({ "input": input }).to_string()
}

/// The text of a call. A model may name the member otherwise; arguments that are no object with one text are the text themselves.
pub(in super::super) fn input(call: &ToolCall) -> String {
    let arguments = call.arguments_text();
    let object: Map<String, Value> = serde_json::from_str(arguments).unwrap_or_default();
    let only = || object.values().next().filter(|_| object.len() == 1);
    match object.get("input").or_else(only) {
        Some(Value::String(input)) => input.clone(),
        _ => arguments.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::raw::Json;

    #[test]
    fn the_text_of_a_call_is_what_the_model_wrote() {
        let call = |arguments: &str, error: Option<&str>| ToolCall {
            id: "c".to_owned(),
            name: "edit".to_owned(),
            arguments: Json(if error.is_some() { "{}" } else { arguments }.to_owned()),
            arguments_error: error.map(str::to_owned),
            written: arguments.to_owned(),
        };
        for (arguments, text) in [
            (r#"{"input":"*** Begin\n\"a\""}"#, "*** Begin\n\"a\""),
            (r#"{"patch":"x"}"#, "x"),
            (r#"{"input":"a","other":1}"#, "a"),
            (r#"{"input":{"a":1}}"#, r#"{"input":{"a":1}}"#),
            ("{}", "{}"),
        ] {
            assert_eq!(input(&call(arguments, None)), text);
        }
        assert_eq!(input(&call(r#"{"input":"half"#, Some("cut off"))), r#"{"input":"half"#);
        assert_eq!(input(&call(&super::arguments("a\n\"b\""), None)), "a\n\"b\"");
    }
}
