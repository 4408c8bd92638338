//! Tools and the choice among them.
//!
//! A function's `strict: true` is a preference here (`prefer`): with responses it is what clients say by default, so a model that is not
//! known to take strict tools gets the tool without it, and the provider notes that.

use super::super::reader::{Object, Value};
use crate::contract::conversation::{Tool, ToolChoice};

/// The tools.
pub(super) fn tools(body: &Object<'_, '_>) -> Vec<Tool> {
    body.items("tools", "an array of tools").filter_map(|value| tool(&value)).collect()
}

fn tool(value: &Value<'_, '_>) -> Option<Tool> {
    let tool = value.require_object("a tool, which is an object with a `type`")?;
    let kind = tool.require_string("type");
    if kind != "function" {
        let why = format!("Bedrock does not support tools of type `{kind}`; expected `function`");
        value.reader().problem(tool.path_of("type"), why);
        return None;
    }
    tool.refuse("defer_loading", &["false"], "the gateway sends all tools with each request");
    tool.refuse("allowed_callers", &["[]", "[\"direct\"]"], "only the model can call tools; expected `[\"direct\"]`");
    tool.ignore(&["output_schema"]);
    let parameters =
        tool.take("parameters").filter(|it| it.require_object("a JSON schema, which is an object").is_some());
    let read = Tool {
        name: tool.require_string("name"),
        description: tool.string("description").unwrap_or_default(),
        // `null` is a function without arguments.
        parameters: parameters.map_or(r#"{"type":"object","properties":{}}"#, |it| it.raw.get()).to_owned(),
        strict: tool.flag("strict").unwrap_or(false).then(|| "prefer".to_owned()),
    };
    tool.finish();
    Some(read)
}

/// The choice. `allowed_tools` leaves the others out of `tools`, which is how Bedrock keeps a model from them.
pub(super) fn tool_choice(body: &Object<'_, '_>, tools: &mut Vec<Tool>) -> Option<ToolChoice> {
    let value = body.take("tool_choice")?;
    if value.is_string() {
        return by_word(&value);
    }
    let choice = value.require_object("`auto`, `none`, `required`, or an object with a `type`")?;
    let kind = choice.require_string("type");
    let read = match kind.as_str() {
        "function" => Some(ToolChoice::Tool(choice.require_string("name"))),
        "allowed_tools" => {
            let allowed = choice.items("tools", "an array of tools");
            let allowed: Vec<_> = allowed.filter_map(|item| allowed_tool(&item, tools)).collect();
            tools.retain(|tool| allowed.contains(&tool.name));
            choice.require("mode", "`auto` or `required`").and_then(|mode| by_word(&mode))
        }
        other => {
            let why = format!("Bedrock does not support `{other}`; expected `function` or `allowed_tools`");
            value.reader().problem(choice.path_of("type"), why);
            return None;
        }
    };
    choice.finish();
    read
}

fn by_word(value: &Value<'_, '_>) -> Option<ToolChoice> {
    match value.string()?.as_str() {
        "auto" => Some(ToolChoice::Auto),
        "none" => Some(ToolChoice::None),
        "required" => Some(ToolChoice::Any),
        other => {
            value.problem(format!("`{other}` is unknown; expected `auto`, `none` or `required`"));
            None
        }
    }
}

fn allowed_tool(value: &Value<'_, '_>, tools: &[Tool]) -> Option<String> {
    let tool = value.require_object("an object with `type` and `name`")?;
    let (kind, name) = (tool.require_string("type"), tool.require_string("name"));
    tool.finish();
    if kind != "function" || !tools.iter().any(|tool| tool.name == name) {
        value.problem(format!("`tools` contains no tool `{name}` of type `{kind}`"));
        return None;
    }
    Some(name)
}
