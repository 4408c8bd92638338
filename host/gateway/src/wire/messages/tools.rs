//! `tools` and `tool_choice`.

use super::super::reader::{Object, Value};
use super::caching::CachePoints;
use crate::contract::conversation::{Options, Tool, ToolChoice};

/// Reads `tools`.
pub(super) fn tools(body: &Object<'_, '_>, points: &CachePoints) -> Vec<Tool> {
    let items = body.items("tools", "an array of tools");
    items.enumerate().filter_map(|(index, item)| tool(&item, index, points)).collect()
}

fn tool(item: &Value<'_, '_>, index: usize, points: &CachePoints) -> Option<Tool> {
    let tool = item.require_object("a tool, which is an object with `name` and `input_schema`")?;
    if let Some(kind) = tool.string("type").filter(|kind| kind != "custom") {
        let message = format!(
            "`{kind}` is a tool that Anthropic's API runs or describes, and Bedrock's Converse has no such tools; define it with `name` and `input_schema`"
        );
        tool.reader().problem(tool.path_of("type"), message);
        return None;
    }
    let name = tool.require_string("name");
    let description = tool.string("description").unwrap_or_default();
    let parameters = tool.require("input_schema", "a JSON Schema, which is an object")?;
    if parameters.object().is_none() {
        parameters.expected("a JSON Schema, which is an object");
    }
    let strict = tool.flag("strict").unwrap_or_default().then(|| "require".to_owned());
    if let Some(ttl) = points.take(&tool) {
        points.behind_tool(index, ttl);
    }
    // Converse has no tool search, so every tool is loaded at once.
    tool.ignored("defer_loading", &["false"]);
    tool.ignore(&["eager_input_streaming"]);
    tool.refuse("input_examples", &["[]"], "Bedrock's tools have no examples; put them into the description");
    if let Some(callers) = tool.take("allowed_callers") {
        let others = callers.items("an array of callers").any(|caller| caller.raw.get() != "\"direct\"");
        if others {
            callers.problem("Bedrock runs no code that could call tools; expected `[\"direct\"]`, or no value");
        }
    }
    tool.finish();
    Some(Tool { name, description, parameters: parameters.raw.get().to_owned(), strict })
}

/// Reads `tool_choice`.
pub(super) fn tool_choice(body: &Object<'_, '_>, options: &mut Options) {
    let Some(value) = body.take("tool_choice") else { return };
    let Some(choice) = value.require_object("an object with a `type`") else { return };
    let kind = choice.require_string("type");
    options.tool_choice = match &*kind {
        "auto" => Some(ToolChoice::Auto),
        "any" => Some(ToolChoice::Any),
        "none" => Some(ToolChoice::None),
        "tool" => Some(ToolChoice::Tool(choice.require_string("name"))),
        other => {
            let message = format!("`{other}` is unknown; expected `auto`, `any`, `tool` or `none`");
            return choice.reader().problem(choice.path_of("type"), message);
        }
    };
    if choice.flag("disable_parallel_tool_use") == Some(true) && kind != "none" {
        options.parallel_tool_calls = Some(false);
    }
    choice.finish();
}
