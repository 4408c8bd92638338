//! The service's rules of tools, tool calls and tool results.

use std::collections::BTreeSet;

use super::closed_objects;
use super::errors::ServiceError;
use super::request::{ConverseRequest, Message, Tool, ToolChoice, ToolConfig};

/// The most strict tools in a request.
const MOST_STRICT_TOOLS: usize = 20;

/// Checks everything about tools.
///
/// # Errors
/// 400 `ValidationException` with the first thing that is wrong.
pub(crate) fn check(request: &ConverseRequest) -> Result<(), ServiceError> {
    let history_has_tools = request
        .messages
        .iter()
        .flat_map(|message| &message.content)
        .any(|block| block.tool_use.is_some() || block.tool_result.is_some());
    match &request.tool_config {
        Some(config) => check_config(config)?,
        None if history_has_tools => {
            return Err(ServiceError::validation(
                "The toolConfig field must be defined when using toolUse and toolResult content blocks.",
            ));
        }
        None => {}
    }
    check_additional_choice(request)?;
    let mut calls_before = BTreeSet::new();
    for (number, message) in request.messages.iter().enumerate() {
        check_pairs(message, number, &calls_before)?;
        calls_before = check_calls(message, number)?;
    }
    match calls_before.first() {
        // A last assistant message with calls has nobody to answer them.
        Some(id) => Err(ServiceError::validation(format!(
            "Expected toolResult blocks at messages.{}.content for the following Ids: {id}",
            request.messages.len()
        ))),
        None => Ok(()),
    }
}

fn check_config(config: &ToolConfig) -> Result<(), ServiceError> {
    if config.tools.is_empty() {
        return Err(ServiceError::validation(
            "1 validation error detected: Value at 'toolConfig.tools' failed to satisfy constraint: Member must have length greater than or equal to 1",
        ));
    }
    check_strict_tools(&config.tools)?;
    let mut names = BTreeSet::new();
    for (number, tool) in config.tools.iter().enumerate() {
        check_tool(tool, number)?;
        if let Some(spec) = &tool.tool_spec
            && !names.insert(spec.name.as_str())
        {
            return Err(ServiceError::validation(format!(
                "The tool name {} at toolConfig.tools.{number} is used more than once. Give every tool its own name and try again.",
                spec.name
            )));
        }
    }
    check_choice(config.tool_choice.as_ref(), &names)
}

/// Claude's limit of strict tools, in its words (met at Anthropic's API; OpenClaw knows them from Bedrock). Its other limits are
/// about the size of a grammar, which only the service can make.
fn check_strict_tools(tools: &[Tool]) -> Result<(), ServiceError> {
    let strict = tools.iter().filter_map(|tool| tool.tool_spec.as_ref()).filter(|spec| spec.strict).count();
    if strict <= MOST_STRICT_TOOLS {
        return Ok(());
    }
    Err(ServiceError::validation(format!(
        "The model returned the following errors: Too many strict tools ({strict}). The maximum number of strict tools supported is {MOST_STRICT_TOOLS}. Try reducing the number of tools marked as strict."
    )))
}

/// A model's own `tool_choice` is laid over the one of Converse: what both have is a conflict, and what neither has is missing.
fn check_additional_choice(request: &ConverseRequest) -> Result<(), ServiceError> {
    let Some(additional) = request.additional_model_request_fields.get("tool_choice") else { return Ok(()) };
    let choice = request.tool_config.as_ref().and_then(|config| config.tool_choice.as_ref());
    match (choice, additional.get("type")) {
        (Some(choice), Some(_)) => {
            let kind = if choice.tool.is_some() {
                "tool"
            } else if choice.any.is_some() {
                "any"
            } else {
                "auto"
            };
            Err(ServiceError::validation(format!(
                "The additional field tool_choice/type conflicts with the existing field toolConfig.toolChoice.{kind}. Remove tool_choice/type and try again."
            )))
        }
        (None, None) => Err(ServiceError::validation("tool_choice.type: Field required")),
        (Some(_), None) | (None, Some(_)) => Ok(()),
    }
}

