//! Which tools the simulated model calls: those that the prompt names, or one that it is forced to.

use serde_json::Value;

use super::dice::Dice;
use super::reply::ToolCall;
use super::request::{ConverseRequest, ToolSpec};
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
    specs.into_iter().take(most).map(|spec| call(spec, prompt, dice)).collect()
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

fn call(spec: &ToolSpec, prompt: &str, dice: &mut Dice) -> ToolCall {
    let arguments = Values::of_prompt(prompt).arguments(&spec.input_schema.json).to_string();
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
    use super::word;

    #[test]
    fn a_name_must_stand_alone() {
        assert_eq!(word("please add 2", "add"), Some(7));
        assert_eq!(word("the address", "add"), None);
        assert_eq!(word("use get_weather.", "get_weather"), Some(4));
        assert_eq!(word("use get_weather_now", "get_weather"), None);
    }
}
