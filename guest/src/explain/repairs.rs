//! What to change in a request, where the service's message names what it refuses.
//!
//! The rules read the messages of Bedrock, and those of the models behind it, which Bedrock passes on. A rule that reads too
//! much costs one request that is refused again; it never stays, for the host remembers a repair only after an answer began.

mod limits;
mod parts;
#[cfg(test)]
mod tests;

use crate::contract::types::{Adjustment, PartForm, Repair};
use crate::repair::part;

use parts::{Extent, after, between, inner_path};

/// The repair that a message asks for.
pub(super) fn repair(message: &str) -> Option<Repair> {
    let lower = message.to_ascii_lowercase();
    RULES
        .iter()
        .find_map(|rule| rule(message, &lower))
        .map(|(adjustments, extent)| Repair { adjustments, lasting: extent == Extent::Model })
}

/// Adjustments, and how far they hold.
type Found = Option<(Vec<Adjustment>, Extent)>;

/// Reads a message, and the same in lower case.
type Rule = fn(&str, &str) -> Found;

/// The first rule that finds something counts.
static RULES: &[Rule] = &[
    // Before the rules that read names: these messages name several.
    limits::max_tokens,
    limits::stop_sequences,
    with_thinking,
    tool_choice,
    thinking_form,
    betas,
    strict_tools,
    output_format,
    unsupported_field,
    extraneous_keys,
    deprecated,
    parameter_of_openai,
    extra_input,
    phrases,
];

/// Words, any of which a message has, in lower case; what to change, and how far it holds.
type Phrase = (&'static [&'static str], fn() -> Adjustment, Extent);

/// Words that name one thing.
static PHRASES: &[Phrase] = &[
    // langchain-ai/langchain-aws#141, strands-agents/harness-sdk#1223.
    (&["cannot be provided in the same turn"], || replace(part::CONTENT, part::TOOL_BLOCKS_ALONE), Extent::Model),
    // NousResearch/hermes-agent#108200: also of text behind a call.
    (&["does not support assistant message prefill"], || replace(part::CONTENT, part::ENDS_WITH_USER), Extent::Model),
    // aws-solutions-library-samples/accelerated-intelligent-document-processing-on-aws#709.
    (&["property keys should match pattern"], || replace(part::PROPERTIES, part::PLAIN_KEYS), Extent::Model),
    // BerriAI/litellm: the message of models without prompt caching, with 403.
    (&["did not allow prompt caching"], || omit(part::CACHE_POINT), Extent::Model),
    (&["lookaround", "look-around", "lookahead", "lookbehind"], || omit(part::PATTERN), Extent::Model),
    (&["does not support the effort parameter"], || omit(part::EFFORT), Extent::Model),
    (&["output_config.effort: input should be"], || omit(part::EFFORT), Extent::Request),
    // NousResearch/hermes-agent#115865: Kimi behind a global profile.
    (&["encrypted content cannot be used in a different region"], || omit(part::REDACTED), Extent::Request),
    (&["doesn't support system messages", "does not support system messages"], || omit(part::SYSTEM), Extent::Model),
];

fn phrases(_: &str, lower: &str) -> Found {
    let (_, change, extent) = PHRASES.iter().find(|(words, ..)| words.iter().any(|words| lower.contains(words)))?;
    Some((vec![change()], *extent))
}

/// "`top_k` must be unset when thinking is enabled" and its siblings of Claude.
fn with_thinking(message: &str, lower: &str) -> Found {
    if !lower.contains("thinking") {
        return None;
    }
    if lower.contains("tool_choice") && lower.contains("may not be enabled") {
        return Some((vec![replace(part::TOOL_CHOICE, "auto")], Extent::Request));
    }
    let demands = ["may only be set to", "must be unset", "must be greater than or equal to", "must be set to"];
    let at = demands.iter().find_map(|demand| lower.find(demand))?;
    let name = message.get(..at)?.trim_end().strip_suffix('`')?.rsplit('`').next()?;
    let known = ["temperature", "top_p", "top_k"].contains(&name);
    known.then(|| (parts::omitted(name), Extent::Request))
}

/// Forced calls (vercel/ai: `tool_choice: type "tool" and "any" are not supported for this model.`).
fn tool_choice(_: &str, lower: &str) -> Found {
    let at = ["tool_choice: ", "toolchoice: "].iter().find_map(|words| lower.find(words))?;
    let said = lower.get(at..)?;
    if !(said.contains("not supported") || said.contains("not support")) {
        return None;
    }
    let form = if said.contains("any") || said.contains("required") { "auto" } else { "any" };
    Some((vec![replace(part::TOOL_CHOICE, form)], Extent::Model))
}

/// Anthropic's forms of thinking: `"thinking.type.enabled" is not supported for this model.`
fn thinking_form(_: &str, lower: &str) -> Found {
    let refused = |form: &str| {
        let named = format!("thinking.type.{form}");
        lower
            .find(&named)
            .and_then(|at| lower.get(at..))
            .is_some_and(|said| said.get(..named.len() + 24).unwrap_or(said).contains("not supported"))
    };
    let change = if refused("disabled") {
        omit(part::THINKING_OFF)
    } else if refused("enabled") {
        replace(part::THINKING_TYPE, "adaptive")
    } else if refused("adaptive") || lower.contains("adaptive thinking is not supported") {
        replace(part::THINKING_TYPE, "enabled")
    } else {
        return None;
    };
    Some((vec![change], Extent::Model))
}