fn check_tool(tool: &Tool, number: usize) -> Result<(), ServiceError> {
    let Some(spec) = &tool.tool_spec else {
        if tool.system_tool.is_some() || tool.cache_point.is_some() {
            return Ok(());
        }
        return Err(ServiceError::validation(format!(
            "The Tool object at toolConfig.tools.{number} must set one of the following keys: toolSpec, systemTool, cachePoint."
        )));
    };
    let at = format!("toolConfig.tools.{}.member.toolSpec", number + 1);
    check_name(&spec.name, &format!("{at}.name"))?;
    if spec.description.as_deref().is_some_and(str::is_empty) {
        return Err(ServiceError::constraint(
            "",
            &format!("{at}.description"),
            "have length greater than or equal to 1",
        ));
    }
    if spec.input_schema.json.get("type").and_then(|kind| kind.as_str()) != Some("object") {
        return Err(ServiceError::validation(format!(
            "The value at toolConfig.tools.{number}.toolSpec.inputSchema.json.type must be one of the following: object."
        )));
    }
    if spec.strict {
        closed_objects::check(&spec.input_schema.json, &format!("tools.{number}.custom"))?;
    }
    Ok(())
}

fn check_name(name: &str, at: &str) -> Result<(), ServiceError> {
    if name.is_empty() || name.len() > 64 {
        return Err(ServiceError::constraint(name, at, "have length between 1 and 64"));
    }
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)) {
        return Err(ServiceError::constraint(name, at, "satisfy regular expression pattern: [a-zA-Z0-9_-]+"));
    }
    Ok(())
}

fn check_choice(choice: Option<&ToolChoice>, names: &BTreeSet<&str>) -> Result<(), ServiceError> {
    let Some(choice) = choice else { return Ok(()) };
    match (&choice.auto, &choice.any, &choice.tool) {
        (None, None, Some(tool)) if !names.contains(tool.name.as_str()) => Err(ServiceError::validation(format!(
            "The tool {} in toolConfig.toolChoice.tool is not one of the tools in toolConfig.tools.",
            tool.name
        ))),
        (Some(_), None, None) | (None, Some(_), None) | (None, None, Some(_)) => Ok(()),
        _ => Err(ServiceError::validation(
            "The ToolChoice object at toolConfig.toolChoice must set one of the following keys: auto, any, tool.",
        )),
    }
}

/// The ids of the calls of a message, each checked.
fn check_calls(message: &Message, number: usize) -> Result<BTreeSet<String>, ServiceError> {
    let mut ids = BTreeSet::new();
    for call in message.tool_uses() {
        let at = format!("messages.{number}.content.toolUse");
        check_name(&call.name, &format!("{at}.name"))?;
        let id = &call.tool_use_id;
        if id.is_empty()
            || id.len() > 64
            || !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte))
        {
            return Err(ServiceError::constraint(
                id,
                &format!("{at}.toolUseId"),
                "satisfy regular expression pattern: [a-zA-Z0-9_.:-]+ with at most 64 characters",
            ));
        }
        if !call.input.is_object() {
            return Err(ServiceError::validation(format!(
                "The format of the value at {at}.input is invalid. Provide a json object for the field and try again."
            )));
        }
        if !ids.insert(id.clone()) {
            return Err(ServiceError::validation(format!(
                "The toolUse blocks at messages.{number}.content contain duplicate Ids: {id}"
            )));
        }
    }
    Ok(ids)
}

/// Every call of the turn before has its result here, and every result here has its call there.
fn check_pairs(message: &Message, number: usize, calls_before: &BTreeSet<String>) -> Result<(), ServiceError> {
    let mut results = BTreeSet::new();
    for result in message.tool_results() {
        if result.content.is_empty() {
            return Err(ServiceError::validation(format!(
                "The content field in the toolResult object at messages.{number}.content is empty. Add content and try again."
            )));
        }
        if result.content.iter().any(|content| content.text.as_deref().is_some_and(|text| text.trim().is_empty())) {
            return Err(ServiceError::validation(format!(
                "The text field in the ToolResultContentBlock object at messages.{number}.content is blank. Add text to the text field, and try again."
            )));
        }
        if !results.insert(result.tool_use_id.clone()) {
            return Err(ServiceError::validation(format!(
                "The toolResult blocks at messages.{number}.content contain duplicate Ids: {}",
                result.tool_use_id
            )));
        }
    }
    if results.len() > calls_before.len() {
        return Err(ServiceError::validation(format!(
            "The number of toolResult blocks at messages.{number}.content exceeds the number of toolUse blocks of previous turn."
        )));
    }
    let missing: Vec<&str> = calls_before.difference(&results).map(String::as_str).collect();
    if !missing.is_empty() {
        return Err(ServiceError::validation(format!(
            "Expected toolResult blocks at messages.{number}.content for the following Ids: {}",
            missing.join(", ")
        )));
    }
    Ok(())
}
