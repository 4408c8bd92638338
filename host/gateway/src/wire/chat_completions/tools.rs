//! Tools and the choice among them.

use crate::contract::conversation::{Context, Options, Tool, ToolChoice};
use crate::wire::reader::{Object, Value};

/// Reads `tools`, `tool_choice` and `parallel_tool_calls`.
pub(super) fn read(body: &Object<'_, '_>, context: &mut Context, options: &mut Options) {
    for tool in body.items("tools", "an array of tools") {
        context.tools.extend(read_tool(&tool));
    }
    if let Some(choice) = body.take("tool_choice") {
        options.tool_choice = read_choice(&choice, &mut context.tools);
    }
    if body.flag("parallel_tool_calls") == Some(false) {
        options.parallel_tool_calls = Some(false);
    }
}

fn read_tool(tool: &Value<'_, '_>) -> Option<Tool> {
    let tool = tool.require_object("a tool, which is an object with `type` and `function`")?;
    let kind = tool.require_string("type");
    if kind != "function" {
        tool.reader().problem(tool.path_of("type"), format!("it is {kind:?}; Bedrock accepts \"function\" only"));
        return None;
    }
    tool.ignore(&["cache_control"]);
    let function = tool.require("function", "an object with a `name`")?.require_object("an object with a `name`")?;
    tool.finish();
    let read = Tool {
        name: function.require_string("name"),
        description: function.string("description").unwrap_or_default(),
        // A function without parameters takes none.
        parameters: function
            .take("parameters")
            .map_or_else(|| r#"{"type":"object","properties":{}}"#.to_owned(), |value| value.raw.get().to_owned()),
        strict: (function.flag("strict") == Some(true)).then(|| "prefer".to_owned()),
    };
    function.ignore(&["cache_control"]);
    function.finish();
    Some(read)
}

fn read_choice(choice: &Value<'_, '_>, tools: &mut Vec<Tool>) -> Option<ToolChoice> {
    if choice.is_string() {
        return mode(choice, &choice.string()?);
    }
    let object = choice.require_object("a string, or an object with a `type`")?;
    let read = match object.require_string("type").as_str() {
        "function" => named(&object, "function").map(ToolChoice::Tool),
        "allowed_tools" => {
            let allowed = object.require("allowed_tools", "an object with `mode` and `tools`")?;
            let allowed = allowed.require_object("an object with `mode` and `tools`")?;
            let names: Vec<_> = allowed
                .items("tools", "an array of tools")
                .filter_map(|tool| {
                    let tool = tool.require_object("an object with `type` and `function`")?;
                    let _ = tool.require_string("type");
                    let name = named(&tool, "function");
                    tool.finish();
                    name
                })
                .collect();
            tools.retain(|tool| names.contains(&tool.name));
            let read =
                allowed.require("mode", "\"auto\" or \"required\"").and_then(|value| mode(&value, &value.string()?));
            allowed.finish();
            read
        }
        other => {
            let message = format!("it is {other:?}; expected \"function\" or \"allowed_tools\"");
            object.reader().problem(object.path_of("type"), message);
            None
        }
    };
    object.finish();
    read
}

fn named(object: &Object<'_, '_>, member: &str) -> Option<String> {
    let function = object.require(member, "an object with a `name`")?.require_object("an object with a `name`")?;
    let name = function.require_string("name");
    function.finish();
    Some(name)
}

fn mode(value: &Value<'_, '_>, word: &str) -> Option<ToolChoice> {
    match word {
        "auto" => Some(ToolChoice::Auto),
        "none" => Some(ToolChoice::None),
        "required" => Some(ToolChoice::Any),
        other => {
            value.problem(format!("it is {other:?}; expected \"auto\", \"none\", \"required\" or an object"));
            None
        }
    }
}