/// Betas, by name where the message names them. One that nobody named may be any of a client's, so the next request is not
/// without all of them.
fn betas(message: &str, lower: &str) -> Found {
    if lower.contains("invalid beta flag") {
        return Some((vec![omit(part::BETAS)], Extent::Request));
    }
    let names = between(message, "Unexpected value(s) ", " for the `anthropic-beta` header")?;
    let names = names.split('`').skip(1).step_by(2).filter(|name| !name.is_empty());
    let omitted: Vec<_> = names.map(|name| omit(&format!("{}.{name}", part::BETAS))).collect();
    (!omitted.is_empty()).then_some((omitted, Extent::Model))
}

/// Strict tools, of which the service takes only so many and only simple ones (pi #11416, vercel/ai PR 17919).
fn strict_tools(message: &str, lower: &str) -> Found {
    if lower.contains("too many strict tools") {
        return Some((vec![omit(part::STRICT)], Extent::Request));
    }
    // It is not said whose grammar is too large.
    if lower.contains("compiled grammar is too large") || lower.contains("schema is too complex") {
        return Some((vec![omit(part::STRICT), omit(part::FORMAT)], Extent::Request));
    }
    let path = message.split_whitespace().find_map(|word| word.strip_prefix("tools.")?.strip_suffix(':'))?;
    match path.split_once('.')?.1 {
        "custom.strict" | "strict" => Some((vec![omit(part::STRICT)], Extent::Model)),
        // A schema that is refused of a strict tool alone.
        "custom" => Some((vec![omit(part::STRICT)], Extent::Request)),
        _ => None,
    }
}

/// The output format: refused at all, or this schema (vercel/ai#17197, 567-labs/instructor#2530).
fn output_format(_: &str, lower: &str) -> Found {
    let said = after(lower, "output_config.format")?;
    let extent = if said.contains("extra inputs are not permitted") { Extent::Model } else { Extent::Request };
    Some((vec![omit(part::FORMAT)], extent))
}

/// Bedrock's own words: "This model doesn't support the temperature field. Remove temperature and try again."
fn unsupported_field(message: &str, _: &str) -> Found {
    let name =
        ["doesn't support the ", "does not support the "].iter().find_map(|words| between(message, words, " field"));
    let name = name?.trim_matches(['`', '"', '\'']);
    if let Some((_, choice)) = name.split_once("toolChoice") {
        let form = if choice == ".tool" { "any" } else { "auto" };
        return Some((vec![replace(part::TOOL_CHOICE, form)], Extent::Model));
    }
    Some((parts::omitted(name), Extent::Model)).filter(|(omitted, _)| !omitted.is_empty())
}

/// A schema of the model: "Malformed input request: #/reasoning: extraneous key [mode] is not permitted".
fn extraneous_keys(message: &str, _: &str) -> Found {
    let mut omitted = Vec::new();
    let mut rest = message;
    while let Some((before, behind)) = rest.split_once(": extraneous key [") {
        let Some((key, behind)) = behind.split_once(']') else { break };
        let place = before.rsplit('#').next().unwrap_or_default().trim_matches('/').replace('/', ".");
        let path = if place.is_empty() { key.to_owned() } else { format!("{place}.{key}") };
        omitted.extend(parts::omitted(&path));
        rest = behind;
    }
    (!omitted.is_empty()).then_some((omitted, Extent::Model))
}

/// Claude's words of settings that it takes no more (yologdev/yoagent v0.27.3).
fn deprecated(message: &str, lower: &str) -> Found {
    if lower.contains("`temperature` and `top_p` cannot both be specified") {
        return Some((vec![omit(part::TOP_P)], Extent::Model));
    }
    let at =
        ["` is deprecated for this model", "` is not supported for this model"].iter().find_map(|w| lower.find(w))?;
    let name = message.get(..at)?.rsplit('`').next()?;
    Some((parts::omitted(name), Extent::Model)).filter(|(omitted, _)| !omitted.is_empty())
}

/// OpenAI's words: "Unsupported parameter: 'temperature' is not supported with this model."
fn parameter_of_openai(message: &str, lower: &str) -> Found {
    if let Some(name) = between(message, "Unsupported value: '", "'") {
        // Of an effort only this value is refused.
        let extent = if name.contains("effort") { Extent::Request } else { Extent::Model };
        return Some((parts::omitted(name), extent)).filter(|(omitted, _)| !omitted.is_empty());
    }
    let quoted =
        ["Unsupported parameter: '", "Unknown parameter: '"].iter().find_map(|words| between(message, words, "'"));
    let bare = || {
        let at = lower.find("unrecognized request argument supplied: ")?;
        message.get(at..)?.split_once(": ")?.1.split_whitespace().next()
    };
    let name = quoted.or_else(bare)?.trim_end_matches('.');
    Some((parts::omitted(name), Extent::Model)).filter(|(omitted, _)| !omitted.is_empty())
}

/// Anthropic's words: "thinking.adaptive.block_binding: Extra inputs are not permitted".
fn extra_input(message: &str, _: &str) -> Found {
    let (before, _) = message.split_once(": Extra inputs are not permitted")?;
    let path = before.split_whitespace().last()?;
    if path.ends_with("cache_control") {
        return Some((vec![omit(part::CACHE_POINT)], Extent::Model));
    }
    Some((parts::omitted(&inner_path(path)?), Extent::Model)).filter(|(omitted, _)| !omitted.is_empty())
}

fn omit(part: &str) -> Adjustment {
    Adjustment::Omit(part.to_owned())
}

fn replace(part: &str, form: &str) -> Adjustment {
    Adjustment::Replace(PartForm { part: part.to_owned(), form: form.to_owned() })
}
