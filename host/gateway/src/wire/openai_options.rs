//! Options that chat completions and responses share.

use super::reader::Object;
use crate::contract::conversation::{Context, Message, Options, UserBlock};

/// The most pairs, and the longest name or value, that Bedrock's `requestMetadata` takes.
const MOST_METADATA: usize = 16;
const LONGEST_METADATA: usize = 256;

/// `prompt_cache_retention`, in the provider's terms.
pub(crate) fn cache_retention(body: &Object<'_, '_>) -> Option<String> {
    let retention = one_of(body, "prompt_cache_retention", &["in_memory", "in-memory", "24h"])?;
    Some(if retention == "24h" { "long" } else { "short" }.to_owned())
}

/// `service_tier`, in Bedrock's terms. `reserved` is Bedrock's own; `auto` leaves the choice to the project's settings, which is
/// what an absent tier does.
pub(crate) fn service_tier(body: &Object<'_, '_>) -> Option<String> {
    let tier = one_of(body, "service_tier", &["auto", "default", "flex", "priority", "fast", "reserved"])?;
    match tier.as_str() {
        "auto" => None,
        "fast" => Some("priority".to_owned()),
        _ => Some(tier),
    }
}

/// `metadata`, as far as Bedrock's `requestMetadata` can hold it: other letters become `_`, and what is longer is cut.
pub(crate) fn metadata(body: &Object<'_, '_>) -> Vec<(String, String)> {
    let given = body.take("metadata").and_then(|metadata| metadata.require_object("an object of strings"));
    let allowed =
        |letter: char| letter.is_ascii_alphanumeric() || letter.is_ascii_whitespace() || ":_@$#=/+,-.".contains(letter);
    let held = |text: &str| -> String {
        text.chars().take(LONGEST_METADATA).map(|letter| if allowed(letter) { letter } else { '_' }).collect()
    };
    let mut pairs: Vec<(String, String)> = Vec::new();
    for (name, value) in given.map_or_else(Vec::new, Object::strings) {
        let name = held(&name);
        if !name.is_empty() && pairs.len() < MOST_METADATA && pairs.iter().all(|(known, _)| *known != name) {
            pairs.push((name, held(&value)));
        }
    }
    pairs
}

/// Instructions alone are a request; the service wants something of the user's.
pub(crate) fn begin_with_the_user(context: &mut Context, options: &Options) {
    if context.messages.is_empty() && context.system_prompt.is_some() && options.prompt_variables.is_empty() {
        context.messages.push(Message::User(vec![UserBlock::Text("<empty>".to_owned())]));
    }
}

/// JSON without a schema, as an instruction.
pub(crate) fn json_object(context: &mut Context) {
    let instruction = "Answer with one JSON object and nothing else: no text around it and no Markdown.";
    let prompt = context.system_prompt.get_or_insert_default();
    if !prompt.is_empty() {
        prompt.push_str("\n\n");
    }
    prompt.push_str(instruction);
}

/// A text that must be one of these.
pub(crate) fn one_of(of: &Object<'_, '_>, name: &str, known: &[&str]) -> Option<String> {
    let given = of.string(name)?;
    if known.contains(&given.as_str()) {
        return Some(given);
    }
    of.reader()
        .problem(of.path_of(name), format!("`{given}` is not a known value; expected one of `{}`", known.join("`, `")));
    None
}
