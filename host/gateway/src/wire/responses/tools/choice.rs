//! The choice among the tools.

use super::super::super::reader::{Object, Value};
use super::Tools;
use crate::contract::conversation::ToolChoice;

/// The choice. `allowed_tools` leaves the others out of `tools`, which is how Bedrock keeps a model from them.
pub(in super::super) fn tool_choice(body: &Object<'_, '_>, tools: &mut Tools) -> Option<ToolChoice> {
    let value = body.take("tool_choice")?;
    if value.is_string() {
        return by_word(&value);
    }
    let choice = value.require_object("`auto`, `none`, `required`, or an object with a `type`")?;
    let kind = choice.require_string("type");
    let read = match kind.as_str() {
        "function" | "custom" => Some(ToolChoice::Tool(named(&choice, tools))),
        "allowed_tools" => {
            let allowed = choice.items("tools", "an array of tools");
            let allowed: Vec<_> = allowed.flat_map(|item| allowed_tools(&item, tools)).collect();
            tools.functions.retain(|tool| allowed.contains(&tool.name));
            choice.require("mode", "`auto` or `required`").and_then(|mode| by_word(&mode))
        }
        other => {
            let remedy = "expected `auto`, `none`, `required`, or a tool that the client runs";
            let why = format!("Bedrock runs no tools of type `{other}`; {remedy}");
            value.reader().problem(choice.path_of("type"), why);
            return None;
        }
    };
    choice.finish();
    read
}

/// The tool that is named, by the name that Bedrock has. The provider refuses one that nobody declared.
fn named(choice: &Object<'_, '_>, tools: &Tools) -> String {
    let (name, namespace) = (choice.require_string("name"), choice.string("namespace"));
    tools.names.chosen(namespace.as_deref(), &name).map_or(name, str::to_owned)
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

/// The functions of an allowed tool. A tool that was left out has none.
fn allowed_tools(value: &Value<'_, '_>, tools: &Tools) -> Vec<String> {
    let Some(tool) = value.require_object("an object with `type` and `name`") else { return Vec::new() };
    let kind = tool.require_string("type");
    let allowed: Vec<_> = match kind.as_str() {
        "function" | "custom" => {
            let (name, namespace) = (tool.require_string("name"), tool.string("namespace"));
            let allowed = tools.names.chosen(namespace.as_deref(), &name).map(str::to_owned);
            if allowed.is_none() {
                value.problem(format!("`tools` contains no tool `{name}` of type `{kind}`"));
            }
            allowed.into_iter().collect()
        }
        "namespace" => tools.names.in_namespace(&tool.require_string("name")).map(str::to_owned).collect(),
        "tool_search" => vec![super::SEARCH.to_owned()],
        _ => {
            tool.ignore_rest();
            Vec::new()
        }
    };
    tool.finish();
    allowed
}
