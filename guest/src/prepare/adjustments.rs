//! What the service refused of earlier requests to the model: adjustments that `explain` named.
//!
//! Most of them are facts of the model that the table has wrong or does not have, so they correct the facts, and the rules of
//! the family do the rest. What no fact has is changed where it is made.

use crate::contract::conversation::{AssistantBlock, Context, Message, Options, UserBlock};
use crate::contract::types::{Adjustment, PartForm, PartLimit};
use crate::families::{
    Caching, Family, ForcedTool, Level, Levels, MixedTurns, PropertyKeys, Replay, ThinkingForm, ThinkingOff, ToolImages,
};
use crate::repair::part;

use super::raw_json::{self, RawObject, string_of};
use super::report::Report;
use super::schema_tree::Node;

/// The adjustments of a request.
#[derive(Debug)]
pub(super) struct Adjustments(Vec<Adjustment>);

/// What the levels of adaptive thinking are where the table has none.
const USUAL_LEVELS: Levels = Levels(1 << Level::Low as u8 | 1 << Level::Medium as u8 | 1 << Level::High as u8);

impl Adjustments {
    /// Takes the adjustments out of the options.
    pub(super) fn take(options: &mut Options) -> Self {
        Adjustments(std::mem::take(&mut options.adjustments))
    }

    /// Whether a part is left out.
    pub(super) fn omit(&self, part: &str) -> bool {
        self.0.iter().any(|adjustment| matches!(adjustment, Adjustment::Omit(omitted) if omitted == part))
    }

    /// The limit of the answer, at most what the service takes.
    pub(super) fn max_tokens(&self, max_tokens: Option<u64>, report: &mut Report) -> Option<u64> {
        let limits = self.0.iter().filter_map(|adjustment| match adjustment {
            Adjustment::Limit(PartLimit { part, most }) if part == part::MAX_TOKENS && *most > 0 => Some(*most),
            _ => None,
        });
        let (asked, most) = (max_tokens?, limits.min().unwrap_or(u64::MAX));
        if asked > most {
            let message = format!("maxTokens was reduced from {asked} to {most}: the service refused more");
            report.notice("max-tokens-changed", message);
        }
        Some(asked.min(most))
    }

    /// The facts of the model, corrected.
    pub(super) fn correct(&self, family: &mut Family, context: &Context, options: &Options, report: &mut Report) {
        for adjustment in &self.0 {
            let told = match adjustment {
                Adjustment::Omit(part) => omit(part, family, context, options),
                Adjustment::Limit(PartLimit { part, most }) if part == part::STOP_SEQUENCES => {
                    family.stop_length = *most;
                    None
                }
                Adjustment::Replace(PartForm { part, form }) => replace(part, form, family, context),
                Adjustment::Limit(_) | Adjustment::Other(_) => None,
            };
            if let Some((kind, message)) = told {
                report.notice(kind, message);
            }
        }
    }

    /// The tools' schema without the keywords that the service refused. Their values go into the descriptions.
    pub(super) fn schema(&self, schema: &mut String, path: &str, report: &mut Report) {
        for adjustment in &self.0 {
            let Adjustment::Omit(part) = adjustment else { continue };
            let Some(keyword) = part.strip_prefix(part::SCHEMA_KEYWORDS) else { continue };
            if !schema.contains(keyword) {
                continue;
            }
            if let Some(mut tree) = Node::parse(schema)
                && tree.describe_keyword(keyword)
            {
                *schema = tree.into_text();
                let message = format!("{path}: `{keyword}` was moved into descriptions: the service refused it");
                report.notice("tool-schema-changed", message);
            }
        }
    }

    /// `additionalModelRequestFields` without the members that the service refused.
    pub(super) fn fields(&self, mut fields: Option<String>, report: &mut Report) -> Option<String> {
        for adjustment in &self.0 {
            let Adjustment::Omit(part) = adjustment else { continue };
            let (Some(path), Some(before)) = (part.strip_prefix(part::FIELDS), fields.as_deref()) else { continue };
            if let Some(rest) = without_member(before, path) {
                fields = Some(rest).filter(|rest| rest != "{}");
                report.notice("request-field-omitted", format!("`{path}` was left out: the service refused it"));
            }
        }
        fields
    }
}

/// What is told of a correction, if it changes this request and no rule of the family tells it: kind and text.
type Told = Option<(&'static str, &'static str)>;

fn omit(part: &str, family: &mut Family, context: &Context, options: &Options) -> Told {
    match part {
        part::TOOL_IMAGES => {
            family.tool_images = ToolImages::Behind;
            has_tool_images(context).then_some((
                "image-moved",
                "the images of tool results were moved behind the results: the service refused them inside",
            ))
        }
        part::TOOL_STATUS => {
            family.tool_status = false;
            has_results(context)
                .then_some(("tool-status-omitted", "the status of tool results was left out: the service refused it"))
        }
        part::REASONING | part::REASONING_TEXT | part::REDACTED => {
            if part != part::REDACTED {
                family.replay = Replay::Omitted;
            }
            if part != part::REASONING_TEXT {
                family.redacted_replay = false;
            }
            has_thinking(context)
                .then_some(("thinking-omitted", "earlier thinking was left out: the service refused it"))
        }
        part::CACHE_POINT => {
            let placed = !matches!(family.caching, Caching::Never | Caching::OptIn);
            family.caching = Caching::Never;
            placed.then_some(("cache-point-omitted", "the cache points were left out: the service refused them"))
        }
        part::SYSTEM => {
            family.system_prompt = false;
            None
        }
        part::FORMAT => {
            let formatted = family.output_format && options.output_schema.is_some();
            family.output_format = false;
            formatted.then_some((
                "output-schema-by-tool",
                "the answer is given through a tool that has the output schema: the service refused the schema as an output format",
            ))
        }
        part::THINKING_OFF => {
            if family.thinking_off == ThinkingOff::Disabled {
                family.thinking_off = ThinkingOff::Never;
            }
            None
        }
        _ => None,
    }
}

