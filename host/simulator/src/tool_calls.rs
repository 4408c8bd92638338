//! Which tools the simulated model calls: those that the prompt names, or one that it is forced to.

use serde_json::Value;

use super::dice::Dice;
use super::reply::ToolCall;
use super::request::{ConverseRequest, Message, ToolSpec};
use super::schema_values::Values;

/// The calls that answer a request; none when it wants words.
pub(crate) fn calls(request: &ConverseRequest, prompt: &str, dice: &mut Dice) -> Vec<ToolCall> {
    let answers_tools = request.last_user_message().is_some_and(|message| message.tool_results().next().is_some());
    let named = if answers_tools { Vec::new() } else { named(request, prompt) };
    let choice = request.tool_config.as_ref().and_then(|config| config.tool_choice.as_ref());
    let specs = match choice {
        Some(choice) if choice.tool.is_some() => {
            let wanted = choice.tool.as_ref().map_or("", |tool| tool.name.as_str());
            request.tool_specs().filter(|spec| spec.name == wanted).collect()
        }
        Some(choice) if choice.any.is_some() && named.is_empty() => request.tool_specs().take(1).collect(),
        _ => named,
    };
    let most = if one_at_a_time(request) { 1 } else { usize::MAX };
    let names: Vec<&str> = request.tool_specs().map(|spec| spec.name.as_str()).collect();
    let values = Values::of_prompt(prompt).without(&names);
    let calls = specs.into_iter().map(|spec| call(spec, values.clone(), dice));
    calls.filter(|call| is_forced(request) || !was_made(request, call)).take(most).collect()
}

/// Whether the conversation has this call already. Programs repeat a prompt, and would never come to an end.
fn was_made(request: &ConverseRequest, call: &ToolCall) -> bool {
    let arguments: Option<Value> = serde_json::from_str(&call.arguments).ok();
    let mut made = request.messages.iter().flat_map(Message::tool_uses);
    made.any(|made| made.name == call.name && Some(&made.input) == arguments.as_ref())
}

/// Whether a Claude is asked to call one tool at a time.
fn one_at_a_time(request: &ConverseRequest) -> bool {
    request.additional_model_request_fields.pointer("/tool_choice/disable_parallel_tool_use")
        == Some(&Value::Bool(true))
}

/// Whether a tool must be called, so that no words come before it.
pub(crate) fn is_forced(request: &ConverseRequest) -> bool {
    let choice = request.tool_config.as_ref().and_then(|config| config.tool_choice.as_ref());
    choice.is_some_and(|choice| choice.any.is_some() || choice.tool.is_some())
}

fn call(spec: &ToolSpec, mut values: Values, dice: &mut Dice) -> ToolCall {
    let arguments = values.arguments(&spec.input_schema.json).to_string();
    ToolCall { id: dice.tool_use_id(), name: spec.name.clone(), arguments, by_the_service: false }
}

/// The tools that a prompt names, in the order in which it names them.
fn named<'a>(request: &'a ConverseRequest, prompt: &str) -> Vec<&'a ToolSpec> {
    let prompt = prompt.to_ascii_lowercase();
    let mut found: Vec<(usize, &ToolSpec)> = request
        .tool_specs()
        .filter_map(|spec| {
            let name = spec.name.to_ascii_lowercase();
            let in_words = name.replace(['_', '-'], " ");
            word(&prompt, &name).or_else(|| word(&prompt, &in_words)).map(|at| (at, spec))
        })
        .collect();
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, spec)| spec).collect()
}

/// Where a name stands in a text as a word of its own.
fn word(text: &str, name: &str) -> Option<usize> {
    let part_of_name = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '-';
    text.match_indices(name).map(|(at, _)| at).find(|at| {
        let before = text[..*at].chars().next_back();
        let after = text[at + name.len()..].chars().next();
        !before.is_some_and(part_of_name) && !after.is_some_and(part_of_name)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{calls, word};
    use crate::dice::Dice;
    use crate::request::ConverseRequest;

    fn request(messages: &Value) -> ConverseRequest {
        let schema = json!({"type": "object", "properties": {"prompt": {"type": "string"}}, "required": ["prompt"]});
        let tool = |name: &str| json!({"toolSpec": {"name": name, "inputSchema": {"json": schema}}});
        let config = json!({"tools": [tool("Agent"), tool("Read")]});
        serde_json::from_value(json!({"messages": messages, "toolConfig": config})).expect("it is a request")
    }

    fn called(messages: &Value, prompt: &str) -> Vec<(String, Value)> {
        let calls = calls(&request(messages), prompt, &mut Dice::new(1, b"calls"));
        let arguments = |text: &str| serde_json::from_str(text).expect("they are JSON");
        calls.into_iter().map(|call| (call.name, arguments(&call.arguments))).collect()
    }

    #[test]
    fn a_prompt_is_called_for_once_however_often_it_comes() {
        let prompt = "Use the Agent tool, then Read \"notes\".";
        let user = json!({"role": "user", "content": [{"text": prompt}]});
        let first = called(&json!([user]), prompt);
        let names: Vec<_> = first.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["Agent", "Read"]);
        let block = |(number, (name, input)): (usize, &(String, Value))| json!({"toolUse": {"toolUseId": format!("t{number}"), "name": name, "input": input}});
        let uses: Vec<_> = first.iter().enumerate().map(block).collect();
        let made = json!({"role": "assistant", "content": uses});
        assert_eq!(called(&json!([user, made, user]), prompt), []);
        // Another prompt is another call.
        let other = "Read \"more\".";
        let again = json!({"role": "user", "content": [{"text": other}]});
        assert_eq!(called(&json!([user, made, again]), other), [("Read".to_owned(), json!({"prompt": "more"}))]);
    }

    #[test]
    fn an_agent_is_not_called_with_the_name_of_its_tool() {
        let prompt = "Use the Agent tool.";
        let made = called(&json!([{"role": "user", "content": [{"text": prompt}]}]), prompt);
        assert_eq!(made, [("Agent".to_owned(), json!({"prompt": "some prompt"}))]);
    }

    #[test]
    fn a_name_must_stand_alone() {
        assert_eq!(word("please add 2", "add"), Some(7));
        assert_eq!(word("the address", "add"), None);
        assert_eq!(word("use get_weather.", "get_weather"), Some(4));
        assert_eq!(word("use get_weather_now", "get_weather"), None);
    }
}
