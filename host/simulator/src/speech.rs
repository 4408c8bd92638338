//! The words of the simulated model: short, and about what was asked, so that one can see what arrived.

use super::reply::{Asked, ToolCall};
use super::request::{Message, ToolResult};

/// Numbers that "count to" goes to at most, so that one prompt cannot ask for gigabytes.
const MOST_COUNTED: u64 = 100_000;

/// The answer in words. A prompt that begins with `echo` gets back what follows, and `count to N` is counted.
pub(crate) fn answer(asked: Asked<'_>, prompt: &str, seen: &[String]) -> String {
    if let Some(text) = echo(prompt).or_else(|| count(prompt)) {
        return text;
    }
    let mut sentences = Vec::new();
    if let Some(message) = asked.request.last_user_message() {
        sentences.extend(message.tool_results().map(|result| about_result(result, asked)));
    }
    if !prompt.trim().is_empty() {
        sentences.push(format!("You wrote: \"{}\".", short(prompt, 200)));
    }
    sentences.extend(seen.iter().cloned());
    sentences.push(introduction(asked, prompt));
    if let Some(system) = asked.request.system.iter().find_map(|block| block.text.as_deref()) {
        sentences.push(format!("The system prompt told me: \"{}\".", short(system, 120)));
    }
    sentences.push(receipt(asked));
    sentences.join(" ")
}

/// What it says before it calls tools.
pub(crate) fn before_calls(calls: &[ToolCall]) -> String {
    format!("I will call {}.", names(calls))
}

/// What it plans while it thinks.
pub(crate) fn plan(calls: &[ToolCall]) -> String {
    if calls.is_empty() {
        "I can answer this without a tool, so I will quote it and say what I received.".to_owned()
    } else {
        format!("It names {}, so I will call that first.", names(calls))
    }
}

fn names(calls: &[ToolCall]) -> String {
    calls.iter().map(|call| call.name.as_str()).collect::<Vec<_>>().join(" and ")
}

fn echo(prompt: &str) -> Option<String> {
    let rest = prompt.get(..5).filter(|word| word.eq_ignore_ascii_case("echo ")).and_then(|_| prompt.get(5..))?.trim();
    (!rest.is_empty()).then(|| rest.to_owned())
}

fn count(prompt: &str) -> Option<String> {
    let lower = prompt.to_ascii_lowercase();
    let (_, after) = lower.split_once("count to ")?;
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    let last = digits.parse::<u64>().ok()?.min(MOST_COUNTED);
    Some((1..=last).map(|number| number.to_string()).collect::<Vec<_>>().join(", "))
}

fn introduction(asked: Asked<'_>, prompt: &str) -> String {
    match topic(prompt) {
        Some(topic) => format!(
            "I am Quarry's simulator of Amazon Bedrock, so no model has thought about {topic}: this is a real event stream with made-up words."
        ),
        None if asked.request.messages.len() > 1 => {
            format!(
                "I am Quarry's simulator of Amazon Bedrock, and this conversation has {} messages so far.",
                asked.request.messages.len()
            )
        }
        None => "I am Quarry's simulator of Amazon Bedrock, so no model has read this.".to_owned(),
    }
}

fn receipt(asked: Asked<'_>) -> String {
    let region =
        asked.region.map_or_else(|| "sent with a bearer token".to_owned(), |region| format!("signed for {region}"));
    format!(
        "The request named the model {}, was {region}, and its body had {} bytes.",
        asked.model.requested_id, asked.body_bytes
    )
}

/// What a prompt of a usual form is about.
fn topic(prompt: &str) -> Option<&str> {
    const OPENINGS: &[&str] = &[
        "tell me about ",
        "tell me something about ",
        "what do you know about ",
        "write about ",
        "explain ",
        "describe ",
        "what is ",
        "what are ",
        "who is ",
    ];
    let prompt = prompt.trim();
    let rest = OPENINGS.iter().find_map(|opening| {
        let head = prompt.get(..opening.len())?;
        head.eq_ignore_ascii_case(opening).then(|| prompt.get(opening.len()..)).flatten()
    })?;
    let rest = rest.lines().next()?.trim().trim_end_matches(['.', '?', '!']);
    (!rest.is_empty() && rest.chars().count() <= 80).then_some(rest)
}

fn about_result(result: &ToolResult, asked: Asked<'_>) -> String {
    let calls = asked.request.messages.iter().flat_map(Message::tool_uses);
    let name =
        calls.filter(|call| call.tool_use_id == result.tool_use_id).last().map_or("tool", |call| call.name.as_str());
    let said: Vec<String> = result
        .content
        .iter()
        .filter_map(|content| content.text.clone().or_else(|| content.json.as_ref().map(ToString::to_string)))
        .collect();
    let verb = if result.status.as_deref() == Some("error") { "failed with" } else { "answered" };
    let said =
        if said.is_empty() { "nothing in words".to_owned() } else { format!("\"{}\"", short(&said.join(" "), 200)) };
    format!("The tool {name} {verb} {said}.")
}

/// The first letters of a text, on one line.
fn short(text: &str, letters: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(letters) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::{count, echo, short, topic};

    #[test]
    fn prompts_of_usual_forms_are_understood() {
        assert_eq!(topic("Tell me about bedrock"), Some("bedrock"));
        assert_eq!(topic("What is a quarry?"), Some("a quarry"));
        assert_eq!(topic("Hello"), None);
        assert_eq!(echo("Echo  these words "), Some("these words".to_owned()));
        assert_eq!(echo("echó x"), None);
        assert_eq!(count("please count to 5."), Some("1, 2, 3, 4, 5".to_owned()));
        assert_eq!(count("count to infinity"), None);
    }

    #[test]
    fn long_texts_are_cut_between_letters() {
        assert_eq!(short("ä ö\nü", 3), "ä ö…");
        assert_eq!(short("ä ö\nü", 9), "ä ö ü");
    }
}