fn replace(part: &str, form: &str, family: &mut Family, context: &Context) -> Told {
    match (part, form) {
        (part::TOOL_CHOICE, "any") => {
            if family.forced_tool == ForcedTool::ByName {
                family.forced_tool = ForcedTool::Any;
            }
            None
        }
        (part::TOOL_CHOICE, "auto") => {
            family.forced_tool = ForcedTool::Never;
            None
        }
        (part::THINKING_TYPE, "adaptive") => {
            family.thinking = ThinkingForm::Adaptive;
            if family.thinking_levels.iter().next().is_none() {
                family.thinking_levels = USUAL_LEVELS;
            }
            None
        }
        (part::THINKING_TYPE, "enabled") => {
            family.thinking = ThinkingForm::Budget;
            None
        }
        (part::CONTENT, part::TOOL_BLOCKS_ALONE) => {
            family.mixed_turns = MixedTurns::NoText;
            has_results(context).then_some((
                "message-split",
                "text beside tool calls or tool results was moved into messages of its own: the service refused it there",
            ))
        }
        (part::CONTENT, part::ENDS_WITH_USER) => {
            family.text_behind_calls = false;
            family.continues_answers = false;
            has_results(context).then_some((
                "message-changed",
                "text behind tool calls was moved in front of them: the service refused it there",
            ))
        }
        (part::PROPERTIES, part::PLAIN_KEYS) => {
            family.property_keys = PropertyKeys::Plain;
            None
        }
        _ => None,
    }
}

fn has_results(context: &Context) -> bool {
    context.messages.iter().any(|message| matches!(message, Message::ToolResult(_)))
}

fn has_tool_images(context: &Context) -> bool {
    let is_image = |block: &UserBlock| matches!(block, UserBlock::Image(_));
    let has = |message: &Message| matches!(message, Message::ToolResult(result) if result.content.iter().any(is_image));
    context.messages.iter().any(has)
}

fn has_thinking(context: &Context) -> bool {
    let is_thinking = |block: &AssistantBlock| matches!(block, AssistantBlock::Thinking(_));
    let has = |message: &Message| matches!(message, Message::Assistant(said) if said.content.iter().any(is_thinking));
    context.messages.iter().any(has)
}

/// An object without the member at a path, or without a text of the list that stands there; none where there is none. What is
/// left empty goes too.
fn without_member(object: &str, path: &str) -> Option<String> {
    let members = RawObject::parse(object).ok()?;
    let (name, inner) = path.split_once('.').map_or((path, None), |(name, inner)| (name, Some(inner)));
    let value = members.get(name)?;
    let rest = match inner {
        None => String::new(),
        Some(text) if value.starts_with('[') => without_text(value, text)?,
        Some(inner) => without_member(value, inner)?,
    };
    let kept = members.0.iter().filter_map(|(key, value)| match key == name {
        false => Some((key.as_ref(), value.get())),
        true => Some((key.as_ref(), rest.as_str())).filter(|(_, rest)| !matches!(*rest, "" | "{}" | "[]")),
    });
    Some(raw_json::object(kept))
}

/// A list of texts without one of them; none where it is not there.
fn without_text(list: &str, text: &str) -> Option<String> {
    let elements: Vec<&serde_json::value::RawValue> = serde_json::from_str(list).ok()?;
    let kept: Vec<&str> = elements
        .iter()
        .map(|element| element.get())
        .filter(|element| string_of(element).as_deref() != Some(text))
        .collect();
    (kept.len() < elements.len()).then(|| format!("[{}]", kept.join(",")))
}

#[cfg(test)]
mod tests {
    use super::without_member;

    #[test]
    fn a_member_goes_with_what_it_leaves_empty() {
        let fields = r#"{"top_k":5,"reasoning":{"effort":"low"},"anthropic_beta":["a","b"],"thinking":{"type":"adaptive","x":1}}"#;
        for (path, expected) in [
            (
                "top_k",
                Some(
                    r#"{"reasoning":{"effort":"low"},"anthropic_beta":["a","b"],"thinking":{"type":"adaptive","x":1}}"#,
                ),
            ),
            (
                "reasoning.effort",
                Some(r#"{"top_k":5,"anthropic_beta":["a","b"],"thinking":{"type":"adaptive","x":1}}"#),
            ),
            (
                "anthropic_beta.a",
                Some(
                    r#"{"top_k":5,"reasoning":{"effort":"low"},"anthropic_beta":["b"],"thinking":{"type":"adaptive","x":1}}"#,
                ),
            ),
            (
                "thinking.x",
                Some(
                    r#"{"top_k":5,"reasoning":{"effort":"low"},"anthropic_beta":["a","b"],"thinking":{"type":"adaptive"}}"#,
                ),
            ),
            ("anthropic_beta.c", None),
            ("thinking.y", None),
            ("top_k.x", None),
            ("k", None),
        ] {
            assert_eq!(without_member(fields, path).as_deref(), expected, "{path}");
        }
        assert_eq!(without_member(r#"{"a":{"b":["c"]}}"#, "a.b.c").as_deref(), Some("{}"));
    }
}
